import { NonRetryableError, UnencodableValueError } from "holdfast";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { decode, encodeThrown } from "../../lib/model/value.js";
import type { Outcome } from "../../lib/replay/program.js";
import { asking, completed, NOON, replayOf } from "../builders.js";

const failed = (name: string, error: unknown, after = [`step:${name}`]): HistoryEvent => ({
  type: "StepFailed",
  op: `step:${name}`,
  attempt: 1,
  at: NOON,
  error: encodeThrown(error),
  ...(after.length === 0 ? {} : asking(...after)),
});

function errorOf(outcome: Outcome | undefined): unknown {
  if (outcome === undefined || !("error" in outcome)) throw new Error("expected a failure");
  return decode(outcome.error);
}

describe("a workflow that fails (I13)", () => {
  it("has the error that a step failed with, its class and cause included", async () => {
    const replay = await replayOf((ctx) => ctx.step("a", () => 1));
    await replay.apply(failed("a", new NonRetryableError("refused", { cause: new RangeError("limit") })));
    const error = errorOf(replay.outcome);
    expect(error).toBeInstanceOf(NonRetryableError);
    expect((error as Error).cause).toBeInstanceOf(RangeError);
  });

  it("fails on an output that can't be stored, naming where it is, and undoes what it did", async () => {
    const replay = await replayOf(async (ctx) => {
      await ctx.step("a", () => 1, { compensate: () => undefined });
      return { order: { close: () => 1 } };
    });
    await replay.apply(completed("a", 1));
    expect([...replay.pending.keys()]).toEqual(["undo/begin"]);
    await replay.apply({
      type: "CompensationStarted",
      op: "undo/begin",
      at: NOON,
      error: null,
      ...asking("undo/begin"),
    });
    await replay.apply({
      type: "StepCompleted",
      op: "undo/step:a",
      attempt: 1,
      at: NOON,
      ...asking("undo/step:a"),
    });
    const error = errorOf(replay.outcome);
    expect(error).toBeInstanceOf(UnencodableValueError);
    expect(error).toMatchObject({ path: "order.close" });
  });

  it.each([
    ["text", "out of stock"],
    ["nothing", undefined],
    ["null", null],
    ["an object", { status: 404 }],
  ])("keeps what was thrown where that is no error: %s", async (_, thrown) => {
    const replay = await replayOf(async () => {
      throw thrown;
    });
    expect(errorOf(replay.outcome)).toStrictEqual(thrown);
  });

  it("fails where its handler throws before it awaits anything, or is no async function", async () => {
    const replay = await replayOf(() => {
      throw new RangeError("at once");
    });
    expect(errorOf(replay.outcome)).toBeInstanceOf(RangeError);
  });

  it("ends what was asked for before, without retries, before anything is undone", async () => {
    const replay = await replayOf(async (ctx) => {
      await ctx.step("a", () => 1, { compensate: () => undefined });
      await Promise.all([ctx.step("slow", () => 1), ctx.step("bad", () => 1), ctx.sleep("1d")]);
    });
    await replay.apply(completed("a", 1));
    await replay.apply(failed("bad", new Error("bad"), ["step:slow", "step:bad", "sleep"]));
    expect([...replay.pending.keys()]).toEqual(["step:slow"]);
    expect(replay.pending.get("step:slow")).toMatchObject({ detached: true });
    await replay.apply(failed("slow", new Error("ended early"), []));
    expect([...replay.pending.keys()]).toEqual(["undo/begin"]);
  });

  it("goes on undoing where one compensation gives up, and says that it is incomplete", async () => {
    const replay = await replayOf(async (ctx) => {
      for (const name of ["a", "b"]) await ctx.step(name, () => 1, { compensate: () => undefined });
      throw new Error("no");
    });
    await replay.apply(completed("a", 1));
    await replay.apply(completed("b", 1));
    await replay.apply({
      type: "CompensationStarted",
      op: "undo/begin",
      at: NOON,
      error: null,
      ...asking("undo/begin"),
    });
    await replay.apply({
      type: "StepFailed",
      op: "undo/step:b",
      attempt: 10,
      at: NOON,
      error: encodeThrown(new Error("still down")),
      ...asking("undo/step:b"),
    });
    expect([...replay.pending.keys()]).toEqual(["undo/step:a"]);
    await replay.apply({
      type: "StepCompleted",
      op: "undo/step:a",
      attempt: 1,
      at: NOON,
      ...asking("undo/step:a"),
    });
    expect(replay.outcome).toMatchObject({ kind: "failed", compensation: "incomplete" });
    expect(errorOf(replay.outcome)).toMatchObject({ message: "no" });
  });

  it("undoes in the order of the log, not of the requests", async () => {
    const replay = await replayOf(async (ctx) => {
      await Promise.all(
        ["a", "b", "c"].map((name) => ctx.step(name, () => 1, { compensate: () => undefined })),
      );
      throw new Error("no");
    });
    for (const [index, name] of ["b", "c", "a"].entries()) {
      await replay.apply(completed(name, 1, index === 0 ? ["step:a", "step:b", "step:c"] : []));
    }
    await replay.apply({
      type: "CompensationStarted",
      op: "undo/begin",
      at: NOON,
      error: null,
      ...asking("undo/begin"),
    });
    for (const name of ["a", "c", "b"]) {
      expect([...replay.pending.keys()]).toEqual([`undo/step:${name}`]);
      const op = `undo/step:${name}`;
      await replay.apply({ type: "StepCompleted", op, attempt: 1, at: NOON, ...asking(op) });
    }
  });

  it("leaves a step that nobody awaited to end after the workflow completed, without retries", async () => {
    const replay = await replayOf(async (ctx) => {
      void ctx.step("forgotten", () => 1);
      return "done";
    });
    expect(replay.outcome).toEqual({ kind: "completed", output: "done" });
    expect(replay.pending.get("step:forgotten")).toMatchObject({ detached: true });
  });

  it("lets code that awaits later meet a failure that came before", async () => {
    const replay = await replayOf(async (ctx) => {
      const early = ctx.step("early", () => 1).catch((error: unknown) => String(error));
      await ctx.step("late", () => 1);
      return early;
    });
    await replay.apply(failed("early", new RangeError("early"), ["step:early", "step:late"]));
    await replay.apply(completed("late", 1, []));
    expect(replay.outcome).toEqual({ kind: "completed", output: "RangeError: early" });
  });
});

