/** What workflow code can ask for. An operation is pending from its request until a history event ends it. */

import type { StepContext } from "../define/context.js";
import type { CheckedRetryPolicy } from "../define/retry.js";
import type { Transaction } from "../define/transaction.js";
import type { AnyWorkflow } from "../define/workflow.js";
import type { OnParentClose } from "../model/history-event.js";
import type { Where } from "../model/pattern/where.js";
import type { EpochMs } from "../model/time.js";
import type { Encoded } from "../model/value.js";
import type { Branch } from "./branch.js";

interface Requested {
  /** Who it is, in every replay (I3). */
  readonly path: string;
  /** For people: `step "reserve"`. */
  readonly label: string;
  /** Whose code asked for it. */
  readonly branch: Branch;
  /** How many history events had been applied when it was asked for: all of them must be durable before its effect begins (I4). */
  after: number;
  /** Its promise was rejected by a cancel, or its branch was abandoned: it only still has to end, without retries (I13). */
  detached: boolean;
  /** How its end is told. */
  readonly ends: Ends;
}

/** Those who wait for an operation: the code by its promise, and the engine where it needs to know of the operation's own end. */
export interface Ends {
  readonly promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  ended?: () => void;
}

export interface Compensation {
  readonly run: (result: unknown, step: StepContext) => unknown;
  readonly retry: CheckedRetryPolicy;
}

/** What a step does: a body whose effect is its own affair, or one whose writes commit together with its result. */
export type StepWork =
  | { readonly kind: "body"; readonly run: (step: StepContext) => unknown }
  | { readonly kind: "transaction"; readonly run: (tx: Transaction, step: StepContext) => unknown };

export interface StepOperation extends Requested {
  readonly kind: "step";
  readonly name: string;
  readonly work: StepWork;
  readonly retry: CheckedRetryPolicy;
  readonly timeoutMs?: number | undefined;
  /** An attempt that reports nothing for so long has failed. */
  readonly heartbeatMs?: number | undefined;
  readonly atMostOnce: boolean;
  /** Undoes it, once it has completed and the workflow throws. */
  readonly compensation?: Compensation | undefined;
  /** Attempts that are used up: failed ones, and those that a crash ended. */
  attempts: number;
  /** The next attempt may not begin before it. */
  retryAt?: EpochMs;
  /** Why the last attempt failed. */
  lastError?: Encoded;
  /** What the body last reported of itself, in any attempt. */
  lastHeartbeat?: Encoded;
  /** An at-most-once body may have begun: its start is recorded. */
  begun: boolean;
  /** The last attempt was ended by a crash, so nobody knows how far it came. */
  interrupted: boolean;
}

export interface SleepOperation extends Requested {
  readonly kind: "sleep";
  readonly dueAt: EpochMs;
}

/** What a wait waits for. */
export type Awaited =
  /** `since`: events that came before the wait are eligible from here on (PROTOCOL A5). */
  | {
      readonly kind: "event";
      readonly name: string;
      readonly key?: string;
      readonly since: EpochMs;
      /**
       * Which payloads it takes; absent takes all. Judged before the taking is recorded, and never again. Of a wait that stands it may be found
       * out in a turn that the code has another one by now.
       */
      where?: Where | undefined;
    }
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "callback"; readonly name: string };

export interface WaitOperation extends Requested {
  readonly kind: "wait";
  /** What a message must be about to end it. */
  readonly subject: string;
  readonly awaited: Awaited;
  readonly timeoutMs?: number;
  readonly deadline?: EpochMs;
  /** A callback whose holder gives no sign of life for so long has failed. */
  readonly heartbeatMs?: number;
  /** The last sign of life, at first the request itself. */
  heartbeatAt: EpochMs;
}

/** A wait that has a record in the directory, by which events find it. */
export type EventWait = WaitOperation & { readonly awaited: Extract<Awaited, { readonly kind: "event" }> };

export function isEventWait(operation: Operation): operation is EventWait {
  return operation.kind === "wait" && operation.awaited.kind === "event";
}

export interface ChildOperation extends Requested {
  readonly kind: "child";
  readonly subject: string;
  readonly childId: string;
  readonly workflow: AnyWorkflow;
  readonly input: unknown;
  readonly onParentClose: OnParentClose;
  /** The request is recorded: the child may exist. */
  requested: boolean;
  /** This turn knows that it exists. */
  there: boolean;
}

export interface SendOperation extends Requested {
  readonly kind: "send";
  readonly event: string;
  /** The payload as JSON text. */
  readonly detail: string;
  readonly expiresAfterMs?: number;
}

export interface SignalOperation extends Requested {
  readonly kind: "signal";
  /** The execution that it is for. */
  readonly to: string;
  readonly name: string;
  readonly data: Encoded;
}

/** The engine's own: makes a failure part of history before anything is undone. */
export interface UndoOperation extends Requested {
  readonly kind: "undo";
  readonly error: Encoded;
}

/** The engine's own: gives an update's sender its answer. */
export interface AnswerOperation extends Requested {
  readonly kind: "answer";
  readonly messageId: string;
  readonly answer: Answer;
}

/** What a sender of an update is told. */
export type Answer =
  | { readonly ok: true; readonly value: Encoded }
  | { readonly ok: false; readonly error: Encoded };

export type Operation =
  | StepOperation
  | SleepOperation
  | WaitOperation
  | ChildOperation
  | SendOperation
  | SignalOperation
  | UndoOperation
  | AnswerOperation;

/** Operations that a message ends. */
export type ReceivingOperation = WaitOperation | ChildOperation;

/** An operation as the code asks for it: the replay adds whose code that was, and where in history. */
export type NewOperation = Operation extends infer Each
  ? Each extends unknown
    ? Omit<Each, "after" | "detached" | "branch" | "ends">
    : never
  : never;

/** A step as it is asked for: nothing has been tried yet. One literal for all: a replay makes thousands of them, and they are of one shape. */
export function newStep(
  step: Pick<
    StepOperation,
    "path" | "label" | "name" | "work" | "retry" | "timeoutMs" | "heartbeatMs" | "atMostOnce" | "compensation"
  >,
): Omit<StepOperation, "after" | "detached" | "branch" | "ends"> {
  const { path, label, name, work, retry, timeoutMs, heartbeatMs, atMostOnce, compensation } = step;
  return {
    kind: "step",
    path,
    label,
    name,
    work,
    retry,
    timeoutMs,
    heartbeatMs,
    atMostOnce,
    compensation,
    attempts: 0,
    begun: false,
    interrupted: false,
  };
}

/** Whether it has to end by an event even when nobody waits for it any more: something of it may have left the process. */
export function mustEnd(operation: Operation): boolean {
  switch (operation.kind) {
    case "step":
    case "send":
    case "signal":
    case "answer":
      return true;
    case "child":
      // One that is to outlive its parent has to be created first.
      return operation.requested || operation.onParentClose === "abandon";
    default:
      return false;
  }
}
