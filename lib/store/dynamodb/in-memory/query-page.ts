/** One page of a query, of the table or of an index: what it reads, and what of that it returns. */
import type { IndexKeys } from "../indexes.js";
import type { Item } from "../item.js";
import { fits, type Meaning } from "./conditions.js";
import { itemBytes } from "./item-size.js";
import type { Table } from "./table.js";

export interface Query {
  readonly table: string;
  readonly index: string | undefined;
  readonly keyCondition: string;
  readonly filter: string | undefined;
  readonly meaning: Meaning;
  readonly newestFirst: boolean;
  readonly consistent: boolean;
  readonly limit: number | undefined;
  /** The keys of the last item of the page before. */
  readonly after: Item | undefined;
}

export interface QueryPage {
  readonly items: readonly Item[];
  /** Of all that was read, filtered out or not. */
  readonly bytes: number;
  /** There when the page ended before the partition did, or just with it. */
  readonly last: Item | undefined;
}

/** A page ends with the item that takes it to a megabyte. */
const PAGE_BYTES = 1024 * 1024;

export function pageOf(table: Table, query: Query): QueryPage {
  const { index, keyCondition, filter, meaning, newestFirst, limit, after } = query;
  const keys = table.keysOf(index);
  const inOrder = table.partition(index, partitionOf(query, keys));
  const behind = (newestFirst ? inOrder.toReversed() : inOrder).filter(
    (item) =>
      fits(keyCondition, item, meaning) &&
      (after === undefined || table.order(index, item, after) * (newestFirst ? -1 : 1) > 0),
  );
  const read: Item[] = [];
  let bytes = 0;
  for (const item of behind) {
    read.push(item);
    bytes += itemBytes(item);
    if (read.length === limit || bytes >= PAGE_BYTES) break;
  }
  const last = read.at(-1);
  const ended = read.length === limit || bytes >= PAGE_BYTES;
  return {
    items: filter === undefined ? read : read.filter((item) => fits(filter, item, meaning)),
    bytes,
    last: last !== undefined && ended ? keysAlone(last, keys) : undefined,
  };
}

/** A key condition names its partition first. */
function partitionOf({ keyCondition, meaning }: Query, { partition }: IndexKeys): unknown {
  const [, name = "", value = ""] = /^(#\w+) = (:\w+)/.exec(keyCondition) ?? [];
  if (meaning.names[name] === partition) return meaning.values[value];
  throw new Error(`The key condition "${keyCondition}" does not begin with its partition, ${partition}.`);
}

function keysAlone(item: Item, { partition, sort }: IndexKeys): Item {
  return { pk: item.pk, sk: item.sk, [partition]: item[partition], [sort]: item[sort] };
}
