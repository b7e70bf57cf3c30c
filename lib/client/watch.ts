/** An execution as it goes on, for those who look at it: how it stands, and what has happened since the look before. */
import { ExecutionNotFoundError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import type { ErrorClasses } from "../model/value.js";
import { recordedEntries, startedEntry } from "../runtime/entries.js";
import { carriedTail } from "../runtime/history.js";
import type { Outside } from "../runtime/outside.js";
import { persistently } from "../runtime/persistently.js";
import { hasStopped } from "../runtime/watch.js";
import { readHead } from "./control.js";
import { describeHead } from "./describe.js";
import type { ExecutionDescription, HistoryEntry } from "./types.js";

/** How often a watch looks, and what ends it. */
export interface WatchOptions {
  /** Between two looks, in milliseconds; default 1,000. A look at an execution that rests costs one read unit. */
  readonly everyMs?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** What a look has found that is new. */
export interface WatchedChange {
  /** Of the execution, or of the one that goes on in its place. */
  readonly description: ExecutionDescription;
  /** What has happened since the look before; at the first one the whole history. */
  readonly entries: readonly HistoryEntry[];
}

const EVERY_MS = 1_000;

/** The last event that was told: events are only ever added, and those of a tail come again with the commit that takes its slot. */
interface Told {
  readonly slot: number;
  /** Of this slot. */
  readonly events: number;
}

/**
 * Yields when something has changed, first of all at once, and ends with the execution: once it is closed or stalled, or the signal is aborted.
 * @throws ExecutionNotFoundError
 */
export async function* watchExecution(
  outside: Outside,
  executionId: string,
  { everyMs = EVERY_MS, signal }: WatchOptions,
  classes: ErrorClasses,
): AsyncGenerator<WatchedChange, void, void> {
  let id = executionId;
  let told: Told | undefined;
  let seen = "";
  while (signal?.aborted !== true) {
    const head = await readHead(outside, id);
    const { entries, upTo } = await since(outside, head, told);
    told = upTo;
    const now = fingerprint(head);
    if (entries.length > 0 || now !== seen)
      yield { description: await describeHead(outside, head, classes), entries };
    seen = now;
    if (hasStopped(head)) {
      const next = await successorOf(outside, head);
      if (next === undefined) return;
      id = next;
      told = undefined;
      continue;
    }
    await outside.clock.sleep(everyMs, signal);
  }
}

/** What goes on in its place, once it is there; a closed head does not change until then, so it is waited for here. */
async function successorOf(outside: Outside, { continuedTo }: Head): Promise<string | undefined> {
  if (continuedTo === undefined) return undefined;
  for (let pause = 50; pause < 60_000; pause *= 2) {
    if ((await persistently(() => outside.store.readHead(continuedTo))) !== undefined) return continuedTo;
    await outside.clock.sleep(pause);
  }
  throw new ExecutionNotFoundError(continuedTo);
}

async function since(
  { store }: Outside,
  head: Head,
  told: Told | undefined,
): Promise<{ readonly entries: readonly HistoryEntry[]; readonly upTo: Told }> {
  const { executionId } = head;
  const from = told ?? { slot: 0, events: 0 };
  // Of one whose deletion has begun, nothing is left to be told.
  if (head.deletedAt !== undefined) return { entries: [], upTo: from };
  const commits = await persistently(() => store.loadHistory(executionId, Math.max(0, from.slot - 1)));
  const last = commits.at(-1)?.slot ?? 0;
  const tail = carriedTail(head, last);
  const recorded = [
    ...commits,
    ...(tail.length === 0 || head.tail === undefined ? [] : [{ slot: head.tail.slot, events: tail }]),
  ];
  const fresh = recorded
    .filter(({ slot }) => slot >= from.slot)
    .map(({ slot, events }) => ({ slot, events: slot === from.slot ? events.slice(from.events) : events }));
  const newest = recorded.at(-1);
  const upTo =
    newest === undefined || newest.slot < from.slot
      ? from
      : { slot: newest.slot, events: newest.events.length };
  const entries = await recordedEntries(store, executionId, fresh);
  return { entries: told === undefined ? [await startedEntry(store, head), ...entries] : entries, upTo };
}

/** What of a head is shown, and may change. */
function fingerprint({
  status,
  epoch,
  lease,
  slot,
  inboxSeq,
  dueAt,
  settleToken,
  duties,
  deletedAt,
}: Head): string {
  return JSON.stringify([status, epoch, lease?.until, slot, inboxSeq, dueAt, settleToken, duties, deletedAt]);
}
