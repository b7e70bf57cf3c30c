/** A wake that the live worker hands to the version that its execution is pinned to: what goes with it, beside the wake. */
import type { EpochMs } from "../model/time.js";
import { type Limits, limitsUntil } from "../runtime/turn/work.js";

/** The message attribute that marks it, and says by when the one that hands it over will have ended. Every release reads it. */
export const HANDED_UNTIL = "HoldfastHandedUntil";

/** Undefined for a wake from the queue. */
export function handedUntil(attributes: Readonly<Record<string, string>>): EpochMs | undefined {
  const until = Number(attributes[HANDED_UNTIL]);
  return Number.isFinite(until) && until > 0 ? until : undefined;
}

/**
 * A version's own timeout may be longer than the live worker's is today, and the message comes back by the live one's: the turn ends before.
 * @param limits of the invocation
 */
export function within(limits: Limits, until: EpochMs | undefined, now: EpochMs): Limits {
  if (until === undefined || until >= limits.deadline) return limits;
  const share = Math.max(0, until - now) / Math.max(1, limits.deadline - now);
  return limitsUntil(until, limits.wholeMs, (limits.deadline - limits.stopAt) * share);
}
