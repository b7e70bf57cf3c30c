/** Races, maps and sagas on the real runtime: what becomes of their losers' effects, and that a crash anywhere changes nothing of it. */
import { event, type Workflow, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { When } from "../../lib/testing/faults.js";
import { Bench } from "./bench.js";

const Paid = event<{ orderId: string }>("payment.completed", { key: (data) => data.orderId });
const Refused = event<{ orderId: string }>("payment.refused", { key: (data) => data.orderId });

const sleeper = workflow("sleeper", async (ctx) => {
  await ctx.sleep("30d");
});

const HOUR = 3_600_000;

/** Every wait record that is left in the directory for the order. */
async function records(bench: Bench, key = "o-1"): Promise<number> {
  return (await bench.waitRecords(Paid, key)) + (await bench.waitRecords(Refused, key));
}

describe("the losers of ctx.race", () => {
  it("leave no wait record when the race waits for one of several events", async () => {
    const either = workflow("either", async (ctx) => {
      const { winner } = await ctx.race({
        paid: (branch) => branch.waitForEvent(Paid, { key: "o-1" }),
        refused: (branch) => branch.waitForEvent(Refused, { key: "o-1" }),
        late: (branch) => branch.sleep("1d"),
      });
      await ctx.sleep("1h");
      return winner;
    });
    const bench = new Bench([either], [Paid, Refused]);
    await bench.start(either, undefined);
    await bench.cloud.settle();
    expect(await records(bench)).toBe(2);
    bench.publish(Refused, { orderId: "o-1" });
    await bench.cloud.settle();
    expect(await bench.status()).toBe("suspended");
    expect(await records(bench)).toBe(0);
    bench.publish(Paid, { orderId: "o-1" });
    await bench.cloud.advance(2 * HOUR);
    expect(await bench.output()).toBe("refused");
    expect((await bench.head()).inbox).toEqual([]);
  });

  it("are told by their abort signal, and what completes anyway is recorded", async () => {
    const aborted: string[] = [];
    const racing: Workflow<unknown, unknown> = workflow("racing", async (ctx) => {
      const { winner } = await ctx.race({
        deaf: (branch) => branch.step("deaf", async () => bench.cloud.clock.sleep(2_000)),
        listening: (branch) =>
          branch.step("listening", async ({ signal }) => {
            await bench.cloud.clock.sleep(HOUR, signal);
            aborted.push(String(signal.reason));
            throw signal.reason;
          }),
        quick: (branch) => branch.step("quick", async () => bench.cloud.clock.sleep(1_000)),
      });
      await ctx.sleep("1h");
      return winner;
    });
    const bench = new Bench([racing]);
    await bench.start(racing, undefined);
    await bench.cloud.advance(3 * HOUR);
    expect(await bench.output()).toBe("quick");
    expect(aborted).toHaveLength(1);
    expect(aborted[0]).toContain("CancelledError");
    expect(await bench.story()).toEqual([
      "StepCompleted race/quick/step:quick",
      "StepFailed race/listening/step:listening",
      "StepCompleted race/deaf/step:deaf",
      "TimerFired sleep",
      "ExecutionCompleted",
    ]);
  });

  it("are tried no more: a step between two attempts ends with its last error", async () => {
    let attempts = 0;
    const racing = workflow("racing", async (ctx) => {
      await ctx.race({
        flaky: (branch) =>
          branch.step(
            "flaky",
            () => {
              attempts += 1;
              throw new Error("down");
            },
            { retry: { maxAttempts: 100, initialInterval: "1h", maxInterval: "1h", jitter: "none" } },
          ),
        late: (branch) => branch.sleep("10m"),
      });
      await ctx.sleep("1d");
    });
    const bench = new Bench([racing]);
    await bench.start(racing, undefined);
    await bench.cloud.advance(48 * HOUR);
    expect(await bench.status()).toBe("completed");
    expect(attempts).toBe(1);
  });

  it.each([
    ["cancel", "cancelled"],
    ["terminate", "terminated"],
    ["abandon", "suspended"],
  ] as const)("have children that end as %s says: %s", async (onParentClose, status) => {
    const racing = workflow("racing", async (ctx) => {
      await ctx.race({
        child: (branch) => branch.child(sleeper, undefined, { id: "child-1", onParentClose }),
        late: (branch) => branch.sleep("1h"),
      });
      await ctx.sleep("2h");
    });
    const bench = new Bench([racing, sleeper]);
    await bench.start(racing, undefined);
    await bench.cloud.advance(2 * HOUR);
    expect(await bench.status()).toBe("suspended");
    expect(await bench.status("child-1")).toBe(status);
    await bench.cloud.advance(2 * HOUR);
    expect(await bench.status()).toBe("completed");
  });
});

describe("the losers of a plain race", () => {
  it("stay until the execution ends, and are gone then: records, timers, bodies, children", async () => {
    let aborted = false;
    const racing = workflow("racing", async (ctx) => {
      await Promise.race([
        ctx.waitForEvent(Paid, { key: "o-1" }),
        ctx.child(sleeper, undefined, { id: "child-1" }),
        ctx.callback("approval").promise,
        ctx.sleep("30d"),
        ctx.step("slow", async ({ signal }) => {
          await bench.cloud.clock.sleep(HOUR, signal);
          aborted = signal.aborted;
        }),
        ctx.step("quick", async () => bench.cloud.clock.sleep(1_000)),
      ]);
      await ctx.sleep("500ms");
    });
    const bench = new Bench([racing, sleeper], [Paid]);
    await bench.start(racing, undefined);
    await bench.cloud.advance(1_200);
    expect(await bench.status("child-1")).toBe("suspended");
    expect(await records(bench)).toBe(1);
    await bench.cloud.advance(60_000);
    expect(await bench.status()).toBe("completed");
    expect(await bench.status("child-1")).toBe("cancelled");
    expect(await records(bench)).toBe(0);
    expect(aborted).toBe(true);
  });
});

// ---------------------------------------------------------------- crashes

interface Scenario {
  readonly name: string;
  readonly status: string;
  readonly code: (world: string[]) => Workflow<string, unknown>;
  /** What its world is at the end, but for bodies that a crash repeated. */
  readonly did: readonly string[];
}

const scenarios: readonly Scenario[] = [
  {
    name: "a race whose loser has a saga, a wait, a child and a step to leave behind",
    status: "completed",
    did: ["flight", "hotel", "cancel hotel", "cancel flight", "after"],
    code: (world) =>
      workflow("trip", async (ctx) => {
        const { winner } = await ctx.race({
          trip: async (branch) => {
            try {
              await branch.saga(async (saga) => {
                for (const name of ["flight", "hotel"]) {
                  await saga.step(name, () => world.push(name), {
                    compensate: () => world.push(`cancel ${name}`),
                  });
                }
                await Promise.all([
                  saga.waitForEvent(Paid, { key: "o-1" }),
                  saga.child(sleeper, undefined, { id: "child-1" }),
                ]);
              });
            } finally {
              world.push("finally");
            }
          },
          // Longer than any recovery takes.
          late: (branch) => branch.sleep("1h"),
        });
        await ctx.step("after", () => world.push("after"));
        return winner;
      }),
  },
  {
    name: "a map that stops at a failure, in a race that goes on",
    status: "completed",
    did: ["book 0", "book 1", "undo 0", "after"],
    code: (world) =>
      workflow("batch", async (ctx) => {
        const { winner } = await ctx.race({
          batch: async (branch) => {
            const ends = await branch
              .map(
                [0, 1, 2],
                (item, n) =>
                  item.saga(async (saga) => {
                    if (n === 2) return saga.sleep("1d");
                    await saga.step(`book ${n}`, () => world.push(`book ${n}`), {
                      compensate: () => world.push(`undo ${n}`),
                    });
                    await saga.sleep({ minutes: 20 + n * 20 });
                    if (n === 0) throw new Error("sold out");
                    return n;
                  }),
                { minSuccessful: 1 },
              )
              .catch((error: unknown) => String(error));
            return ends;
          },
          late: (branch) => branch.sleep("2h"),
        });
        await ctx.step("after", () => world.push("after"));
        return winner;
      }),
  },
];

async function run(scenario: Scenario, crash?: { call: number; when: When }) {
  const world: string[] = [];
  const code = scenario.code(world);
  const bench = new Bench([code, sleeper], [Paid], { replay: "off" });
  if (crash !== undefined) bench.cloud.faults.plan(crash);
  await bench.start(code, "o-1").catch(() => bench.start(code, "o-1"));
  await bench.cloud.advance(3 * HOUR);
  return { bench, world };
}

describe.each(scenarios)("$name", (scenario) => {
  it.each(["before", "after", "reply-lost"] as const)(
    "ends as it would, whatever call a process dies %s",
    async (when) => {
      const undisturbed = await run(scenario);
      const story = essence(await undisturbed.bench.story());
      expect(await undisturbed.bench.status()).toBe(scenario.status);
      expect(undisturbed.world).toEqual(scenario.did);
      const { calls } = undisturbed.bench.cloud.faults;
      for (let call = 1; call <= calls.length; call++) {
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const { bench, world } = await run(scenario, { call, when });
        expect(await bench.status(), at).toBe(scenario.status);
        expect(essence(await bench.story()), at).toEqual(story);
        // A crash repeats at most the bodies that were under way; nothing else happens.
        expect([...new Set(world)].toSorted(), at).toEqual(scenario.did.toSorted());
        expect(world.length, at).toBeLessThanOrEqual(scenario.did.length + 2);
        expect(await records(bench), at).toBe(0);
        const child = await bench.store.readHead("child-1");
        if (child !== undefined) expect(child.status, at).toBe("cancelled");
      }
    },
    120_000,
  );
});

/**
 * A story without what tells of crashes, and without the end of a child that nobody waits for any more. The ends of a loser's operations
 * may come in either order.
 */
function essence(story: readonly string[]): string[] {
  return story.filter((line) => line !== "LeaseTaken" && line !== "MessageBuffered").toSorted();
}

// ---------------------------------------------------------------- compensation

describe("a compensation that gives up", () => {
  const world: string[] = [];
  let hotelIsDown = true;
  const trip = workflow("trip", async (ctx) => {
    for (const name of ["flight", "hotel", "car"]) {
      await ctx.step(name, () => name, {
        compensate: (booking) => {
          if (booking === "hotel" && hotelIsDown) throw new Error("the hotel is down");
          world.push(booking);
        },
        compensateRetry: { maxAttempts: 3, initialInterval: "1m", jitter: "none" },
      });
    }
    throw new Error("no visa");
  });

  it("is retried by its own policy, leaves the others undone and the end incomplete, and is all that a redrive tries again", async () => {
    const bench = new Bench([trip]);
    await bench.start(trip, undefined);
    await bench.cloud.advance(HOUR);
    expect(world).toEqual(["car", "flight"]);
    expect(await bench.client.describe("x-1")).toMatchObject({
      status: "failed",
      compensation: "incomplete",
    });
    expect((await bench.story()).filter((line) => line.includes("undo/step:hotel"))).toEqual([
      "StepAttemptFailed undo/step:hotel",
      "StepAttemptFailed undo/step:hotel",
      "StepFailed undo/step:hotel",
    ]);
    hotelIsDown = false;
    await bench.client.redrive("x-1");
    await bench.cloud.advance(HOUR);
    expect(world).toEqual(["car", "flight", "hotel"]);
    expect(await bench.client.describe("x-1")).toMatchObject({ status: "failed", compensation: "complete" });
  });
});

describe("a saga that nobody awaits, and that is still being undone when the code is over,", () => {
  it.each([
    ["returns", "completed"],
    ["continues as new", "continued"],
  ])("comes to its end first, over several turns: the code %s", async (how, status) => {
    const world: string[] = [];
    const trip = workflow("trip", async (ctx, continued: boolean): Promise<unknown> => {
      if (continued) return "home";
      void ctx.saga(async (saga) => {
        await saga.step("hotel", () => "hotel", {
          compensate: (booking, { attempt }) => {
            if (attempt < 3) throw new Error("the hotel is down");
            world.push(booking);
          },
          compensateRetry: { maxAttempts: 3, initialInterval: "1m", jitter: "none" },
        });
        throw new Error("no visa");
      });
      await ctx.step("flight", () => "flight");
      await ctx.step("car", () => "car");
      return how === "returns" ? "home" : ctx.continueAsNew(true);
    });
    const bench = new Bench([trip]);
    await bench.start(trip, false);
    await bench.cloud.advance(10_000);
    expect(await bench.status()).toBe("compensating");
    await bench.cloud.advance(HOUR);
    expect(world).toEqual(["hotel"]);
    expect(await bench.status()).toBe(status);
    expect(bench.cloud.errors).toEqual([]);
  });
});
