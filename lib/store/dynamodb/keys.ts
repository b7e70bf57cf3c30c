/**
 * The sole builder and parser of keys, in both tables.
 *
 * Executions: `pk` is the execution id, `sk` says which of its items:
 *
 *     head · commit#0000000001 · inbox#<message id> · payload#<name>
 *
 * A `pk` of `staged#<message id>` is no execution's: it holds one commit, with what a user's own transaction sends.
 *
 * Directory: `pk` is what is looked up, `sk` tells its records apart:
 *
 *     wait#<event>#<key>          <execution id>#<operation>      waits of an event type that declares a key
 *     wait#<event>#~<shard>       <execution id>#<operation>      … that declares none, sharded by execution
 *     recent#<event>#<key>        <event id>
 *     recent#<event>#~<shard>     <recorded at>#<event id>        sharded by event id
 *     recentid#<event>#~<shard>   <event id>                      tells whether the id is new
 *     cursor#<name>               cursor
 *     definition#<workflow>       <hash>                          its code
 *     definitions                 <workflow>                      which of its definitions it has now
 *     firings#<schedule>          firings                         what became of its firings
 *
 * Parts that users choose are escaped, so that no name or key can forge a separator, a shard (`~`) or a hash (`!`); a part that is too long
 * for a key is replaced by its hash, and the item carries the part itself.
 */
import { createHash } from "node:crypto";
import { shardOf } from "../../model/ids.js";
import type { EpochMs } from "../../model/time.js";
import { utf8Bytes } from "../limits.js";
import { indexPartition } from "../listing.js";
import { BROADCAST_SHARDS, INDEX_SHARDS } from "../ports.js";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** The subject of waits and recent events: an event type, and the key if it declares one. */
export interface Subject {
  readonly name: string;
  readonly key?: string;
}

/** DynamoDB takes 1,024 bytes of sort key: two parts of this length, their prefixes and separators fit. */
const LONGEST_PART_BYTES = 450;

/** Enough for any slot and, in milliseconds, for any instant until the year 33658: text then sorts as the numbers do. */
const SLOT_DIGITS = 10;
const INSTANT_DIGITS = 15;

/** Of a commit. A history that is nearly as long can't be loaded any more. */
export const LARGEST_SLOT = 1_000_000;

export const HEAD = "head";
const COMMIT = "commit#";
const MESSAGE = "inbox#";

export function headKey(executionId: string): Key {
  return { pk: executionId, sk: HEAD };
}

export function commitKey(executionId: string, slot: number): Key {
  return { pk: executionId, sk: COMMIT + padded(slot, SLOT_DIGITS) };
}

/** The sort keys of all commits after a slot, first and last. */
export function commitsAfter(slot: number): { readonly from: string; readonly to: string } {
  return { from: COMMIT + padded(slot + 1, SLOT_DIGITS), to: COMMIT + "9".repeat(SLOT_DIGITS) };
}

/** The slot of a commit's sort key; undefined for the key of any other item, and for one that no commit has. */
export function slotOf(sk: string): number | undefined {
  if (sk.length !== COMMIT.length + SLOT_DIGITS || !sk.startsWith(COMMIT)) return undefined;
  let slot = 0;
  // Read digit by digit: a replay reads thousands, and a regular expression takes five times as long.
  for (let index = COMMIT.length; index < sk.length; index++) {
    const digit = sk.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    slot = slot * 10 + digit;
  }
  return slot <= LARGEST_SLOT ? slot : undefined;
}

/** Slot 0 is the head: the execution's start is its head itself. */
export function recordKey(executionId: string, slot: number): Key {
  return slot === 0 ? headKey(executionId) : commitKey(executionId, slot);
}

export function recordSlotOf(sk: string): number | undefined {
  return sk === HEAD ? 0 : slotOf(sk);
}

/** The message's id is its identity: a repeat, at whatever time, meets the item of the first. */
export function messageKey(executionId: string, messageId: string): Key {
  return { pk: executionId, sk: MESSAGE + part(messageId) };
}

