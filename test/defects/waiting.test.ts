/** Known defects of waiting: records that stay, wakes that come late, deadlines and messages that meet, ends that are recorded twice. */
import { type Context, event, WaitTimeoutError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import type { Wake } from "../../lib/model/wake.js";
import { deliver } from "../../lib/runtime/bus/deliver.js";
import { handleWake } from "../../lib/runtime/turn/handle-wake.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { replayHistory } from "../../lib/testing/replay-history.js";
import { Bench } from "../runtime/bench.js";
import { slowStore } from "../runtime/slow-store.js";
import { intervening } from "./intervening.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const Paid = event<{ order: string }>("paid", { key: ({ order }) => order });
const Refused = event<{ order: string }>("refused", { key: ({ order }) => order });
const Opened = event<{ door: number }>("opened");

const limitsOf = (bench: Bench) => limitsUntil(bench.cloud.clock.now() + MINUTE, MINUTE, 10_000);

/** A client whose wakes are handled at once: while a turn is at work they find its lease, and are put back to the lease's end. */
function clientAtOnce(bench: Bench): DurableClient {
  const { bare } = bench.cloud;
  const send = async (wake: Wake): Promise<void> => {
    await handleWake(bare, bench.app, wake, "w-1", limitsOf(bench));
  };
  return new DurableClient({ outside: { ...bare, wakes: { ...bare.wakes, send } } });
}

describe("the records of an execution's waits", () => {
  /** Waits for all of it, and comes to its own end over a signal. */
  const waiting = workflow("waiting", async (ctx, how: string) => {
    const others = [
      ctx.waitForEvent(Paid, { key: "o-1" }),
      ctx.waitForEvent(Refused, { key: "o-1", timeout: "30d" }),
      ctx.waitForEvent(Opened),
    ];
    const told = await Promise.race([ctx.waitForSignal("end"), ...others]);
    if (how === "fail") throw new Error(`told ${told}`);
    if (how === "continue") return ctx.continueAsNew("");
    return told;
  });

  async function recordsOf(bench: Bench): Promise<string[]> {
    const found = await Promise.all(
      [{ name: Paid.name, key: "o-1" }, { name: Refused.name, key: "o-1" }, { name: Opened.name }].map((of) =>
        bench.store.findWaits({ ...of, limit: 100 }),
      ),
    );
    return found.flatMap(({ items }) => items.map(({ executionId }) => executionId));
  }

  it.each<[status: string, input: string, end: (client: DurableClient) => Promise<unknown>]>([
    ["completed", "complete", (client) => client.signal("x-1", "end", 1)],
    ["failed", "fail", (client) => client.signal("x-1", "end", 1)],
    ["cancelled", "cancel", (client) => client.cancel("x-1")],
    ["terminated", "terminate", (client) => client.terminate("x-1")],
    ["continued", "continue", (client) => client.signal("x-1", "end", 1)],
  ])("are gone once it is %s, and its inbox is empty", async (status, input, end) => {
    const bench = new Bench([waiting], [Paid, Refused, Opened]);
    await bench.start(waiting, input);
    await bench.cloud.settle();
    expect(await recordsOf(bench)).toEqual(["x-1", "x-1", "x-1"]);
    await end(bench.client);
    await bench.cloud.advance(1_000);
    expect(await bench.status()).toBe(status);
    expect(await recordsOf(bench)).not.toContain("x-1");
    const { inbox, inboxItems, waits, waitCount } = await bench.head();
    expect([inbox, inboxItems]).toEqual([[], 0]);
    if (status !== "terminated") expect([waits, waitCount]).toEqual([[], 0]);
  });
});

describe("an execution whose wait is over", () => {
  const child = workflow("child", (ctx) => ctx.waitForSignal("end"));
  let token = "";

  it.each<[what: string, wait: (ctx: Context) => Promise<unknown>, end: (bench: Bench) => unknown]>([
    [
      "an event",
      (ctx) => ctx.waitForEvent(Paid, { key: "o-1" }),
      (bench) => bench.publish(Paid, { order: "o-1" }),
    ],
    [
      "an event without a key",
      (ctx) => ctx.waitForEvent(Opened),
      (bench) => bench.publish(Opened, { door: 1 }),
    ],
    ["a signal", (ctx) => ctx.waitForSignal("go"), (bench) => bench.client.signal("x-1", "go")],
    [
      "a callback",
      (ctx) => {
        const callback = ctx.callback("c");
        token = callback.token;
        return callback.promise;
      },
      (bench) => bench.client.completeCallback(token),
    ],
    [
      "a child",
      (ctx) => ctx.child(child, undefined, { id: "c-1" }),
      (bench) => bench.client.signal("c-1", "end"),
    ],
  ])("goes on within a second, without the audit: %s", async (_, wait, end) => {
    const code = workflow("code", async (ctx) => {
      await ctx.race({ wait, late: (branch) => branch.sleep("30d") });
      await ctx.step("after", () => 1);
    });
    const bench = new Bench([code, child], [Paid, Opened]);
    await bench.start(code, undefined);
    await bench.cloud.advance(DAY);
    expect(await bench.status()).toBe("suspended");
    await end(bench);
    await bench.cloud.advance(1_000);
    expect(await bench.status()).toBe("completed");
  });

  it("goes on within a second though its message came with one settlement after another that others had moved", async () => {
    const waits = workflow("waits", (ctx) => ctx.waitForSignal("go"));
    let left = 4;
    const bench: Bench = new Bench([waits], [], {
      store: intervening(createMemoryStore(), {
        before: async (call) => {
          if (call !== "settle" || left === 0) return;
          left -= 1;
          await clientAtOnce(bench).signal("x-1", left === 0 ? "go" : "other", left);
        },
      }),
    });
    await bench.start(waits, undefined);
    await bench.cloud.advance(1_000);
    expect(await bench.output()).toBe(0);
  });

  it("is told of what comes while it runs a body, before that has ended", async () => {
    const code = workflow("code", async (ctx) => {
      const slow = ctx.step("slow", () => bench.cloud.clock.sleep(40_000));
      await ctx.waitForEvent(Paid, { key: "o-1" });
      const heard = ctx.now().getTime();
      await slow;
      return heard;
    });
    const bench: Bench = new Bench([code], [Paid]);
    await bench.start(code, undefined);
    await bench.cloud.advance(2_000);
    const sent = bench.cloud.clock.now();
    bench.publish(Paid, { order: "o-1" });
    await bench.cloud.advance(MINUTE);
    expect(Number(await bench.output()) - sent).toBeLessThanOrEqual(5_000);
  });
});

describe("a callback that ends between the look at an empty inbox and the suspension", () => {
  it.each(["appendCommit", "settle"] as const)("is seen: just before %s", async (call) => {
    let token = "";
    const waits = workflow("waits", async (ctx) => {
      const callback = ctx.callback("c");
      token = callback.token;
      await ctx.step("a", () => 1);
      await Promise.all([ctx.step("b", () => 1), ctx.step("c", () => 1)]);
      return callback.promise;
    });
    let isDue = true;
    const bench: Bench = new Bench([waits], [], {
      store: intervening(createMemoryStore(), {
        before: async (made) => {
          if (made !== call || !isDue) return;
          isDue = false;
          await clientAtOnce(bench).completeCallback(token, "in between");
        },
      }),
    });
    await bench.start(waits, undefined);
    await bench.cloud.advance(1_000);
    expect(isDue).toBe(false);
    expect(await bench.output()).toBe("in between");
  });
});

describe("a message and a deadline that meet", () => {
  /** The race is lost or won; whoever lost it is asked for once more. */
  const meeting = workflow("meeting", async (ctx) => {
    const first = await ctx.race({
      signal: (branch) => branch.waitForSignal("go"),
      event: (branch) => branch.waitForEvent(Paid, { key: "o-1" }),
      late: (branch) => branch.sleep("10s"),
    });
    await ctx.step("decide", () => first.winner);
    await ctx.sleep("1h");
    const second = await ctx.race({
      signal: (branch) => branch.waitForSignal("go"),
      event: (branch) => branch.waitForEvent(Paid, { key: "o-1", lookback: "2h" }),
      late: (branch) => branch.sleep("10s"),
    });
    return [first.winner, second.winner];
  });

  const CALLS = ["readHead", "acquireLease", "loadHistory", "deleteWait", "appendCommit", "settle"] as const;
  const moments = CALLS.flatMap((call) =>
    (["before", "after"] as const).map((when) => [when, call] as const),
  );

  it.each(
    (["signal", "event"] as const).flatMap((kind) =>
      moments.map(([when, call]) => [kind, when, call] as const),
    ),
  )(
    "end the same way in every replay, and nothing is lost: a %s just %s %s of the turn that the timer wakes",
    async (kind, when, call) => {
      let armed = false;
      const land = async (): Promise<void> => {
        if (!armed) return;
        armed = false;
        if (kind === "signal") await clientAtOnce(bench).signal("x-1", "go");
        else {
          bench.publish(Paid, { order: "o-1" });
          for (const message of [...bench.cloud.deliverQueue.visible(bench.cloud.clock.now())]) {
            bench.cloud.deliverQueue.delete(message);
            await deliver(bench.cloud.bare, bench.app, message.body);
          }
        }
      };
      const store = intervening(createMemoryStore(), {
        before: (made) => (when === "before" && made === call ? land() : undefined),
        after: (made) => (when === "after" && made === call ? land() : undefined),
      });
      const bench: Bench = new Bench([meeting], [Paid], { store });
      await bench.start(meeting, undefined);
      await bench.cloud.advance(9_999);
      armed = true;
      await bench.cloud.advance(1);
      // Turns that make no such call: it comes after all of them.
      await land();
      await bench.cloud.advance(2 * HOUR);
      expect(bench.cloud.errors).toEqual([]);
      const winners = await bench.output();
      expect([
        [kind, "late"],
        ["late", kind],
      ]).toContainEqual(winners);
      // What was accepted by the deadline wins over it.
      if (call === "readHead" || (call === "acquireLease" && when === "before"))
        expect(winners).toEqual([kind, "late"]);
      const replayed = await replayHistory(await bench.client.history("x-1"), meeting);
      expect(replayed.output).toEqual(winners);
      const taken = (await bench.story()).filter((line) => /^(Signal|Event)Received/.test(line));
      expect(taken).toHaveLength(1);
      expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
    },
  );
});

describe("the wake of a timer that comes more than once", () => {
  const napping = workflow("napping", async (ctx) => {
    await ctx.sleep("10s");
    await ctx.step("after", () => bodies.push("after"));
    await ctx.waitForSignal("go", { timeout: "10s" }).catch(() => "none");
    return bodies.length;
  });
  let bodies: string[] = [];
  const STORY = [
    "TimerFired sleep",
    "StepCompleted step:after",
    "WaitTimedOut signal:go",
    "ExecutionCompleted",
  ];

  it("one after the other, is recorded once", async () => {
    bodies = [];
    const bench = new Bench([napping]);
    await bench.start(napping, undefined);
    await bench.cloud.settle();
    const { clock, wakeQueue } = bench.cloud;
    const dueAt = clock.now() + 10_000;
    for (let copy = 0; copy < 3; copy++)
      wakeQueue.send({ executionId: "x-1", reason: "timer", dueAt }, dueAt);
    await bench.cloud.advance(MINUTE);
    expect(await bench.story()).toEqual(STORY);
    expect(await bench.output()).toBe(1);
  });

  it("to several workers at one instant, is recorded once", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      bodies = [];
      const store = slowStore(createMemoryStore(), seed);
      const bench = new Bench([napping], [], { store, replay: "off" });
      await bench.start(napping, undefined);
      await bench.cloud.settle();
      const { clock, wakeQueue, bare } = bench.cloud;
      const wake = { executionId: "x-1", reason: "timer", dueAt: clock.now() + 10_000 } as const;
      wakeQueue.purge();
      clock.moveTo(wake.dueAt);
      await Promise.all(
        ["w-1", "w-2", "w-3"].map((id) => handleWake(bare, bench.app, wake, id, limitsOf(bench))),
      );
      await bench.cloud.advance(MINUTE);
      expect(await bench.story(), `seed ${seed}`).toEqual(STORY);
      expect(bodies, `seed ${seed}`).toEqual(["after"]);
    }
  });
});

