/** The write-unit ledger of the design, measured: what each operation of the store may cost at most, with payloads of ordinary size. */
import { beforeAll, describe, expect, test } from "vitest";
import { compress } from "../../lib/model/compression.js";
import type { Head } from "../../lib/model/head.js";
import type { TransactionAction } from "../../lib/model/transaction.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { type CapacityMeter, meter, type Spent } from "../setup/capacity.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { incompressible } from "../setup/text.js";
import { ACCOUNTS_TABLE, add, dynamoAccounts } from "./accounts.js";
import {
  COMPLETED,
  commit,
  execution,
  FAILED,
  largeMessage,
  lease,
  message,
  outgoing,
  owned,
  recentEvent,
  redrive,
  STALLED,
  SUSPENDED,
  settlementOf,
  stepCompleted,
  T0,
} from "./builders.js";

/** Ids, names and tokens as long as real ones, so that heads have their real size. */
const ID = "order-saga/2026-01-01/0f8fad5b-d9cb-469f-a165-70867728950e";
const ORDINARY = {
  definition: "sha256-9f86d081884c7d659a2f",
  input: { inline: { orderId: "0f8fad5b-d9cb-469f", amount: 1299, note: "x".repeat(150) } },
  createToken: "5b8aa5ad-9d5c-4b8a-8d2f-1f3b5c7d9e0a",
  lease: lease("7c9e6679-7425-40de-944b-e07fc1f90ae7", "msg-9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"),
};

let store: Store;
let capacity: CapacityMeter;

beforeAll(async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  await dynamoAccounts(client, documents);
  capacity = meter(documents);
  store = createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    createMemoryPayloads(),
  );
});

const start = (name: string): Promise<Head> => owned(store, `${ID}/${name}`, ORDINARY);

const costs = async (work: () => Promise<unknown>, expected: Partial<Spent>): Promise<void> => {
  expect(await capacity.measure(work)).toMatchObject(expected);
};

