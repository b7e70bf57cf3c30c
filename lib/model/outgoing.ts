/** Outgoing events: they ride in the commit that caused them, and the relay publishes them. */
import type { EpochMs } from "./time.js";

/** In bytes. EventBridge takes 256 KB for a whole entry: this leaves room for its names and stamps. */
export const LARGEST_DETAIL_BYTES = 255_000;

/** One outgoing event, complete: nothing is computed again when it is published. */
export interface OutgoingEvent {
  /** Stable over every retry: derived from the execution and the operation. */
  readonly id: string;
  /** The bus's `detail-type`. */
  readonly name: string;
  /** The user's payload as JSON text, and nothing else. */
  readonly detail: string;
  readonly at: EpochMs;
}

/**
 * Where an outgoing event stands. `pending` is not tried yet (or was tried by a relay that did not come back), `processing` is claimed
 * by a re-relay, `failed` will be tried again; `published`, `invalid`, `expired` and `dead` are final.
 */
export type OutboxState = "pending" | "processing" | "published" | "failed" | "invalid" | "expired" | "dead";

const FINAL: readonly OutboxState[] = ["published", "invalid", "expired", "dead"];

export function isFinal(state: OutboxState): boolean {
  return FINAL.includes(state);
}

/** One entry's fate, beside the entry itself, so that marking never rewrites what is to be published. */
export interface OutboxEntryState {
  readonly state: OutboxState;
  readonly tries: number;
  readonly lastError?: string;
}
