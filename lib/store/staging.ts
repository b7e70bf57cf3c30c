/** A user's own transaction is made on tables of the user's, and there are none here. */
import { InvalidTransactionError } from "../model/errors.js";
import type { StagingStore } from "./ports.js";

export const stagingMethods: StagingStore = {
  stageExecution: refuse,
  stagePayload: refuse,
  stageOutgoing: refuse,
};

async function refuse(): Promise<never> {
  throw new InvalidTransactionError(
    "a store in memory has no tables for a transaction of yours. To test what is staged, give testApp a store on DynamoDB Local, or use localCloud.",
  );
}