describe("a step that fails for good as the first thing after a wait", () => {
  it.each<[what: string, wait: (ctx: Context) => Promise<unknown>, end?: (bench: Bench) => unknown]>([
    ["a sleep", (ctx) => ctx.sleep("1h")],
    [
      "an event",
      (ctx) => ctx.waitForEvent(Paid, { key: "o-1" }),
      (bench) => bench.publish(Paid, { order: "o-1" }),
    ],
    ["a signal", (ctx) => ctx.waitForSignal("go"), (bench) => bench.client.signal("x-1", "go")],
    [
      "a timeout",
      (ctx) =>
        ctx
          .waitForSignal("go", { timeout: "1h" })
          .catch((error: unknown) => error instanceof WaitTimeoutError),
    ],
  ])("ends its execution as failed: after %s", async (_, wait, end) => {
    const failing = workflow("failing", async (ctx) => {
      await wait(ctx);
      await ctx.step(
        "declined",
        () => {
          throw new RangeError("no");
        },
        { retry: { maxAttempts: 1 } },
      );
    });
    const bench = new Bench([failing], [Paid]);
    await bench.start(failing, undefined);
    await bench.cloud.settle();
    await end?.(bench);
    await bench.cloud.advance(HOUR);
    expect(await bench.status()).toBe("failed");
    expect(await bench.error()).toBeInstanceOf(RangeError);
    expect((await bench.story()).slice(-2)).toEqual(["StepFailed step:declined", "ExecutionFailed"]);
  });
});
