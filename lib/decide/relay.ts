/**
 * What becomes of one outgoing message after a try.
 *
 * | the try                                                | then                                                              |
 * |--------------------------------------------------------|-------------------------------------------------------------------|
 * | was accepted (by the bus, the inbox, the table)        | published (final)                                                 |
 * | came after the time at which the message expires (it is not made then) | expired (final): it is of no use any more          |
 * | was refused for what it is (size, malformed), or for what stands there (a closed execution, another one of that id) | invalid (final): no retry can help |
 * | failed otherwise                                       | failed, tried again after a growing, jittered delay; dead (final) after the last |
 *
 * Who tries: the stream's record at once; then a nudge at the time that the mark names; and the audit, where neither came.
 *
 * And what a try to hand over a signal found:
 *
 * | the execution        | the try                                                                             |
 * |----------------------|-------------------------------------------------------------------------------------|
 * | has it (now, or already) | was accepted                                                                    |
 * | is closed            | was refused                                                                         |
 * | is not there         | failed: it may be about to be created; after a few such tries nobody believes that  |
 */
import type { OutboxEntryState } from "../model/outgoing.js";
import type { EpochMs } from "../model/time.js";

/** The bus's limit for one entry (PutEvents, size of an event). */
export const LARGEST_ENTRY_BYTES = 262_144;

/** With full jitter under a cap of five minutes a try comes every two and a half on average: these are some seventeen days, an outage of a week and more. */
export const MOST_TRIES = 10_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 300_000;

/** Some 55 minutes: much longer than any start takes, and than an audit that works off what an outage has left. */
export const MOST_TRIES_TO_FIND = 30;

export type PublishOutcome =
  | { readonly ok: true }
  /** @param mostTries it is dead after so many; {@link MOST_TRIES} where nothing is said */
  | {
      readonly ok: false;
      readonly permanent: boolean;
      readonly error: string;
      /** What it was thrown as, where it was: its words may be anybody's. */
      readonly thrown?: unknown;
      readonly mostTries?: number;
    };

/** What became of a try, or why there was none. */
export type TryOutcome =
  | PublishOutcome
  | { readonly ok: false; readonly expired: true; readonly error: string };

/** How long a re-relay has for the outboxes that it claimed: longer than the audit may run, so that nobody else takes them before. */
export const CLAIM_MS = 300_000;

/** The stream's record, and a nudge, have so long before the audit takes what is due; and a record that comes later is looked up first. */
export const RELAY_GRACE_MS = 60_000;

export function expired(expiresAt: EpochMs | undefined, now: EpochMs): TryOutcome | undefined {
  if (expiresAt === undefined || now < expiresAt) return undefined;
  const error = `it was not published before ${new Date(expiresAt).toISOString()}, when it expired`;
  return { ok: false, expired: true, error };
}

export function afterSignal(found: {
  readonly outcome: "appended" | "duplicate" | "closed" | "missing";
}): PublishOutcome {
  switch (found.outcome) {
    case "appended":
    case "duplicate":
      return { ok: true };
    case "closed":
      return { ok: false, permanent: true, error: "the execution that it is for is closed" };
    case "missing":
      return {
        ok: false,
        permanent: false,
        error: "there is no execution of the id that it is for",
        mostTries: MOST_TRIES_TO_FIND,
      };
  }
}

export function afterTry(before: OutboxEntryState, outcome: TryOutcome): OutboxEntryState {
  const tries = before.tries + 1;
  if (outcome.ok) return { state: "published", tries };
  // The error of the last real try says more than that the time was over.
  if ("expired" in outcome)
    return { state: "expired", tries: before.tries, lastError: before.lastError ?? outcome.error };
  if (outcome.permanent) return { state: "invalid", tries, lastError: outcome.error };
  const { mostTries = MOST_TRIES } = outcome;
  return { state: tries >= mostTries ? "dead" : "failed", tries, lastError: outcome.error };
}

/** What a claimed entry is again when there was no time to try it. */
export function untried({ claim: _, ...before }: OutboxEntryState): OutboxEntryState {
  return { ...before, state: before.tries === 0 ? "pending" : "failed" };
}

/** When a failed entry is tried again: full jitter over an exponential delay with a cap. */
export function nextTryAt(tries: number, now: EpochMs, random: number): EpochMs {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(tries, 20));
  return now + Math.round(FIRST_DELAY_MS + full * random);
}
