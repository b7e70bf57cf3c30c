/**
 * One DynamoDB Local for the whole test run; every test gets a database of its own by using an access
 * key id of its own (see `client.ts`). A server per worker was measured: slower, and no better isolated.
 */
import type { TestProject } from "vitest/node";
import { startDynamoDb } from "../../lib/local/dynamodb.js";

declare module "vitest" {
  export interface ProvidedContext {
    dynamodbEndpoint: string;
  }
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const database = await startDynamoDb({ inMemory: true, lasting: true });
  project.provide("dynamodbEndpoint", database.endpoint);
  return () => database.stop();
};