describe("a step's durability and attempts (I4, I12)", () => {
  it("waits for everything that was applied before it was asked for", async () => {
    const replay = await replayOf(async (ctx) => {
      const slow = ctx.step("slow", () => 1);
      await ctx.step("a", () => 1);
      await ctx.step("b", () => 1);
      await slow;
    });
    expect(replay.pending.get("step:slow")).toMatchObject({ after: 0 });
    await replay.apply(completed("a", 1, ["step:slow", "step:a"]));
    expect(replay.pending.get("step:b")).toMatchObject({ after: 1 });
    expect(replay.pending.get("step:slow")).toMatchObject({ after: 0 });
  });

  it("begins its next attempt only after the failed one is durable", async () => {
    const replay = await replayOf((ctx) => ctx.step("a", () => 1));
    const error = encodeThrown(new Error("reset"));
    await replay.apply({
      type: "StepAttemptFailed",
      op: "step:a",
      attempt: 1,
      error,
      retryAt: NOON + 5,
      at: NOON,
    });
    expect(replay.pending.get("step:a")).toMatchObject({
      attempts: 1,
      lastError: error,
      retryAt: NOON + 5,
      interrupted: false,
      after: 1,
    });
  });

  it.each([
    [
      "waited for its retry time keeps its attempts",
      { retryAt: NOON + 1 },
      { attempts: 1, interrupted: false },
    ],
    ["was due for its retry loses one", { retryAt: NOON }, { attempts: 2, interrupted: true }],
  ])("that %s when its owner died", async (_, { retryAt }, then) => {
    const replay = await replayOf((ctx) => ctx.step("a", () => 1));
    const error = encodeThrown(new Error("reset"));
    await replay.apply({ type: "StepAttemptFailed", op: "step:a", attempt: 1, error, retryAt, at: NOON });
    await replay.apply({ type: "LeaseTaken", epoch: 2, at: NOON });
    expect(replay.pending.get("step:a")).toMatchObject(then);
  });

  it("that is at-most-once loses its attempt only if its start was recorded", async () => {
    const replay = await replayOf((ctx) =>
      Promise.all(
        ["begun", "not-begun"].map((name) => ctx.step(name, () => 1, { semantics: "at-most-once" })),
      ),
    );
    await replay.apply({ type: "StepStarted", op: "step:begun", attempt: 1, at: NOON });
    await replay.apply({ type: "LeaseTaken", epoch: 2, at: NOON });
    expect(replay.pending.get("step:begun")).toMatchObject({ begun: true, attempts: 1, interrupted: true });
    expect(replay.pending.get("step:not-begun")).toMatchObject({
      begun: false,
      attempts: 0,
      interrupted: false,
    });
  });

  it("is progress: what is recorded in between ends a row of crashes", async () => {
    const replay = await replayOf(async (ctx) => {
      await ctx.sleep("1h");
      await ctx.sleep("1h");
    });
    await replay.apply({ type: "LeaseTaken", epoch: 2, at: NOON });
    await replay.apply({ type: "LeaseTaken", epoch: 3, at: NOON });
    expect(replay.crashes).toBe(2);
    await replay.apply({ type: "TimerFired", op: "sleep", at: NOON, ...asking("sleep") });
    expect(replay.crashes).toBe(0);
  });
});
