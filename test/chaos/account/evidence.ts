/** What is known when all is over: how executions say that they ended, and what was seen outside of them. */
import type { HistoryEntry } from "holdfast";
import { isNotedEvent, type LeaseTaken } from "../../../lib/model/history-event.js";
import { decode } from "../../../lib/model/value.js";
import type { Output } from "../app.js";
import type { Heard } from "../ear.js";
import type { Run } from "../ledger.js";

export interface Ended {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: string;
  /** Of a completed one. */
  readonly output: Output | undefined;
  /** Of one that failed. */
  readonly error: string | undefined;
  readonly history: readonly HistoryEntry[];
}

export interface Evidence {
  readonly ended: readonly Ended[];
  /** All runs of bodies, in the order of their beginnings. */
  readonly ledger: readonly Run[];
  /** As often as it was published. */
  readonly heard: readonly Heard[];
  /** How many of those that were heard again the faults can account for. */
  readonly explainedCopies: number;
  /** The table that transactions wrote to: balances by account, and the nonces of receipts by place. */
  readonly balances: ReadonlyMap<string, number>;
  readonly receipts: ReadonlyMap<string, string>;
  /** The most by which a clock was off. */
  readonly skewMs: number;
}

/** A step, a transaction or a compensation, as its history says that it ended. */
export interface Performed {
  readonly op: string;
  /** As the ledger names it. */
  readonly place: string;
  readonly attempt: number;
  readonly ok: boolean;
  /** What only one run of the body knew; `undefined` for what gave nothing. */
  readonly nonce: string | undefined;
  /** Ahead of its body, as at-most-once steps are. */
  readonly started: boolean;
  readonly takeovers: {
    /** While it was pending. */
    readonly all: number;
    /** Of them, those that counted no attempt for it. */
    readonly uncounted: number;
  };
}

/** The steps of a history, in the order of their ends. Workflows here ask for one after the other: a step is pending from the answer before it on. */
export function performedIn({ executionId, history }: Ended): Performed[] {
  const found: Performed[] = [];
  let takeovers: LeaseTaken[] = [];
  let uncounted = 0;
  let started = false;
  let retryAt = 0;
  for (const { event } of history) {
    if (event.type === "LeaseTaken") {
      takeovers.push(event);
      // As replay counts: a turn that only failed, or that waited for the step's next attempt, cost none.
      if (event.failed === true || retryAt > event.at) uncounted += 1;
    }
    if (event.type === "StepStarted") started = true;
    if (event.type === "StepAttemptFailed") ({ retryAt } = event);
    if (event.type === "ExecutionStarted" || isNotedEvent(event) || !("op" in event)) continue;
    if (event.type === "StepCompleted" || event.type === "StepFailed") {
      const { op, attempt, type } = event;
      found.push({
        op,
        place: `${executionId}/${op}`,
        attempt,
        ok: type === "StepCompleted",
        nonce: event.type === "StepCompleted" ? nonceOf(decode(event.result ?? null)) : undefined,
        started,
        takeovers: { all: takeovers.length, uncounted },
      });
    }
    takeovers = [];
    uncounted = 0;
    started = false;
    retryAt = 0;
  }
  return found;
}

function nonceOf(result: unknown): string | undefined {
  if (typeof result === "string") return result;
  return typeof result === "object" && result !== null && "nonce" in result
    ? String(result.nonce)
    : undefined;
}

export function byPlace(ledger: readonly Run[]): ReadonlyMap<string, readonly Run[]> {
  const found = new Map<string, Run[]>();
  for (const run of ledger) {
    const own = found.get(run.place);
    if (own === undefined) found.set(run.place, [run]);
    else own.push(run);
  }
  return found;
}
