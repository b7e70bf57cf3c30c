/** Code that is over does not go on, whatever of its operations still ends (I13). */
import { describe, expect, it } from "vitest";
import type { Context } from "../../lib/define/context.js";
import { event } from "../../lib/define/event.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { encode } from "../../lib/model/value.js";
import { asking, completed, NOON, replayOf } from "../builders.js";

const Told = event<{ n: number }>("told");

describe("once the workflow function has ended", () => {
  it("what it sent without waiting for it is recorded, and told to no code", async () => {
    const wentOn: string[] = [];
    const replay = await replayOf(async (ctx) => {
      void ctx.sendEvent(Told, { n: 1 }).then(() => wentOn.push("after the send"));
      return ctx.step("s", () => {});
    });
    await replay.apply(completed("s", undefined, ["send:told", "step:s"]));
    expect(replay.outcome?.kind).toBe("completed");
    await replay.apply({
      type: "EventSent",
      op: "send:told",
      eventId: "e",
      name: "told",
      at: NOON,
      asked: replay.asked() ?? "",
    });
    expect(wentOn).toEqual([]);
  });
});

/** A race that is decided while a saga of its loser has a completed step to be undone. */
const decided = (ctx: Context, wentOn: string[]): Promise<unknown> =>
  ctx
    .race({
      quick: (own) => own.sleep("1s"),
      slow: (own) =>
        own.saga(async (inner) => {
          await inner.step("reserve", () => {}, { compensate: () => {} });
          await inner.sleep("1h");
        }),
    })
    .finally(() => wentOn.push("after the race"));

describe("a race whose loser is being undone", () => {
  const reserved = (...after: string[]): HistoryEvent => ({
    type: "StepCompleted",
    op: "race/slow/saga/step:reserve",
    attempt: 1,
    at: NOON,
    ...asking(...after),
  });
  const undoing = (asked: string | undefined): HistoryEvent => ({
    type: "CompensationStarted",
    op: "race/slow/saga/undo/begin",
    error: encode("over"),
    at: NOON,
    ...(asked === undefined ? {} : { asked }),
  });

  it("is not told to the code around it when that has failed meanwhile", async () => {
    const wentOn: string[] = [];
    const replay = await replayOf(async (ctx) => {
      void decided(ctx, wentOn);
      await ctx.sleep("2s");
      throw new Error("failed");
    });
    await replay.apply(reserved("race/quick/sleep", "race/slow/saga/step:reserve", "sleep"));
    await replay.apply({
      type: "TimerFired",
      op: "race/quick/sleep",
      at: NOON,
      ...asking("race/slow/saga/sleep"),
    });
    await replay.apply({ type: "TimerFired", op: "sleep", at: NOON, asked: replay.asked() ?? "" });
    await replay.apply(undoing(replay.asked()));
    await replay.apply({
      type: "StepCompleted",
      op: "race/slow/saga/undo/step:reserve",
      attempt: 1,
      at: NOON,
      asked: replay.asked() ?? "",
    });
    expect(replay.outcome?.kind).toBe("failed");
    expect(wentOn).toEqual([]);
  });

  it("is undone to its end before the execution completes", async () => {
    const wentOn: string[] = [];
    const replay = await replayOf(async (ctx) => {
      void decided(ctx, wentOn);
      await ctx.sleep("2s");
      return "done";
    });
    await replay.apply(reserved("race/quick/sleep", "race/slow/saga/step:reserve", "sleep"));
    await replay.apply({
      type: "TimerFired",
      op: "race/quick/sleep",
      at: NOON,
      ...asking("race/slow/saga/sleep"),
    });
    await replay.apply({ type: "TimerFired", op: "sleep", at: NOON, asked: replay.asked() ?? "" });
    expect(replay.outcome).toBeUndefined();
    await replay.apply(undoing(undefined));
    await replay.apply({
      type: "StepCompleted",
      op: "race/slow/saga/undo/step:reserve",
      attempt: 1,
      at: NOON,
      asked: replay.asked() ?? "",
    });
    expect(replay.outcome).toEqual({ kind: "completed", output: "done", compensation: "complete" });
    expect(wentOn).toEqual([]);
  });
});

describe("a map in a branch that is abandoned as it begins", () => {
  it("begins no further item", async () => {
    const items: string[] = [];
    const replay = await replayOf(async (ctx) => {
      await ctx.race({
        now: async () => {},
        later: (own) =>
          own.map(
            ["first", "second"],
            async (inner, item) => {
              items.push(item);
              // Longer than the race takes to be decided, and still in the same delivery.
              for (let tick = 0; tick < 20; tick++) await undefined;
              if (item === "second") await inner.sleep("1h");
            },
            { concurrency: 1 },
          ),
      });
      await ctx.sleep("2s");
    });
    expect(items).toEqual(["first"]);
    expect([...replay.pending.keys()]).toEqual(["sleep"]);
  });
});

describe("a map that nobody waits for", () => {
  it("is abandoned with the code around the branch that began it", async () => {
    const items: string[] = [];
    const replay = await replayOf(async (ctx) => {
      await ctx.race({
        slow: async (own) => {
          await own.saga(async (inner) => {
            void inner.map(
              ["first", "second"],
              async (each, item) => {
                items.push(item);
                await each.sleep("1s");
              },
              { concurrency: 1 },
            );
          });
          await own.sleep("1h");
        },
        quick: (own) => own.sleep("2s"),
      });
      await ctx.sleep("1h");
    });
    const asked = (): { asked?: string } => {
      const digest = replay.asked();
      return digest === undefined ? {} : { asked: digest };
    };
    await replay.apply({ type: "TimerFired", op: "race/slow/saga/map/0/sleep", at: NOON, ...asked() });
    expect(items).toEqual(["first", "second"]);
    await replay.apply({ type: "TimerFired", op: "race/quick/sleep", at: NOON, ...asked() });
    expect([...replay.pending.keys()]).toEqual(["sleep"]);
  });
});

describe("an update whose answer is on its way", () => {
  it("leaves no rejection that nobody handles when the execution is cancelled", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const replay = await replayOf(async (ctx) => {
      ctx.handleUpdate("add", async () => "added");
      await ctx.sleep("1h");
    });
    await replay.apply({
      type: "UpdateReceived",
      messageId: "u",
      message: { kind: "update", id: "u", at: NOON, name: "add", data: encode(1) },
      at: NOON,
      ...asking("sleep"),
    });
    await replay.apply({
      type: "CancelRequested",
      messageId: "cancel",
      at: NOON,
      ...asking("update:add/answer"),
    });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
    expect([...replay.pending.keys()]).toEqual(["update:add/answer"]);
  });
});
