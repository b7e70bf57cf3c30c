/** What workflow code can ask for. An operation is pending from its request until a history event ends it. */

import type { StepContext } from "../define/context.js";
import type { CheckedRetryPolicy } from "../define/retry.js";
import type { EpochMs } from "../model/time.js";
import type { Encoded } from "../model/value.js";

interface Requested {
  /** Who it is, in every replay (I3). */
  readonly path: string;
  /** For people: `step "reserve"`. */
  readonly label: string;
  /** How many history events had been applied when it was asked for: all of them must be durable before its effect begins (I4). */
  after: number;
  /** Its promise was rejected by a cancel, or the workflow function is over: it only still has to end, without retries (I13). */
  detached: boolean;
}

export interface Compensation {
  readonly run: (result: unknown, step: StepContext) => unknown;
  readonly retry: CheckedRetryPolicy;
}

export interface StepOperation extends Requested {
  readonly kind: "step";
  readonly name: string;
  readonly body: (step: StepContext) => unknown;
  readonly retry: CheckedRetryPolicy;
  readonly timeoutMs?: number;
  readonly atMostOnce: boolean;
  /** Undoes it, once it has completed and the workflow throws. */
  readonly compensation?: Compensation;
  /** Attempts that are used up: failed ones, and those that a crash ended. */
  attempts: number;
  /** The next attempt may not begin before it. */
  retryAt?: EpochMs;
  /** Why the last attempt failed. */
  lastError?: Encoded;
  /** An at-most-once body may have begun: its start is recorded. */
  begun: boolean;
  /** The last attempt was ended by a crash, so nobody knows how far it came. */
  interrupted: boolean;
}

export interface SleepOperation extends Requested {
  readonly kind: "sleep";
  readonly dueAt: EpochMs;
}

export interface WaitOperation extends Requested {
  readonly kind: "wait";
  readonly event: string;
  readonly key?: string;
  readonly timeoutMs?: number;
  readonly deadline?: EpochMs;
  /** Events that came before the wait are eligible from here on (PROTOCOL A5). */
  readonly since: EpochMs;
}

export interface SendOperation extends Requested {
  readonly kind: "send";
  readonly event: string;
  /** The payload as JSON text. */
  readonly detail: string;
}

/** The engine's own: makes a failure part of history before anything is undone. */
export interface UndoOperation extends Requested {
  readonly kind: "undo";
  readonly error: Encoded;
}

export type Operation = StepOperation | SleepOperation | WaitOperation | SendOperation | UndoOperation;

/** An operation as the code asks for it: the replay adds where in history that was. */
export type NewOperation = Operation extends infer Each
  ? Each extends unknown
    ? Omit<Each, "after" | "detached">
    : never
  : never;

/** A step as it is asked for: nothing has been tried yet. */
export function newStep(
  step: Pick<
    StepOperation,
    "path" | "label" | "name" | "body" | "retry" | "timeoutMs" | "atMostOnce" | "compensation"
  >,
): Omit<StepOperation, "after" | "detached"> {
  return { kind: "step", ...step, attempts: 0, begun: false, interrupted: false };
}
