/** What `holdfast dev --chaos` let go wrong, in a line; and when to say it. */
import type { ChaosCounts } from "../../local/chaos/chaos.js";

export type { ChaosCounts } from "../../local/chaos/chaos.js";

/** `3 in all: dynamodb 2 throttled, 1 cut` */
export function shownChaos(counts: ChaosCounts): string {
  const services = Object.entries(counts).map(([service, faults]) => {
    const each = Object.entries(faults).map(([fault, count]) => `${count} ${fault}`);
    return `${service} ${each.join(", ")}`;
  });
  return services.length === 0
    ? "nothing went wrong yet"
    : `${totalOf(counts)} in all: ${services.join("; ")}`;
}

function totalOf(counts: ChaosCounts): number {
  return Object.values(counts)
    .flatMap((faults) => Object.values(faults))
    .reduce((sum, count) => sum + count, 0);
}

const EVERY_MS = 30_000;

/** Says it every half minute in which something did; gives back how to end that. */
export function watchChaos(counts: () => ChaosCounts, tell: (counts: ChaosCounts) => void): () => void {
  let told = 0;
  const timer = setInterval(() => {
    const total = totalOf(counts());
    if (total !== told) tell(counts());
    told = total;
  }, EVERY_MS);
  return () => clearInterval(timer);
}
