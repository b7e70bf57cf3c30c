/** Sagas inside of sagas: whatever completed in them is undone once. */
import { expect, it } from "vitest";
import type { Context } from "../../lib/define/context.js";
import { encode } from "../../lib/model/value.js";
import type { Replay } from "../../lib/replay/replay.js";
import { stamp, type Unstamped } from "../../lib/runtime/turn/happening.js";
import { NOON, replayOf } from "../builders.js";

/** A saga that begins another and does not wait for it. */
const nested = (ctx: Context): Promise<unknown> =>
  ctx.saga(async (outer) => {
    void outer
      .saga(async (inner) => {
        await inner.step("reserve", () => {}, { compensate: () => {} });
        await inner.sleep("1m");
        throw new Error("the inner one failed");
      })
      .catch(() => {});
    await outer.sleep("1h");
    throw new Error("the outer one failed");
  });

async function happens(replay: Replay, event: Unstamped): Promise<void> {
  await replay.apply(stamp(event, NOON, replay.asked()));
}

const reserved: Unstamped = { type: "StepCompleted", op: "saga/saga/step:reserve", attempt: 1 };
const begun = (op: string): Unstamped => ({ type: "CompensationStarted", op, error: encode("over") });

it("are undone once when a cancel makes both throw", async () => {
  const replay = await replayOf(nested);
  await happens(replay, reserved);
  await happens(replay, { type: "CancelRequested", messageId: "cancel" });
  expect([...replay.pending.keys()]).toEqual(["saga/undo/begin"]);
});

it("are undone once when the outer one fails while the inner one is being undone", async () => {
  const replay = await replayOf(nested);
  await happens(replay, reserved);
  await happens(replay, { type: "TimerFired", op: "saga/saga/sleep" });
  await happens(replay, begun("saga/saga/undo/begin"));
  await happens(replay, { type: "TimerFired", op: "saga/sleep" });
  expect([...replay.pending.keys()]).toEqual(["saga/saga/undo/step:reserve"]);
  await happens(replay, { type: "StepCompleted", op: "saga/saga/undo/step:reserve", attempt: 1 });
  expect(replay.outcome).toMatchObject({ kind: "failed", compensation: "complete" });
});
