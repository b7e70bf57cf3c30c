/**
 * Recent events as items. Their id must be unique and they must be found by time, which one key can't both say, so:
 *
 * - An event type that declares a key has few events per key. The sort key is the id, which makes the condition exact in one write; readers
 *   filter by time.
 * - A type without a key has all its events in a few shards, and a filter would read two days of them at each wait. There the sort key is
 *   the time, and the id has a record of its own that says at which time the event was first recorded: one write more.
 *
 * `ttl` is a hint to the table, which deletes late: readers never rely on it.
 */
import { value } from "../../model/forms.js";
import { type EpochMs, RECENT_KEPT_MS } from "../../model/time.js";
import type { Encoded } from "../../model/value.js";
import type { RecentEvent } from "../ports.js";
import { type Item, ItemReader } from "./item.js";
import { type Key, recentIdentityKey, type Subject } from "./keys.js";
import { packed } from "./packed.js";

export function recentEventItem(key: Key, event: RecentEvent): Item {
  return {
    ...key,
    id: event.id,
    data: packed(JSON.stringify(event.data)),
    recordedAt: event.recordedAt,
    ...(event.target === undefined ? {} : { target: event.target }),
    ttl: ttlOf(event),
  };
}

export function identityItem(event: RecentEvent): Item {
  return { ...recentIdentityKey(event), recordedAt: event.recordedAt, ttl: ttlOf(event) };
}

/** When the event of this identity record was first recorded. */
export function readIdentityItem(item: Item): EpochMs {
  return new ItemReader(item).time("recordedAt");
}

/** The name and key are the reader's own question, so only the rest is read. */
export function readRecentEventItem({ name, key }: Subject, item: Item): RecentEvent {
  const read = new ItemReader(item);
  const target = read.optionalText("target");
  return {
    id: read.text("id"),
    name,
    ...(key === undefined ? {} : { key }),
    data: read.json<Encoded>("data", value),
    recordedAt: read.time("recordedAt"),
    ...(target === undefined ? {} : { target }),
  };
}

function ttlOf({ recordedAt }: RecentEvent): number {
  return Math.ceil((recordedAt + RECENT_KEPT_MS) / 1_000);
}
