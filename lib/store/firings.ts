/** Firing records, in either store. */
import type { FiringRecord } from "./ports.js";

/** Whether what stands there is what a write wanted to be there: its own, when its reply was lost, or that of somebody who decided the same. */
export function isSameRecord(found: FiringRecord, wanted: FiringRecord): boolean {
  return (
    found.revision === wanted.revision &&
    found.decidedFor === wanted.decidedFor &&
    found.latest === wanted.latest &&
    found.skipped === wanted.skipped &&
    found.started.executionId === wanted.started.executionId &&
    found.started.at === wanted.started.at
  );
}
