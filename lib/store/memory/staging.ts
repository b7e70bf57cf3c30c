/** A user's own transaction is made on tables of the user's, and there are none here. */
import { InvalidTransactionError } from "../../model/errors.js";
import type { StagingStore } from "../ports.js";

export const stagingMethods: StagingStore = {
  stageExecution: refuse,
  stagePayload: refuse,
  stageOutgoing: refuse,
};

function refuse(): never {
  throw new InvalidTransactionError(
    'the memory store has no tables for a transaction of yours. Use testApp with store "dynamodb-local" to test what is staged.',
  );
}
