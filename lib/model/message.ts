/** What others say to an execution: accepted into its inbox at most once by id, and in its history exactly once. */
import { digest } from "./ids.js";
import type { ClosedStatus } from "./status.js";
import type { EpochMs } from "./time.js";
import type { Encoded } from "./value.js";

interface Accepted {
  /** Given by the sender, so that a repeat is the same message. */
  readonly id: string;
  /** When it was accepted, by the accepting function's clock. What is due is ordered by it (I9). */
  readonly at: EpochMs;
  /** The order among messages of one sender at one instant: clocks count milliseconds, and senders send more than one in each. */
  readonly nth?: number;
}

/** A bus event that matched a wait, or was sent to this execution alone. */
export interface EventMessage extends Accepted {
  readonly kind: "event";
  /** The declared event's name (the bus's `detail-type`). */
  readonly name: string;
  /** The correlation key; absent for events that declare none. */
  readonly key?: string;
  readonly data: Encoded;
}

/**
 * The id by which inboxes and histories know an event. Publishers choose ids, each for its own type: the same id of another type, of a signal or
 * of anything else is another message. By a digest of the name, since it stands in every record of the event, and these are to stay small.
 */
export function eventMessageId(name: string, eventId: string): string {
  return `${digest(name, 6)}#${eventId}`;
}

/** What the publisher calls it; any other id as it is. */
export function eventIdOf(messageId: string): string {
  return messageId.replace(/^[\w-]{6}#/, "");
}

/** Sent to this execution by name, by a client or by another execution. */
export interface SignalMessage extends Accepted {
  readonly kind: "signal";
  readonly name: string;
  readonly data: Encoded;
}

/** How something outside ended: with `error` it failed, without one it gave `result` (absent for `undefined`). */
interface Ended {
  readonly result?: Encoded;
  readonly error?: Encoded;
}

/** A callback token was completed or failed from outside. */
export interface CallbackMessage extends Accepted, Ended {
  readonly kind: "callback";
  /** The callback operation's path. */
  readonly op: string;
}

/** Whoever holds a callback token is still at work. Brings no wake of its own: it is read when the heartbeat would be overdue. */
export interface HeartbeatMessage extends Accepted {
  readonly kind: "heartbeat";
  readonly op: string;
  /** The end of the span of time for which it speaks. */
  readonly until: EpochMs;
}

/** A child execution ended. */
export interface ChildMessage extends Accepted, Ended {
  readonly kind: "child";
  /** The operation of the parent that asked for it: a child that continued as new has another id than was asked for. */
  readonly op: string;
  readonly childId: string;
  /** How it ended. */
  readonly status: ClosedStatus;
}

/** A validated message that wants an answer. */
export interface UpdateMessage extends Accepted {
  readonly kind: "update";
  readonly name: string;
  readonly data: Encoded;
}

interface Asked extends Accepted {
  readonly by?: string;
  readonly reason?: string;
}

/** A request to cancel. */
export interface CancelMessage extends Asked {
  readonly kind: "cancel";
}

/** A request to begin no new step. */
export interface PauseMessage extends Asked {
  readonly kind: "pause";
}

/** The end of a pause. */
export interface ResumeMessage extends Asked {
  readonly kind: "resume";
}

/** A failed or stalled execution is to go on. Written together with the status that lets it. */
export interface RedriveMessage extends Asked {
  readonly kind: "redrive";
  /** Positions (from 0) of the history events that no longer count: the failures that ended it, and its end (`decide/redrive.ts`). */
  readonly voided?: readonly number[];
}

/** Messages that an operation of the workflow's code can wait for. */
export type AwaitedMessage = EventMessage | SignalMessage | CallbackMessage | ChildMessage;

export type Message =
  | AwaitedMessage
  | HeartbeatMessage
  | UpdateMessage
  | CancelMessage
  | PauseMessage
  | ResumeMessage
  | RedriveMessage;

/**
 * What a message is about: an operation that waits names the same subject. As JSON of a list, so that no name or key can pass for another
 * pair, and an empty key is not an absent one.
 */
export function subjectOf(message: AwaitedMessage): string {
  switch (message.kind) {
    case "event":
      return eventSubject(message.name, message.key);
    case "signal":
      return signalSubject(message.name);
    case "callback":
      return callbackSubject(message.op);
    case "child":
      return childSubject(message.op);
  }
}

export function eventSubject(name: string, key: string | undefined): string {
  return JSON.stringify(key === undefined ? ["event", name] : ["event", name, key]);
}

export function signalSubject(name: string): string {
  return JSON.stringify(["signal", name]);
}

export function callbackSubject(op: string): string {
  return JSON.stringify(["callback", op]);
}

export function childSubject(op: string): string {
  return JSON.stringify(["child", op]);
}

/** Whether it is for one operation of one execution, and of no use to the execution that goes on after it by `continueAsNew`. */
export function isForOneOperation(message: Message): boolean {
  return message.kind === "callback" || message.kind === "heartbeat" || message.kind === "child";
}

/** Oldest first; of one millisecond, in their sender's order. The id decides what is left, so that every reader sees one order. */
export function byAcceptance(one: Message, other: Message): number {
  return (
    one.at - other.at ||
    (one.nth ?? 0) - (other.nth ?? 0) ||
    (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
  );
}
