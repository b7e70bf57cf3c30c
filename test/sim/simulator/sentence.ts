/** A sentence about a simulated run, what it is about, and the words in which it is said. */
import type { BusEntry } from "../../../lib/runtime/outside.js";
import type { Ended, EndedExecution } from "../invariants.js";
import type { MadeCall, Trace } from "./trace.js";
import type { Weather } from "./weather.js";

/** A run at its end. */
export interface SimulatedEnd {
  readonly trace: Trace;
  readonly ended: Ended;
  /** What could go on by itself and did not, once it was calm, and before anybody encouraged it. */
  readonly standing: readonly string[];
  readonly weather: Weather;
  /** What is left in the queues: ids of executions that somebody still wants to wake, in either list. */
  readonly queued: { readonly wakes: readonly string[]; readonly dead: number };
  /** How often each event was published, by its stable id, with its place. */
  readonly published: ReadonlyMap<string, { readonly times: number; readonly order: string | undefined }>;
  /** Commits whose mark says that something of them is still to be carried. */
  readonly pendingOutboxes: number;
}

/** Gives what breaks it, in words; nothing when it holds. */
export type Sentence = (end: SimulatedEnd) => readonly string[];

/** Of each end, for every sentence about it. */
const made = new WeakMap<SimulatedEnd, readonly MadeCall[]>();

export const calls = (end: SimulatedEnd): readonly MadeCall[] => {
  const known = made.get(end) ?? end.trace.entries.filter((entry) => entry.kind === "call");
  made.set(end, known);
  return known;
};

export const reply = (call: MadeCall): Record<string, unknown> => Object(call.reply);

/** The execution that a call is about. */
export const idIn = (call: MadeCall): string => {
  const [first] = call.args;
  return typeof first === "string" ? first : String(Object(first).executionId);
};

/** Executions that the program is made of: the listener beside them lives on. */
export const own = (end: SimulatedEnd): readonly EndedExecution[] => end.ended.executions;

/** The stable ids of what a call of the bus publishes. */
export const publishedBy = ({ args }: MadeCall): readonly string[] =>
  (args[0] as readonly BusEntry[]).map(({ resources: [id = ""] }) => id.replace("holdfast:event:", ""));

/** Faults that leave a process as it was, and only late. */
const ONLY_LATE = /^(a call takes long|a reply takes long|a message is received twice)/;

/**
 * Whether a process lived to its end, and nothing that it called failed: whoever could not do what he should knows, and has it done again. Those that
 * were slow are among them.
 */
export function undisturbed({ trace }: SimulatedEnd): (process: number) => boolean {
  const failed = new Set(
    trace.faults.filter(({ what }) => !ONLY_LATE.test(what)).map(({ process }) => process),
  );
  return (process) => !trace.died.has(process) && !failed.has(process);
}
