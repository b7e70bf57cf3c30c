import {
  type Context,
  ContextMisuseError,
  event,
  InvalidDefinitionError,
  NonDurableAwaitError,
} from "holdfast";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../lib/define/schema.js";
import { decode } from "../../lib/model/value.js";
import { Replay } from "../../lib/replay/replay.js";
import { runInStep } from "../../lib/replay/running-in.js";
import { completed, NOON, programOf, replayOf } from "../builders.js";

const Paid = event("payment.completed");
const Keyed = event<{ id: string }>("order.placed", { key: (order) => order.id });

/** Everything that a context can be asked for, by its name. */
const operations: readonly (readonly [string, (ctx: Context) => unknown])[] = [
  ["step", (ctx) => ctx.step("a", () => 1)],
  ["sleep", (ctx) => ctx.sleep("1s")],
  ["sleepUntil", (ctx) => ctx.sleepUntil(new Date(NOON))],
  ["waitForEvent", (ctx) => ctx.waitForEvent(Paid)],
  ["sendEvent", (ctx) => ctx.sendEvent(Paid, {})],
  ["now", (ctx) => ctx.now()],
  ["random", (ctx) => ctx.random()],
  ["uuid", (ctx) => ctx.uuid()],
];

const DAY_MS = 86_400_000;

const attempt = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call();
  } catch (error) {
    return error;
  }
};

const ofAbareTimer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe("a context where it has no meaning (I14)", () => {
  it.each(operations)("says so: ctx.%s after its execution's end", async (name, call) => {
    let late: (() => unknown) | undefined;
    const replay = await replayOf(async (ctx) => {
      late = () => call(ctx);
    });
    replay.end();
    const error = await attempt(() => late?.());
    expect(error).toBeInstanceOf(ContextMisuseError);
    expect(String(error)).toContain(`ctx.${name} was called after its execution had ended`);
    expect(replay.fault).toBeUndefined();
  });

  it.each(operations)("says so: ctx.%s inside a step's body", async (name, call) => {
    let error: unknown;
    const replay = await replayOf(async (ctx) => {
      error = await attempt(() => runInStep({ name: "charge", attempt: 1 }, () => call(ctx)));
    });
    expect(error).toBeInstanceOf(ContextMisuseError);
    expect(String(error)).toContain(`ctx.${name} was called inside the body of step "charge"`);
    expect(replay.pending.size).toBe(0);
  });

  it.each(operations)("says so: ctx.%s of another execution", async (name, call) => {
    let borrowed: Context | undefined;
    await replayOf(async (ctx) => {
      borrowed = ctx;
      await ctx.sleep("1h");
    });
    let error: unknown;
    await replayOf(async () => {
      error = await attempt(() => borrowed && call(borrowed));
    });
    expect(error).toBeInstanceOf(ContextMisuseError);
    expect(String(error)).toContain(`ctx.${name} was called from another branch than the one it belongs to`);
  });

  it("says so where code of the process, that no workflow started, uses it", async () => {
    let kept: Context | undefined;
    await replayOf(async (ctx) => {
      kept = ctx;
      await ctx.sleep("1h");
    });
    const error = await attempt(() => kept?.step("a", () => 1));
    expect(String(error)).toContain("from code that the workflow function did not start");
  });
});

describe("an await on what is not durable (I10)", () => {
  it.each(operations)("is named by what was called after it: ctx.%s", async (name, call) => {
    const replay = await replayOf(async (ctx) => {
      const slow = ctx.step("slow", () => 1);
      await ofAbareTimer();
      void attempt(() => call(ctx));
      await slow;
    });
    await new Promise<void>((resolve) => {
      replay.onFault = resolve;
    });
    expect(replay.fault).toBeInstanceOf(NonDurableAwaitError);
    expect(replay.fault?.message).toContain(
      `ctx.${name} was called after an await on something that is not durable`,
    );
    expect([...replay.pending.keys()]).toEqual(["step:slow"]);
  });

  it.each([
    ["returns", async () => "done"],
    [
      "throws",
      async () => {
        throw new Error("late");
      },
    ],
  ])("is named where the workflow function %s after it", async (_, end) => {
    const replay = await replayOf(async (ctx) => {
      void ctx.step("slow", () => 1);
      await ofAbareTimer();
      return end();
    });
    await new Promise<void>((resolve) => {
      replay.onFault = resolve;
    });
    expect(replay.fault?.message).toContain("The workflow function ended after an await on something");
    expect(replay.outcome).toBeUndefined();
  });

  it("can't be caught by the code that did it, which runs no further", async () => {
    const reached: string[] = [];
    const replay = await replayOf(async (ctx) => {
      void ctx.step("slow", () => 1);
      await ofAbareTimer();
      try {
        await ctx.step("a", () => 1);
        reached.push("after");
      } catch {
        reached.push("catch");
      } finally {
        reached.push("finally");
      }
    });
    await new Promise<void>((resolve) => {
      replay.onFault = resolve;
    });
    await ofAbareTimer();
    expect(reached).toEqual([]);
    await expect(replay.apply(completed("slow", 1, ["step:slow"]))).rejects.toThrow(NonDurableAwaitError);
  });

  it.each<[string, (then: () => void) => unknown]>([
    ["process.nextTick", (then) => process.nextTick(then)],
    ["setImmediate", (then) => setImmediate(then)],
    ["setTimeout", (then) => setTimeout(then)],
  ])("on %s is found while history is replayed, and at its end", async (_, later) => {
    const withIt = (at: number) =>
      replayOf(async (ctx) => {
        for (const [n, name] of ["a", "b", "c"].entries()) {
          if (n === at) await new Promise<void>((resolve) => later(resolve));
          await ctx.step(name, () => n);
        }
      });
    const recorded = ["a", "b"].map((name, n) => ({
      slot: n + 1,
      event: completed(name, n, [`step:${name}`]),
    }));
    const between = await withIt(1);
    await expect(between.applyAll(recorded)).rejects.toThrow(NonDurableAwaitError);
    const after = await withIt(2);
    await after.applyAll(recorded);
    expect(() => after.checkMovable()).toThrow(NonDurableAwaitError);
  });

  it("is no await on promises of the code's own, however deep", async () => {
    const replay = await replayOf(async (ctx) => {
      for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
      return ctx.step("a", () => 1);
    });
    expect([...replay.pending.keys()]).toEqual(["step:a"]);
  });
});

