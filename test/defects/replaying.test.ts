/** Known defects of replay: false alarms, alarms that never come, and executions that stand still without a word. */
import { app, ExecutionClosedError, event, workflow } from "holdfast";
import { replayHistory } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import type { HistoryEntry } from "../../lib/client/types.js";
import type { Workflow } from "../../lib/define/workflow.js";
import { readBusEvent } from "../../lib/runtime/bus/bus-event.js";
import { deliver } from "../../lib/runtime/bus/deliver.js";
import type { Clock } from "../../lib/runtime/outside.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";
import { Bench } from "../runtime/bench.js";
import { hearing, keeping } from "../runtime/hearing.js";
import { intervening } from "./intervening.js";

const SECOND = 1_000;
const HOUR = 3_600_000;

const Paid = event<{ order: string }>("paid", { key: ({ order }) => order });

const paid = readBusEvent(
  {
    id: "p-1",
    source: "test",
    "detail-type": Paid.name,
    detail: { order: "o-1" },
    resources: [],
  },
  "test",
);

/** A message for an execution that has ended meanwhile. */
const tooLate = (error: unknown) => expect(error).toBeInstanceOf(ExecutionClosedError);

describe("code that was not changed", () => {
  /** A timer, a timeout and the end of the last step are due at the tenth second, in a turn that is at work or in one that they wake. */
  function busy(clock: () => Clock): Workflow<{ how: string; atWork: boolean }, unknown> {
    return workflow("busy", async (ctx, { how, atWork }) => {
      const held = await ctx.step("hold", () => "held", { compensate: () => {} });
      const race = ctx.race({
        paid: (branch) => branch.waitForEvent(Paid, { key: "o-1" }).then(() => branch.step("book", () => 1)),
        late: (branch) => branch.sleep("10s").then(() => branch.step("remind", () => 2)),
      });
      const last = ctx.step(
        "last",
        async ({ attempt }) => {
          if (atWork) await clock().sleep(10 * SECOND);
          else if (attempt === 1) throw new Error("not yet");
        },
        { retry: { initialInterval: "10s", jitter: "none" } },
      );
      const ends = await Promise.allSettled([race, last, ctx.waitForSignal("go", { timeout: "10s" })]);
      if (how === "swallow") return [held, ends.map(({ status }) => status)];
      for (const end of ends) if (end.status === "rejected" && how === "throw") throw end.reason;
      await ctx.step("after", () => 3);
      return [held, ends.length];
    });
  }

  it.each(["swallow", "throw", "go on"])(
    "never diverges from its history, nor from any beginning of it, where a cancel, a timer and the last step meet: %s",
    async (how) => {
      const stories = new Set<string>();
      for (let seed = 0; seed < 96; seed++) {
        const code = busy(() => bench.cloud.clock);
        // Some of three messages come a moment before, or at one of the calls that are made then.
        let left = Number.POSITIVE_INFINITY;
        const meet = async (): Promise<void> => {
          left -= 1;
          if (left !== 0) return;
          if (seed % 2 === 0) await deliver(bench.cloud.bare, bench.app, paid);
          if (seed % 3 === 0) await bench.client.signal("x-1", "go").catch(tooLate);
          if (seed % 5 < 3) await bench.client.cancel("x-1").catch(tooLate);
        };
        const bench: Bench = new Bench([code], [Paid], {
          store: intervening(createMemoryStore(), { before: meet }),
          seed,
        });
        await bench.start(code, { how, atWork: seed % 4 < 2 });
        await bench.cloud.advance(10 * SECOND - 1);
        left = 1 + (seed % 7);
        if (left === 1) await meet();
        await bench.cloud.advance(HOUR);
        expect(bench.cloud.errors, `seed ${seed}`).toEqual([]);
        expect(await bench.status(), `seed ${seed}`).not.toBe("stalled");
        stories.add((await bench.story()).join());
        const history = await bench.client.history("x-1");
        for (let length = 1; length <= history.length; length++)
          await replayHistory(history.slice(0, length), code);
      }
      expect(stories.size).toBeGreaterThanOrEqual(8);
    },
  );
});

