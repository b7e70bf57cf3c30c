/**
 * The write-unit ledger for whole runs of the real engine on DynamoDB Local, from what DynamoDB reports it consumed. Printed
 * as a table; fails above the budget.
 */
import { app, event, type Workflow, workflow } from "holdfast";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outside } from "../../lib/runtime/outside.js";
import { startExecution } from "../../lib/runtime/start.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { type CapacityMeter, meter, type Spent } from "../setup/capacity.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { Bench } from "./bench.js";

const Paid = event<{ orderId: string; amount: number }>("payment.completed", { key: (data) => data.orderId });
const Shipped = event<{ orderId: string }>("order.shipped");

const order = { orderId: "0f8fad5b-d9cb-469f-a165", items: [{ sku: "A-100", quantity: 2 }] };

const sequential = workflow("sequential-steps", async (ctx, input: { steps: number }) => {
  let total = 0;
  for (let n = 0; n < input.steps; n++) total += await ctx.step(`step-${n}`, () => n);
  return { total };
});
const parallel = workflow(
  "parallel-steps",
  async (ctx, input: { steps: number }) =>
    (await Promise.all(Array.from({ length: input.steps }, (_, n) => ctx.step(`branch-${n}`, async () => n))))
      .length,
);
const sleeping = workflow("sleeping", async (ctx) => {
  await ctx.step("before", () => order);
  await ctx.sleep("10m");
  await ctx.step("after", () => order);
});
const sending = workflow("sending", async (ctx) => {
  await ctx.step("before", () => order);
  await ctx.sendEvent(Shipped, { orderId: order.orderId });
  await ctx.step("between", () => order);
  await ctx.step("after", () => order);
});
const waiting = workflow("waiting", async (ctx) =>
  ctx.waitForEvent(Paid, { key: order.orderId, timeout: "3d" }),
);

const asking = workflow("asking-around", async (ctx) => {
  const approved = ctx.callback("approve", { timeout: "3d" });
  await ctx.step("ask", () => order);
  const reminded = ctx.sleep("1d");
  const shipped = ctx.step("ship", () => Promise.reject(new Error("the carrier does not answer")), {
    retry: { initialInterval: "1h", maxInterval: "1h", jitter: "none" },
  });
  await Promise.all([approved.promise, ctx.waitForSignal("go", { timeout: "7d" }), reminded, shipped]);
});

interface Row {
  readonly what: string;
  readonly units: number;
  readonly budget: number;
  readonly reads: number;
  readonly roundTrips: number;
}

const rows: Row[] = [];
let store: Store;
let capacity: CapacityMeter;

beforeAll(async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  capacity = meter(documents);
  store = createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    createMemoryPayloads(),
  );
});

afterAll(() => {
  console.table(rows);
});

const units = (spent: Spent): number => spent.writes + spent.indexWrites;

async function within(what: string, budget: number, work: () => Promise<unknown>): Promise<Spent> {
  const spent = await capacity.measure(work);
  rows.push({ what, units: units(spent), budget, reads: spent.reads, roundTrips: spent.roundTrips });
  expect(units(spent), what).toBeLessThanOrEqual(budget);
  return spent;
}

const workflows = [sequential, parallel, sleeping, sending, waiting, asking];

const makeBench = (): Bench => new Bench(workflows, [Paid], { store });

async function inlineIn(
  bench: Bench,
): Promise<(workflowName: string, input: unknown, id: string) => Promise<void>> {
  const process = await bench.process();
  return async (workflowName, input, id) => {
    const now = bench.cloud.clock.now();
    const limits = limitsUntil(now + 60_000, 60_000, 10_000);
    await startExecution(
      process,
      bench.app,
      { workflow: workflowName, input, id },
      { owner: "request-1", limits },
    );
  };
}

