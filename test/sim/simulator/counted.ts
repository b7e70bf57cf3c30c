/** What simulated runs were made of, in numbers. */
import type { Simulated } from "./simulation.js";

export interface Counted {
  runs: number;
  calls: number;
  bodies: number;
  /** By the first execution's status. */
  readonly ends: Record<string, number>;
  /** How often each kind has struck. */
  readonly faults: Record<string, number>;
}

export interface Failure {
  readonly seed: number;
  readonly broken: readonly string[];
  readonly report: string;
}

export function nothingCounted(): Counted {
  return { runs: 0, calls: 0, bodies: 0, ends: {}, faults: {} };
}

export function tally(counted: Counted, { surroundings, status }: Simulated): void {
  const { entries } = surroundings.trace;
  counted.runs += 1;
  counted.calls += entries.filter(({ kind }) => kind === "call").length;
  counted.bodies += entries.filter(({ kind }) => kind === "body").length;
  counted.ends[status] = (counted.ends[status] ?? 0) + 1;
  for (const { what } of surroundings.trace.faults) {
    const fault = what.split(":")[0] ?? what;
    counted.faults[fault] = (counted.faults[fault] ?? 0) + 1;
  }
}

export function sumOf(counted: Counted, more: Counted): void {
  counted.runs += more.runs;
  counted.calls += more.calls;
  counted.bodies += more.bodies;
  for (const kind of ["ends", "faults"] as const)
    for (const [name, times] of Object.entries(more[kind]))
      counted[kind][name] = (counted[kind][name] ?? 0) + times;
}