describe("what a context is asked for", () => {
  const slow: Schema<object> = {
    "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value: value as object }) },
  };
  it.each<[string, (ctx: Context) => unknown, RegExp]>([
    [
      "a step without a name",
      (ctx) => ctx.step("", () => 1),
      /given the name ""\. Expected text of 1 to 256 bytes/,
    ],
    [
      "a step with a very long name",
      (ctx) => ctx.step("é".repeat(129), () => 1),
      /Expected text of 1 to 256 bytes/,
    ],
    ["a step without a body", (ctx) => ctx.step("a", undefined as never), /Step "a" has no body/],
    [
      "an at-most-once step with retries",
      (ctx) => ctx.step("a", () => 1, { semantics: "at-most-once", retry: { maxAttempts: 2 } }),
      /is at-most-once and asks for 2 attempts/,
    ],
    [
      "a sleep until no date",
      (ctx) => ctx.sleepUntil(new Date(Number.NaN)),
      /Invalid Date\. Expected a valid Date/,
    ],
    [
      "a sleep until more than a leap year from now",
      (ctx) => ctx.sleepUntil(new Date(NOON + 366 * DAY_MS + 1)),
      /2027-01-02T12:00:00\.001Z, which is more than 366 days away/,
    ],
    [
      "a lookback to events that are no longer kept",
      (ctx) => ctx.waitForEvent(Paid, { lookback: { hours: 25 } }),
      /a lookback of \{"hours":25\}\. Expected at most 1 day/,
    ],
    ["a wait for no event", (ctx) => ctx.waitForEvent("paid" as never), /given something that is no event/],
    [
      "a wait without the key",
      (ctx) => ctx.waitForEvent(Keyed),
      /declares a key, so a wait for it must name one/,
    ],
    [
      "a wait with a key too many",
      (ctx) => ctx.waitForEvent(Paid, { key: "k" }),
      /declares no key, so a wait/,
    ],
    ["sending no event", (ctx) => ctx.sendEvent("paid" as never, {}), /given something that is no event/],
    ["sending a list", (ctx) => ctx.sendEvent(Paid, []), /EventBridge takes only JSON objects/],
    ["sending nothing", (ctx) => ctx.sendEvent(Paid, undefined), /EventBridge takes only JSON objects/],
    [
      "sending what only an asynchronous schema can check",
      (ctx) => ctx.sendEvent(event("slow", { schema: slow }), {}),
      /validates asynchronously\. Workflow code needs one that answers at once/,
    ],
  ])("is refused where it can't work, as an error of the workflow's own: %s", async (_, call, message) => {
    const replay = await replayOf(async (ctx) => {
      await call(ctx);
    });
    expect(replay.pending.size).toBe(0);
    const { outcome } = replay;
    if (outcome?.kind !== "failed") throw new Error("expected a failure");
    const error = decode(outcome.error);
    expect(error).toBeInstanceOf(InvalidDefinitionError);
    expect(String(error)).toMatch(message);
  });
});

describe("time (I9)", () => {
  it("never runs backwards, although a recording clock did", async () => {
    const seen: number[] = [];
    const replay = await replayOf(async (ctx) => {
      for (const name of ["a", "b", "c", "d"]) {
        seen.push(ctx.now().getTime() - NOON);
        await ctx.step(name, () => 1);
      }
    });
    await replay.apply(completed("a", 1, ["step:a"], NOON + 10));
    await replay.apply(completed("b", 1, ["step:b"], NOON + 5));
    await replay.apply(completed("c", 1, ["step:c"], NOON - 1_000_000));
    expect(seen).toEqual([0, 10, 10, 10]);
    expect(replay.now).toBe(NOON + 10);
  });

  it("stands still while the code runs, and can't be turned by the code", async () => {
    let same = false;
    await replayOf(async (ctx) => {
      const before = ctx.now();
      before.setFullYear(1999);
      for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
      same = ctx.now().getTime() === NOON;
    });
    expect(same).toBe(true);
  });

  it("lets no log speak before history has been delivered to its end, and then with the execution's id (I1)", async () => {
    const written: unknown[] = [];
    const replay = new Replay({
      executionId: "x-1",
      workflow: programOf(async (ctx) => {
        ctx.log.info("begun");
        await ctx.step("a", () => 1);
        ctx.log.warn("a is done", { items: 2 });
      }),
      input: null,
      startAt: NOON,
      errors: new Map(),
      log: { write: (...line) => written.push(line) },
    });
    await replay.begin();
    expect(written).toEqual([]);
    replay.live = true;
    await replay.apply(completed("a", 1));
    expect(written).toEqual([
      ["warn", "a is done", { executionId: "x-1", workflow: expect.any(String), items: 2 }],
    ]);
  });
});
