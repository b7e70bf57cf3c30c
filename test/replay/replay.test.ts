import { NonDeterminismError, NonDurableAwaitError } from "holdfast";
import { describe, expect, it } from "vitest";
import { decode } from "../../lib/model/value.js";
import { asking, completed, NOON, replayOf } from "../builders.js";
import { bodyOf, stepContext } from "./recording.js";

describe("replay", () => {
  it("asks for the first step and waits, resolving nothing at its request", async () => {
    const replay = await replayOf(async (ctx) => ctx.step("a", () => 1));
    expect([...replay.pending.keys()]).toEqual(["step:a"]);
    expect(replay.outcome).toBeUndefined();
  });

  it("hands the recorded result to the code, and asks for what comes next", async () => {
    const replay = await replayOf(async (ctx) => {
      const a = await ctx.step("a", () => 0);
      const b = await ctx.step("b", () => 0);
      return a + b;
    });
    await replay.apply(completed("a", 1));
    expect([...replay.pending.keys()]).toEqual(["step:b"]);
    await replay.apply(completed("b", 2));
    expect(replay.outcome).toEqual({ kind: "completed", output: 3 });
  });

  it("delivers in log order, so that a race has the same winner on every replay", async () => {
    const replay = await replayOf(async (ctx) =>
      Promise.race([ctx.step("slow", () => "slow"), ctx.step("fast", () => "fast")]),
    );
    await replay.apply(completed("fast", "fast", ["step:slow", "step:fast"]));
    expect(replay.outcome).toEqual({ kind: "completed", output: "fast" });
  });

  it("tells the same name apart by its occurrence, and no name can forge a path", async () => {
    const replay = await replayOf(async (ctx) =>
      Promise.all([
        ctx.step("a", () => 1),
        ctx.step("a", () => 2),
        ctx.step("a#2", () => 3),
        ctx.step("x/step:a", () => 4),
      ]),
    );
    expect([...replay.pending.keys()]).toEqual(["step:a", "step:a#2", "step:a%232", "step:x%2Fstep%3Aa"]);
  });

  it("names both sides when the code asks for another step than the recorded one", async () => {
    const replay = await replayOf(async (ctx) => ctx.step("charge", () => 1));
    const failure = replay.apply(completed("reserve", 1), 3);
    await expect(failure).rejects.toThrow(NonDeterminismError);
    await expect(failure).rejects.toThrow(
      /Recorded: StepCompleted of "step:reserve", slot 3\. The code asked for: step "charge"/,
    );
  });

  it("finds an extra request even though the recorded answer would still fit", async () => {
    const replay = await replayOf(async (ctx) =>
      Promise.all([ctx.step("a", () => 1), ctx.step("new", () => 1)]),
    );
    await expect(replay.apply(completed("a", 1), 1)).rejects.toThrow(NonDeterminismError);
  });

  it("finds code that ends before its history does", async () => {
    const replay = await replayOf(async () => "early");
    await expect(replay.apply(completed("a", 1), 1)).rejects.toThrow(
      /asked for: the end of the workflow \(completed\)/,
    );
  });

  it("refuses a wait on something that is not durable, at once instead of hanging", async () => {
    const replay = await replayOf(async () => {
      await new Promise(() => {});
    });
    expect(() => replay.checkMovable()).toThrow(NonDurableAwaitError);
  });

  it("refuses a request that was woken by a bare timer, and says so to the shell that waits for something else", async () => {
    const replay = await replayOf(async (ctx) => {
      const slow = ctx.step("slow", () => 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await ctx.step("after-timer", () => 2);
      await slow;
    });
    await new Promise<void>((resolve) => {
      replay.onFault = resolve;
    });
    expect(replay.fault).toBeInstanceOf(NonDurableAwaitError);
    expect(replay.fault?.message).toContain("ctx.step was called");
    expect([...replay.pending.keys()]).toEqual(["step:slow"]);
  });

  it("throws where a context is used inside a step's body", async () => {
    let misuse: unknown;
    const { runInStep } = await import("../../lib/replay/running-in.js");
    const replay = await replayOf(async (ctx) =>
      ctx.step("outer", async () => {
        misuse = await ctx.step("inner", () => 1).catch((error: unknown) => error);
      }),
    );
    const step = replay.pending.get("step:outer");
    if (step?.kind !== "step") throw new Error("expected a step");
    await runInStep({ name: "outer", attempt: 1 }, () => bodyOf(step)(stepContext("step:outer")));
    expect(String(misuse)).toMatch(/ContextMisuseError: ctx.step was called inside the body of step "outer"/);
  });

  it("gives the same time, randomness and uuids on every replay", async () => {
    const seen: unknown[][] = [];
    for (let round = 0; round < 2; round++) {
      const replay = await replayOf(async (ctx) => {
        const values: unknown[] = [ctx.now().getTime(), ctx.random(), ctx.uuid(), ctx.random()];
        await ctx.step("a", () => 1);
        values.push(ctx.now().getTime());
        seen.push(values);
      });
      await replay.apply(completed("a", 1, ["step:a"], NOON + 5000));
    }
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]?.[4]).toBe(NOON + 5000);
    expect(seen[0]?.[1]).not.toBe(seen[0]?.[3]);
  });

  it("undoes completed steps in reverse order of the log once the workflow throws", async () => {
    const undone: unknown[] = [];
    const replay = await replayOf(async (ctx) => {
      await ctx.step("a", () => "ra", { compensate: (result) => undone.push(result) });
      await ctx.step("b", () => "rb", { compensate: (result) => undone.push(result) });
      throw new RangeError("no stock");
    });
    await replay.apply(completed("a", "ra"));
    await replay.apply(completed("b", "rb"));
    expect(replay.failing).toBe(true);
    expect([...replay.pending.keys()]).toEqual(["undo/begin"]);
    await replay.apply({
      type: "CompensationStarted",
      op: "undo/begin",
      at: NOON,
      error: null,
      ...asking("undo/begin"),
    });
    for (const name of ["b", "a"]) {
      const step = replay.pending.get(`undo/step:${name}`);
      if (step?.kind !== "step") throw new Error(`expected the compensation of ${name}`);
      bodyOf(step)(stepContext(`undo/step:${name}`));
      await replay.apply({
        type: "StepCompleted",
        op: `undo/step:${name}`,
        attempt: 1,
        at: NOON,
        ...asking(`undo/step:${name}`),
      });
    }
    expect(undone).toEqual(["rb", "ra"]);
    const outcome = replay.outcome;
    if (outcome?.kind !== "failed") throw new Error("expected a failure");
    expect(outcome.compensation).toBe("complete");
    expect(decode(outcome.error)).toBeInstanceOf(RangeError);
  });

  it("counts one attempt for each step pending where a lease was taken, and blames the turn only when there was none", async () => {
    const replay = await replayOf(async (ctx) => ctx.step("a", () => 1));
    await replay.apply({ type: "LeaseTaken", epoch: 2, at: NOON });
    const step = replay.pending.get("step:a");
    expect(step).toMatchObject({ attempts: 1, interrupted: true });
    expect(replay.crashes).toBe(0);
    const waiting = await replayOf(async (ctx) => ctx.sleep("1h"));
    await waiting.apply({ type: "LeaseTaken", epoch: 2, at: NOON });
    await waiting.apply({ type: "LeaseTaken", epoch: 3, at: NOON });
    expect(waiting.crashes).toBe(2);
  });
});
