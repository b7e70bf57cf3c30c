/** The write-unit ledger of the design, as what a scene may cost at most. */
import type { HistoryEntry } from "../../client/types.js";

export interface BudgetLine {
  readonly what: string;
  readonly units: number;
}

/** Units of one operation, its index entries included, with payloads of up to 1 KB. */
const LEDGER = {
  start: ["start, with its index entries", 3],
  lease: ["a turn's lease", 1],
  takeover: ["a takeover: lease and record", 2],
  commit: ["a commit of up to 1 KB: what ended since the last write", 1],
  errorKilobyte: ["an error with its stack, per KB and write that holds it", 1],
  suspension: ["a suspension", 1],
  completion: ["completion, with its index removal", 2],
  failure: ["failure, with its index entries", 3],
  sent: ["an event sent, until it is published", 3],
  recentEvent: ["an event from the bus, remembered", 1],
  wait: ["a wait, and its removal", 2],
  delivery: ["a delivery", 1],
  repeat: ["a start that finds it there already", 1],
} as const satisfies Record<string, readonly [what: string, units: number]>;

/** How often a run does what; absent is never. */
export function budget(counts: Partial<Record<keyof typeof LEDGER, number>>): BudgetLine[] {
  return Object.entries(LEDGER).flatMap(([name, [what, units]]) => {
    const count = isEntry(name) ? (counts[name] ?? 0) : 0;
    return count === 0
      ? []
      : [{ what: count === 1 ? what : `${what} (${count} times)`, units: units * count }];
  });
}

/**
 * The ledger is for payloads of up to 1 KB; an error brings its stack, whose size depends on where the code lies. It is paid
 * for in its commit, again when the relay marks that commit, and in an item of its own where it is the execution's end.
 */
export function errorKilobytes(history: readonly HistoryEntry[]): number {
  const marked = new Set(history.flatMap(({ slot, event }) => (event.type === "EventSent" ? [slot] : [])));
  return history.reduce((sum, { slot, event }) => {
    if (!("error" in event)) return sum;
    const writes = 1 + (marked.has(slot) ? 1 : 0) + (event.type === "CompensationStarted" ? 1 : 0);
    return sum + writes * Math.ceil(Buffer.byteLength(JSON.stringify(event.error)) / KILOBYTE);
  }, 0);
}

const KILOBYTE = 1_024;

function isEntry(name: string): name is keyof typeof LEDGER {
  return Object.hasOwn(LEDGER, name);
}
