import { expect, test } from "vitest";
import { type Pause, pausedMs, pausesOf } from "../../lib/decide/pauses.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";

type Event<Type extends HistoryEvent["type"]> = Extract<HistoryEvent, { type: Type }>;

const paused = (at: number, by?: string, reason?: string): Event<"ExecutionPaused"> => ({
  type: "ExecutionPaused",
  at,
  messageId: `pause-${at}`,
  ...(by === undefined ? {} : { by }),
  ...(reason === undefined ? {} : { reason }),
});
const resumed = (at: number, by?: string): Event<"ExecutionResumed"> => ({
  type: "ExecutionResumed",
  at,
  messageId: `resume-${at}`,
  ...(by === undefined ? {} : { by }),
});
const step = (at: number): HistoryEvent => ({ type: "StepCompleted", at, op: "step:a", attempt: 1 });
const cancel = (at: number): HistoryEvent => ({
  type: "CancelRequested",
  at,
  messageId: "cancel",
  asked: "",
  by: "eve",
});
const failed = (at: number): HistoryEvent => ({
  type: "ExecutionFailed",
  at,
  asked: "",
  compensation: "none",
});
const redriven = (at: number): HistoryEvent => ({ type: "ExecutionRedriven", at, messageId: "redrive-0-1" });
const inherited = (at: number, isPaused: boolean): HistoryEvent => ({
  type: "MessagesInherited",
  at,
  carried: [],
  consumed: [],
  ...(isPaused ? { paused: true } : {}),
});

test.each<[string, HistoryEvent[], Pause[], number]>([
  ["nothing", [step(1)], [], 0],
  [
    "several pauses, added up",
    [paused(10, "ada", "look"), step(15), resumed(20, "bob"), step(25), paused(30), resumed(37)],
    [
      { from: 10, until: 20, ended: "resumed", by: "ada", reason: "look", resumedBy: "bob" },
      { from: 30, until: 37, ended: "resumed" },
    ],
    17,
  ],
  [
    "one that lasts, up to now",
    [paused(10), resumed(20), paused(900, "ada")],
    [
      { from: 10, until: 20, ended: "resumed" },
      { from: 900, by: "ada" },
    ],
    110,
  ],
  [
    "pausing twice, which is once, by the first",
    [paused(10, "ada"), paused(20, "bob"), resumed(30)],
    [{ from: 10, until: 30, ended: "resumed", by: "ada" }],
    20,
  ],
  [
    "resuming what is not paused",
    [resumed(5), paused(10), resumed(11), resumed(12)],
    [{ from: 10, until: 11, ended: "resumed" }],
    1,
  ],
  ["a cancel", [paused(10), cancel(60), step(70)], [{ from: 10, until: 60, ended: "cancelled" }], 50],
  ["an end", [paused(10, "ada"), failed(40)], [{ from: 10, until: 40, ended: "closed", by: "ada" }], 30],
  [
    "a redrive of one that was paused when it failed: not while it was closed",
    [paused(10, "ada", "look"), failed(40), redriven(500), resumed(510)],
    [
      { from: 10, until: 40, ended: "closed", by: "ada", reason: "look" },
      { from: 500, until: 510, ended: "resumed", by: "ada", reason: "look" },
    ],
    40,
  ],
  [
    "a redrive of one that was not paused",
    [paused(10), resumed(20), failed(40), redriven(500)],
    [{ from: 10, until: 20, ended: "resumed" }],
    10,
  ],
  [
    "a pause of the run before",
    [inherited(5, true), inherited(5, false), resumed(25)],
    [{ from: 5, until: 25, ended: "resumed" }],
    20,
  ],
  ["no pause of the run before", [inherited(5, false), resumed(25)], [], 0],
])("%s", (_, history, pauses, total) => {
  const found = pausesOf(history);
  expect(found).toEqual(pauses);
  expect(pausedMs(found, 1_000)).toBe(total);
});
