/** The tables that a count runs on, with a meter before them: DynamoDB Local, or the tables in memory that count as DynamoDB bills. */

import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { StreamReader } from "../../../lib/local/mappings/stream-reader.js";
import { compilePattern } from "../../../lib/model/pattern/pattern.js";
import { createMeteredStore } from "../../../lib/store/dynamodb/in-memory/index.js";
import { type Units, unitsBetween } from "../../../lib/store/dynamodb/in-memory/units.js";
import { createDynamoStore } from "../../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../../lib/store/memory/index.js";
import type { Store } from "../../../lib/store/ports.js";
import { freshDynamoAt } from "../../setup/database.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";
import { billed } from "../../store/twin/billed.js";

/** The filter of the relay's mapping, as the construct makes it. */
const isForRelay = compilePattern({
  eventName: ["INSERT"],
  dynamodb: { NewImage: { ob: { S: [{ exists: true }] } } },
});

export interface Ground {
  readonly store: Store;
  /** What AWS would bill for the work. */
  measure(work: () => Promise<unknown>): Promise<Units>;
  /** The records of the Executions table's stream that the relay is fed with, since the last call. */
  forRelay(): Promise<readonly unknown[]>;
}

/** Tables of their own on a DynamoDB Local that runs. What that leaves out of AWS's bill is put in, by `billed`. */
export async function localGround(endpoint: string): Promise<Ground> {
  const { client, documents, credentials, region } = freshDynamoAt(endpoint);
  await createTables(client);
  const spent = billed(documents);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  const { Table } = await client.send(new DescribeTableCommand({ TableName: EXECUTIONS_TABLE }));
  const streams = new DynamoDBStreamsClient({ endpoint, credentials, region });
  const streamArn = Table?.LatestStreamArn ?? "";
  const reader = new StreamReader(
    streams,
    { table: EXECUTIONS_TABLE, streamArn, startAt: "TRIM_HORIZON" },
    () => ({}),
  );
  await reader.findShards();
  return {
    store: createDynamoStore(tables, createMemoryPayloads()),
    measure: measuring(spent),
    async forRelay() {
      const records: unknown[] = [];
      for (;;) {
        const batches = await reader.read();
        const read = batches.flatMap((batch) => batch.records);
        if (read.length === 0) return records;
        records.push(...read.filter(isForRelay));
      }
    },
  };
}

/** Tables in memory: many times faster. They have no stream, so a workflow that sends something can't be counted on them. */
export function memoryGround(): Ground {
  const { store, spent, items } = createMeteredStore(createMemoryPayloads());
  return {
    store,
    measure: measuring(spent),
    async forRelay() {
      if (items().executions.some(({ ob }) => ob !== undefined))
        throw new Error(
          "Something is to be relayed, and the tables in memory have no stream. Count it on DynamoDB Local.",
        );
      return [];
    },
  };
}

function measuring(spent: () => Units): Ground["measure"] {
  return async (work) => {
    const before = spent();
    await work();
    return unitsBetween(before, spent());
  };
}
