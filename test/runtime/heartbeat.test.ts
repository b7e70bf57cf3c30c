/** Steps that report how far they have come. */
import { app, type StepContext, StepTimeoutError, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { Bench } from "./bench.js";

/** One row after the other, each taking a second; where the attempt before stopped, this one goes on. */
const importing = (step: StepContext, rows: number, row: (n: number) => Promise<void>) => async () => {
  const from = (step.lastHeartbeat as { readonly row: number } | undefined)?.row ?? 0;
  for (let n = from; n < rows; n++) {
    await row(n);
    step.heartbeat({ row: n + 1 });
  }
  return { from, rows };
};

const heartbeats = (history: readonly HistoryEvent[]): unknown[] =>
  history.flatMap((event) => (event.type === "StepHeartbeat" ? [event.details] : []));

describe("a step with the heartbeat option", () => {
  it("that ends before it would be missed leaves nothing behind that goes round", async () => {
    const quick = workflow("quick", async (ctx) => {
      const first = await ctx.step("quick", () => "done", { heartbeat: "1h" });
      const second = await ctx.step("reporting", (step) => step.heartbeat("half"), { heartbeat: "1h" });
      return [first, second];
    });
    const t = await testApp(app({ workflows: [quick] }));
    expect(await t.run(quick, undefined)).toEqual(["done", undefined]);
  });

  it("fails an attempt that is silent for so long, and hands what it last said to the next", async () => {
    const seen: unknown[] = [];
    const silent = workflow("silent", async (ctx) =>
      ctx.step(
        "import",
        async (step) => {
          seen.push(step.lastHeartbeat);
          if (step.attempt === 1) {
            step.heartbeat({ row: 41 });
            await new Promise(() => {});
          }
          return step.attempt;
        },
        { heartbeat: "10s", retry: { jitter: "none" } },
      ),
    );
    const bench = new Bench([silent]);
    await bench.start(silent, undefined);
    await bench.cloud.advance(20_000);
    expect(await bench.output()).toBe(2);
    expect(seen).toEqual([undefined, { row: 41 }]);
    expect(await bench.story()).toContain("StepAttemptFailed step:import");
  });

  it("lets an attempt go on for as long as it says that it is at work", async () => {
    const long = workflow("long", async (ctx) =>
      ctx.step(
        "import",
        async (step) => {
          for (let n = 0; n < 5; n++) {
            await bench.cloud.clock.sleep(6_000);
            step.heartbeat(n);
          }
          return step.attempt;
        },
        { heartbeat: "10s" },
      ),
    );
    const bench: Bench = new Bench([long]);
    await bench.start(long, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe(1);
  });

  it("that gives up has said StepTimeoutError, which code can catch", async () => {
    const silent = workflow("silent", async (ctx) =>
      ctx
        .step("import", () => new Promise<string>(() => {}), { heartbeat: "10s", retry: { maxAttempts: 1 } })
        .catch((error: unknown) => error instanceof StepTimeoutError && error.message),
    );
    const t = await testApp(app({ workflows: [silent] }));
    expect(await t.run(silent, undefined)).toMatch(/gave no sign of life for 10000 ms/);
  });
});

describe("what a body last reported", () => {
  it("is there for the attempt after a crash, as far as it was recorded", async () => {
    const rows: number[] = [];
    const crashing = workflow("crashing", async (ctx) =>
      ctx.step("import", async (step) => {
        const run = importing(step, 30, async (n) => {
          await bench.cloud.clock.sleep(1_000);
          if (step.attempt === 1 && n === 20) bench.cloud.killAll();
          rows.push(n);
        });
        return run();
      }),
    );
    const bench: Bench = new Bench([crashing]);
    await bench.start(crashing, undefined);
    await bench.cloud.advance(600_000);
    const { from } = (await bench.output()) as { from: number };
    // Recorded every five seconds, and written while the body runs.
    expect(from).toBeGreaterThanOrEqual(10);
    expect(from).toBeLessThanOrEqual(20);
    expect(new Set(rows).size).toBe(30);
  });

  it("is there after a failure and a suspension, the newest of all", async () => {
    const seen: unknown[] = [];
    const failing = workflow("failing", async (ctx) =>
      ctx.step(
        "import",
        async (step) => {
          seen.push(step.lastHeartbeat);
          if (step.attempt === 1) {
            step.heartbeat({ row: 1 });
            step.heartbeat({ row: 2 });
            throw new Error("lost the connection");
          }
          return "done";
        },
        { retry: { initialInterval: "1h", jitter: "none" } },
      ),
    );
    const bench = new Bench([failing]);
    await bench.start(failing, undefined);
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toBe("done");
    expect(seen).toEqual([undefined, { row: 2 }]);
  });

  it("is not what a body says after its attempt has ended", async () => {
    const seen: unknown[] = [];
    const lingering = workflow("lingering", async (ctx) =>
      ctx.step(
        "import",
        async (step) => {
          seen.push(step.lastHeartbeat);
          if (step.attempt === 3) return "done";
          step.heartbeat(`row of attempt ${step.attempt}`);
          await bench.cloud.clock.sleep(step.attempt === 1 ? 8_000 : 4_000);
          if (step.attempt === 1) step.heartbeat("too late");
          else throw new Error("lost the connection");
          return "never seen";
        },
        { timeout: "5s", retry: { initialInterval: "1s", backoff: 1, jitter: "none" } },
      ),
    );
    const bench: Bench = new Bench([lingering]);
    await bench.start(lingering, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe("done");
    expect(seen).toEqual([undefined, "row of attempt 1", "row of attempt 2"]);
  });

  it("costs no write where the step ends well at once, and few where it reports a thousand times", async () => {
    const chatty = workflow("chatty", async (ctx) => {
      await ctx.step("quick", (step) => {
        for (let n = 0; n < 1_000; n++) step.heartbeat(n);
      });
      await ctx.step("slow", async (step) => {
        for (let n = 0; n < 20; n++) {
          await bench.cloud.clock.sleep(1_000);
          step.heartbeat(n);
        }
      });
    });
    const bench: Bench = new Bench([chatty]);
    await bench.start(chatty, undefined);
    const before = bench.cloud.faults.calls.length;
    await bench.cloud.advance(60_000);
    expect(await bench.status()).toBe("completed");
    expect(heartbeats(await bench.history()).length).toBeLessThanOrEqual(6);
    const commits = bench.cloud.faults.calls
      .slice(before)
      .filter((call) => call === "store.appendCommit").length;
    expect(commits).toBeLessThanOrEqual(8);
  });

  it("that can't be stored is the body's own error", async () => {
    const odd = workflow("odd", async (ctx) =>
      ctx
        .step("odd", (step) => step.heartbeat({ socket: () => 1 }), { retry: { maxAttempts: 1 } })
        .catch((error: Error) => error.message),
    );
    const t = await testApp(app({ workflows: [odd] }));
    expect(await t.run(odd, undefined)).toMatch(/The value at socket can't be stored/);
  });
});
