/** The statuses of an execution, and the one table of their legal transitions. Nothing else in the project moves a status. */

export const STATUSES = [
  "running",
  "suspended",
  "paused",
  "compensating",
  "completed",
  "failed",
  "cancelled",
  "terminated",
  "stalled",
  "continued",
] as const;

/**
 * What can be said of an execution: it is at work (`running`, `suspended`, `paused`, `compensating`), it has ended (`completed`, `failed`, `cancelled`,
 * `terminated`, `continued` as another execution), or a person has to act (`stalled`).
 */
export type ExecutionStatus = (typeof STATUSES)[number];

/** Statuses in which the engine may still move the execution by itself. */
export type OpenStatus = "running" | "suspended" | "paused" | "compensating";

/**
 * Statuses in which an execution has ended. Only one that failed, or one that completed or was cancelled and not undone to the end, can be
 * made to go on again, by a redrive.
 */
export type ClosedStatus = "completed" | "failed" | "cancelled" | "terminated" | "continued";

const OPEN: readonly ExecutionStatus[] = ["running", "suspended", "paused", "compensating"];
const CLOSED: readonly ExecutionStatus[] = ["completed", "failed", "cancelled", "terminated", "continued"];

/** From each status, where it may go. A status may always stay what it is (a turn that yields is `running` before and after). */
export const TRANSITIONS: Record<ExecutionStatus, readonly ExecutionStatus[]> = {
  running: [...OPEN, ...CLOSED, "stalled"],
  suspended: [...OPEN, ...CLOSED, "stalled"],
  paused: [...OPEN, ...CLOSED, "stalled"],
  // A saga that nobody awaited may still be undone when the code has returned, or continued as new.
  compensating: ["compensating", "paused", ...CLOSED, "stalled"],
  stalled: ["stalled", "running", "compensating", "cancelled", "terminated"],
  completed: ["completed", "running"],
  failed: ["failed", "running"],
  cancelled: ["cancelled", "running"],
  terminated: ["terminated"],
  continued: ["continued"],
};

/** Still to be moved by the engine itself. */
export function isOpen(status: ExecutionStatus): status is OpenStatus {
  return OPEN.includes(status);
}

/** Ended. `stalled` is neither open nor closed: it waits for a person and still takes messages. */
export function isClosed(status: ExecutionStatus): status is ClosedStatus {
  return CLOSED.includes(status);
}

/** Whether messages are still accepted (PROTOCOL A6: a stalled execution accepts). */
export function acceptsMessages(status: ExecutionStatus): boolean {
  return !isClosed(status);
}

/** Whether the table above allows the move. */
export function mayMove(from: ExecutionStatus, to: ExecutionStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** The statuses from which `to` may be reached: the store's conditions are written from it. */
export function sourcesOf(to: ExecutionStatus): ExecutionStatus[] {
  return STATUSES.filter((from) => mayMove(from, to));
}
