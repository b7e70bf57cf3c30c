/**
 * No partition is everybody's: whatever a thousand executions of one workflow, one application and one pipeline configuration write, all
 * waiting for one event that has no key, lies in as many partitions of each table and each index as there are shards, or more.
 */
import { randomUUID } from "node:crypto";
import { DescribeTableCommand, type DynamoDBClient, type TableDescription } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import { BROADCAST_SHARDS, INDEX_SHARDS, type Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { commit, execution, outgoing, T0 } from "./builders.js";

const EXECUTIONS = 1_000;
/** So many of them wait, each having heard of an event of its own: enough to tell shards from one partition. */
const WAITING = 240;
const AT_ONCE = 40;

let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;

beforeAll(async () => {
  ({ client, documents } = freshDynamo());
  await createTables(client);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  const store = createDynamoStore(tables, createMemoryPayloads());
  for (let from = 0; from < EXECUTIONS; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const executionId = randomUUID();
        await begin(store, executionId);
        if (from < WAITING) await wait(store, executionId);
      }),
    );
}, 120_000);

/** Writes what every index shows. */
async function begin(store: Store, executionId: string): Promise<void> {
  const labels = { application: "shop", pipelineConfigId: "nightly" };
  await store.createExecution(execution(executionId, labels));
  await store.appendCommit(commit(executionId, 1, { outgoing: [outgoing(`${executionId}/e1`)] }), T0);
}

async function wait(store: Store, executionId: string): Promise<void> {
  const name = "prices.changed";
  await store.putWait({ name, executionId, op: "wait/1", createdAt: T0, epoch: 1 });
  await store.putRecentEvent({ name, id: `bus-${executionId}`, data: null, recordedAt: T0 });
}

/** How many items lie under each partition key. */
async function partitionsOf(table: string, attribute: string, index?: string): Promise<number[]> {
  const counts = new Map<unknown, number>();
  const scan = { TableName: table, ...(index === undefined ? {} : { IndexName: index }) };
  for await (const { Items } of paginateScan({ client: documents }, scan))
    for (const item of Items ?? []) counts.set(item[attribute], (counts.get(item[attribute]) ?? 0) + 1);
  return [...counts.values()];
}

async function describeTable(TableName: string): Promise<TableDescription> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  if (Table !== undefined) return Table;
  throw new Error(`There is no table ${TableName}.`);
}

function partitionKeyOf({ KeySchema }: Pick<TableDescription, "KeySchema">): string {
  const key = KeySchema?.find(({ KeyType }) => KeyType === "HASH")?.AttributeName;
  if (key !== undefined) return key;
  throw new Error("A table or an index has no partition key.");
}

/** No partition has twice its share. */
function isSpread(counts: readonly number[], shards: number): boolean {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return all > 0 && counts.length >= shards && Math.max(...counts) <= (2 * all) / shards;
}

describe("a thousand executions that have everything in common", () => {
  test("each have a partition of the Executions table", async () => {
    const counts = await partitionsOf(
      EXECUTIONS_TABLE,
      partitionKeyOf(await describeTable(EXECUTIONS_TABLE)),
    );
    expect(counts).toHaveLength(EXECUTIONS);
    expect(new Set(counts)).toEqual(new Set([2]));
  });

  test("share no partition of the Directory table", async () => {
    const counts = await partitionsOf(DIRECTORY_TABLE, partitionKeyOf(await describeTable(DIRECTORY_TABLE)));
    // Waits, recent events and their identities.
    expect(counts).toHaveLength(3 * BROADCAST_SHARDS);
    expect(isSpread(counts, BROADCAST_SHARDS), `items per partition: ${counts.join(", ")}`).toBe(true);
  });

  test("are spread over every index of every table", async () => {
    const indexes = [];
    for (const table of [EXECUTIONS_TABLE, DIRECTORY_TABLE]) {
      const { GlobalSecondaryIndexes = [] } = await describeTable(table);
      for (const index of GlobalSecondaryIndexes) {
        const counts = await partitionsOf(table, partitionKeyOf(index), index.IndexName);
        indexes.push(index.IndexName);
        const found = `${index.IndexName}, items per partition: ${counts.join(", ") || "no items at all"}`;
        expect(isSpread(counts, INDEX_SHARDS), found).toBe(true);
      }
    }
    expect(indexes).toContain("byStatus");
  });
});
