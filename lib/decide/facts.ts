/**
 * What hooks are told of a history event. One table; the branches below are its rows.
 *
 * | recorded                                       | told                                                      |
 * |------------------------------------------------|-----------------------------------------------------------|
 * | StepCompleted, StepAttemptFailed, StepFailed   | stepCompleted, stepRetrying, stepFailed                   |
 * | EventReceived, SignalReceived, CallbackReceived| eventReceived, signalReceived, callbackReceived           |
 * | UpdateReceived, WaitTimedOut                   | updateReceived, waitTimedOut                              |
 * | anything with outgoing messages                | for each of them eventSent, signalSent or startSent       |
 * | ChildRequested                                 | childStarted                                              |
 * | ChildEnded, ChildRefused, ChildAbandoned       | childEnded                                                |
 * | CancelRequested, DeadlinePassed                | cancelRequested, executionTimedOut                        |
 * | CompensationStarted                            | compensationStarted                                       |
 * | ExecutionPaused, -Resumed, -Redriven, -Stalled | the same                                                  |
 * | ExecutionCompleted, -Failed, -Cancelled, -Terminated, -Continued | the same                                |
 * | StepStarted                                    | nothing: `stepStarted` is told when the body begins       |
 * | anything else                                  | nothing                                                   |
 */
import type { Fact, HookCall, HookError } from "../define/hooks.js";
import type { HistoryEvent } from "../model/history-event.js";
import type { Message } from "../model/message.js";
import type { Outgoing } from "../model/outgoing.js";
import type { EpochMs } from "../model/time.js";
import { decode, type Encoded } from "../model/value.js";
import type { ChildOperation, Operation, StepOperation, WaitOperation } from "../replay/operation.js";

/** The execution that it happened to. */
export interface Subject {
  readonly executionId: string;
  readonly workflow: string;
  readonly startAt: EpochMs;
}

/** What the event itself does not say. */
export interface Circumstances {
  /** The one that it names. */
  readonly operation?: Operation | undefined;
  /** The one that it consumes. */
  readonly message?: Message | undefined;
  readonly outgoing?: readonly Outgoing[];
  /** How long the attempt that it ends ran here. */
  readonly durationMs?: number | undefined;
  /** What the execution ended with, or stalled for. */
  readonly error?: Encoded | undefined;
  /** The execution that goes on. */
  readonly continuedTo?: string | undefined;
}

export function callsFor(subject: Subject, event: HistoryEvent, around: Circumstances): readonly HookCall[] {
  const call = callFor(subject, event, around);
  const sent = (around.outgoing ?? []).map((outgoing) => callForSent(factOf(subject, event.at), outgoing));
  return call === undefined ? sent : [call, ...sent];
}

export function factOf({ executionId, workflow }: Subject, at: EpochMs): Fact {
  return { executionId, workflow, at: new Date(at) };
}

/** What tells the attempts of a step apart. */
export function attemptOf({ name, path, branch }: StepOperation, attempt: number) {
  return { step: name, path, attempt, compensation: branch.kind === "undoes" };
}

export function hookErrorOf(thrown: unknown): HookError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown) };
  const { name, message, stack } = thrown;
  return { name, message, ...(stack === undefined ? {} : { stack }) };
}

