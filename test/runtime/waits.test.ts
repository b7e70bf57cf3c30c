/** Waits against events that come before, after and while they register, and against processes that die around it. */
import { type Context, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { encode } from "../../lib/model/value.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { Bench } from "./bench.js";
import { eventLoopTurn } from "./slow-store.js";

const Paid = event<{ order: string }>("paid", { key: (data) => data.order });

const paidWithin = (ctx: Context, timeout: "0s" | "500ms" | "30s") =>
  ctx.waitForEvent(Paid, { key: "o-1", timeout }).then(
    () => "paid",
    () => "timed out",
  );

describe("a wait", () => {
  it("of no time at all sees an event that came before it", async () => {
    const hasty = workflow("hasty", (ctx) => paidWithin(ctx, "0s"));
    const bench = new Bench([hasty], [Paid]);
    await bench.start(hasty, undefined, "x-1", { delayMs: 10_000 });
    await bench.cloud.advance(5_000);
    bench.publish(Paid, { order: "o-1" });
    await bench.cloud.advance(20_000);
    expect(await bench.output()).toBe("paid");
  });

  it("whose deadline passes while the directory is being asked takes the event that is found", async () => {
    const memory = createMemoryStore();
    const store = {
      ...memory,
      findRecentEvents: async (...request: Parameters<typeof memory.findRecentEvents>) => {
        const found = await memory.findRecentEvents(...request);
        bench.cloud.clock.moveTo(bench.cloud.clock.now() + 600);
        return found;
      },
    };
    const hasty = workflow("hasty", (ctx) => paidWithin(ctx, "500ms"));
    const bench: Bench = new Bench([hasty], [Paid], { store });
    await memory.putRecentEvent({
      id: "e-1",
      name: Paid.name,
      key: "o-1",
      data: encode({ order: "o-1" }),
      recordedAt: bench.cloud.clock.now(),
    });
    await bench.start(hasty, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe("paid");
  });

  it("that its turn died before registering does not time out over an event that came before its deadline", async () => {
    const memory = createMemoryStore();
    let registrations = 0;
    const store = {
      ...memory,
      putWait: async (...wait: Parameters<typeof memory.putWait>) => {
        registrations += 1;
        if (registrations === 1) bench.cloud.killAll();
        else await memory.putWait(...wait);
      },
    };
    const patient = workflow("patient", (ctx) => paidWithin(ctx, "30s"));
    const bench: Bench = new Bench([patient], [Paid], { store });
    await bench.start(patient, undefined);
    await bench.cloud.advance(1_000);
    bench.publish(Paid, { order: "o-1" });
    // Its deadline passes before the message of the dead turn comes back.
    await bench.cloud.advance(600_000);
    expect(await bench.output()).toBe("paid");
  });

  it("with a long lookback is not robbed by a newer one with a short one", async () => {
    const pair = workflow("pair", async (ctx) => {
      await ctx.sleep("3m");
      const older = ctx.waitForEvent(Paid, { key: "o-1", timeout: "1h" });
      const newer = ctx.waitForEvent(Paid, { key: "o-1", timeout: "1h", lookback: "0s" });
      const ends = await Promise.allSettled([older, newer]);
      return ends.map(({ status }) => status);
    });
    const bench = new Bench([pair], [Paid]);
    await bench.start(pair, undefined);
    await bench.cloud.advance(30_000);
    bench.publish(Paid, { order: "o-1" });
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("a wait's record", () => {
  it.each([
    ["in its first turn", undefined, 5_000],
    ["in a turn after one that settled", "1m", 65_000],
  ] as const)(
    "is gone at the end, though the wait was satisfied at once %s, whose process died at any later call",
    async (_, nap, publishedAfterMs) => {
      const paidThenTwoSteps = workflow("paid-then-two-steps", async (ctx) => {
        if (nap !== undefined) await ctx.sleep(nap);
        await ctx.waitForEvent(Paid, { key: "o-1" });
        await ctx.step("one", () => 1);
        await ctx.step("two", () => 2);
        return "done";
      });
      const runWith = async (call: number) => {
        const bench = new Bench([paidThenTwoSteps], [Paid]);
        await bench.start(paidThenTwoSteps, undefined, "x-1", { delayMs: 10_000 });
        await bench.cloud.advance(publishedAfterMs);
        bench.publish(Paid, { order: "o-1" });
        await bench.cloud.settle();
        const before = bench.cloud.faults.calls.length;
        bench.cloud.faults.plan({ call, when: "before" });
        await bench.cloud.advance(600_000);
        return { bench, at: `before call ${call}, ${bench.cloud.faults.calls[before + call - 1]}` };
      };
      for (let call = 1; ; call++) {
        const { bench, at } = await runWith(call);
        if (!bench.cloud.faults.struck) {
          expect(call).toBeGreaterThan(8);
          return;
        }
        expect(await bench.output(), at).toBe("done");
        expect(await bench.waitRecords(Paid, "o-1"), at).toBe(0);
      }
    },
  );

  it("is gone at the end, though it was on its way when the execution completed", async () => {
    const memory = createMemoryStore();
    const store = {
      ...memory,
      putWait: async (...wait: Parameters<typeof memory.putWait>) => {
        for (let turn = 0; turn < 50; turn++) await eventLoopTurn();
        await memory.putWait(...wait);
      },
    };
    const racing = workflow("racing", async (ctx) => {
      await Promise.race([ctx.waitForEvent(Paid, { key: "o-1" }), ctx.step("quick", () => 1)]);
      return "done";
    });
    const bench = new Bench([racing], [Paid], { store });
    await bench.start(racing, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("done");
    expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
  });

  it("that two waits of a dead owner left is removed with its sibling by the next event of their key", async () => {
    const twice = workflow("twice", async (ctx) => {
      await Promise.any([
        ctx.sleep("1s"),
        ctx.waitForEvent(Paid, { key: "o-1" }),
        ctx.waitForEvent(Paid, { key: "o-1" }),
      ]);
    });
    const bench = new Bench([twice], [Paid]);
    await bench.start(twice, undefined);
    await bench.cloud.advance(2_000);
    const { createdAt } = await bench.head();
    for (const op of ["wait:a", "wait:b"]) {
      await bench.store.putWait({ name: Paid.name, key: "o-1", executionId: "x-1", op, createdAt, epoch: 1 });
    }
    bench.publish(Paid, { order: "o-1" });
    await bench.cloud.settle();
    expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
  });
});
