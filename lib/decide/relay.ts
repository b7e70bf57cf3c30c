/**
 * What becomes of one outgoing event after a try.
 *
 * | the try                                              | then                                                              |
 * |------------------------------------------------------|-------------------------------------------------------------------|
 * | was accepted by the bus                              | published (final)                                                 |
 * | was refused for what the event is (size, malformed)  | invalid (final): no retry can help                                |
 * | failed otherwise                                     | failed, tried again after a growing, jittered delay; dead (final) after the last |
 */
import type { OutboxEntryState } from "../model/outgoing.js";
import type { EpochMs } from "../model/time.js";

/** The bus's limit for one entry (PutEvents, size of an event). */
export const LARGEST_ENTRY_BYTES = 262_144;

/** With full jitter under a cap of five minutes a try comes every two and a half on average: these are some seventeen days, an outage of a week and more. */
export const MOST_TRIES = 10_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 300_000;

export type PublishOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly permanent: boolean; readonly error: string };

export function afterTry(before: OutboxEntryState, outcome: PublishOutcome): OutboxEntryState {
  const tries = before.tries + 1;
  if (outcome.ok) return { state: "published", tries };
  if (outcome.permanent) return { state: "invalid", tries, lastError: outcome.error };
  return { state: tries >= MOST_TRIES ? "dead" : "failed", tries, lastError: outcome.error };
}

/** When a failed entry is tried again: full jitter over an exponential delay with a cap. */
export function nextTryAt(tries: number, now: EpochMs, random: number): EpochMs {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(tries, 20));
  return now + Math.round(FIRST_DELAY_MS + full * random);
}