function callFor(subject: Subject, event: HistoryEvent, around: Circumstances): HookCall | undefined {
  const fact = factOf(subject, event.at);
  const { operation, message } = around;
  const ended = { ...fact, durationMs: event.at - subject.startAt };
  switch (event.type) {
    case "StepCompleted":
    case "StepAttemptFailed":
    case "StepFailed":
      return operation?.kind === "step" ? stepCall(fact, event, operation, around.durationMs) : undefined;
    case "EventReceived":
    case "SignalReceived":
    case "CallbackReceived":
    case "WaitTimedOut":
      return operation?.kind === "wait" ? waitCall(fact, event.type, operation, message) : undefined;
    case "UpdateReceived":
      return message?.kind === "update"
        ? { hook: "updateReceived", fact: { ...fact, name: message.name } }
        : undefined;
    case "ChildRequested": {
      const { childId, workflow: childWorkflow } = event;
      return { hook: "childStarted", fact: { ...fact, childId, childWorkflow } };
    }
    case "ChildEnded":
      return operation?.kind === "child" && message?.kind === "child"
        ? childEnded(fact, operation, message.status, message.error)
        : undefined;
    case "ChildRefused":
      return operation?.kind === "child" ? childEnded(fact, operation, "refused", event.error) : undefined;
    case "ChildAbandoned":
      return operation?.kind === "child" ? childEnded(fact, operation, "abandoned") : undefined;
    case "CancelRequested":
      return { hook: "cancelRequested", fact: { ...fact, ...whoAndWhy(event) } };
    case "DeadlinePassed":
      return { hook: "executionTimedOut", fact };
    case "CompensationStarted":
      return { hook: "compensationStarted", fact: { ...fact, error: errorIn(event.error) } };
    case "ExecutionPaused":
      return { hook: "executionPaused", fact: { ...fact, ...whoAndWhy(event) } };
    case "ExecutionResumed":
      return { hook: "executionResumed", fact: { ...fact, ...whoAndWhy(event) } };
    case "ExecutionRedriven":
      return { hook: "executionRedriven", fact: { ...fact, ...whoAndWhy(event) } };
    case "ExecutionStalled":
      return { hook: "executionStalled", fact: { ...fact, error: errorIn(around.error) } };
    case "ExecutionCompleted":
      return { hook: "executionCompleted", fact: ended };
    case "ExecutionFailed":
    case "ExecutionCancelled": {
      const hook = event.type === "ExecutionFailed" ? "executionFailed" : "executionCancelled";
      const { compensation } = event;
      return { hook, fact: { ...ended, error: errorIn(around.error), compensation } };
    }
    case "ExecutionTerminated":
      return { hook: "executionTerminated", fact: { ...ended, ...whoAndWhy(event) } };
    case "ExecutionContinued":
      return { hook: "executionContinued", fact: { ...ended, continuedTo: around.continuedTo ?? "" } };
    case "StepStarted":
    case "StepHeartbeat":
    case "TimerFired":
    case "EventSent":
    case "SignalSent":
    case "UpdateAnswered":
    case "CallbackHeartbeat":
    case "MessageBuffered":
    case "MessagesInherited":
    case "ChangePatched":
    case "LeaseTaken":
      return undefined;
  }
}

function stepCall(
  fact: Fact,
  event: Extract<HistoryEvent, { type: "StepCompleted" | "StepAttemptFailed" | "StepFailed" }>,
  step: StepOperation,
  durationMs: number | undefined,
): HookCall {
  const attempt = {
    ...fact,
    ...attemptOf(step, event.attempt),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
  switch (event.type) {
    case "StepCompleted":
      return { hook: "stepCompleted", fact: attempt };
    case "StepAttemptFailed": {
      const retryAt = new Date(event.retryAt);
      return { hook: "stepRetrying", fact: { ...attempt, error: errorIn(event.error), retryAt } };
    }
    case "StepFailed":
      return { hook: "stepFailed", fact: { ...attempt, error: errorIn(event.error) } };
  }
}

function waitCall(
  fact: Fact,
  type: "EventReceived" | "SignalReceived" | "CallbackReceived" | "WaitTimedOut",
  { awaited }: WaitOperation,
  message: Message | undefined,
): HookCall {
  const { kind, name } = awaited;
  const named = { ...fact, name };
  const keyed =
    awaited.kind === "event" && awaited.key !== undefined ? { ...named, key: awaited.key } : named;
  switch (type) {
    case "EventReceived":
      return { hook: "eventReceived", fact: keyed };
    case "SignalReceived":
      return { hook: "signalReceived", fact: named };
    case "CallbackReceived": {
      const error = message?.kind === "callback" ? message.error : undefined;
      return {
        hook: "callbackReceived",
        fact: error === undefined ? named : { ...named, error: errorIn(error) },
      };
    }
    case "WaitTimedOut":
      return { hook: "waitTimedOut", fact: { ...keyed, kind } };
  }
}

function childEnded(
  fact: Fact,
  { childId, workflow }: ChildOperation,
  status: Extract<HookCall, { hook: "childEnded" }>["fact"]["status"],
  error?: Encoded,
): HookCall {
  const child = { ...fact, childId, childWorkflow: workflow.name, status };
  return { hook: "childEnded", fact: error === undefined ? child : { ...child, error: errorIn(error) } };
}

function callForSent(fact: Fact, outgoing: Outgoing): HookCall {
  switch (outgoing.kind) {
    case "event":
      return { hook: "eventSent", fact: { ...fact, name: outgoing.name, eventId: outgoing.id } };
    case "signal":
      return { hook: "signalSent", fact: { ...fact, name: outgoing.message.name, to: outgoing.to } };
    case "start": {
      const { executionId: startedId, workflow: startedWorkflow } = outgoing;
      return { hook: "startSent", fact: { ...fact, startedId, startedWorkflow } };
    }
  }
}

function whoAndWhy({ by, reason }: { readonly by?: string; readonly reason?: string }) {
  return { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

function errorIn(stored: Encoded | undefined): HookError {
  return hookErrorOf(stored === undefined ? undefined : decode(stored));
}
