/** A table of a user's own, for transactions: accounts with a balance. On DynamoDB Local, and as the memory store's `transact`. */
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import type { Transaction } from "../../lib/define/transaction.js";
import type { TransactionReason } from "../../lib/model/errors.js";
import type { TransactionAction } from "../../lib/model/transaction.js";
import type { Transact } from "../../lib/store/memory/index.js";

export const ACCOUNTS_TABLE = "Accounts";

/** Opens an account; refused when it is there already. */
export function open(id: string, balance: number): TransactionAction {
  return {
    Put: {
      TableName: ACCOUNTS_TABLE,
      Item: { id, balance },
      ConditionExpression: "attribute_not_exists(id)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
}

/** Adds to an account; refused when it would be overdrawn. */
export function add(id: string, amount: number): TransactionAction {
  return {
    Update: {
      TableName: ACCOUNTS_TABLE,
      Key: { id },
      UpdateExpression: "SET #balance = #balance + :amount",
      ConditionExpression: "#balance >= :least",
      ExpressionAttributeNames: { "#balance": "balance" },
      ExpressionAttributeValues: { ":amount": amount, ":least": -amount },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
}

/** Closes an account; refused when there is anything on it, or no such account. */
export function close(id: string): TransactionAction {
  return {
    Delete: {
      TableName: ACCOUNTS_TABLE,
      Key: { id },
      ConditionExpression: "balance = :nothing",
      ExpressionAttributeValues: { ":nothing": 0 },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
}

/** Writes nothing; refused where less than `least` is on the account. */
export function holds(id: string, least: number): TransactionAction {
  return {
    ConditionCheck: {
      TableName: ACCOUNTS_TABLE,
      Key: { id },
      ConditionExpression: "balance >= :least",
      ExpressionAttributeValues: { ":least": least },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
}

/** Has a transaction's body ask for these actions. */
export function ask(tx: Transaction, ...actions: readonly TransactionAction[]): void {
  for (const action of actions) {
    if ("Put" in action) tx.put(action.Put);
    else if ("Update" in action) tx.update(action.Update);
    else if ("Delete" in action) tx.delete(action.Delete);
    else tx.check(action.ConditionCheck);
  }
}

export interface Accounts {
  balance(id: string): Promise<number | undefined>;
}

export async function dynamoAccounts(
  client: DynamoDBClient,
  documents: DynamoDBDocumentClient,
): Promise<Accounts> {
  await client.send(
    new CreateTableCommand({
      TableName: ACCOUNTS_TABLE,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  return {
    async balance(id) {
      const { Item } = await documents.send(
        new GetCommand({ TableName: ACCOUNTS_TABLE, Key: { id }, ConsistentRead: true }),
      );
      return Item?.balance;
    },
  };
}

/** Knows the actions above, and no others. */
export function memoryAccounts(): Accounts & { readonly transact: Transact } {
  const balances = new Map<string, number>();
  return {
    balance: async (id) => balances.get(id),
    transact(actions) {
      const writes = actions.map((action) => writeOf(balances, action));
      const refused = writes.some((write) => typeof write !== "function");
      if (refused) return writes.map((write) => (typeof write === "function" ? { code: "None" } : write));
      for (const write of writes) if (typeof write === "function") write();
      return undefined;
    },
  };
}

/** DynamoDB Local ends this one with a full stop, and no other. */
const CHECK_FAILED = "The conditional request failed.";

function writeOf(balances: Map<string, number>, action: TransactionAction): (() => void) | TransactionReason {
  const { id, amount } = askedOf(action);
  const found = balances.get(id);
  const item = found === undefined ? undefined : { id, balance: found };
  if ("Put" in action) return found === undefined ? () => balances.set(id, amount) : failed(item);
  if ("ConditionCheck" in action)
    return found !== undefined && found >= amount ? () => {} : { ...failed(item), message: CHECK_FAILED };
  if (found === undefined) return failed(undefined);
  if ("Update" in action) return found + amount < 0 ? failed(item) : () => balances.set(id, found + amount);
  return found === 0 ? () => balances.delete(id) : failed(item);
}

function askedOf(action: TransactionAction): { readonly id: string; readonly amount: number } {
  if ("Put" in action) return { id: String(action.Put.Item.id), amount: Number(action.Put.Item.balance) };
  if ("Delete" in action) return { id: String(action.Delete.Key.id), amount: 0 };
  const { Key, ExpressionAttributeValues = {} } = "Update" in action ? action.Update : action.ConditionCheck;
  const amount = ExpressionAttributeValues[":amount"] ?? ExpressionAttributeValues[":least"];
  return { id: String(Key.id), amount: Number(amount) };
}

function failed(item: Readonly<Record<string, unknown>> | undefined): TransactionReason {
  return {
    code: "ConditionalCheckFailed",
    message: "The conditional request failed",
    ...(item && { item }),
  };
}