describe("an execution that the engine stops", () => {
  const before = workflow("orders", async (ctx) => {
    await ctx.step("reserve", () => 1);
    await ctx.sleep("1h");
    return ctx.step("charge", () => 2);
  });
  const after = workflow("orders", async (ctx) => {
    await ctx.step("check", () => 0);
    await ctx.step("reserve", () => 1);
  });

  it("says so where people look: a hook, an error in the log, the listing, describe and result, with why and what to do", async () => {
    const heard = hearing();
    const log = keeping();
    const store = createMemoryStore();
    const deployed = app({ workflows: [before], hooks: [heard.hooks] });
    const cloud = new TestCloud({ app: deployed, store, log, replay: "every-suspension" });
    const client = new DurableClient({ outside: cloud.client(), workflows: [before] });
    await client.start(before, undefined, { id: "x-1" });
    await cloud.settle();
    cloud.deploy(app({ workflows: [after], hooks: [heard.hooks] }));
    await cloud.advance(HOUR);

    const why = /Recorded: .*step:reserve.*The code asked for: step "check"/;
    expect(heard.of("executionStalled")).toEqual([
      expect.objectContaining({
        executionId: "x-1",
        error: expect.objectContaining({ name: "NonDeterminismError", message: expect.stringMatching(why) }),
      }),
    ]);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([
      expect.objectContaining({
        executionId: "x-1",
        error: expect.objectContaining({ name: "NonDeterminismError", message: expect.stringMatching(why) }),
      }),
    ]);
    const { executions } = await client.list({ status: "stalled" });
    expect(executions.map(({ executionId }) => executionId)).toEqual(["x-1"]);
    const { status, progress } = await client.describe("x-1");
    expect(status).toBe("stalled");
    expect(progress).toMatchObject({ moves: "stalled", reason: expect.stringMatching(why) });
    expect(progress.freedBy).toBe("Deploy a fix, then: holdfast redrive x-1");
    await expect(client.result("x-1")).rejects.toThrow(why);
    // And it comes to no end of its own.
    await cloud.advance(24 * HOUR);
    expect((await client.describe("x-1")).status).toBe("stalled");

    cloud.deploy(deployed);
    await client.redrive("x-1");
    await cloud.settle();
    expect(await client.result("x-1")).toBe(2);
  });

  it("is told apart from one that tries a step again, which says that it does, why, and when", async () => {
    const heard = hearing();
    const failing = workflow("failing", (ctx) =>
      ctx.step(
        "charge",
        () => {
          throw new RangeError("the bank is down");
        },
        { retry: { maxAttempts: 3, initialInterval: "30m", maxInterval: "30m", jitter: "none" } },
      ),
    );
    const cloud = new TestCloud({
      app: app({ workflows: [failing], hooks: [heard.hooks] }),
      store: createMemoryStore(),
      replay: "every-suspension",
    });
    const client = new DurableClient({ outside: cloud.client(), workflows: [failing] });
    await client.start(failing, undefined, { id: "x-1" });
    await cloud.settle();
    const retryAt = new Date(cloud.clock.now() + HOUR / 2);
    expect(heard.of("stepRetrying")).toEqual([
      expect.objectContaining({
        step: "charge",
        attempt: 1,
        error: expect.objectContaining({ name: "RangeError", message: "the bank is down" }),
        retryAt,
      }),
    ]);
    expect(await client.describe("x-1")).toMatchObject({
      status: "suspended",
      progress: { moves: "timer", next: retryAt },
    });
    const last: HistoryEntry | undefined = (await client.history("x-1")).at(-1);
    expect(last?.event).toMatchObject({ type: "StepAttemptFailed", retryAt: retryAt.getTime() });
    await cloud.advance(2 * HOUR);
    expect(heard.lines().slice(-2)).toEqual(["stepFailed charge 3", "executionFailed none"]);
  });
});
