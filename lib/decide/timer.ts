/**
 * How a wake is carried to its time. Pure functions of time, so that every border can be tested.
 *
 * | remaining          | carried by                                                                        |
 * |--------------------|-----------------------------------------------------------------------------------|
 * | at most 1 s        | the process itself                                                                |
 * | at most 15 min     | the wake queue's delay, in whole seconds rounded down                             |
 * | more               | a one-shot schedule at a minute in [T − 14 min, T − 90 s], put back to T on arrival |
 */
import { shardOf } from "../model/ids.js";
import type { EpochMs } from "../model/time.js";

/** Held in the process: at Lambda's price for 512 MB a suspension and a resume cost as much as some 0.4 s of waiting. */
export const INLINE_MS = 1_000;

/** SQS's longest `DelaySeconds`. */
export const LONGEST_DELAY_MS = 900_000;

/** EventBridge Scheduler fires at any second of its minute, and some seconds late: 90 s before T leaves at least 30 s to spare. */
const LATEST_LEAD_MS = 90_000;

/** 14 minutes before T is the earliest from which one queue delay still reaches T with a minute to spare. */
const EARLIEST_LEAD_MS = 840_000;

const MINUTE_MS = 60_000;

export type Carrier =
  | { readonly by: "process"; readonly ms: number }
  | { readonly by: "queue"; readonly delaySeconds: number }
  | { readonly by: "schedule"; readonly at: EpochMs };

/** @param spread any text that differs between timers: it chooses the minute, so that a million timers of one instant spread themselves */
export function carrierFor(dueAt: EpochMs, now: EpochMs, spread: string): Carrier {
  const remaining = dueAt - now;
  if (remaining <= INLINE_MS) return { by: "process", ms: Math.max(0, remaining) };
  if (remaining <= LONGEST_DELAY_MS) return { by: "queue", delaySeconds: delaySecondsFor(dueAt, now) };
  return { by: "schedule", at: scheduleMinute(dueAt, spread) };
}

/** The longest queue delay that does not overshoot `dueAt`: whole seconds, 0 to 900. */
export function delaySecondsFor(dueAt: EpochMs, now: EpochMs): number {
  return Math.floor(Math.min(LONGEST_DELAY_MS, Math.max(0, dueAt - now)) / 1_000);
}

/**
 * Whether a schedule that is there already may be the one whose firing brought the wake in hand: it fires in its minute by Scheduler's clock,
 * is gone only some time later, and our own clock may be behind. What is further off than one hop has certainly not fired.
 */
export function mayHaveFired(at: EpochMs, now: EpochMs): boolean {
  return at - now <= LONGEST_DELAY_MS;
}

/** It depends on nothing but the timer, and lies more than a minute ahead of whoever arms what is too far for the queue. */
function scheduleMinute(dueAt: EpochMs, spread: string): EpochMs {
  const earliest = ceilToMinute(dueAt - EARLIEST_LEAD_MS);
  const minutes = (floorToMinute(dueAt - LATEST_LEAD_MS) - earliest) / MINUTE_MS + 1;
  return earliest + shardOf(spread, minutes) * MINUTE_MS;
}

const floorToMinute = (at: EpochMs): EpochMs => Math.floor(at / MINUTE_MS) * MINUTE_MS;
const ceilToMinute = (at: EpochMs): EpochMs => Math.ceil(at / MINUTE_MS) * MINUTE_MS;
