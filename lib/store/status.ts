/** What a status means to storage: which index bucket shows it, and which moves a settlement may make. */
import type { Head } from "../model/head.js";
import { acceptsMessages, type ExecutionStatus, isOpen, mayMove, STATUSES } from "../model/status.js";

/** All open statuses share one bucket, so that running → suspended → running never rewrites the index. */
export type StatusBucket = "open" | "failed" | "stalled";

export const STATUS_BUCKETS: readonly StatusBucket[] = ["open", "failed", "stalled"];

/**
 * The bucket that shows an execution; undefined for the common ends, which are found by workflow and time. One that has ended and has closing
 * duties left is among the open ones, since the audit looks there alone.
 */
export function bucketOf(status: ExecutionStatus, duties: Head["duties"] = []): StatusBucket | undefined {
  if (isOpen(status) || duties.length > 0) return "open";
  return status === "failed" || status === "stalled" ? status : undefined;
}

export const OPEN_STATUSES: readonly ExecutionStatus[] = STATUSES.filter(isOpen);

/** Ends that are as they should be: one who ended so goes on only to undo what was not undone. */
export const REOPENABLE_TO_UNDO: readonly ExecutionStatus[] = ["completed", "cancelled"];

/** From which a person may have an execution go on, whatever became of its compensations. */
export const REOPENABLE_STATUSES: readonly ExecutionStatus[] = STATUSES.filter(
  (status) => !isOpen(status) && mayMove(status, "running") && !REOPENABLE_TO_UNDO.includes(status),
);

export function mayReopen({ status, compensation }: Pick<Head, "status" | "compensation">): boolean {
  return (
    REOPENABLE_STATUSES.includes(status) ||
    (REOPENABLE_TO_UNDO.includes(status) && compensation === "incomplete")
  );
}

export const ACCEPTING_STATUSES: readonly ExecutionStatus[] = STATUSES.filter(acceptsMessages);

/** Throws when the table of transitions forbids the move: the caller has a fault, and nothing has been written yet. */
export function checkTransition(executionId: string, from: ExecutionStatus, to: ExecutionStatus): void {
  if (mayMove(from, to)) return;
  throw new Error(
    `Execution "${executionId}" can't be settled from ${from} to ${to}: the table of transitions has no such move. Nothing was written.`,
  );
}
