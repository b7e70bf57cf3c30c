/** Where the time of an execution goes, from what its client and its worker saw. */
import type { TurnLine } from "./app.js";
import { isOfDynamoDb } from "./calls.js";
import { percentile } from "./drive.js";

/** What the client saw of one, in milliseconds since 1970. */
export interface Seen {
  readonly executionId: string;
  readonly began: number;
  /** When its start had been answered. */
  readonly started: number;
  readonly ended: number;
}

/** In milliseconds; together they are the execution's time, but for an overlap that is counted once. */
export interface Phases {
  /** The client's call that starts it. */
  readonly start: number;
  /** From then until the worker's first call: the queue, and the wait for a process that is free. */
  readonly queue: number;
  /** Of the turn, while a call of DynamoDB is unanswered. */
  readonly tables: number;
  /** The rest of the turn: Holdfast, the steps, and whatever else has the processor. */
  readonly rest: number;
  /** From the turn's end until the client has the result: it looks again and again, with pauses. */
  readonly result: number;
}

export const PHASES = [
  "start",
  "queue",
  "tables",
  "rest",
  "result",
] as const satisfies readonly (keyof Phases)[];

export function phasesOf({ began, started, ended }: Seen, { calls, until }: TurnLine): Phases {
  const first = Math.min(...calls.map(({ from }) => from));
  // A worker may begin before the client has its answer.
  const queued = Math.min(started, first);
  const tables = covered(calls.filter(isOfDynamoDb).map((call) => [call.from, call.until]));
  return {
    start: queued - began,
    queue: first - queued,
    tables,
    rest: until - first - tables,
    result: Math.max(0, ended - until),
  };
}

/** The time in which at least one of the spans is under way. */
function covered(spans: readonly (readonly [from: number, until: number])[]): number {
  let sum = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, until] of spans.toSorted(([one], [other]) => one - other)) {
    sum += Math.max(0, until - Math.max(from, end));
    end = Math.max(end, until);
  }
  return sum;
}

/** Of many executions, the median of each. */
export function medianPhases(all: readonly Phases[]): Phases {
  const median = (phase: keyof Phases): number =>
    percentile(
      all.map((each) => each[phase]),
      0.5,
    );
  return {
    start: median("start"),
    queue: median("queue"),
    tables: median("tables"),
    rest: median("rest"),
    result: median("result"),
  };
}
