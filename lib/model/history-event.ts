/**
 * The vocabulary of history: past-tense facts about one execution, in the order in which its code saw them. Writers and readers share
 * this one union. Stored as JSON; a release may add types and optional fields, and never changes the meaning of those that are here.
 */
import type { Message } from "./message.js";
import type { EpochMs } from "./time.js";
import type { Encoded } from "./value.js";

interface Recorded {
  /** When it was recorded, by the recording worker's clock; never before the event recorded before it. */
  readonly at: EpochMs;
}

/** An event that answers an operation, or speaks to the code itself: delivered to it, and checked against what it asked for (I2). */
interface Answering extends Recorded {
  /** Digest of what the code asked for since the last event that carries one; absent when it asked for nothing. */
  readonly asked?: string;
}

/** An event that answers one operation, named by its path (I3). */
interface Answer extends Answering {
  readonly op: string;
}

/** An at-most-once step's body is about to run (written before it does). */
export interface StepStarted extends Recorded {
  readonly type: "StepStarted";
  readonly op: string;
  readonly attempt: number;
}

/** An attempt failed and another follows at `retryAt`. */
export interface StepAttemptFailed extends Recorded {
  readonly type: "StepAttemptFailed";
  readonly op: string;
  readonly attempt: number;
  readonly error: Encoded;
  readonly retryAt: EpochMs;
}

export interface StepCompleted extends Answer {
  readonly type: "StepCompleted";
  readonly attempt: number;
  /** Absent for `undefined`, the commonest result of all. */
  readonly result?: Encoded;
}

export interface StepFailed extends Answer {
  readonly type: "StepFailed";
  readonly attempt: number;
  readonly error: Encoded;
}

export interface TimerFired extends Answer {
  readonly type: "TimerFired";
}

/** An operation took a message: one that came with this event (`message`), or one that was buffered earlier (`messageId` alone). */
interface Received extends Answer {
  readonly messageId: string;
  readonly message?: Message;
}

export interface EventReceived extends Received {
  readonly type: "EventReceived";
}

export interface SignalReceived extends Received {
  readonly type: "SignalReceived";
}

/** A callback was completed or failed from outside: the message says which. */
export interface CallbackReceived extends Received {
  readonly type: "CallbackReceived";
}

/** A child ended, well or not: the message says which. */
export interface ChildEnded extends Received {
  readonly type: "ChildEnded";
}

/** A child could not be created: its input does not fit, or its id belongs to somebody else. */
export interface ChildRefused extends Answer {
  readonly type: "ChildRefused";
  readonly error: Encoded;
}

/** A child is about to be created (written before it is, PROTOCOL B2). */
export interface ChildRequested extends Recorded {
  readonly type: "ChildRequested";
  readonly op: string;
  readonly childId: string;
  readonly workflow: string;
  readonly onParentClose: OnParentClose;
}

/** Nobody waits for a child any more: it was asked to end as its `onParentClose` says. */
export interface ChildAbandoned extends Answer {
  readonly type: "ChildAbandoned";
}

/** What becomes of a child whose parent no longer waits for it. */
export type OnParentClose = "cancel" | "abandon" | "terminate";

export interface WaitTimedOut extends Answer {
  readonly type: "WaitTimedOut";
}

/** Whoever holds a callback token was still at work at `heartbeatAt`. */
export interface CallbackHeartbeat extends Recorded {
  readonly type: "CallbackHeartbeat";
  readonly op: string;
  readonly messageId: string;
  readonly heartbeatAt: EpochMs;
}

/** A step's body reported how far it has come. */
export interface StepHeartbeat extends Recorded {
  readonly type: "StepHeartbeat";
  readonly op: string;
  readonly details: Encoded;
}

/** An outgoing event was handed to the commit that holds this history event (and lies in that commit's outbox). */
export interface EventSent extends Answer {
  readonly type: "EventSent";
  readonly eventId: string;
  readonly name: string;
}

/** A signal for another execution was handed to the commit that holds this history event. */
export interface SignalSent extends Answer {
  readonly type: "SignalSent";
  readonly to: string;
  readonly name: string;
}

/** A message was taken from the inbox before anything awaited it. */
export interface MessageBuffered extends Recorded {
  readonly type: "MessageBuffered";
  readonly message: Message;
}

/** An update reached its handler. */
export interface UpdateReceived extends Answering {
  readonly type: "UpdateReceived";
  readonly messageId: string;
  readonly message?: Message;
}

/** An update's answer was stored where its sender reads it. */
export interface UpdateAnswered extends Answer {
  readonly type: "UpdateAnswered";
  readonly messageId: string;
}

/** The execution was asked to cancel: every operation that is pending throws `CancelledError`. */
export interface CancelRequested extends Answering {
  readonly type: "CancelRequested";
  readonly messageId: string;
  readonly by?: string;
  readonly reason?: string;
}

/** The execution's own timeout passed: every operation that is pending throws `ExecutionTimeoutError`. */
export interface DeadlinePassed extends Answering {
  readonly type: "DeadlinePassed";
}

interface Controlled extends Recorded {
  readonly messageId: string;
  readonly by?: string;
  readonly reason?: string;
}

/** No new step begins from here on. */
export interface ExecutionPaused extends Controlled {
  readonly type: "ExecutionPaused";
}

export interface ExecutionResumed extends Controlled {
  readonly type: "ExecutionResumed";
}

