/** A database whose wire can be made to fail, and what its tables hold. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  type PutCommandInput,
  paginateScan,
} from "@aws-sdk/lib-dynamodb";
import { createDynamoStore } from "../../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../../lib/store/memory/index.js";
import type { Store } from "../../../lib/store/ports.js";
import { freshDynamo } from "../../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";
import { ACCOUNTS_TABLE, dynamoAccounts } from "../accounts.js";
import { Wire } from "./wire.js";

const KEYS: Readonly<Record<string, readonly string[]>> = {
  [EXECUTIONS_TABLE]: ["pk", "sk"],
  [DIRECTORY_TABLE]: ["pk", "sk"],
  [ACCOUNTS_TABLE]: ["id"],
};

/** How often the SDK sends a request before it tells of a failure: fewer than by default, which only takes longer. */
export const SDK_TRIES = 2;

export type Item = NonNullable<PutCommandInput["Item"]>;

/** All items of all tables, each table's in one order. */
export type Dump = Readonly<Record<string, readonly Item[]>>;

export interface FaultyDatabase {
  /** What it is asked goes over `wire`. */
  readonly store: Store;
  readonly wire: Wire;
  /** By a client of its own, over which nothing goes wrong. */
  readonly calm: Store;
  dump(): Promise<Dump>;
  /** After a dump, only if nothing was written since. */
  empty(): Promise<void>;
  /** Makes the copy to be what the tables are now. @returns the access key id under which the copy is found */
  copy(): Promise<string>;
}

export async function faultyDatabase(): Promise<FaultyDatabase> {
  const { client, documents, credentials, endpoint, region } = freshDynamo();
  const later = freshDynamo();
  for (const { client: one, documents: its } of [{ client, documents }, later]) {
    await createTables(one);
    await dynamoAccounts(one, its);
  }
  const faulty = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
  withoutPauses(faulty);
  /** What the tables held when they were last looked at, if that is what is to be deleted next. */
  let held: Dump | undefined;
  return {
    store: storeOf(faulty),
    wire: new Wire(faulty),
    calm: storeOf(documents),
    async dump() {
      held = await dumpOf(documents);
      return held;
    },
    async empty() {
      await deleteAll(documents, held ?? (await dumpOf(documents)));
      held = undefined;
    },
    async copy() {
      await deleteAll(later.documents, await dumpOf(later.documents));
      await each(await dumpOf(documents), (TableName, Item) =>
        later.documents.send(new PutCommand({ TableName, Item })),
      );
      return later.credentials.accessKeyId;
    },
  };
}

function storeOf(documents: DynamoDBDocumentClient): Store {
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  return createDynamoStore(tables, createMemoryPayloads());
}

type RetryStrategy = Extract<
  Awaited<ReturnType<DynamoDBDocumentClient["config"]["retryStrategy"]>>,
  { acquireInitialRetryToken: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy["acquireInitialRetryToken"]>>;

/** Repeats what the SDK takes for worth it, as often as it would, and without the time that it lets pass in between. */
function withoutPauses({ config }: DynamoDBDocumentClient): void {
  const token = (count: number): RetryToken => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  const strategy: RetryStrategy = {
    acquireInitialRetryToken: async () => token(0),
    async refreshRetryTokenForRetry(last, { errorType }) {
      const tries = last.getRetryCount() + 1;
      if (errorType !== "CLIENT_ERROR" && tries < SDK_TRIES) return token(tries);
      throw new Error("It is not repeated.");
    },
    recordSuccess() {},
  };
  config.retryStrategy = async () => strategy;
}

async function dumpOf(documents: DynamoDBDocumentClient): Promise<Dump> {
  const tables = Object.keys(KEYS).map(async (TableName): Promise<[string, Item[]]> => {
    const items: Item[] = [];
    const pages = paginateScan({ client: documents }, { TableName, ConsistentRead: true });
    for await (const { Items } of pages) items.push(...(Items ?? []));
    const place = (item: Item): string => JSON.stringify((KEYS[TableName] ?? []).map((name) => item[name]));
    return [TableName, items.sort((one, other) => (place(one) < place(other) ? -1 : 1))];
  });
  return Object.fromEntries(await Promise.all(tables));
}

async function deleteAll(documents: DynamoDBDocumentClient, dump: Dump): Promise<void> {
  await each(dump, (TableName, item) => {
    const Key = Object.fromEntries((KEYS[TableName] ?? []).map((name) => [name, item[name]]));
    return documents.send(new DeleteCommand({ TableName, Key }));
  });
}

async function each(dump: Dump, work: (table: string, item: Item) => Promise<unknown>): Promise<void> {
  await Promise.all(Object.entries(dump).flatMap(([table, items]) => items.map((item) => work(table, item))));
}
