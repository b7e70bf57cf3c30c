/** What executions asked of an engine's store: of those with few steps, and, from the difference to those with many, of one step. */
import { STEPS } from "./story.js";

export interface Counts {
  /** How often the engine went to its store, and waited for the answer. */
  readonly roundTrips: number;
  /** Records that it made durable: items, rows, entries of a log, files. */
  readonly writes: number;
  /** How often it waited until the disk had what was written. Not known of a store that is somebody else's. */
  readonly syncs?: number;
}

/** Steps of the long executions. */
export const MANY_STEPS = 13;

export interface Counted {
  readonly perExecution: Counts;
  readonly perStep: Counts;
}

/**
 * @param short of so many executions of {@link STEPS} steps
 * @param long of as many of {@link MANY_STEPS} steps
 */
export function countedOf(executions: number, short: Counts, long: Counts): Counted {
  const of = (each: (counts: Counts) => number): { readonly execution: number; readonly step: number } => ({
    execution: each(short) / executions,
    step: (each(long) - each(short)) / executions / (MANY_STEPS - STEPS),
  });
  const roundTrips = of((counts) => counts.roundTrips);
  const writes = of((counts) => counts.writes);
  const syncs = short.syncs === undefined ? undefined : of((counts) => counts.syncs ?? 0);
  return {
    perExecution: {
      roundTrips: roundTrips.execution,
      writes: writes.execution,
      ...(syncs === undefined ? {} : { syncs: syncs.execution }),
    },
    perStep: {
      roundTrips: roundTrips.step,
      writes: writes.step,
      ...(syncs === undefined ? {} : { syncs: syncs.step }),
    },
  };
}

/**
 * What lies between two counts, without what the engine does when nothing runs.
 * @param idle counts of an idle second
 */
export function countedBetween(before: Counts, after: Counts, seconds: number, idle: Counts): Counts {
  const between = (of: (counts: Counts) => number): number =>
    Math.max(0, of(after) - of(before) - of(idle) * seconds);
  return {
    roundTrips: between((counts) => counts.roundTrips),
    writes: between((counts) => counts.writes),
    ...(before.syncs === undefined ? {} : { syncs: between((counts) => counts.syncs ?? 0) }),
  };
}

export const NOTHING: Counts = { roundTrips: 0, writes: 0, syncs: 0 };
