/** Known defects around a beginning: starter and worker race, an event beside the one that starts, ids that are empty or taken. */
import { ExecutionConflictError, event, InvalidInputError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { readBusEvent } from "../../lib/runtime/bus/bus-event.js";
import { deliver } from "../../lib/runtime/bus/deliver.js";
import { startExecution } from "../../lib/runtime/start.js";
import { handleWake } from "../../lib/runtime/turn/handle-wake.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { Bench } from "../runtime/bench.js";
import { slowStore } from "../runtime/slow-store.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A workflow that says when its code does anything. */
function counting() {
  const bodies: string[] = [];
  const code = workflow("counting", async (ctx, input: string) => {
    await ctx.step("first", () => bodies.push("first"));
    await ctx.sleep("10m");
    await ctx.step("second", () => bodies.push("second"));
    return input;
  });
  return { code, bodies };
}

describe("an execution that workers want before its starter is done", () => {
  it("is begun once, by whoever is first: starters and wakes at one instant, in forty orders", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { code, bodies } = counting();
      const bench = new Bench([code], [], { store: slowStore(createMemoryStore(), seed), replay: "off" });
      const outside = bench.cloud.bare;
      const limits = () => limitsUntil(bench.cloud.clock.now() + MINUTE, MINUTE, 10_000);
      const start = (owner: string) =>
        startExecution(
          outside,
          bench.app,
          { workflow: code.name, input: "in", id: "x-1" },
          seed % 2 === 0 ? { owner, limits: limits() } : undefined,
        );
      const wake = (id: string) =>
        handleWake(outside, bench.app, { executionId: "x-1", reason: "start" }, id, limits());
      await Promise.all([wake("w-1"), start("s-1"), wake("w-2"), start("s-2"), wake("w-3")]);
      await bench.cloud.advance(HOUR);
      expect(await bench.output(), `seed ${seed}`).toBe("in");
      expect(bodies, `seed ${seed}`).toEqual(["first", "second"]);
      expect(await bench.story(), `seed ${seed}`).not.toContain("LeaseTaken");
    }
  });

  it("waits for its wake, which came before the write that it is for", async () => {
    const { code, bodies } = counting();
    const bench = new Bench([code]);
    const { wakeQueue, clock } = bench.cloud;
    wakeQueue.send({ executionId: "x-1", reason: "start" }, clock.now());
    await bench.cloud.advance(10_000);
    // This starter's own wake never leaves it.
    const wakeless = { send: async () => {}, schedule: async () => "created" as const };
    const outside = { ...bench.cloud.bare, wakes: wakeless };
    await startExecution(outside, bench.app, { workflow: code.name, input: "in", id: "x-1" });
    await bench.cloud.advance(MINUTE);
    expect(bodies).toEqual(["first"]);
  });

  it("begins although its starter died right after the write, and nobody starts it again", async () => {
    const { code, bodies } = counting();
    const bench = new Bench([code]);
    await bench.start(code, "in");
    bench.cloud.wakeQueue.purge();
    await bench.cloud.advance(5 * MINUTE);
    expect(bodies).toEqual([]);
    await bench.cloud.audit();
    await bench.cloud.advance(HOUR);
    expect(await bench.output()).toBe("in");
    expect(bodies).toEqual(["first", "second"]);
  });

  it("is not begun again, nor revived, by a start or a wake that comes after its end", async () => {
    const { code, bodies } = counting();
    const bench = new Bench([code]);
    await bench.start(code, "in");
    await bench.cloud.advance(HOUR);
    const ended = await bench.head();
    await bench.start(code, "in");
    for (const reason of ["start", "insurance", "timer", "yield", "audit"] as const)
      bench.cloud.wakeQueue.send({ executionId: "x-1", reason }, bench.cloud.clock.now());
    await bench.cloud.advance(HOUR);
    expect(await bench.head()).toEqual(ended);
    expect(bodies).toEqual(["first", "second"]);
  });
});

