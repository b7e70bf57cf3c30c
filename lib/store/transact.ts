/** The user's own tables, which no store in memory has: it knows neither their items nor how to evaluate an expression. */
import { InvalidTransactionError, type TransactionReason } from "../model/errors.js";
import type { TransactionAction } from "../model/transaction.js";

/**
 * Does all of a transaction's actions, or none. Called in the same synchronous step as the commit that they belong to, and only when that
 * one's slot is free; so it must not return a promise. Returns one reason per action when it refuses them, nothing when they are done. What
 * it throws is thrown to the caller, and nothing is committed.
 */
export type Transact = (actions: readonly TransactionAction[]) => readonly TransactionReason[] | undefined;

export const withoutTables: Transact = (actions) => {
  throw new InvalidTransactionError(
    `a store in memory has no tables of yours to do its ${actions.length} actions on. Give testApp a "transact" function that does them, or a store on DynamoDB Local.`,
  );
};
