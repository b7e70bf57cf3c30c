/** What a soak must come to, from what was seen alone: the executions' ends and histories, and what was heard on the bus. */
import type { HistoryEntry } from "holdfast";
import { digest } from "../../lib/model/ids.js";
import type { Nap, Output } from "./app.js";

export interface Ended {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: string;
  readonly output: Output | undefined;
  readonly history: readonly HistoryEntry[];
}

export interface Account {
  readonly executions: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly turnsTakenOver: number;
  readonly attemptsFailed: number;
  readonly events: {
    /** Of the histories: each must be heard. */
    readonly sent: number;
    readonly heard: number;
    /** Heard again. */
    readonly copies: number;
  };
  readonly timers: {
    readonly fired: number;
    readonly lateMs: Readonly<Record<"p50" | "p99" | "most", number>>;
  };
  /** What should not be, in words. */
  readonly wrong: readonly string[];
}

/** How each workflow of the soak ends. */
const END: Readonly<Record<string, string>> = { undone: "failed" };

const HEARD: Readonly<Record<string, (heard: readonly string[], executionId: string) => boolean>> = {
  waits: ([order, winner], id) => order === id && (winner === "rang" || winner === "late"),
  asks: (heard) => heard.join() === "first,second",
};

/**
 * @param heard the stable id of every event that came from the bus, as often as it came
 * @param explained how many copies the faults can account for
 */
export function accountOf(ended: readonly Ended[], heard: readonly string[], explained: number): Account {
  const wrong: string[] = [];
  const byStatus: Record<string, number> = {};
  const sent = new Set<string>();
  const naps: Nap[] = [];
  let turnsTakenOver = 0;
  let attemptsFailed = 0;
  for (const { executionId, workflow, status, output, history } of ended) {
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    const expected = END[workflow] ?? "completed";
    if (status !== expected)
      wrong.push(`${executionId} (${workflow}) is ${status}, and should be ${expected}`);
    for (const { event } of history) {
      if (event.type === "LeaseTaken") turnsTakenOver += 1;
      if (event.type === "StepAttemptFailed") attemptsFailed += 1;
      if (event.type === "EventSent") sent.add(digest(`${executionId}\n${event.op}`, 22));
    }
    if (output === undefined) continue;
    naps.push(...output.naps);
    if (HEARD[workflow]?.(output.heard, executionId) === false)
      wrong.push(`${executionId} (${workflow}) heard ${JSON.stringify(output.heard)}`);
  }
  for (const { ms, from, until } of naps)
    if (until < from + ms) wrong.push(`a sleep of ${ms} ms ended after ${until - from} ms`);
  const known = new Set(heard);
  for (const id of sent) if (!known.has(id)) wrong.push(`event ${id} was sent, and never heard`);
  for (const id of known) if (!sent.has(id)) wrong.push(`event ${id} was heard, and is in no history`);
  const copies = heard.length - known.size;
  if (copies > explained)
    wrong.push(`${copies} copies of events were heard, and the faults explain ${explained}`);
  const late = naps.map(({ ms, from, until }) => until - from - ms).sort((one, other) => one - other);
  const at = (part: number): number => late[Math.min(late.length - 1, Math.floor(late.length * part))] ?? 0;
  return {
    executions: ended.length,
    byStatus,
    turnsTakenOver,
    attemptsFailed,
    events: { sent: sent.size, heard: heard.length, copies },
    timers: { fired: naps.length, lateMs: { p50: at(0.5), p99: at(0.99), most: at(1) } },
    wrong,
  };
}
