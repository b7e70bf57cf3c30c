/** How an execution is redriven: the rows of the table in `lib/decide/redrive.ts`, and its borders. */
import { describe, expect, it } from "vitest";
import { decideRedrive } from "../../lib/decide/redrive.js";
import type { CompensationOutcome, HistoryEvent } from "../../lib/model/history-event.js";
import { encode, encodeThrown } from "../../lib/model/value.js";
import { asking, completed, NOON } from "../builders.js";

const at = NOON;
const error = encodeThrown(new Error("no"));

const stepFailed = (name: string, ...after: string[]): HistoryEvent => ({
  type: "StepFailed",
  op: `step:${name}`,
  attempt: 1,
  error,
  at,
  ...(after.length === 0 ? {} : asking(...after)),
});
const failed = (compensation: CompensationOutcome = "none"): HistoryEvent => ({
  type: "ExecutionFailed",
  compensation,
  at,
  ...asking("end:failed"),
});
const ended = (
  type: "ExecutionCompleted" | "ExecutionCancelled",
  compensation: CompensationOutcome,
): HistoryEvent => ({
  type,
  compensation,
  at,
  ...asking("end"),
});
const redriven = (...voided: number[]): HistoryEvent => ({
  type: "ExecutionRedriven",
  messageId: "r",
  voided,
  at,
});
const attemptFailed: HistoryEvent = {
  type: "StepAttemptFailed",
  op: "step:a",
  attempt: 1,
  error,
  retryAt: at,
  at,
};
const childEnded = (end: { error?: typeof error }, buffered = false): HistoryEvent[] => {
  const message = {
    kind: "child",
    id: "m",
    at,
    op: "child:c",
    childId: "c",
    status: "failed",
    ...end,
  } as const;
  const ended: HistoryEvent = { type: "ChildEnded", op: "child:c", messageId: "m", at, ...asking("child:c") };
  return buffered ? [{ type: "MessageBuffered", message, at }, ended] : [{ ...ended, message }];
};

describe("an execution that is redriven", () => {
  it.each<[string, HistoryEvent[], number[]]>([
    ["tries the step again that ended it", [stepFailed("a", "step:a"), failed()], [0, 1]],
    [
      "all that failed side by side",
      [stepFailed("a", "step:a", "step:b"), stepFailed("b"), failed()],
      [0, 1, 2],
    ],
    [
      "but not what completed beside it",
      [stepFailed("a", "step:a", "step:b"), completed("b", 1, []), failed()],
      [0, 2],
    ],
    [
      "but not a failure that the code caught and went on from",
      [stepFailed("a", "step:a"), stepFailed("b", "step:b"), failed()],
      [1, 2],
    ],
    ["only its end, when the code itself threw", [completed("a", 1), failed()], [1]],
    [
      "whatever was noted in between",
      [attemptFailed, stepFailed("a", "step:a"), attemptFailed, failed()],
      [1, 3],
    ],
    [
      "only what came after its last redrive",
      [stepFailed("a", "step:a"), failed(), redriven(0, 1), stepFailed("a"), failed()],
      [3, 4],
    ],
    [
      "nothing of before it, when it failed at once again",
      [stepFailed("a", "step:a"), failed(), redriven(0, 1), failed()],
      [3],
    ],
    ["a child that ended badly is waited for again", [...childEnded({ error }), failed()], [0, 1]],
    ["also one whose end came before it was asked for", [...childEnded({ error }, true), failed()], [1, 2]],
    ["one that ended well stays so", [...childEnded({}), failed()], [1]],
    [
      "a child that its end released is waited for again",
      [stepFailed("a", "child:c", "step:a"), { type: "ChildAbandoned", op: "child:c", at }, failed()],
      [0, 1, 2],
    ],
    [
      "the compensations that gave up, when it has begun to undo",
      [stepFailed("a", "step:a"), failed("incomplete")],
      [1],
    ],
  ])("%s", (_, history, voided) => {
    expect(decideRedrive("failed", history)).toEqual({ do: "redrive", voided });
  });

  it.each(["completed", "cancelled"] as const)(
    "that %s tries again what was not undone, and nothing else",
    (status) => {
      const type = status === "completed" ? "ExecutionCompleted" : "ExecutionCancelled";
      const before = [stepFailed("a", "step:a"), completed("b", 1)];
      expect(decideRedrive(status, [...before, ended(type, "incomplete")])).toEqual({
        do: "redrive",
        voided: [2],
      });
      const twice = [...before, ended(type, "incomplete"), redriven(2), ended(type, "incomplete")];
      expect(decideRedrive(status, twice)).toEqual({ do: "redrive", voided: [4] });
      for (const whole of ["complete", "none"] as const) {
        expect(decideRedrive(status, [...before, ended(type, whole)])).toMatchObject({
          do: "refuse",
          why: expect.stringMatching(status),
        });
      }
    },
  );

  it.each<[string, HistoryEvent[], RegExp]>([
    [
      "it completed, and no saga failed in it",
      [completed("a", 1), { type: "ExecutionCompleted", at }],
      /it completed/,
    ],
    ["everything was undone", [stepFailed("a", "step:a"), failed("complete")], /were undone/],
    [
      "its own timeout ended it",
      [completed("a", 1), { type: "DeadlinePassed", at, ...asking("sleep") }, stepFailed("b"), failed()],
      /timeout has passed/,
    ],
    ["its history says otherwise", [completed("a", 1)], /does not say that it failed/],
  ])("is refused when %s", (_, history, why) => {
    expect(decideRedrive("failed", history)).toMatchObject({ do: "refuse", why: expect.stringMatching(why) });
  });

  it("is not refused for a timeout that the code caught and went on from", () => {
    const history: HistoryEvent[] = [
      { type: "DeadlinePassed", at, ...asking("sleep") },
      stepFailed("tidy", "step:tidy"),
      failed(),
    ];
    expect(decideRedrive("failed", history)).toEqual({ do: "redrive", voided: [1, 2] });
  });

  it.each<[string, HistoryEvent[]]>([
    ["in the middle", [completed("a", 1), { type: "ExecutionStalled", reason: "no", at }]],
    [
      "after its end was recorded and before it was settled",
      [
        completed("a", encode(1)),
        { type: "ExecutionCompleted", at },
        { type: "ExecutionStalled", reason: "no", at },
      ],
    ],
  ])("goes on where it stood when it stalled %s", (_, history) => {
    expect(decideRedrive("stalled", history)).toEqual({ do: "redrive", voided: [] });
  });
});
