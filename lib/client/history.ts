import { ExecutionDeletedError } from "../model/deletion-errors.js";
import type { Head } from "../model/head.js";
import { recordedEntries, startedEntry } from "../runtime/entries.js";
import type { Outside } from "../runtime/outside.js";
import type { HistoryEntry } from "./types.js";

/**
 * The whole history: the start, all commits, and the tail that still rides in the head. In place of a large value that is gone or damaged
 * stands the error that says so: what stopped an execution must be seen beside all the rest.
 */
export async function historyOf({ store }: Outside, head: Head): Promise<HistoryEntry[]> {
  const { executionId, tail, deletedAt } = head;
  if (deletedAt !== undefined) throw new ExecutionDeletedError(executionId, deletedAt);
  const commits = await store.loadHistory(executionId, 0);
  const last = commits.at(-1)?.slot ?? 0;
  // A commit at the tail's slot has superseded it.
  const carried = tail !== undefined && tail.slot > last ? [tail] : [];
  return [
    await startedEntry(store, head),
    ...(await recordedEntries(store, executionId, [...commits, ...carried])),
  ];
}
