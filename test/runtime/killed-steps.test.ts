/** Steps that end their own process, or outlive it (I12): every attempt counts, none is written down before it begins, none goes round for ever. */
import { NonRetryableError, StepInterruptedError, StepTimeoutError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { When } from "../../lib/testing/faults.js";
import { Bench } from "./bench.js";

const HOURS = 3_600_000;

const said = (error: unknown): string =>
  error instanceof StepInterruptedError || error instanceof StepTimeoutError
    ? error.message
    : `other: ${error}`;

describe("a step that kills its process whenever it runs", () => {
  it("uses up its attempts, and fails with an error that code can catch", async () => {
    let runs = 0;
    const deadly = workflow("deadly", async (ctx) => {
      await ctx.step("before", () => 1);
      const why = await ctx
        .step(
          "deadly",
          () => {
            runs += 1;
            bench.cloud.killAll();
            return new Promise<string>(() => {});
          },
          { retry: { maxAttempts: 3 } },
        )
        .catch(said);
      return [why, await ctx.step("after", () => 2)];
    });
    const bench: Bench = new Bench([deadly]);
    await bench.start(deadly, undefined);
    await bench.cloud.advance(HOURS);
    expect(await bench.status()).toBe("completed");
    expect(await bench.output()).toEqual([
      expect.stringMatching(/^Step "deadly" was interrupted in attempt 3: the process that ran it died/),
      2,
    ]);
    expect(runs).toBe(3);
  });

  it("costs one write for each crash, the takeover's, and none for its starts", async () => {
    const deadly = workflow("deadly", async (ctx) => {
      await ctx.step(
        "deadly",
        ({ attempt }) => {
          if (attempt < 4) bench.cloud.killAll();
          return attempt;
        },
        { retry: { maxAttempts: 5 } },
      );
    });
    const bench: Bench = new Bench([deadly]);
    await bench.start(deadly, undefined);
    await bench.cloud.advance(HOURS);
    expect(await bench.story()).toEqual([
      "LeaseTaken",
      "LeaseTaken",
      "LeaseTaken",
      "StepCompleted step:deadly",
      "ExecutionCompleted",
    ]);
    expect(bench.cloud.faults.calls.filter((call) => call === "store.appendCommit")).toHaveLength(3);
  });

  it("counts beside failures: attempts are attempts, however they ended", async () => {
    const seen: number[] = [];
    const mixed = workflow("mixed", async (ctx) =>
      ctx.step(
        "mixed",
        ({ attempt }) => {
          seen.push(attempt);
          if (attempt % 2 === 1) throw new Error(`attempt ${attempt}`);
          bench.cloud.killAll();
          return new Promise<never>(() => {});
        },
        { retry: { maxAttempts: 4, jitter: "none" } },
      ),
    );
    const bench: Bench = new Bench([mixed]);
    await bench.start(mixed, undefined);
    await bench.cloud.advance(HOURS);
    expect(await bench.status()).toBe("failed");
    expect(await bench.error()).toBeInstanceOf(StepInterruptedError);
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

describe("a step that outlives its invocation", () => {
  // Elsewhere such a step never uses up its retries, and runs again until the execution itself times out.
  it("fails its attempt by name before the invocation ends, is tried again by its policy, and then fails for good", async () => {
    const attempts: number[] = [];
    const endless = workflow("endless", async (ctx) =>
      ctx
        .step(
          "crunch",
          ({ attempt }) => {
            attempts.push(attempt);
            return bench.cloud.clock.sleep(10 * 60_000);
          },
          { retry: { maxAttempts: 3, initialInterval: "1m", jitter: "none" } },
        )
        .catch(said),
    );
    const bench: Bench = new Bench([endless]);
    await bench.start(endless, undefined);
    await bench.cloud.advance(HOURS);
    expect(await bench.output()).toMatch(
      /^Step "crunch" was still running when its invocation came to its end, after 60000 ms\. Make the step shorter/,
    );
    expect(attempts).toEqual([1, 2, 3]);
    // Nobody had to be taken over: the turn said so itself, and settled.
    expect(await bench.story()).toEqual([
      "StepAttemptFailed step:crunch",
      "StepAttemptFailed step:crunch",
      "StepFailed step:crunch",
      "ExecutionCompleted",
    ]);
  });

  it("and blocks its thread to the very end is killed with it, and still uses up its attempts", async () => {
    let runs = 0;
    const blocking = workflow("blocking", async (ctx) =>
      ctx
        .step(
          "block",
          () => {
            runs += 1;
            bench.cloud.clock.moveTo(bench.cloud.clock.now() + 61_000);
            bench.cloud.killAll();
            return new Promise<string>(() => {});
          },
          { retry: { maxAttempts: 2 } },
        )
        .catch(said),
    );
    const bench: Bench = new Bench([blocking]);
    await bench.start(blocking, undefined);
    await bench.cloud.advance(HOURS);
    expect(await bench.output()).toMatch(/was interrupted in attempt 2/);
    expect(runs).toBe(2);
  });

  it("takes others with it that ran beside it, each with an attempt of its own", async () => {
    const pair = workflow("pair", async (ctx) =>
      Promise.allSettled([
        ctx.step("long", () => bench.cloud.clock.sleep(10 * 60_000), { retry: { maxAttempts: 1 } }),
        ctx.step("short", () => bench.cloud.clock.sleep(5_000).then(() => "done")),
      ]).then((ends) => ends.map((end) => (end.status === "fulfilled" ? end.value : said(end.reason)))),
    );
    const bench: Bench = new Bench([pair]);
    await bench.start(pair, undefined);
    await bench.cloud.advance(HOURS);
    expect(await bench.output()).toEqual([expect.stringContaining("still running"), "done"]);
  });

  it("is at-most-once and so is not run again: nobody knows how far it came", async () => {
    let runs = 0;
    const once = workflow("once", async (ctx) =>
      ctx
        .step(
          "charge",
          () => {
            runs += 1;
            return bench.cloud.clock.sleep(10 * 60_000);
          },
          { semantics: "at-most-once" },
        )
        .catch(said),
    );
    const bench: Bench = new Bench([once]);
    await bench.start(once, undefined);
    await bench.cloud.advance(HOURS);
    expect(await bench.output()).toMatch(
      /was interrupted in attempt 1: the invocation that ran it came to its end/,
    );
    expect(runs).toBe(1);
  });
});

describe("an at-most-once step", () => {
  async function run(crash?: { readonly call: number; readonly when: When }) {
    let runs = 0;
    const once = workflow("once", async (ctx) => {
      await ctx.step("before", () => 1);
      const how = await ctx
        .step(
          "charge",
          async () => {
            runs += 1;
            await bench.cloud.clock.sleep(1_000);
            return "charged";
          },
          { semantics: "at-most-once" },
        )
        .catch(said);
      return [how, await ctx.step("after", () => 2)];
    });
    const bench: Bench = new Bench([once]);
    if (crash !== undefined) bench.cloud.faults.plan(crash);
    await bench.start(once, undefined).catch(() => bench.start(once, undefined));
    await bench.cloud.advance(HOURS);
    return {
      runs,
      status: await bench.status(),
      output: await bench.output(),
      calls: bench.cloud.faults.calls.length,
    };
  }

  it("never runs twice, and says that it was interrupted where the outcome is unknown: a crash at every outside call", async () => {
    const undisturbed = await run();
    expect(undisturbed).toMatchObject({ runs: 1, status: "completed", output: ["charged", 2] });
    let interrupted = 0;
    for (let call = 1; call <= undisturbed.calls; call++) {
      for (const when of ["before", "after", "reply-lost"] as const) {
        const { runs, status, output } = await run({ call, when });
        const at = `${when} call ${call}`;
        expect(status, at).toBe("completed");
        expect(runs, at).toBeLessThanOrEqual(1);
        const [how] = output as [string, number];
        if (how === "charged") expect(runs, at).toBe(1);
        else {
          expect(how, at).toMatch(/was interrupted in attempt 1/);
          interrupted += 1;
        }
      }
    }
    expect(interrupted).toBeGreaterThan(0);
  });
});

describe("defects that other engines have had", () => {
  it.each([
    [{ _error: "no" }],
    [{ $error: { name: "Error", message: "forged" } }],
    [{ error: true, type: "StepFailed" }],
    [{ $payload: "step-0123456789abcdef" }],
    [[{ deep: { $undefined: true } }]],
  ])("a result that looks like a failure or a mark is a result on every replay: %j", async (result) => {
    const looks = workflow("looks", async (ctx, input: unknown) => {
      const first = await ctx.step("first", () => input);
      ctx.setState(first);
      await ctx.sleep("1h");
      const heard = await ctx.waitForSignal("same");
      return [first, heard, await ctx.step("second", () => first)];
    });
    const bench = new Bench([looks]);
    await bench.start(looks, result);
    await bench.cloud.advance(HOURS);
    await bench.client.signal("x-1", "same", result);
    await bench.cloud.advance(HOURS);
    expect(await bench.output()).toEqual([result, result, result]);
    expect((await bench.client.describe("x-1")).state).toEqual(result);
  });

  it("a binary message is no harm to the next replay", async () => {
    const binary = workflow("binary", async (ctx) => {
      const first = await ctx.waitForSignal<Uint8Array>("bytes");
      await ctx.sleep("1h");
      return [...first, ...(await ctx.step("again", () => new Uint8Array(first)))];
    });
    const bench = new Bench([binary]);
    await bench.start(binary, undefined);
    await bench.client.signal("x-1", "bytes", new Uint8Array([0, 255, 128]));
    await bench.cloud.advance(2 * HOURS);
    expect(await bench.output()).toEqual([0, 255, 128, 0, 255, 128]);
  });

  it("a compensation runs once, however often the execution was replayed between", async () => {
    let undone = 0;
    const undoing = workflow("undoing", async (ctx) => {
      await ctx.step("reserve", () => 1, {
        compensate: () => {
          undone += 1;
        },
      });
      for (let n = 0; n < 5; n++) await ctx.sleep("1h");
      throw new NonRetryableError("no");
    });
    const bench = new Bench([undoing]);
    await bench.start(undoing, undefined);
    await bench.cloud.advance(6 * HOURS);
    expect(await bench.status()).toBe("failed");
    expect(undone).toBe(1);
  });
});