describe("the write-unit ledger", () => {
  test("a start is 3 units: the head and its two index entries", async () => {
    await costs(() => start("start"), { writes: 1, indexWrites: 2, roundTrips: 1 });
  });

  test.each([
    ["an application", { application: "shop" }, 1],
    ["a pipeline configuration", { pipelineConfigId: "0f8fad5b-d9cb-469f-a165-70867728950e" }, 1],
    ["both", { application: "shop", pipelineConfigId: "0f8fad5b" }, 2],
  ])("a start with %s is 1 unit more for each, and nothing after it is", async (name, labels, more) => {
    const executionId = `${ID}/labelled-${name}`;
    await costs(() => owned(store, executionId, { ...ORDINARY, ...labels }), {
      writes: 1,
      indexWrites: 2 + more,
      roundTrips: 1,
    });
    const suspended = await store.readHead(executionId);
    if (suspended === undefined) throw new Error("The head is not there.");
    await costs(() => store.settle(settlementOf(suspended, SUSPENDED)), { writes: 1, indexWrites: 0 });
    const next = await store.acquireLease({ executionId, seen: { epoch: 1 }, ...lease("next") });
    if (!next.acquired) throw new Error("The lease is not ours.");
    await costs(() => store.settle(settlementOf(next.head, COMPLETED)), { writes: 1, indexWrites: 1 });
  });

  test("a lease is 1 unit and touches no index", async () => {
    const { executionId } = await start("lease");
    const request = { executionId, seen: { epoch: 1, leaseToken: ORDINARY.lease.token }, ...lease("second") };
    await costs(() => store.acquireLease(request), { writes: 1, indexWrites: 0, roundTrips: 1 });
  });

  test("a commit of up to 1 KB is 1 unit", async () => {
    const { executionId } = await start("commit");
    const events = [stepCompleted("step/charge", "x".repeat(700))];
    await costs(() => store.appendCommit(commit(executionId, 1, { events })), {
      writes: 1,
      indexWrites: 0,
      roundTrips: 1,
    });
  });

  test("steps that end together are ceil(KB) units in one write, of the compressed text where it is shorter", async () => {
    const { executionId } = await start("parallel");
    const text = incompressible(4_000);
    const events = Array.from({ length: 10 }, (_, index) =>
      stepCompleted(`step/${index}`, text.slice(index * 400, index * 400 + 400)),
    );
    expect(Math.ceil((JSON.stringify(events).length + 150) / 1024)).toBe(5);
    const kilobytes = Math.ceil((compress(JSON.stringify(events)).length + 150) / 1024);
    expect(kilobytes).toBe(4);
    await costs(() => store.appendCommit(commit(executionId, 1, { events })), {
      writes: kilobytes,
      roundTrips: 1,
    });
  });

  test("a suspension is 1 unit with its last step, and touches no index", async () => {
    const head = await start("suspension");
    const tail = { slot: 1, events: [stepCompleted("step/charge", "x".repeat(100))] };
    const settlement = { status: "suspended", dueAt: T0 } as const;
    await costs(() => store.settle(settlementOf(head, settlement, { tail })), {
      writes: 1,
      indexWrites: 0,
      roundTrips: 1,
    });
  });

  test("a suspension that names what is awaited, as much as there is room for, is 1 unit, and so is the next lease", async () => {
    const { executionId } = await start("awaiting");
    const head = await store.readHead(executionId);
    if (head === undefined) throw new Error("not created");
    // What shares the room of 400 bytes: a step's result, and the names.
    const tail = { slot: 1, events: [stepCompleted("step/charge", "x".repeat(100))] };
    const first = Array.from({ length: 6 }, (_, index) => ({ op: `signal:approval-${index}`, dueAt: T0 }));
    const awaits = { first, count: 1_000 };
    await costs(
      () => store.settle(settlementOf(head, { status: "suspended", dueAt: T0, awaits }, { tail })),
      {
        writes: 1,
        indexWrites: 0,
        roundTrips: 1,
      },
    );
    await costs(() => store.acquireLease({ executionId, seen: { epoch: 1 }, ...ORDINARY.lease }), {
      writes: 1,
      indexWrites: 0,
    });
  });

  test("a completion is 1 unit and 1 index removal", async () => {
    const head = await start("completion");
    const tail = { slot: 1, events: [stepCompleted("step/charge", "x".repeat(100))] };
    await costs(() => store.settle(settlementOf(head, COMPLETED, { tail })), {
      writes: 1,
      indexWrites: 1,
      roundTrips: 1,
    });
  });

  test.each([
    ["failed", FAILED],
    ["stalled", STALLED],
  ])("a settlement as %s moves its index entry: 1 unit and 2", async (name, settlement) => {
    const head = await start(name);
    await costs(() => store.settle(settlementOf(head, settlement)), {
      writes: 1,
      indexWrites: 2,
      roundTrips: 1,
    });
  });

  test.each([1, 3, 10, 100])("a run of %i steps, inline, is N + 4 units from start to end", async (steps) => {
    const run = async (): Promise<void> => {
      const head = await start(`run-${steps}`);
      for (let slot = 1; slot < steps; slot += 1) await store.appendCommit(commit(head.executionId, slot));
      const tail = { slot: steps, events: [stepCompleted(`step/${steps}`)] };
      await store.settle(settlementOf(head, COMPLETED, { slot: steps - 1, tail }));
    };
    const spent = await capacity.measure(run);
    expect(spent.writes + spent.indexWrites).toBeLessThanOrEqual(steps + 4);
    expect(spent.roundTrips).toBe(steps + 1);
  });

  test("a resume is 1 unit and one read of the head", async () => {
    const head = await start("resume");
    await store.settle(settlementOf(head, SUSPENDED));
    await costs(
      async () => {
        await store.readHead(head.executionId);
        await store.acquireLease({ executionId: head.executionId, seen: { epoch: 1 }, ...lease("second") });
      },
      { writes: 1, indexWrites: 0, reads: 1, roundTrips: 2 },
    );
  });

  test("sending an event costs its commit a mark, and a mark's removal once it is published: 3 in all", async () => {
    const { executionId } = await start("outbox");
    const withEvent = commit(executionId, 1, { outgoing: [outgoing("0f8fad5b/e1")] });
    await costs(() => store.appendCommit(withEvent, T0), { writes: 1, indexWrites: 1, roundTrips: 1 });
    const published = {
      executionId,
      slot: 1,
      version: 0,
      states: [{ state: "published", tries: 1 }],
    } as const;
    await costs(() => store.markOutbox(published), { writes: 1, indexWrites: 1, roundTrips: 1 });
  });

  test("a transaction is 2 units for each KB of its commit and of its user's items, in one call", async () => {
    const { executionId } = await start("transaction");
    // DynamoDB Local counts one item of each table: with two items on one table it says 4 where AWS bills 6.
    const put = (id: string): TransactionAction => ({
      Put: { TableName: ACCOUNTS_TABLE, Item: { id, note: "x".repeat(900) } },
    });
    const events = [stepCompleted("transaction/transfer", "x".repeat(300))];
    const transfer = commit(executionId, 1, { events });
    await costs(() => store.commitTransaction(transfer, [put("tx-1"), put("tx-2")]), {
      writes: 4,
      indexWrites: 0,
      reads: 0,
      roundTrips: 1,
    });
  });

  test("a refused transaction is looked after with one read", async () => {
    const { executionId } = await start("refused");
    await costs(() => store.commitTransaction(commit(executionId, 1), [add("nobody", 1)]), {
      writes: 0,
      reads: 1,
    });
  });

  test("a redrive is 1 unit and its index entry moved", async () => {
    const head = await start("redriven");
    await store.settle(settlementOf(head, FAILED));
    await costs(() => store.reopen(head.executionId, redrive("r1", { reason: "the bank is back" })), {
      writes: 1,
      indexWrites: 2,
      roundTrips: 1,
    });
  });

  test("a child's head, with its parent, deadline and flags, is still 1 unit", async () => {
    const parent = { executionId: `${ID}/parent`, op: "child:ship-the-order" };
    const child = execution(`${ID}/child`, { ...ORDINARY, parent, deadline: T0, flags: [1, 2] });
    await costs(() => store.createExecution(child), { writes: 1, indexWrites: 2, roundTrips: 1 });
  });

  test("a wait is 1 unit, its removal 1, a delivery 1, the recent event of a keyed type 1", async () => {
    const head = await start("wait");
    const wait = {
      name: "payment.completed",
      key: "order-1",
      executionId: head.executionId,
      op: "wait/1",
      epoch: 1,
    };
    await costs(() => store.putWait(wait), { writes: 1, roundTrips: 1 });
    await costs(() => store.putRecentEvent(recentEvent("bus-1")), { writes: 1, roundTrips: 1 });
    await costs(() => store.findWaits({ name: wait.name, key: wait.key, limit: 100 }), {
      writes: 0,
      reads: 1,
      roundTrips: 1,
    });
    await costs(() => store.appendMessage(head.executionId, message("bus-1")), {
      writes: 1,
      indexWrites: 0,
      roundTrips: 1,
    });
    await costs(() => store.deleteWait(wait), { writes: 1, roundTrips: 1 });
  });

  test("the recent event of a type without a key is 2: its id, and its place in time", async () => {
    const { key: _key, ...keyless } = recentEvent("bus-2");
    await costs(() => store.putRecentEvent(keyless), { writes: 2, roundTrips: 2 });
  });

  test("a large message is its own size and 1, behind a read", async () => {
    const { executionId } = await start("large");
    const spent = { indexWrites: 0, reads: 1, roundTrips: 3 };
    const random = { ...largeMessage("m1", 0), data: incompressible(4_600) };
    await costs(() => store.appendMessage(executionId, random), { writes: 4 + 1, ...spent });
    await costs(() => store.appendMessage(executionId, largeMessage("m2", 3_500)), {
      writes: 1 + 1,
      ...spent,
    });
  });

  test("two hundred signals that nobody has drained never make the head cost 2 units", async () => {
    const { executionId } = await start("flood");
    for (let index = 0; index < 200; index += 1)
      await store.appendMessage(executionId, message(`signal-${index}`));
    const request = { executionId, seen: { epoch: 1, leaseToken: ORDINARY.lease.token }, ...lease("second") };
    await costs(() => store.acquireLease(request), { writes: 1, indexWrites: 0 });
  });

  test("a page of a listing reads the eight shards and one batch of heads", async () => {
    for (let index = 0; index < 10; index += 1) {
      await store.createExecution(
        execution(`${ID}/listed-${index}`, { workflow: "listed", createdAt: T0 + index }),
      );
    }
    const spent = await capacity.measure(() => store.listExecutions({ workflow: "listed", limit: 10 }));
    expect(spent).toMatchObject({ writes: 0, indexWrites: 0, roundTrips: 9 });
    expect(spent.reads).toBeLessThanOrEqual(8 * 0.5 + 10);
  });

  test("a count that the index decides asks each of the eight shards once, and reads no head", async () => {
    for (let index = 0; index < 30; index += 1)
      await store.createExecution(execution(`${ID}/counted-${index}`, { workflow: "counted" }));
    const spent = await capacity.measure(() =>
      store.countExecutions({ workflow: "counted", createdAfter: T0 }),
    );
    expect(spent).toMatchObject({ writes: 0, indexWrites: 0, roundTrips: 8 });
    expect(spent.reads).toBeLessThanOrEqual(8);
  });

  test("a deletion is 1 unit for its mark, 1 for each item of up to 1 KB, and 1 and its index entry for the head", async () => {
    const head = await start("deleted");
    const { executionId } = head;
    for (let slot = 1; slot <= 60; slot += 1)
      await store.appendCommit(
        commit(executionId, slot, { events: [stepCompleted("step", "x".repeat(500))] }),
      );
    await store.settle(settlementOf(head, COMPLETED, { slot: 60 }));
    const closed = { executionId, status: "completed", closedAt: T0 + 1_000 } as const;
    // 60 items of some 700 bytes, read at 4 KB a unit.
    await costs(() => store.surveyItems(executionId), { writes: 0, reads: 11, roundTrips: 1 });
    await costs(() => store.beginDeletion(closed, T0), { writes: 1, indexWrites: 0, roundTrips: 1 });
    const deleteItems = () => store.deleteItems({ executionId, deletedAt: T0, limit: 500 });
    // The head, the keys, and three batches.
    await costs(deleteItems, { writes: 60, indexWrites: 0, roundTrips: 5 });
    await costs(() => store.deleteHead({ ...closed, deletedAt: T0 }), {
      writes: 1,
      indexWrites: 1,
      roundTrips: 1,
    });
  });

  test("a deletion of a head alone is 1 unit and its index entry, behind two reads", async () => {
    const head = await start("bare");
    await store.settle(settlementOf(head, COMPLETED));
    const { executionId } = head;
    await costs(() => store.surveyItems(executionId), { writes: 0, reads: 1, roundTrips: 2 });
    const closed = { executionId, status: "completed", closedAt: T0 + 1_000 } as const;
    await costs(() => store.deleteHead(closed), { writes: 1, indexWrites: 1, roundTrips: 1 });
  });
});
