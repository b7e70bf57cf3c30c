/** What a transaction must be, checked before any table is called: both stores check it here, so that a mistake shows on either. */
import { checkActions } from "../model/check-actions.js";
import type { TransactionAction } from "../model/transaction.js";
import { checkSize, LARGEST_RECORD_BYTES } from "./limits.js";
import type { Commit } from "./ports.js";

/** Throws `InvalidTransactionError`, and `PayloadTooLargeError` for the commit itself. */
export function checkTransaction(commit: Commit, actions: readonly TransactionAction[]): void {
  const own = [JSON.stringify(commit.events), JSON.stringify(commit.outgoing)];
  checkSize(`Commit ${commit.slot} of execution "${commit.executionId}"`, LARGEST_RECORD_BYTES, ...own);
  checkActions(actions, own.join("").length);
}