export const MESSAGE_PREFIX = MESSAGE;

export function payloadKey(executionId: string, name: string): Key {
  return { pk: executionId, sk: `payload#${part(name)}` };
}

/** The partition of an index that shows this execution among those of `group`. */
export function indexKey(group: string, executionId: string): string {
  return indexPartition(group, shardOf(executionId, INDEX_SHARDS));
}

/** What was given to {@link indexKey} as its group. */
export function groupOf(indexPartitionKey: string): string {
  return indexPartitionKey.slice(0, Math.max(0, indexPartitionKey.lastIndexOf("#")));
}

/** The groups of the index that finds outboxes. */
export const OUTBOX_GROUPS = { pending: "pending", "given up": "givenup" } as const;

/** What begins the index key of an outbox that is still to be carried, whatever its shard. */
export const PENDING_MARK = `${OUTBOX_GROUPS.pending}#`;

export function isPendingMark(ob: string | undefined): boolean {
  return ob?.startsWith(PENDING_MARK) ?? false;
}

export function waitKey(wait: Subject & { readonly executionId: string; readonly op: string }): Key {
  return {
    pk: subjectPartition("wait", wait, wait.executionId),
    sk: `${part(wait.executionId)}#${part(wait.op)}`,
  };
}

export function waitPartitions(subject: Subject): string[] {
  return subjectPartitions("wait", subject);
}

/** A keyed type's recent events: the id is the sort key. */
export function recentByIdKey(event: Subject & { readonly id: string }): Key {
  return { pk: subjectPartition("recent", event, event.id), sk: part(event.id) };
}

/** A keyless type's recent events, in the order in which they were recorded. */
export function recentByTimeKey(event: Subject & { readonly id: string; readonly recordedAt: EpochMs }): Key {
  return {
    pk: subjectPartition("recent", event, event.id),
    sk: `${padded(event.recordedAt, INSTANT_DIGITS)}#${part(event.id)}`,
  };
}

export function recentSince(since: EpochMs): string {
  return padded(Math.max(0, Math.ceil(since)), INSTANT_DIGITS);
}

export function recentIdentityKey(event: Subject & { readonly id: string }): Key {
  return { pk: subjectPartition("recentid", event, event.id), sk: part(event.id) };
}

export function recentPartitions(subject: Subject): string[] {
  return subjectPartitions("recent", subject);
}

export function cursorKey(name: string): Key {
  return { pk: `cursor#${part(name)}`, sk: "cursor" };
}

export function definitionKey(workflow: string, hash: string): Key {
  return { pk: `definition#${part(workflow)}`, sk: part(hash) };
}

/** All in one partition, so that they can be listed: a process reads it once for each workflow that it starts. */
export function currentDefinitionKey(workflow: string): Key {
  return { pk: "definitions", sk: part(workflow) };
}

export function firingsKey(schedule: string): Key {
  return { pk: `firings#${part(schedule)}`, sk: "firings" };
}

function subjectPartition(prefix: string, subject: Subject, spread: string): string {
  const shard = shardOf(spread, BROADCAST_SHARDS);
  return subject.key === undefined
    ? sharded(prefix, subject.name, shard)
    : keyed(prefix, subject.name, subject.key);
}

function subjectPartitions(prefix: string, { name, key }: Subject): string[] {
  if (key !== undefined) return [keyed(prefix, name, key)];
  return Array.from({ length: BROADCAST_SHARDS }, (_, shard) => sharded(prefix, name, shard));
}

function keyed(prefix: string, name: string, key: string): string {
  return `${prefix}#${part(name)}#${part(key)}`;
}

function sharded(prefix: string, name: string, shard: number): string {
  return `${prefix}#${part(name)}#~${shard}`;
}

/** One part of a key: what separates or marks parts is escaped, what is too long is hashed. */
function part(text: string): string {
  const escaped = text.replace(/[%#~!]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  return utf8Bytes(escaped) <= LONGEST_PART_BYTES
    ? escaped
    : `!${createHash("sha256").update(text).digest("base64url")}`;
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}
