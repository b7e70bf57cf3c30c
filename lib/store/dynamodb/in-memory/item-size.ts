/**
 * How large an item is to DynamoDB, names of attributes included. By "DynamoDB item sizes and formats" of the developer guide
 * (docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html): text in UTF-8; a number a byte, and one for each
 * two significant digits, "approximately"; bytes as they are; true, false and null a byte; a list or a map 3 bytes, and one for each of
 * its elements. What the guide adds for storage alone (100 bytes an item) no read or write is billed for.
 */
import { utf8Bytes } from "../../limits.js";
import type { Item } from "../item.js";

/** Bytes of an item as the document client has it. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + utf8Bytes(name) + valueBytes(value), 0);
}

function valueBytes(value: unknown): number {
  if (typeof value === "string") return utf8Bytes(value);
  if (typeof value === "number" || typeof value === "bigint") return numberBytes(String(value));
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Set) return [...value].reduce((sum, one) => sum + valueBytes(one), 0);
  if (Array.isArray(value)) return value.reduce((sum, one) => sum + 1 + valueBytes(one), 3);
  if (typeof value === "object" && value !== null)
    return Object.entries(value).reduce((sum, [name, one]) => sum + 1 + utf8Bytes(name) + valueBytes(one), 3);
  return 1;
}

/**
 * Two digits are what is before or behind the point as pairs, counted from the point: so 1,200 is one pair, and 12,000 are two. Pairs of
 * zeroes at either end are not significant. A sign is a byte more. The guide does not say all of this; DynamoDB Local does.
 */
function numberBytes(number: string): number {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(number) ?? [];
  const digits =
    whole.padStart(whole.length + (whole.length % 2), "0") +
    fraction.padEnd(fraction.length + (fraction.length % 2), "0");
  const significant = digits.replace(/^(00)+/, "").replace(/(00)+$/, "");
  return 1 + sign.length + significant.length / 2;
}
