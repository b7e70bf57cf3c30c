/** A DynamoDB of one's own, on the DynamoDB Local of this test run. */
import { inject } from "vitest";
import { type FreshDynamo, freshDynamoAt } from "./database.js";

export type { FreshDynamo } from "./database.js";

export const freshDynamo = (): FreshDynamo => freshDynamoAt(inject("dynamodbEndpoint"));
