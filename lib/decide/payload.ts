/**
 * Where a value lies, by its size (docs/large-values.md). Small ones stay where they are spoken of, in the head or in a history event;
 * larger ones are an item of their own, and what an item would hold badly is an object of the payload store.
 */

/**
 * In bytes of JSON: an input, output or error in the head. A head is written by every lease and settlement, each at one unit per KB: with
 * its ids, marks and tail it has about this much to spare.
 */
export const HEAD_VALUE_BYTES = 200;

/**
 * In bytes of JSON: a value inside of a history event or a message. It costs no call of its own, and a unit per KB like anywhere in the
 * table; three of this size still go together into one commit.
 */
export const HISTORY_VALUE_BYTES = 100_000;

/**
 * In bytes as they are stored: a value in an item of its own. An item may hold 400 KB, but a unit per KB makes an object of the payload
 * store ten times cheaper from here on, which is worth its slower answer.
 */
export const ITEM_VALUE_BYTES = 100_000;

/** What DynamoDB bills one write unit for. */
const UNIT_BYTES = 1_024;

/** About what an item's keys, tokens and attribute names take beside its value. */
const BESIDE_BYTES = 150;

/** Whether compression could save a write unit at all: an item of one unit costs one unit. */
export function mayShrink(bytes: number): boolean {
  return unitsOf(bytes) > 1;
}

/** Whether the item is billed for less when it holds the compressed form. */
export function savesUnits(bytes: number, compressed: number): boolean {
  return unitsOf(compressed) < unitsOf(bytes);
}

function unitsOf(bytes: number): number {
  return Math.ceil((bytes + BESIDE_BYTES) / UNIT_BYTES);
}
