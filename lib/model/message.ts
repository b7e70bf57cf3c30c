/** What others say to an execution: accepted into its inbox at most once by id, and in its history exactly once. */
import type { EpochMs } from "./time.js";
import type { Encoded } from "./value.js";

interface Accepted {
  /** Given by the sender, so that a repeat is the same message. */
  readonly id: string;
  /** When it was accepted, by the accepting function's clock. What is due is ordered by it (I9). */
  readonly at: EpochMs;
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

/** A request to cancel. */
export interface CancelMessage extends Accepted {
  readonly kind: "cancel";
  readonly by?: string;
  readonly reason?: string;
}

export type Message = EventMessage | CancelMessage;
