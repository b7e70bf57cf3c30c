/**
 * What bodies really did, kept outside of Holdfast: every run of a body writes down that it begins and that it has ended, each in a file of
 * its process, forced to the disk. A process that is killed in between leaves a run without an end.
 */
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Names the directory to the functions. */
export const LEDGER = "CHAOS_LEDGER";

/** One run of one body. */
export interface Run {
  /** `execution/operation`: the idempotency key, which is the same at every run. */
  readonly place: string;
  readonly attempt: number;
  /** Only this run knows it. */
  readonly nonce: string;
  readonly pid: number;
  /** By how much its process's clock was ahead. */
  readonly skewMs: number;
  /** True time, whatever its process took for it. */
  readonly beganAt: number;
  /** Absent for one that was killed, or that threw. */
  readonly endedAt?: number;
}

type Line = { readonly began: Run } | { readonly ended: string; readonly at: number };

export function noteBegin(run: Pick<Run, "place" | "attempt" | "nonce">): void {
  const beganAt = trueTime();
  const { pid } = process;
  note({ began: { ...run, pid, skewMs: Math.round(Date.now() - beganAt), beganAt } });
}

export function noteEnd(nonce: string): void {
  note({ ended: nonce, at: trueTime() });
}

/** The system's own clock: a process whose `Date` is off was started by it all the same. */
function trueTime(): number {
  return Math.round(performance.timeOrigin + performance.now());
}

function note(line: Line): void {
  appendFileSync(join(named(LEDGER), `${process.pid}.jsonl`), `${JSON.stringify(line)}\n`, { flag: "as" });
}

/** What the stack says to its functions. */
export function named(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set. The stack of the chaos sets it.`);
  return value;
}

/** All runs, in the order of their beginnings. */
export function readLedger(directory: string): Run[] {
  const lines = readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), "utf8")
      .split("\n")
      .filter((text) => text !== "")
      .map((text): Line => JSON.parse(text)),
  );
  const ends = new Map(lines.flatMap((line) => ("ended" in line ? [[line.ended, line.at]] : [])));
  return lines
    .flatMap((line) => ("began" in line ? [line.began] : []))
    .map((run) => {
      const endedAt = ends.get(run.nonce);
      return endedAt === undefined ? run : { ...run, endedAt };
    })
    .sort((one, other) => one.beganAt - other.beganAt);
}
