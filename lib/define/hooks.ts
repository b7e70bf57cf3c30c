/**
 * Hooks: what an app is told of its executions while they run. Hooks observe; nothing that they return, throw or change reaches an execution.
 *
 * A call is made where a fact is recorded, once it is durable, and never on a replay: after any number of suspensions each fact is told once.
 * It is lost when the process dies between the write and the call. `stepStarted` alone is told of what is not recorded: a body that begins.
 * Calls of one execution come in the order of its history. They carry names and errors, but no inputs, results or messages.
 */
import { InvalidDefinitionError } from "../model/errors.js";
import type { ClosedStatus, ExecutionStatus } from "../model/status.js";

/** What every call tells. */
export interface Fact {
  readonly executionId: string;
  /** The workflow's name. */
  readonly workflow: string;
  /** When it was recorded. */
  readonly at: Date;
}

/** A copy of an error: its class is not kept. */
export interface HookError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** Where an execution came from. */
export interface Descent {
  /** The execution whose child it is. */
  readonly parent?: string;
  /** The execution whose `continueAsNew` or fork it is. */
  readonly origin?: { readonly kind: "continued" | "forked"; readonly executionId: string };
}

/** A request from outside. */
export interface Requested extends Fact {
  readonly by?: string;
  readonly reason?: string;
}

export interface Ended extends Fact {
  /** From the execution's start, waits included. */
  readonly durationMs: number;
}

export interface EndedBadly extends Ended {
  readonly error: HookError;
  readonly compensation: "none" | "complete" | "incomplete";
}

/** One attempt of a step, of a transaction, or of what undoes one. */
export interface StepAttempt extends Fact {
  /** The name that the code gave it. */
  readonly step: string;
  /** Unique in the execution: `saga/step:charge#2`. */
  readonly path: string;
  /** From 1. */
  readonly attempt: number;
  /** It undoes the step of that name. */
  readonly compensation: boolean;
}

export interface EndedAttempt extends StepAttempt {
  /** Of the body. Absent when this process ran none: the attempt was ended by a crash, or never began. */
  readonly durationMs?: number;
}

/** Something with a name: of an event, a signal, a callback or an update. */
export interface Named extends Fact {
  readonly name: string;
}

export interface Child extends Fact {
  readonly childId: string;
  /** The child's workflow. */
  readonly childWorkflow: string;
}

/** The calls, by name. */
export interface HookCalls {
  /** Its first turn begins. */
  readonly executionStarted: Fact & Descent;
  readonly executionCompleted: Ended;
  readonly executionFailed: EndedBadly;
  readonly executionCancelled: EndedBadly;
  /** Told where `terminate` was called: in the worker for a child, else in a client that was given these hooks. */
  readonly executionTerminated: Requested & Ended;
  /** It ended by `continueAsNew`; `continuedTo` goes on. */
  readonly executionContinued: Ended & { readonly continuedTo: string };
  /** A person has to act. */
  readonly executionStalled: Fact & { readonly error: HookError };
  readonly executionRedriven: Requested;
  readonly executionPaused: Requested;
  readonly executionResumed: Requested;
  /** Its own timeout passed: what it waits for throws. */
  readonly executionTimedOut: Fact;
  /** What it waits for throws `CancelledError`. */
  readonly cancelRequested: Requested;
  /** Completed steps are undone from here on. */
  readonly compensationStarted: Fact & { readonly error: HookError };
  /** A body begins, here and now. */
  readonly stepStarted: StepAttempt;
  readonly stepCompleted: EndedAttempt;
  /** The attempt failed, and another follows at `retryAt`. */
  readonly stepRetrying: EndedAttempt & { readonly error: HookError; readonly retryAt: Date };
  /** No attempt follows. */
  readonly stepFailed: EndedAttempt & { readonly error: HookError };
  /** A wait took it, which may be long after it came. */
  readonly eventReceived: Named & { readonly key?: string };
  readonly signalReceived: Named;
  /** With `error` it was failed, without one completed. */
  readonly callbackReceived: Named & { readonly error?: HookError };
  readonly updateReceived: Named;
  readonly waitTimedOut: Named & { readonly kind: "event" | "signal" | "callback"; readonly key?: string };
  /** It will be published: `eventId` is the bus entry's stable id. */
  readonly eventSent: Named & { readonly eventId: string };
  readonly signalSent: Named & { readonly to: string };
  /** A transaction started an execution. */
  readonly startSent: Fact & { readonly startedId: string; readonly startedWorkflow: string };
  readonly childStarted: Child;
  /** `refused`: it could not be created. `abandoned`: its parent no longer waits for it. */
  readonly childEnded: Child & {
    readonly status: ClosedStatus | "refused" | "abandoned";
    readonly error?: HookError;
  };
}

/** The name of something that hooks can be told of. */
export type HookName = keyof HookCalls;

/** One call to make. */
export type HookCall = {
  [Name in HookName]: { readonly hook: Name; readonly fact: HookCalls[Name] };
}[HookName];

/** A stretch of an execution's life in one process: replay, live code, step bodies, settlement. `at` is when it began. */
export interface Turn extends Fact, Descent {
  /** The turns of an execution are numbered upwards; some are left out. */
  readonly turn: number;
  /** The turn before never ended: its process died. */
  readonly takenOver: boolean;
}

/** How a turn ended: with the status in which it left the execution, or with an error, after which it is repeated. */
export type TurnEnd = { readonly status: ExecutionStatus } | { readonly error: HookError };

/** How an attempt of a step ended. */
export type AttemptEnd = { readonly ok: true } | { readonly ok: false; readonly error: HookError };

interface Around {
  /** Called in a turn's place: see {@link Around.aroundStep}. */
  aroundTurn?(turn: Turn, run: () => Promise<TurnEnd>): unknown;
  /**
   * Called in a body's place, to run it in a context of the hook's own (`AsyncLocalStorage`, a trace). `run` begins the body at once, tells
   * of its end and never rejects. It has to be called before the hook returns: a hook that does not call it, or throws first, is passed over,
   * and a second call begins nothing. What the hook returns is not looked at.
   */
  aroundStep?(attempt: StepAttempt, run: () => Promise<AttemptEnd>): unknown;
}

/** What is to be called of each name. */
export type Told = { readonly [Name in HookName]?: (fact: HookCalls[Name]) => unknown };

/**
 * Any of the calls. One may return a promise: nothing waits for it but the end of its turn, and that for two seconds at most. What one
 * throws is logged, the first time in each turn.
 */
export type Hooks = Told & Around;

/** Throws {@link InvalidDefinitionError}. */
export function checkHooks(hooks: readonly Hooks[]): readonly Hooks[] {
  if (Array.isArray(hooks) && hooks.every((each) => typeof each === "object" && each !== null)) return hooks;
  throw new InvalidDefinitionError(
    "Something under hooks is no object. Expected a list of objects such as { executionFailed: (fact) => … }.",
  );
}
