/** What an execution sends: it rides in the commit that caused it, and the relay carries it from there. */
import type { LifecycleKind } from "./lifecycle.js";
import type { SignalMessage } from "./message.js";
import type { EpochMs } from "./time.js";
import type { Encoded } from "./value.js";

/** In bytes. EventBridge takes 256 KB for a whole entry: this leaves room for its names and stamps. */
export const LARGEST_DETAIL_BYTES = 255_000;

/** In bytes, of a signal that an execution sends: it shares a commit, of at most 390 KiB, with what else happened. A client's may be larger. */
export const LARGEST_SIGNAL_BYTES = 255_000;

/**
 * What a commit counts for each of its outgoing messages beside the message itself: where it stands is written into the same item later,
 * at every try, and a mark that found no room would leave it untried for ever.
 */
export const STATE_BYTES = 150;

interface Sent {
  /** Stable over every retry: derived from the execution and the operation. */
  readonly id: string;
  readonly at: EpochMs;
}

/** An event for the bus, complete: nothing is computed again when it is published. */
export interface OutgoingEvent extends Sent {
  readonly kind: "event";
  /** The bus's `detail-type`. */
  readonly name: string;
  /** The user's payload as JSON text, and nothing else. */
  readonly detail: string;
  /** It is of no use from then on: not published yet, it is not published any more. */
  readonly expiresAt?: EpochMs;
}

/** A signal for another execution: the relay appends it to that one's inbox and wakes it. */
export interface OutgoingSignal extends Sent {
  readonly kind: "signal";
  /** The execution that it is for. */
  readonly to: string;
  readonly message: SignalMessage;
}

/** An execution to be started: the relay creates it (idempotent by its id) and wakes it. */
export interface OutgoingStart extends Sent {
  readonly kind: "start";
  readonly executionId: string;
  readonly workflow: string;
  readonly version?: string;
  readonly definition: string;
  readonly pinned?: boolean;
  readonly input: Encoded;
  /** From its creation. */
  readonly timeoutMs?: number;
  readonly lifecycleEvents?: readonly LifecycleKind[];
}

/** The wake of an execution whose head was written inside a user's own transaction (PROTOCOL D1). Not part of any commit. */
export interface OutgoingWake extends Sent {
  readonly kind: "wake";
  readonly executionId: string;
}

export type Outgoing = OutgoingEvent | OutgoingSignal | OutgoingStart;

/**
 * Where an outgoing message stands. `pending` is not tried yet (or was tried by a relay that did not come back), `processing` is claimed
 * by a re-relay until the outbox's `pendingAt`, `failed` will be tried again. Final are `published`, and what was given up: `invalid`
 * (nobody will ever take it), `expired` (its own time was over first), `dead` (it failed too often).
 */
export type OutboxState = "pending" | "processing" | "published" | "failed" | "invalid" | "expired" | "dead";

const FINAL: readonly OutboxState[] = ["published", "invalid", "expired", "dead"];

export function isFinal(state: OutboxState): boolean {
  return FINAL.includes(state);
}

/** Final, and nobody got it. */
export function isGivenUp(state: OutboxState): boolean {
  return isFinal(state) && state !== "published";
}

/** One entry's fate, beside the entry itself, so that marking never rewrites what is to be published. */
export interface OutboxEntryState {
  readonly state: OutboxState;
  readonly tries: number;
  readonly lastError?: string;
  /** Of the first that is `processing`: made anew for every claim, so that two claims of the same instant are not one. */
  readonly claim?: string;
}

const STAGED = "staged#";

/** Under what a message of a user's own transaction lies. No execution can have the id: `#` is not allowed in one. */
export function stagedId(messageId: string): string {
  return STAGED + messageId;
}

export function isStaged(executionId: string): boolean {
  return executionId.startsWith(STAGED);
}
