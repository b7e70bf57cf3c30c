import { CancelledError, type Context, event } from "holdfast";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { decode } from "../../lib/model/value.js";
import type { Outcome } from "../../lib/replay/program.js";
import { asking, completed, NOON, replayOf } from "../builders.js";

const Paid = event("payment.completed");

const cancelled = (...after: string[]): HistoryEvent => ({
  type: "CancelRequested",
  messageId: "cancel-1",
  reason: "out of season",
  at: NOON,
  ...(after.length === 0 ? {} : asking(...after)),
});

function errorOf(outcome: Outcome | undefined): unknown {
  if (outcome === undefined || !("error" in outcome)) throw new Error("expected no success");
  return decode(outcome.error);
}

describe("a cancel (I13)", () => {
  it("rejects all that is pending, each with the same error, which tells the reason", async () => {
    const errors: unknown[] = [];
    const replay = await replayOf(async (ctx) => {
      const waits = [ctx.step("a", () => 1), ctx.sleep("1h"), ctx.waitForEvent(Paid)];
      for (const settled of await Promise.allSettled(waits)) {
        errors.push(settled.status === "rejected" && settled.reason);
      }
    });
    await replay.apply(cancelled("step:a", "sleep", "wait:payment.completed"));
    expect(errors).toHaveLength(3);
    expect(errors[0]).toBeInstanceOf(CancelledError);
    expect(errors[0]).toMatchObject({ reason: "out of season" });
    expect(new Set(errors).size).toBe(1);
  });

  it("forgets waits and sleeps, and lets a step that may have begun end, without anybody waiting for it", async () => {
    const replay = await replayOf((ctx) =>
      Promise.all([ctx.step("a", () => 1), ctx.sleep("1h"), ctx.waitForEvent(Paid)]),
    );
    await replay.apply(cancelled("step:a", "sleep", "wait:payment.completed"));
    expect([...replay.pending.keys()]).toEqual(["step:a"]);
    expect(replay.pending.get("step:a")).toMatchObject({ detached: true });
    expect(replay.outcome).toBeUndefined();
    await replay.apply(completed("a", 1, []));
    expect(replay.outcome).toMatchObject({ kind: "cancelled", compensation: "none" });
    expect(errorOf(replay.outcome)).toBeInstanceOf(CancelledError);
  });

  it("lets an event that was being sent be sent: its commit may hold it already", async () => {
    const replay = await replayOf(async (ctx) => {
      await Promise.all([ctx.sendEvent(Paid, {}), ctx.sleep("1h")]);
    });
    await replay.apply(cancelled("send:payment.completed", "sleep"));
    expect([...replay.pending.keys()]).toEqual(["send:payment.completed"]);
    const sent = { eventId: "e-1", name: "payment.completed" };
    await replay.apply({ type: "EventSent", op: "send:payment.completed", at: NOON, ...sent });
    expect(replay.outcome).toMatchObject({ kind: "cancelled" });
  });

  it("lets clean-up code run steps, and sleeps, as ever", async () => {
    const replay = await replayOf(async (ctx) => {
      try {
        await ctx.sleep("1d");
      } finally {
        await ctx.step("clean-up", () => "clean");
        await ctx.sleep("1s");
      }
    });
    await replay.apply(cancelled("sleep"));
    expect([...replay.pending.keys()]).toEqual(["step:clean-up"]);
    expect(replay.pending.get("step:clean-up")).toMatchObject({ detached: false });
    await replay.apply(completed("clean-up", "clean"));
    await replay.apply({ type: "TimerFired", op: "sleep#2", at: NOON + 1_000, ...asking("sleep#2") });
    expect(replay.outcome).toMatchObject({ kind: "cancelled" });
  });

  it("is only a request: code that catches it completes", async () => {
    const replay = await replayOf(async (ctx) => ctx.sleep("1d").catch(() => "shipped anyway"));
    await replay.apply(cancelled("sleep"));
    expect(replay.outcome).toEqual({ kind: "completed", output: "shipped anyway" });
  });

  it("is a failure where clean-up code throws an error of its own", async () => {
    const replay = await replayOf(async (ctx) => {
      await ctx.sleep("1d").catch(() => {
        throw new RangeError("clean-up");
      });
    });
    await replay.apply(cancelled("sleep"));
    expect(replay.outcome).toMatchObject({ kind: "failed" });
    expect(errorOf(replay.outcome)).toBeInstanceOf(RangeError);
  });

  it("undoes completed steps, one that completed after it included", async () => {
    const undoable = (ctx: Context, name: string) =>
      ctx.step(name, () => name, { compensate: () => undefined });
    const replay = await replayOf(async (ctx) => {
      await undoable(ctx, "a");
      await Promise.all([undoable(ctx, "b"), ctx.sleep("1d")]);
    });
    await replay.apply(completed("a", "a"));
    await replay.apply(cancelled("step:b", "sleep"));
    expect([...replay.pending.keys()]).toEqual(["step:b"]);
    await replay.apply(completed("b", "b", []));
    await replay.apply({
      type: "CompensationStarted",
      op: "undo/begin",
      at: NOON,
      error: null,
      ...asking("undo/begin"),
    });
    expect([...replay.pending.keys()]).toEqual(["undo/step:b"]);
    await replay.apply({
      type: "StepCompleted",
      op: "undo/step:b",
      attempt: 1,
      at: NOON,
      ...asking("undo/step:b"),
    });
    await replay.apply({
      type: "StepCompleted",
      op: "undo/step:a",
      attempt: 1,
      at: NOON,
      ...asking("undo/step:a"),
    });
    expect(replay.outcome).toMatchObject({ kind: "cancelled", compensation: "complete" });
  });

  it("counts its message as seen, so that a repeat of it is ignored", async () => {
    const replay = await replayOf((ctx) => ctx.sleep("1d"));
    await replay.apply(cancelled("sleep"));
    expect(replay.seen.has("cancel-1")).toBe(true);
  });
});
