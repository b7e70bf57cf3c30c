/** A table of a user's own, for transactions: accounts with a balance. On DynamoDB Local, and as the memory store's `transact`. */
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
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

/** Knows the two actions above, and no others. */
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

function writeOf(balances: Map<string, number>, action: TransactionAction): (() => void) | TransactionReason {
  if ("Put" in action) {
    const { id, balance } = action.Put.Item;
    const found = balances.get(String(id));
    return found === undefined
      ? () => balances.set(String(id), Number(balance))
      : failed({ id, balance: found });
  }
  if ("Update" in action) {
    const id = String(action.Update.Key.id);
    const amount = Number(action.Update.ExpressionAttributeValues?.[":amount"]);
    const found = balances.get(id);
    if (found === undefined) return failed(undefined);
    return found + amount < 0 ? failed({ id, balance: found }) : () => balances.set(id, found + amount);
  }
  throw new Error("These accounts know Put and Update alone.");
}

function failed(item: Readonly<Record<string, unknown>> | undefined): TransactionReason {
  return {
    code: "ConditionalCheckFailed",
    message: "The conditional request failed",
    ...(item && { item }),
  };
}
