/** The last error of each step that is to be tried again. The head only counts them; the history has them. */
import type { ExecutionDescription, HistoryEntry } from "../../client/types.js";
import { decoded } from "../history-event.js";

/** By the path of the step. */
export type LastErrors = ReadonlyMap<string, Error>;

export function needsHistory({ progress, deletedAt }: ExecutionDescription): boolean {
  return (
    deletedAt === undefined && progress.awaits.some(({ failedAttempts }) => failedAttempts !== undefined)
  );
}

export function lastErrors({ progress }: ExecutionDescription, history: readonly HistoryEntry[]): LastErrors {
  const tried = new Set(progress.awaits.flatMap((it) => (it.failedAttempts === undefined ? [] : [it.op])));
  const found = new Map<string, Error>();
  for (const { event } of history) {
    if (event.type !== "StepAttemptFailed" || !tried.has(event.op)) continue;
    const thrown = decoded(event.error);
    found.set(event.op, thrown instanceof Error ? thrown : new Error(String(thrown)));
  }
  return found;
}
