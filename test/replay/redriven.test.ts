/** A failed execution whose last failures were made void by a redrive. */
import { expect, it } from "vitest";
import { event } from "../../lib/define/event.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { encode, encodeThrown } from "../../lib/model/value.js";
import { asking, NOON, replayOf } from "../builders.js";

const Told = event<{ n: number }>("told");

it("reads what ended beside a void failure without the requests that followed from it", async () => {
  const replay = await replayOf((ctx) =>
    ctx.race({
      told: (own) =>
        own.race({
          slow: (inner) => inner.step("slow", () => {}),
          quick: (inner) => inner.sendEvent(Told, { n: 1 }),
        }),
      doomed: (own) => own.step("doomed", () => {}),
    }),
  );
  const failed = (op: string, asked: { asked?: string } = {}): HistoryEvent => ({
    type: "StepFailed",
    op,
    attempt: 1,
    error: encodeThrown(new Error("no")),
    at: NOON,
    ...asked,
  });
  const [slow, quick, doomed] = [
    "race/told/race/slow/step:slow",
    "race/told/race/quick/send:told",
    "race/doomed/step:doomed",
  ];
  const history: HistoryEvent[] = [
    failed(doomed, asking(slow, quick, doomed)),
    { type: "EventSent", op: quick, eventId: "e", name: "told", at: NOON },
    failed(slow),
    { type: "ExecutionFailed", compensation: "none", at: NOON, ...asking("end:failed") },
    { type: "ExecutionRedriven", messageId: "r", voided: [0, 2, 3], at: NOON },
  ];
  for (const [position, one] of history.entries()) await replay.apply(one, 1, [0, 2, 3].includes(position));
  expect(replay.outcome).toEqual({
    kind: "completed",
    output: encode({ winner: "told", value: { winner: "quick", value: undefined } }),
  });
});
