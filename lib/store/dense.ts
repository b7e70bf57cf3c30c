/** Slots are dense: a gap means that an item is gone, and replaying around it would silently forget what it held. */
import { CorruptHistoryError } from "../model/errors.js";
import type { Commit } from "./ports.js";

/** Throws {@link CorruptHistoryError} unless the commits are exactly those from `afterSlot + 1` on, in order. */
export function checkDense(executionId: string, afterSlot: number, commits: readonly Commit[]): void {
  commits.forEach((commit, index) => {
    const expected = afterSlot + 1 + index;
    if (commit.slot === expected) return;
    throw new CorruptHistoryError(
      executionId,
      `commit ${expected} is missing, the next one found is ${commit.slot}`,
    );
  });
}

/** The slots from 1 to `last` that none of the commits has. */
export function emptySlots(commits: readonly Commit[], last: number): number[] {
  const filled = new Set(commits.map(({ slot }) => slot));
  return Array.from({ length: last }, (_, index) => index + 1).filter((slot) => !filled.has(slot));
}