describe("the write-unit ledger of whole runs", () => {
  it.each([1, 3, 10, 100])(
    "an inline run of %i steps costs its steps + 4, start and indexes and end included",
    async (steps) => {
      const bench = makeBench();
      const inline = await inlineIn(bench);
      const id = `sequential-${steps}`;
      const spent = await within(`${steps} sequential steps, inline, start to end`, steps + 4, () =>
        inline(sequential.name, { steps }, id),
      );
      expect(await bench.status(id)).toBe("completed");
      // The create, a commit for each step but the last, the settlement, and the read of the result for the caller.
      expect(spent.roundTrips).toBeLessThanOrEqual(steps + 2);
    },
  );

  it("a queued start costs 3, and its first turn a lease", async () => {
    const bench = makeBench();
    const process = await bench.process();
    const spent = await within("start", 3, () =>
      startExecution(process, bench.app, {
        workflow: sequential.name,
        input: { steps: 3 },
        id: "queued",
      }),
    );
    expect(spent).toMatchObject({ roundTrips: 1, reads: 0 });
    await within("first turn of 3 steps when queued: lease, 2 commits, settlement + index", 5, () =>
      bench.cloud.settle(),
    );
    expect(await bench.status("queued")).toBe("completed");
  });

  it("the first start of a workflow in a process costs a read more, and the first with new code 2 units and more by its size", async () => {
    const fresh = new Bench([sequential], [], { store });
    const start = (process: Outside, code: Workflow<{ steps: number }>, id: string) => () =>
      startExecution(process, app({ workflows: [code] }), { workflow: code.name, input: { steps: 1 }, id });
    const known = await within("start, the first of its workflow in its process", 3, () =>
      start(fresh.cloud.client(), sequential, "first-in-process")(),
    );
    expect(known).toMatchObject({ roundTrips: 2, reads: 1 });
    const changed = workflow("sequential-steps", async (ctx, input: { steps: number }) =>
      ctx.step("one", () => input.steps),
    );
    const deployed = await within(
      "start, the first ever with this code: + its text and its name",
      3 + 2,
      () => start(fresh.cloud.client(), changed, "first-of-code")(),
    );
    expect(deployed).toMatchObject({ roundTrips: 4, reads: 1 });
    const back = await within("start, the first after a roll-back", 3 + 1, () =>
      start(fresh.cloud.client(), sequential, "rolled-back")(),
    );
    expect(back.reads).toBe(1);
  });

  it("ten parallel steps that end together are one write with the completion", async () => {
    const bench = makeBench();
    const inline = await inlineIn(bench);
    await within(
      "10 parallel steps, inline: start, one commit (1.3 KB, compressed), settlement + index",
      3 + 1 + 2,
      () => inline(parallel.name, { steps: 10 }, "parallel"),
    );
    expect(await bench.output("parallel")).toBe(10);
  });

  it("a last step and its suspension are one write, and a resume is one and the read", async () => {
    const bench = makeBench();
    const inline = await inlineIn(bench);
    await within("a step and a suspension, inline: start, settlement", 4, () =>
      inline(sleeping.name, undefined, "sleeping"),
    );
    expect(await bench.status("sleeping")).toBe("suspended");
    await within("resume, timer, a step (with the tail), completion + index", 1 + 1 + 2, () =>
      bench.cloud.advance(600_000),
    );
    expect(await bench.status("sleeping")).toBe("completed");
  });

  it("sending an event costs nothing to commit and at most 3 until it is published", async () => {
    const bench = makeBench();
    const inline = await inlineIn(bench);
    bench.cloud.relayIsOn = false;
    await within("3 steps and an event, inline: as 3 steps, + 1 index for the mark", 3 + 4 + 1, () =>
      inline(sending.name, undefined, "sending"),
    );
    bench.cloud.relayIsOn = true;
    await within("relaying an event: unmark + index", 2, () => bench.cloud.settle());
    expect(bench.cloud.published).toHaveLength(1);
  });

  it("naming what is awaited costs nothing, in whatever turn", async () => {
    const bench = makeBench();
    const inline = await inlineIn(bench);
    await within(
      "a step, a failed attempt, a callback, a signal and a sleep, inline: start, 2 commits, settlement",
      3 + 2 + 1,
      () => inline(asking.name, undefined, "asking"),
    );
    const { awaits, awaitCount } = (await bench.client.describe("asking")).progress;
    expect(awaits.map(({ kind }) => kind)).toEqual(
      ["callback", "sleep", "step", "signal"].slice(0, awaits.length),
    );
    expect([awaits.length > 0, awaitCount]).toEqual([true, 4]);
    await within("its next attempt, which fails too: lease, commit, settlement", 3, () =>
      bench.cloud.advance(3_600_000),
    );
  });

  it("waiting for an event that comes later costs the wait, the delivery with its record, the removal and the resume", async () => {
    const bench = makeBench();
    const inline = await inlineIn(bench);
    await within("a wait, inline: start, wait record, settlement", 3 + 1 + 1, () =>
      inline(waiting.name, undefined, "waiting"),
    );
    await within(
      "its event: recent-event record, delivery, lease, completion + index, removal",
      1 + 1 + 1 + 2 + 1,
      async () => {
        bench.publish(Paid, { orderId: order.orderId, amount: 7 });
        await bench.cloud.settle();
      },
    );
    expect(await bench.output("waiting")).toEqual({ orderId: order.orderId, amount: 7 });
  });
});
