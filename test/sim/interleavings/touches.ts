/**
 * What a call to the outside reads and writes, seen from its name and arguments alone. Two calls are independent when neither writes what the
 * other touches: then they take effect in either order with the same replies and the same end. A call that is not named here touches
 * everything, so that a new one costs orders and hides none.
 */
import { shardOf } from "../../../lib/model/ids.js";
import { INDEX_SHARDS } from "../../../lib/store/ports.js";

export interface Touch {
  readonly table: string;
  /** Absent: all of the table. */
  readonly key?: string;
  readonly writes: boolean;
}

const reads = (table: string, key?: string): Touch => touch(table, key, false);
const writes = (table: string, key?: string): Touch => touch(table, key, true);

function touch(table: string, key: string | undefined, writes: boolean): Touch {
  return key === undefined ? { table, writes } : { table, key, writes };
}

type Args = readonly unknown[];

/** The execution that the first argument names, or is. */
function idIn([first]: Args): string {
  return typeof first === "string" ? first : String(Object(first).executionId);
}

/** The event's name and key that the first argument names. */
function topicIn([first]: Args): string {
  const { name, key } = Object(first);
  return JSON.stringify([name, key ?? null]);
}

/** The indexes that list executions and outboxes are in partitions of their own. */
const shard = (args: Args): string => String(shardOf(idIn(args), INDEX_SHARDS));
const listed = ([request]: Args): string | undefined => Object(request).shard?.toString();

const readsHead = (args: Args): Touch[] => [reads("heads", idIn(args))];
const writesHead = (args: Args): Touch[] => [writes("heads", idIn(args)), writes("open", shard(args))];
const readsCommits = (args: Args): Touch[] => [reads("commits", idIn(args))];

/** What it sends comes to the relay in the order of the commits. */
const append = (args: Args): Touch[] => [
  writes("commits", idIn(args)),
  ...(Object(args[0]).outgoing.length > 0 ? [writes("stream"), writes("pending", shard(args))] : []),
];

const KNOWN: Readonly<Record<string, (args: Args) => readonly Touch[]>> = {
  "store.createExecution": writesHead,
  "store.readHead": readsHead,
  "store.acquireLease": writesHead,
  "store.failLease": writesHead,
  "store.movePin": writesHead,
  "store.noteDutiesDone": writesHead,
  "store.settle": writesHead,
  "store.reopen": writesHead,
  "store.appendMessage": (args) => [...writesHead(args), writes("messages", idIn(args))],
  "store.loadMessages": (args) => [reads("messages", idIn(args))],
  "store.deleteMessages": (args) => [writes("messages", idIn(args))],
  "store.loadHistory": readsCommits,
  "store.salvageHistory": readsCommits,
  "store.appendCommit": append,
  // At slot 0 the mark is the head's own.
  "store.readOutbox": (args) => [...readsCommits(args), ...readsHead(args)],
  "store.markOutbox": (args) => [
    writes("commits", idIn(args)),
    writes("pending", shard(args)),
    ...writesHead(args),
  ],
  "store.listOutboxes": (args) => [reads("pending", listed(args))],
  "store.listOpen": (args) => [reads("open", listed(args))],
  "store.readCursor": ([name]) => [reads("cursors", String(name))],
  "store.saveCursor": ([name]) => [writes("cursors", String(name))],
  "store.putPayload": (args) => [writes("payloads", idIn(args))],
  "store.getPayload": (args) => [reads("payloads", idIn(args))],
  "store.putWait": (args) => [writes("waits", topicIn(args))],
  "store.deleteWait": (args) => [writes("waits", topicIn(args))],
  "store.readWait": (args) => [reads("waits", topicIn(args))],
  "store.findWaits": (args) => [reads("waits", topicIn(args))],
  "store.putRecentEvent": (args) => [writes("recent events", topicIn(args))],
  "store.findRecentEvents": (args) => [reads("recent events", topicIn(args))],
  // Their order is that in which they are received, once the two are through.
  "wakes.send": () => [writes("wakes")],
  "wakes.schedule": () => [writes("wakes")],
  "bus.publish": () => [writes("bus")],
};

const EVERYTHING = "everything";

export function touchesOf(name: string, args: Args): readonly Touch[] {
  return KNOWN[name]?.(args) ?? [writes(EVERYTHING)];
}

/** Whether neither writes what the other touches. */
export function areApart(some: readonly Touch[], others: readonly Touch[]): boolean {
  return !some.some((one) => others.some((other) => (one.writes || other.writes) && meet(one, other)));
}

function meet(one: Touch, other: Touch): boolean {
  if (one.table === EVERYTHING || other.table === EVERYTHING) return true;
  const isKeyed = one.key !== undefined && other.key !== undefined;
  return one.table === other.table && (!isKeyed || one.key === other.key);
}
