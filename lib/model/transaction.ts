/**
 * Writes of a user's own that commit together with a step's result. The shapes are those of DynamoDB's document client
 * (`TransactWriteCommand`), plain JavaScript values and expressions.
 */

interface Expression {
  readonly TableName: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
  /** `ALL_OLD` has a refusal show the item as it stands. */
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

/** Writes an item, in the place of one that is there. */
export interface TransactionPut extends Expression {
  readonly Item: Readonly<Record<string, unknown>>;
}

/** Changes an item, or makes it. */
export interface TransactionUpdate extends Expression {
  readonly Key: Readonly<Record<string, unknown>>;
  readonly UpdateExpression: string;
}

/** Deletes an item. */
export interface TransactionDelete extends Expression {
  readonly Key: Readonly<Record<string, unknown>>;
}

/** Writes nothing: the transaction is refused where the condition does not hold. */
export interface TransactionCheck extends Expression {
  readonly Key: Readonly<Record<string, unknown>>;
  readonly ConditionExpression: string;
}

/** One action of a transaction, as `TransactWriteItems` has it. A transaction has at most 99. */
export type TransactionAction =
  | { readonly Put: TransactionPut }
  | { readonly Update: TransactionUpdate }
  | { readonly Delete: TransactionDelete }
  | { readonly ConditionCheck: TransactionCheck };

/** DynamoDB takes 100 actions in a transaction, of which one is the history's. */
export const MOST_TRANSACTION_ACTIONS = 99;

/** In bytes of all items together, the history's included. */
export const LARGEST_TRANSACTION_BYTES = 4 * 1024 * 1024;
