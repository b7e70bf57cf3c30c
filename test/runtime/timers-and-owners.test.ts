/** Timers of an execution whose owner dies, and of processes whose clocks differ: each fires once, and never early by the clock that fires it. */
import { workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { CrashPoint, When } from "../../lib/testing/faults.js";
import { Bench } from "./bench.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const WHENS: readonly When[] = ["before", "after", "reply-lost"];

interface Options {
  readonly death?: CrashPoint;
  readonly skewMs?: () => number;
}

/** A retry, a wait's timeout, a callback's silence and a sleep, one after the other. */
async function run({ death, skewMs }: Options = {}): Promise<{ bench: Bench; attempts: number[] }> {
  const attempts: number[] = [];
  const code = workflow("code", async (ctx) => {
    const retry = { initialInterval: "10m", maxInterval: "10m", maxAttempts: 6, jitter: "none" } as const;
    const body = ({ attempt }: { attempt: number }): void => {
      attempts.push(bench.cloud.clock.now());
      if (attempt === 1) throw new Error("not yet");
    };
    await ctx.step("again", body, { retry });
    const waits = [
      () => ctx.waitForSignal("never", { timeout: "20m" }),
      () => ctx.callback("silent", { heartbeat: "10m" }).promise,
      () => ctx.sleep("16m"),
    ];
    const lengths: number[] = [];
    for (const wait of waits) {
      const began = ctx.now().getTime();
      await wait().catch(() => undefined);
      lengths.push(ctx.now().getTime() - began);
    }
    return lengths;
  });
  const bench: Bench = new Bench([code], [], {
    replay: "off",
    ...(skewMs === undefined ? {} : { skewMs }),
  });
  if (death !== undefined) bench.cloud.faults.plan(death);
  await bench.start(code, undefined).catch(() => bench.start(code, undefined));
  await bench.cloud.advance(120 * MINUTE);
  return { bench, attempts };
}

const LENGTHS = [20 * MINUTE, 10 * MINUTE, 16 * MINUTE];

/** Of each timer, how often it was recorded to have fired. */
async function firings(bench: Bench): Promise<string[]> {
  return (await bench.story()).filter((line) => /^(TimerFired|WaitTimedOut)/.test(line));
}

const FIRINGS = ["WaitTimedOut signal:never", "WaitTimedOut callback:silent", "TimerFired sleep"];

describe("a retry delay, a wait's timeout, a callback's heartbeat deadline and a sleep", () => {
  it("fire on time, and once", async () => {
    const { bench, attempts } = await run();
    expect(await bench.output()).toEqual(LENGTHS);
    expect(await firings(bench)).toEqual(FIRINGS);
    expect(attempts.map((at) => at - (attempts[0] ?? 0))).toEqual([0, 10 * MINUTE]);
  });

  it.each(WHENS)("fire once, and not early, though their owner dies %s any of its calls", async (when) => {
    const calls = (await run()).bench.cloud.faults.calls.length;
    for (let call = 1; call <= calls; call++) {
      const at = `${when} call ${call}`;
      const { bench, attempts } = await run({ death: { call, when } });
      const lengths = (await bench.output()) as number[];
      expect(await firings(bench), at).toEqual(FIRINGS);
      lengths.forEach((ms, index) => {
        expect(ms, at).toBeGreaterThanOrEqual(LENGTHS[index] ?? 0);
        // A takeover comes after the worker's timeout and the margin.
        expect(ms, at).toBeLessThanOrEqual((LENGTHS[index] ?? 0) + 2 * MINUTE);
      });
      // A body that failed and was not recorded as failed is tried again at once: the takeover counts that attempt.
      const failed = (await bench.history()).find((event) => event.type === "StepAttemptFailed");
      if (failed?.type === "StepAttemptFailed")
        expect(attempts.at(-1), at).toBeGreaterThanOrEqual(failed.retryAt);
    }
  });

  it("fire once, and not early by the clock that fires them, where clocks differ by half a minute either way", async () => {
    for (const order of [
      [0, 30, -30],
      [-30, 30],
      [30, -30, -30],
      [0, -30, 30, 30],
    ]) {
      let processes = 0;
      const skewMs = (): number => (order[processes++ % order.length] ?? 0) * SECOND;
      const { bench } = await run({ skewMs });
      const lengths = (await bench.output()) as number[];
      expect(await firings(bench), String(order)).toEqual(FIRINGS);
      lengths.forEach((ms, index) => {
        // Both ends are recorded times, which never run backwards.
        expect(ms, String(order)).toBeGreaterThanOrEqual(LENGTHS[index] ?? 0);
        expect(ms, String(order)).toBeLessThanOrEqual((LENGTHS[index] ?? 0) + MINUTE + SECOND);
      });
    }
  });
});

describe("a lease, where clocks differ", () => {
  /** The owner is at work for 50 s under a lease of 65; a signal's wake comes to a process whose clock is off by so much. */
  async function contended(skewMs: number, semantics: "at-least-once" | "at-most-once") {
    const began: number[] = [];
    let skew = 0;
    const code = workflow("code", async (ctx) => {
      const body = async (): Promise<string> => {
        began.push(bench.cloud.clock.now());
        await bench.cloud.clock.sleep(50 * SECOND);
        return "done";
      };
      const result = await ctx.step("slow", body, { semantics }).catch((error: Error) => error.name);
      return [result, await ctx.waitForSignal("go")];
    });
    const bench: Bench = new Bench([code], [], { replay: "off", skewMs: () => skew });
    await bench.start(code, undefined);
    await bench.cloud.advance(2 * SECOND);
    skew = skewMs;
    await bench.client.signal("x-1", "go", "gone");
    await bench.cloud.advance(10 * MINUTE);
    return { bench, began };
  }

  const takeovers = async (bench: Bench): Promise<number> =>
    (await bench.story()).filter((line) => line === "LeaseTaken").length;

  it.each([0, -30 * SECOND])(
    "is respected by a clock that is ahead by %i ms: nobody takes over",
    async (skewMs) => {
      const { bench, began } = await contended(skewMs, "at-least-once");
      expect(await bench.output()).toEqual(["done", "gone"]);
      expect(began).toHaveLength(1);
      expect(await takeovers(bench)).toBe(0);
    },
  );

  it("is taken over too early by a clock that is half a minute ahead: the owner is fenced, and its attempt is one more", async () => {
    const { bench, began } = await contended(30 * SECOND, "at-least-once");
    expect(await bench.output()).toEqual(["done", "gone"]);
    expect(began).toHaveLength(2);
    expect(await takeovers(bench)).toBe(1);
    expect((await bench.story()).filter((line) => line === "StepCompleted step:slow")).toHaveLength(1);
  });

  it("that is taken over too early runs nothing twice that is to run once", async () => {
    const { bench, began } = await contended(30 * SECOND, "at-most-once");
    expect(await bench.output()).toEqual(["StepInterruptedError", "gone"]);
    expect(began).toHaveLength(1);
  });
});
