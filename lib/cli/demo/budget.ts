/** The write-unit ledger of the design, as what a scene may cost at most. */

export interface BudgetLine {
  readonly what: string;
  readonly units: number;
}

/** Units of one operation, its index entries included, with payloads of up to 1 KB. */
const LEDGER = {
  start: ["start, with its index entries", 3],
  lease: ["a turn's lease", 1],
  takeover: ["a takeover: lease and record", 2],
  commit: ["a commit: a step's result, a failed attempt", 1],
  suspension: ["a suspension", 1],
  completion: ["completion, with its index removal", 2],
  failure: ["failure, with its index entries", 3],
  sent: ["an event sent, until it is published", 3],
  recentEvent: ["an event from the bus, remembered", 1],
  wait: ["a wait, and its removal", 2],
  delivery: ["a delivery", 1],
} as const satisfies Record<string, readonly [what: string, units: number]>;

/** How often a run does what; absent is never. */
export function budget(counts: Partial<Record<keyof typeof LEDGER, number>>): BudgetLine[] {
  return Object.entries(LEDGER).flatMap(([name, [what, units]]) => {
    const count = isEntry(name) ? (counts[name] ?? 0) : 0;
    return count === 0 ? [] : [{ what: count === 1 ? what : `${count} × ${what}`, units: units * count }];
  });
}

function isEntry(name: string): name is keyof typeof LEDGER {
  return Object.hasOwn(LEDGER, name);
}