describe("an event that is awaited, sent beside the one that starts the execution", () => {
  const Placed = event<{ order: string }>("order.placed", { key: ({ order }) => order });
  const Paid = event<{ order: string; amount: number }>("order.paid", { key: ({ order }) => order });
  const placed = { order: "o-1" };
  const paid = { order: "o-1", amount: 7 };

  /** `atOnce`: the wait is the first thing that the code asks for. */
  function ordering(atOnce: boolean) {
    return workflow("ordering", { startOn: Placed }, async (ctx, { order }) => {
      if (!atOnce) await ctx.step("reserve", () => order);
      return (await ctx.waitForEvent(Paid, { key: order, timeout: "1d" })).amount;
    });
  }

  async function amountsOf(bench: Bench): Promise<unknown[]> {
    const { items } = await bench.store.listExecutions({ workflow: "ordering", limit: 10 });
    return Promise.all(items.map(({ executionId }) => bench.output(executionId)));
  }

  it.each([
    ["just after it", 0, ["placed", "paid"]],
    ["just before it", 0, ["paid", "placed"]],
    ["a second after it", 1_000, ["placed", "paid"]],
    ["a second before it", 1_000, ["paid", "placed"]],
  ] as const)("is not lost when it is sent %s", async (_, gap, order) => {
    for (const atOnce of [true, false]) {
      for (let seed = 1; seed <= 15; seed++) {
        const code = ordering(atOnce);
        const store = slowStore(createMemoryStore(), seed);
        const bench = new Bench([code], [Placed, Paid], { store, seed });
        for (const one of order) {
          if (one === "placed") bench.publish(Placed, placed);
          else bench.publish(Paid, paid);
          if (gap > 0) await bench.cloud.advance(gap);
        }
        // No audit, and no time to speak of.
        await bench.cloud.advance(1_000);
        expect(await amountsOf(bench), `seed ${seed}`).toEqual([7]);
      }
    }
  });

  it("is not lost when the two are handled side by side: by the turn that asks for it, and by deliver", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const code = ordering(true);
      const store = slowStore(createMemoryStore(), seed);
      const bench = new Bench([code], [Placed, Paid], { store, replay: "off" });
      const { bare, clock } = bench.cloud;
      const limits = limitsUntil(clock.now() + MINUTE, MINUTE, 10_000);
      await Promise.all([
        startExecution(
          bare,
          bench.app,
          { workflow: code.name, input: placed, startedBy: "e-1" },
          { owner: "s-1", limits },
        ),
        deliver(
          bare,
          bench.app,
          readBusEvent(
            { id: "e-2", source: "test", "detail-type": Paid.name, detail: paid, resources: [] },
            "test",
          ),
        ),
      ]);
      await bench.cloud.advance(1_000);
      expect(await amountsOf(bench), `seed ${seed}`).toEqual([7]);
    }
  });
});

describe("an id", () => {
  const reports = workflow("reports", async (ctx, input: string) => {
    await ctx.sleep("1h");
    return ctx.step("send", () => `sent ${input}`);
  });
  const invoices = workflow("invoices", async (_, input: string) => input);

  it.each(["", " ", "#x", "x".repeat(201)])(
    "that can't be one is refused before anything is written: %j",
    async (id) => {
      const bench = new Bench([reports]);
      const refusal = await bench.client.start(reports, "may", { id }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(InvalidInputError);
      expect(String(refusal)).toContain(`found ${JSON.stringify(id).slice(0, 200)}`);
      expect(bench.cloud.faults.calls).toEqual([]);
    },
  );

  it.each([
    ["of another workflow", (bench: Bench) => bench.client.start(invoices, "may", { id: "x-1" })],
    ["with another input", (bench: Bench) => bench.client.start(reports, "june", { id: "x-1" })],
    [
      "with a large one",
      (bench: Bench) => bench.client.start(reports, "june".repeat(200_000), { id: "x-1" }),
    ],
    [
      "that must be new",
      (bench: Bench) => bench.client.start(reports, "may", { id: "x-1", onConflict: "fail" }),
    ],
  ])(
    "that another execution has is refused by name to a start %s, and that one goes on to its own end",
    async (_, start) => {
      const bench = new Bench([reports, invoices]);
      await bench.start(reports, "may");
      await bench.cloud.settle();
      const before = await bench.head();
      const refusal = await start(bench).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ExecutionConflictError);
      expect(String(refusal)).toContain('"x-1" exists already');
      await bench.cloud.settle();
      expect(await bench.head()).toEqual(before);
      await bench.cloud.advance(HOUR);
      expect(await bench.output()).toBe("sent may");
      expect(await bench.story()).toEqual([
        "TimerFired sleep",
        "StepCompleted step:send",
        "ExecutionCompleted",
      ]);
    },
  );
});
