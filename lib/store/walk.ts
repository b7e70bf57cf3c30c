/** A listing over several partitions, one after the other, a page at a time. */
import { decodeCursor, encodeCursor } from "./cursor.js";
import type { Page } from "./ports.js";

/** One found item, and where it stands in its partition. */
export interface Placed<T> {
  readonly position: string;
  readonly item: T;
}

export interface Walk<T> {
  readonly partitions: readonly string[];
  readonly limit: number;
  readonly cursor: string | undefined;
  /** At most `limit` items of the partition after `after`, in order; `more` when there may be others behind them. */
  readonly query: (
    partition: string,
    after: string | undefined,
    limit: number,
  ) => Promise<{ readonly found: readonly Placed<T>[]; readonly more: boolean }>;
}

type Position = readonly [partition: number, after: string | null];

/** Asks for one item more than the page holds, so that the last page has no cursor. */
export async function walkPartitions<T>(walk: Walk<T>): Promise<Page<T>> {
  let [partition, after] = beginningOf(walk.cursor);
  const items: T[] = [];
  let last: Position | undefined;
  for (let name = walk.partitions[partition]; name !== undefined; name = walk.partitions[partition]) {
    const { found, more } = await walk.query(name, after ?? undefined, walk.limit + 1 - items.length);
    for (const { position, item } of found) {
      if (items.length === walk.limit) return { items, cursor: encodeCursor(last ?? [partition, after]) };
      items.push(item);
      after = position;
      last = [partition, position];
    }
    if (!more) {
      partition += 1;
      after = null;
    }
  }
  return { items };
}

/** What is wrong with a cursor is known before anything is read. Throws `InvalidInputError`. */
export function checkWalkCursor(cursor: string | undefined): void {
  beginningOf(cursor);
}

function beginningOf(cursor: string | undefined): Position {
  return cursor === undefined ? [0, null] : decodeCursor(cursor, isPosition);
}

function isPosition(found: unknown): found is Position {
  return (
    Array.isArray(found) &&
    found.length === 2 &&
    Number.isInteger(found[0]) &&
    (found[1] === null || typeof found[1] === "string")
  );
}