/** A failed or stalled execution goes on. */
export interface ExecutionRedriven extends Controlled {
  readonly type: "ExecutionRedriven";
  /** Positions (from 0) of the history events that no longer count: the failures that ended it, and its end. Absent when there are none. */
  readonly voided?: readonly number[];
}

/** The workflow function threw: from here on, completed steps are undone in reverse order. */
export interface CompensationStarted extends Answer {
  readonly type: "CompensationStarted";
  readonly error: Encoded;
}

/** A message that was consumed, and when. */
export interface ConsumedMessage {
  readonly id: string;
  readonly at: EpochMs;
}

/** What an execution takes over from the one whose `continueAsNew` it is: its first history event, or several of them. */
export interface MessagesInherited extends Recorded {
  readonly type: "MessagesInherited";
  /** Accepted and not yet consumed, oldest first. */
  readonly carried: readonly Message[];
  /** Messages that were consumed lately, so that a repeat of one is known (PROTOCOL B5). */
  readonly consumed: readonly ConsumedMessage[];
  /** It was paused. */
  readonly paused?: boolean;
}

/** The code asked whether it may use a change, for the first time and not on a replay: from here on the answer is yes. */
export interface ChangePatched extends Recorded {
  readonly type: "ChangePatched";
  readonly change: string;
}

/** The engine could not go on, and a person has to act: why, in words. What comes after it came after a redrive. */
export interface ExecutionStalled extends Recorded {
  readonly type: "ExecutionStalled";
  readonly reason: string;
}

/** An owner took the execution over from one that never released it. Counts one attempt for each step pending at its place, unless that one had only failed. */
export interface LeaseTaken extends Recorded {
  readonly type: "LeaseTaken";
  readonly epoch: number;
  /** The owner before did not die: its turn failed, for an error of what it depends on. */
  readonly failed?: true;
}

interface Closing extends Answering {
  /** Ids of messages that were accepted and that nobody awaited; absent when there are none. */
  readonly unread?: readonly string[];
}

/** What became of the compensations: there were none, all ended well, or at least one gave up. */
export type CompensationOutcome = "none" | "complete" | "incomplete";

export interface ExecutionCompleted extends Closing {
  readonly type: "ExecutionCompleted";
  /** Of sagas that failed in it; absent when there were none. */
  readonly compensation?: CompensationOutcome;
}

export interface ExecutionFailed extends Closing {
  readonly type: "ExecutionFailed";
  readonly compensation: CompensationOutcome;
}

export interface ExecutionCancelled extends Closing {
  readonly type: "ExecutionCancelled";
  readonly compensation: CompensationOutcome;
}

/** Ended at once, from outside: its code was told nothing, and nothing was undone. */
export interface ExecutionTerminated extends Recorded {
  readonly type: "ExecutionTerminated";
  readonly by?: string;
  readonly reason?: string;
}

/** The code asked to go on as a new execution, which is created after this one has ended. */
export interface ExecutionContinued extends Answering {
  readonly type: "ExecutionContinued";
  readonly input: Encoded;
}

/** Those that end the history. Only a redrive can follow. */
export type ClosingEvent =
  | ExecutionCompleted
  | ExecutionFailed
  | ExecutionCancelled
  | ExecutionTerminated
  | ExecutionContinued;

/** Those that change the state of operations without being delivered to the code: they answer nothing, and are never matched (I2). */
export type NotedEvent =
  | StepStarted
  | StepAttemptFailed
  | StepHeartbeat
  | ChildRequested
  | CallbackHeartbeat
  | MessageBuffered
  | ExecutionPaused
  | ExecutionResumed
  | ExecutionRedriven
  | MessagesInherited
  | ChangePatched
  | ExecutionStalled
  | LeaseTaken;

/** Those that take a message. */
export type ReceivedEvent = EventReceived | SignalReceived | CallbackReceived | ChildEnded;

/** Those that the code sees, one at a time (I2), the closing one last. */
export type DeliveredEvent =
  | StepCompleted
  | StepFailed
  | TimerFired
  | ReceivedEvent
  | ChildRefused
  | ChildAbandoned
  | WaitTimedOut
  | EventSent
  | SignalSent
  | UpdateReceived
  | UpdateAnswered
  | CancelRequested
  | DeadlinePassed
  | CompensationStarted
  | ClosingEvent;

/** Everything that is written into commits. The execution's start is its head itself (slot 0). */
export type HistoryEvent = NotedEvent | DeliveredEvent;

const NOTED: ReadonlySet<string> = new Set<NotedEvent["type"]>([
  "StepStarted",
  "StepAttemptFailed",
  "StepHeartbeat",
  "ChildRequested",
  "CallbackHeartbeat",
  "MessageBuffered",
  "ExecutionPaused",
  "ExecutionResumed",
  "ExecutionRedriven",
  "MessagesInherited",
  "ChangePatched",
  "ExecutionStalled",
  "LeaseTaken",
]);

const CLOSING: ReadonlySet<string> = new Set<ClosingEvent["type"]>([
  "ExecutionCompleted",
  "ExecutionFailed",
  "ExecutionCancelled",
  "ExecutionTerminated",
  "ExecutionContinued",
]);

export function isNotedEvent(event: HistoryEvent): event is NotedEvent {
  return NOTED.has(event.type);
}

export function isClosingEvent(event: HistoryEvent): event is ClosingEvent {
  return CLOSING.has(event.type);
}
