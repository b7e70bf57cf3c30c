/** A history of 20,000 events on DynamoDB Local: as the engine wrote it, loaded page by page, replayed, and gone on from. */
import { createHash } from "node:crypto";
import { BatchWriteCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { workflow } from "holdfast";
import { beforeAll, describe, expect, it } from "vitest";
import { commitItem } from "../../lib/store/dynamodb/commit-item.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Commit, Store } from "../../lib/store/ports.js";
import { type CapacityMeter, meter } from "../setup/capacity.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { Bench } from "./bench.js";

/** Ten steps at a time share a commit of some two kilobytes. */
const ROUNDS = 2_000;
const AT_A_TIME = 10;
const EVENTS = ROUNDS * AT_A_TIME;
const PER_BATCH = 25;
const BATCHES_AT_ONCE = 8;

/** Text that compression makes three quarters of. */
function record(name: string): string {
  return createHash("shake256", { outputLength: 126 }).update(name).digest("base64");
}

/** Many steps, a sleep, and a step more. */
const long = workflow("long", async (ctx, rounds: number) => {
  let length = 0;
  for (let round = 0; round < rounds; round += 1) {
    const steps = Array.from({ length: AT_A_TIME }, (_, step) =>
      ctx.step("read", async () => record(`${round}/${step}`)),
    );
    length += (await Promise.all(steps)).join("").length;
  }
  await ctx.sleep("1h");
  return ctx.step("end", () => length);
});

let store: Store;
let documents: DynamoDBDocumentClient;
let capacity: CapacityMeter;

beforeAll(async () => {
  const dynamo = freshDynamo();
  documents = dynamo.documents;
  await createTables(dynamo.client);
  capacity = meter(documents);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  store = createDynamoStore(tables, createMemoryPayloads());
});

/** Runs it to its sleep in memory, and puts what it has written into the table. */
async function seeded(id: string): Promise<readonly Commit[]> {
  const bench = new Bench([long], [], { replay: "off" });
  await bench.start(long, ROUNDS, id);
  await bench.cloud.settle();
  const { tail, lease: _lease, ...head } = await bench.head(id);
  const written = await bench.store.loadHistory(id, 0);
  const last = written.at(-1);
  if (last === undefined) throw new Error("The run has written nothing.");
  // What rode in the head's settlement becomes a commit, as whatever the next owner writes would make of it.
  const carried =
    tail === undefined ? [] : [{ ...last, slot: tail.slot, token: "tail", events: tail.events }];
  const commits = [...written, ...carried];
  const batches = Array.from({ length: Math.ceil(commits.length / PER_BATCH) }, (_, batch) =>
    commits.slice(batch * PER_BATCH, (batch + 1) * PER_BATCH),
  );
  for (let from = 0; from < batches.length; from += BATCHES_AT_ONCE)
    await Promise.all(batches.slice(from, from + BATCHES_AT_ONCE).map(putBatch));
  await store.createExecution({ ...head, slot: commits.length });
  return commits;
}

async function putBatch(commits: readonly Commit[]): Promise<void> {
  const puts = commits.map((one) => ({ PutRequest: { Item: { ...commitItem(one, undefined) } } }));
  const { UnprocessedItems = {} } = await documents.send(
    new BatchWriteCommand({ RequestItems: { [EXECUTIONS_TABLE]: puts } }),
  );
  expect(UnprocessedItems).toEqual({});
}

describe("a history of 20,000 events", () => {
  it("is loaded page by page, and its execution goes on from it", { timeout: 120_000 }, async () => {
    const commits = await seeded("x-1");
    expect(commits.flatMap(({ events }) => events).length).toBeGreaterThanOrEqual(EVENTS);
    const began = performance.now();
    const spent = await capacity.measure(async () => {
      expect((await store.loadHistory("x-1", 0)).length).toBe(commits.length);
    });
    const loadedMs = performance.now() - began;
    // A page is a megabyte, and a read unit is four kilobytes of it.
    expect(spent.roundTrips).toBeGreaterThanOrEqual(3);
    expect(spent.reads).toBeLessThanOrEqual(spent.roundTrips * 256);

    const bench = new Bench([long], [], { store, replay: "off" });
    bench.cloud.clock.moveTo(bench.cloud.clock.now() + 7_200_000);
    bench.cloud.wakeQueue.send({ executionId: "x-1", reason: "audit" }, bench.cloud.clock.now());
    const turned = performance.now();
    await bench.cloud.settle();
    const turnMs = performance.now() - turned;
    expect(await bench.output("x-1")).toBe(EVENTS * record("").length);
    console.log(
      `${EVENTS} events in ${commits.length} commits: loaded in ${Math.round(loadedMs)} ms by ${spent.roundTrips} pages for ${spent.reads} read units; the turn that went on from them took ${Math.round(turnMs)} ms.`,
    );
  });
});
