/** What the memory store keeps: the twin of both tables. */
import type { Head } from "../../model/head.js";
import type { Message } from "../../model/message.js";
import type {
  Commit,
  CurrentDefinition,
  FiringRecord,
  Outbox,
  RecentEvent,
  StoredDefinition,
  WaitRecord,
} from "../ports.js";

/** All items of one execution id. Messages and payloads can stand without a head, as they can in the table. */
export interface ExecutionItems {
  head: Head | undefined;
  /** Of the messages in the head. */
  inboxBytes: number;
  readonly commits: Map<number, StoredCommit>;
  readonly messages: Map<string, Message>;
  readonly payloads: Map<string, string | Uint8Array>;
}

export interface StoredCommit {
  /** Frozen: it is written once, read by every turn, and handed out as it is. */
  readonly commit: Commit;
  /** Undefined for a commit without outgoing events. */
  outbox: Outbox | undefined;
}

export interface State {
  readonly executions: Map<string, ExecutionItems>;
  /** By name and key, then by execution and operation. */
  readonly waits: Map<string, Map<string, WaitRecord>>;
  /** By name and key, then by event id. */
  readonly recentEvents: Map<string, Map<string, RecentEvent>>;
  readonly cursors: Map<string, { readonly cursor: string; readonly version: number }>;
  /** By workflow, then by hash. */
  readonly definitions: Map<string, Map<string, StoredDefinition>>;
  /** By workflow. */
  readonly currentDefinitions: Map<string, CurrentDefinition>;
  /** By schedule. */
  readonly firings: Map<string, FiringRecord>;
}

export function emptyState(): State {
  return {
    executions: new Map(),
    waits: new Map(),
    recentEvents: new Map(),
    cursors: new Map(),
    definitions: new Map(),
    currentDefinitions: new Map(),
    firings: new Map(),
  };
}

export function itemsOf(state: State, executionId: string): ExecutionItems {
  return entryOf(state.executions, executionId, () => ({
    head: undefined,
    inboxBytes: 0,
    commits: new Map(),
    messages: new Map(),
    payloads: new Map(),
  }));
}

/** The entry of a map, made when it is not there yet. */
export function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** A copy by way of JSON: what the table would not keep (an `undefined`, a shared reference) must not survive here either. */
export function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** Nobody can change any of it, so it needs no copy to be handed out. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
