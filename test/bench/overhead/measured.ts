/**
 * Steps through the real engine and store, and raw conditional writes of the same items by the same client, in turns. Prints one line of
 * JSON. Runs bundled, in a process of its own.
 */
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { app, workflow } from "holdfast";
import { createAwsOutside } from "../../../lib/aws/outside.js";
import type { Outside } from "../../../lib/runtime/outside.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { limitsUntil } from "../../../lib/runtime/turn/work.js";
import { createMemoryStore } from "../../../lib/store/memory/index.js";
import { freshDynamoAt } from "../../setup/database.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";
import { given } from "../given.js";

export interface Given {
  readonly endpoint: string;
  readonly steps: number;
  /** Pairs of blocks: one run of so many steps, and as many raw writes. */
  readonly pairs: number;
  /** Numbers of steps that are run in memory, so many times each. */
  readonly inMemory: readonly number[];
}

export interface Measured {
  /** Milliseconds of each block. */
  readonly engine: readonly number[];
  readonly raw: readonly number[];
  /** Processor time of this process in each block, in milliseconds. */
  readonly engineCpu: readonly number[];
  readonly rawCpu: readonly number[];
  /** Bytes of the items' JSON, the median. */
  readonly itemBytes: number;
  readonly inMemory: readonly { readonly steps: number; readonly ms: readonly number[] }[];
}

const steps = workflow("steps", async (ctx, { count }: { count: number }) => {
  for (let n = 0; n < count; n++) await ctx.step("step", () => n);
});
const theApp = app({ workflows: [steps] });

const NAMES = { service: "bench", executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };

/** Nothing of it is slow or wakes anybody: the whole run is one turn. */
const HOUR_MS = 3_600_000;

async function runSteps(outside: Outside, id: string, count: number): Promise<void> {
  const limits = limitsUntil(outside.clock.now() + HOUR_MS, HOUR_MS, 10_000);
  const request = { workflow: steps.name, input: { count }, id };
  const { head } = await startExecution(outside, theApp, request, { owner: id, limits });
  if (head.status !== "completed") throw new Error(`${id} should have completed, and is ${head.status}.`);
}

/** The commits that a run left: what the raw writes write again, under another id of the same length. */
async function commitsOf(documents: DynamoDBDocumentClient, id: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await documents.send(
      new QueryCommand({
        TableName: EXECUTIONS_TABLE,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :commit)",
        ExpressionAttributeValues: { ":pk": id, ":commit": "commit#" },
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

async function writeRaw(
  documents: DynamoDBDocumentClient,
  items: readonly Record<string, unknown>[],
  id: string,
): Promise<void> {
  for (const item of items) {
    await documents.send(
      new PutCommand({
        TableName: EXECUTIONS_TABLE,
        Item: { ...item, pk: id },
        ConditionExpression: "attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
  }
}

interface Block {
  readonly ms: number;
  readonly cpu: number;
}

async function block(work: () => Promise<unknown>): Promise<Block> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpu: (user + system) / 1_000 };
}

const outsideOf = (store: Partial<Outside>, documents?: DynamoDBDocumentClient): Outside => ({
  ...createAwsOutside({ names: NAMES, ...(documents === undefined ? {} : { documents }) }),
  service: NAMES.service,
  wakes: { send: async () => {}, schedule: async () => "created" },
  ...store,
});

async function main({ endpoint, steps: count, pairs, inMemory }: Given): Promise<Measured> {
  const { client, documents } = freshDynamoAt(endpoint);
  await createTables(client);
  const outside = outsideOf({}, documents);
  const id = (what: string, n: number): string => `${what}-${String(n).padStart(4, "0")}`;
  // Compiled, connected, and the source of what is written raw.
  await runSteps(outside, id("run", 0), count);
  const items = await commitsOf(documents, id("run", 0));
  await writeRaw(documents, items, id("raw", 0));
  const engine: Block[] = [];
  const raw: Block[] = [];
  for (let n = 1; n <= pairs; n++) {
    const blocks = [
      async () => engine.push(await block(() => runSteps(outside, id("run", n), count))),
      async () => raw.push(await block(() => writeRaw(documents, items, id("raw", n)))),
    ];
    // Whatever drifts while they run strikes both.
    for (const one of n % 2 === 0 ? blocks : blocks.toReversed()) await one();
  }
  const memory: { steps: number; ms: number[] }[] = [];
  for (const size of inMemory) {
    const ms: number[] = [];
    for (let n = 0; n <= pairs; n++) {
      const store = outsideOf({ store: createMemoryStore() });
      const { ms: took } = await block(() => runSteps(store, id("mem", n), size));
      if (n > 0) ms.push(took);
    }
    memory.push({ steps: size, ms });
  }
  const sizes = items.map((item) => JSON.stringify(item).length).toSorted((one, other) => one - other);
  return {
    engine: engine.map(({ ms }) => ms),
    raw: raw.map(({ ms }) => ms),
    engineCpu: engine.map(({ cpu }) => cpu),
    rawCpu: raw.map(({ cpu }) => cpu),
    itemBytes: sizes[sizes.length >> 1] ?? 0,
    inMemory: memory,
  };
}

console.log(JSON.stringify(await main(given<Given>())));
