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

/** A wait took a message: one that came with this event (`message`), or one that was buffered earlier (`messageId` alone). */
export interface EventReceived extends Answer {
  readonly type: "EventReceived";
  readonly messageId: string;
  readonly message?: Message;
}

export interface WaitTimedOut extends Answer {
  readonly type: "WaitTimedOut";
}

/** An outgoing event was handed to the commit that holds this history event (and lies in that commit's outbox). */
export interface EventSent extends Answer {
  readonly type: "EventSent";
  readonly eventId: string;
  readonly name: string;
}

/** A message was taken from the inbox before anything awaited it. */
export interface MessageBuffered extends Recorded {
  readonly type: "MessageBuffered";
  readonly message: Message;
}

/** The execution was asked to cancel: every operation that is pending throws `CancelledError`. */
export interface CancelRequested extends Answering {
  readonly type: "CancelRequested";
  readonly messageId: string;
  readonly by?: string;
  readonly reason?: string;
}

/** The workflow function threw: from here on, completed steps are undone in reverse order. */
export interface CompensationStarted extends Answer {
  readonly type: "CompensationStarted";
  readonly error: Encoded;
}

/** The engine could not go on, and a person has to act: why, in words. What comes after it came after a redrive. */
export interface ExecutionStalled extends Recorded {
  readonly type: "ExecutionStalled";
  readonly reason: string;
}

/** An owner took the execution over from one that never released it. Counts one attempt for each step pending at its place. */
export interface LeaseTaken extends Recorded {
  readonly type: "LeaseTaken";
  readonly epoch: number;
}

interface Closing extends Answering {
  /** Ids of messages that were accepted and that nobody awaited; absent when there are none. */
  readonly unread?: readonly string[];
}

/** What became of the compensations: there were none, all ended well, or at least one gave up. */
export type CompensationOutcome = "none" | "complete" | "incomplete";

export interface ExecutionCompleted extends Closing {
  readonly type: "ExecutionCompleted";
}

export interface ExecutionFailed extends Closing {
  readonly type: "ExecutionFailed";
  readonly compensation: CompensationOutcome;
}

export interface ExecutionCancelled extends Closing {
  readonly type: "ExecutionCancelled";
  readonly compensation: CompensationOutcome;
}

/** Everything that is written into commits. The execution's start is its head itself (slot 0). */
export type HistoryEvent =
  | StepStarted
  | StepAttemptFailed
  | StepCompleted
  | StepFailed
  | TimerFired
  | EventReceived
  | WaitTimedOut
  | EventSent
  | MessageBuffered
  | CancelRequested
  | CompensationStarted
  | ExecutionStalled
  | LeaseTaken
  | ExecutionCompleted
  | ExecutionFailed
  | ExecutionCancelled;

/** Those that end the history. */
export type ClosingEvent = ExecutionCompleted | ExecutionFailed | ExecutionCancelled;

/** Those that change the state of operations without being delivered to the code: they answer nothing, and are never matched (I2). */
export type NotedEvent = StepStarted | StepAttemptFailed | MessageBuffered | ExecutionStalled | LeaseTaken;

/** Those that the code sees, one at a time (I2), the closing one last. */
export type DeliveredEvent = Exclude<HistoryEvent, NotedEvent>;

export function isNotedEvent(event: HistoryEvent): event is NotedEvent {
  switch (event.type) {
    case "StepStarted":
    case "StepAttemptFailed":
    case "MessageBuffered":
    case "ExecutionStalled":
    case "LeaseTaken":
      return true;
    default:
      return false;
  }
}

export function isClosingEvent(event: HistoryEvent): event is ClosingEvent {
  return (
    event.type === "ExecutionCompleted" ||
    event.type === "ExecutionFailed" ||
    event.type === "ExecutionCancelled"
  );
}
