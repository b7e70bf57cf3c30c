/** What a transaction must be, checked before any table is called: both stores check it here, so that a mistake shows on either. */
import { checkActions } from "../model/check-actions.js";
import type { TransactionAction } from "../model/transaction.js";
import { checkCommitSize } from "./limits.js";
import type { Commit } from "./ports.js";

/** Throws `InvalidTransactionError`, and `PayloadTooLargeError` for the commit itself. */
export function checkTransaction(commit: Commit, actions: readonly TransactionAction[]): void {
  checkCommitSize(commit);
  checkActions(actions, JSON.stringify(commit.events).length + JSON.stringify(commit.outgoing).length);
}
