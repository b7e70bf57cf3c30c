/** The history of an execution as it stands, for those who only read it. */
import { CorruptHistoryError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import type { HistoryEvent } from "../model/history-event.js";
import type { Commit, ExecutionStore } from "../store/ports.js";
import { persistently } from "./persistently.js";

/** All commits up to the head's slot; a page may have been read before the newest was written, and the head knows better. */
export async function allCommits(store: ExecutionStore, head: Head): Promise<Commit[]> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const commits = await persistently(() => store.loadHistory(head.executionId, 0));
    const last = commits.at(-1)?.slot ?? 0;
    if (last >= head.slot && commits.length === last) return commits;
  }
  throw new CorruptHistoryError(head.executionId, `its commits are not whole up to slot ${head.slot}`);
}

/** The tail that no commit has superseded. */
export function carriedTail(head: Head, slot: number): readonly HistoryEvent[] {
  return head.tail !== undefined && head.tail.slot > slot ? head.tail.events : [];
}

/** Throws {@link CorruptHistoryError} for an execution that is gone. */
export async function wholeHistory(
  store: ExecutionStore,
  executionId: string,
): Promise<{ readonly head: Head; readonly events: readonly HistoryEvent[] }> {
  const head = await persistently(() => store.readHead(executionId));
  if (head === undefined) throw new CorruptHistoryError(executionId, "its head is gone");
  const commits = await allCommits(store, head);
  const tail = carriedTail(head, commits.at(-1)?.slot ?? 0);
  return { head, events: [...commits.flatMap((commit) => commit.events), ...tail] };
}
