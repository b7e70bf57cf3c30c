/** The history of an execution as it stands, for those who only read it. */
import { ExecutionDeletedError } from "../model/deletion-errors.js";
import { CorruptHistoryError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import type { HistoryEvent } from "../model/history-event.js";
import type { Commit, ExecutionStore } from "../store/ports.js";
import { persistently } from "./persistently.js";

/** Of the commits that are gone. */
const MOST_NAMED = 10;

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

/** Throws {@link CorruptHistoryError} for an execution that is gone, {@link ExecutionDeletedError} for one whose deletion has begun. */
export async function wholeHistory(
  store: ExecutionStore,
  executionId: string,
): Promise<{ readonly head: Head; readonly events: readonly HistoryEvent[] }> {
  const head = await persistently(() => store.readHead(executionId));
  if (head === undefined) throw new CorruptHistoryError(executionId, "its head is gone");
  if (head.deletedAt !== undefined) throw new ExecutionDeletedError(executionId, head.deletedAt);
  const commits = await allCommits(store, head);
  const tail = carriedTail(head, commits.at(-1)?.slot ?? 0);
  return { head, events: [...commits.flatMap((commit) => commit.events), ...tail] };
}

/** What can be read of a history. */
export interface ReadableHistory {
  readonly commits: readonly Commit[];
  /** The head's tail, when no commit has superseded it. */
  readonly carried: readonly HistoryEvent[];
  readonly events: readonly HistoryEvent[];
  /** The last slot that was ever filled, as far as that is known. */
  readonly slot: number;
  /** Slots whose commits are gone or can't be read. */
  readonly unread: readonly number[];
}

/** For those who must act without the rest. */
export async function readableHistory(store: ExecutionStore, head: Head): Promise<ReadableHistory> {
  const read = () => persistently(() => store.salvageHistory(head.executionId));
  let found = await read();
  // A page may have been read before the newest was written.
  if (unreadUpTo(head.slot, found).length > 0) found = await read();
  const { commits } = found;
  const unread = unreadUpTo(head.slot, found);
  const slot = Math.max(head.slot, commits.at(-1)?.slot ?? 0, unread.at(-1) ?? 0);
  const carried = carriedTail(head, slot);
  return { commits, carried, slot, unread, events: [...commits.flatMap(({ events }) => events), ...carried] };
}

function unreadUpTo(
  last: number,
  { commits, unread }: Awaited<ReturnType<ExecutionStore["salvageHistory"]>>,
): number[] {
  const known = Math.max(commits.at(-1)?.slot ?? 0, unread.at(-1) ?? 0);
  const beyond = Array.from({ length: Math.max(0, last - known) }, (_, index) => known + 1 + index);
  return [...unread, ...beyond];
}

/** In words; there are as many as fit into a sentence. */
export function wordsOf(unread: readonly number[]): string {
  const named = unread.slice(0, MOST_NAMED).join(", ");
  const more = unread.length > MOST_NAMED ? ` and ${unread.length - MOST_NAMED} more` : "";
  return unread.length === 1
    ? `commit ${named} is gone or can't be read`
    : `commits ${named}${more} are gone or can't be read`;
}
