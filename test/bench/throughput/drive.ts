/** Runs many executions, so many of them at once, and takes their time. The same for every engine. */
import { check, type Order, STEPS } from "./story.js";

export interface Load {
  readonly inFlight: number;
  readonly executions: number;
}

export interface Ran extends Load {
  readonly seconds: number;
  readonly executionsPerSecond: number;
  readonly stepsPerSecond: number;
  /** From before the call that starts it to its result, in milliseconds. */
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** Starts an execution and resolves with its result. */
export type Run = (order: Order) => Promise<unknown>;

/** Numbers are given once, so that no execution has the id of another. */
let next = 0;

/** @throws when a result is wrong */
export async function drive({ inFlight, executions }: Load, run: Run): Promise<Ran> {
  const ms: number[] = [];
  let left = executions;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      ms.push(await timed({ n: next++, steps: STEPS }, run));
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return ranOf({ inFlight, executions }, (performance.now() - began) / 1_000, ms);
}

async function timed(order: Order, run: Run): Promise<number> {
  const began = performance.now();
  const found = await run(order);
  const took = performance.now() - began;
  check(order, found);
  return took;
}

/** One after the other, for what is counted of them. */
export async function inARow(executions: number, steps: number, run: Run): Promise<void> {
  for (let done = 0; done < executions; done++) await timed({ n: next++, steps }, run);
}

export function ranOf(load: Load, seconds: number, ms: readonly number[]): Ran {
  return {
    ...load,
    seconds,
    executionsPerSecond: load.executions / seconds,
    stepsPerSecond: (load.executions * STEPS) / seconds,
    medianMs: percentile(ms, 0.5),
    p95Ms: percentile(ms, 0.95),
  };
}

/** The value that this part of them does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
  if (found === undefined) throw new Error("A percentile of no values was asked for.");
  return found;
}
