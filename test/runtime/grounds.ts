/** Where transactions are tested: on a real table beside the engine's own, and on the memory store with its twin. */
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { type Accounts, dynamoAccounts, memoryAccounts } from "../store/accounts.js";

export interface Ground {
  readonly store: Store;
  readonly accounts: Accounts;
}

export async function onDynamo(): Promise<Ground> {
  const { client, documents } = freshDynamo();
  await createTables(client);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  return {
    store: createDynamoStore(tables, createMemoryPayloads()),
    accounts: await dynamoAccounts(client, documents),
  };
}

export async function inMemory(): Promise<Ground> {
  const accounts = memoryAccounts();
  return { store: createMemoryStore(accounts), accounts };
}

export const GROUNDS = [
  ["on DynamoDB Local", onDynamo],
  ["in memory", inMemory],
] as const;

type CommitTransaction = Store["commitTransaction"];

/** The store, with what a test does around its transactions. */
export function around(store: Store, wrap: (original: CommitTransaction) => CommitTransaction): Store {
  return { ...store, commitTransaction: wrap((...args) => store.commitTransaction(...args)) };
}
