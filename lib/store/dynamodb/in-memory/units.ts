/**
 * What DynamoDB bills for a call, on demand, by its developer guide (docs.aws.amazon.com/amazondynamodb/latest/developerguide/ and then
 * `read-write-operations.html` for reads and writes, `GSI.html` for indexes, `transaction-apis.html` for transactions). Pure: from items
 * as they were before a call and are after it.
 */
import type { Item } from "../item.js";
import { itemBytes } from "./item-size.js";

/** What DynamoDB would have billed, in its units: a write unit for each KB, a read unit for each 4 KB that is read with strong consistency. */
export interface Units {
  /** Write units of the tables themselves. */
  readonly writes: number;
  /** Write units of indexes. */
  readonly indexWrites: number;
  /** Read units of tables and indexes. */
  readonly reads: number;
  /** Write units of writes that their condition refused. */
  readonly refused: number;
  readonly roundTrips: number;
}

export const NO_UNITS: Units = { writes: 0, indexWrites: 0, reads: 0, refused: 0, roundTrips: 0 };

export function plus(one: Units, other: Units): Units {
  return {
    writes: one.writes + other.writes,
    indexWrites: one.indexWrites + other.indexWrites,
    reads: one.reads + other.reads,
    refused: one.refused + other.refused,
    roundTrips: one.roundTrips + other.roundTrips,
  };
}

/** What was spent between two readings. */
export function unitsBetween(before: Units, after: Units): Units {
  return {
    writes: after.writes - before.writes,
    indexWrites: after.indexWrites - before.indexWrites,
    reads: after.reads - before.reads,
    refused: after.refused - before.refused,
    roundTrips: after.roundTrips - before.roundTrips,
  };
}

/** An item before a write and after it; undefined where there is none. */
export interface Change {
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** A transaction prepares each of its writes and then commits it: it bills both. */
export const TRANSACTION = 2;

/** A unit for each KB that is begun, of the larger of what stood there and what stands there now; the least is one. */
export function writeUnits({ before, after }: Change): number {
  return unitsOf(Math.max(sizeOf(before), sizeOf(after)), 1_024);
}

/**
 * A condition that refuses is billed as the write would have been: by what stands there, or by what was to be put, if that is larger.
 * @param put the item to be put; undefined for an update and a delete
 */
export function refusedUnits(found: Item | undefined, put: Item | undefined): number {
  return writeUnits({ before: found, after: put });
}

/** An entry that comes or goes is a write, another key is both, and one that stays as it is costs nothing. */
export function indexUnits({ before, after }: Change): number {
  if (before !== undefined && after !== undefined && isSame(before, after)) return 0;
  return [before, after].reduce((sum, entry) => sum + (entry ? unitsOf(itemBytes(entry), 1_024) : 0), 0);
}

/** A unit for each 4 KB that is begun, half of it where the read need not be consistent. What is not there is billed as the least. */
export function readUnits(bytes: number, consistent: boolean): number {
  return unitsOf(bytes, 4_096) * (consistent ? 1 : 0.5);
}

export function sizeOf(item: Item | undefined): number {
  return item === undefined ? 0 : itemBytes(item);
}

function unitsOf(bytes: number, step: number): number {
  return Math.max(1, Math.ceil(bytes / step));
}

/** Of entries, which hold keys alone: text and numbers. */
function isSame(one: Item, other: Item): boolean {
  return Object.keys(one).every((name) => one[name] === other[name]);
}
