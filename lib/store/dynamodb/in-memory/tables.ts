/**
 * The two tables in memory, as far as this store needs them: conditional puts, updates and deletes, gets and batches of gets, queries of the
 * table and its indexes in pages of a megabyte, and transactions whose other actions somebody else does. Each call is counted as DynamoDB
 * bills it (`units.ts`). An index is never behind, nobody is throttled, and no transaction meets another.
 */
import type { TransactionAction } from "../../../model/transaction.js";
import type { Transact } from "../../transact.js";
import { INDEXES } from "../indexes.js";
import type { Item } from "../item.js";
import type { Key } from "../keys.js";
import { fits, type Meaning } from "./conditions.js";
import { itemBytes } from "./item-size.js";
import { pageOf, type Query, type QueryPage } from "./query-page.js";
import { cancelled, refused, tooLarge } from "./refusals.js";
import { Table } from "./table.js";
import {
  type Change,
  NO_UNITS,
  plus,
  readUnits,
  refusedUnits,
  sizeOf,
  TRANSACTION,
  type Units,
  writeUnits,
} from "./units.js";
import { updated } from "./updates.js";

export interface TableNames {
  readonly executionsTable: string;
  readonly directoryTable: string;
}

export interface Write {
  readonly table: string;
  readonly condition: string | undefined;
  readonly meaning: Meaning;
  /** A refusal brings the item that stands there. */
  readonly shown: boolean;
}

/** An item's limit, keys and names of attributes included. */
const LARGEST_ITEM_BYTES = 400 * 1024;

export class MemoryTables {
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #transact: Transact;
  #spent: Units = NO_UNITS;
  #counts = true;

  constructor({ executionsTable, directoryTable }: TableNames, transact: Transact) {
    this.#transact = transact;
    this.#tables = new Map([
      [executionsTable, new Table(INDEXES)],
      [directoryTable, new Table({})],
    ]);
  }

  /** All that was spent so far. */
  get spent(): Units {
    return this.#spent;
  }

  /** For those who only look on. */
  uncounted<T>(work: () => T): T {
    this.#counts = false;
    try {
      return work();
    } finally {
      this.#counts = true;
    }
  }

  items(table: string): Item[] {
    return this.#table(table).all();
  }

  get(table: string, key: Key, consistent: boolean): Item | undefined {
    const found = this.#table(table).get(key);
    this.#spend({ reads: readUnits(sizeOf(found), consistent) });
    return found;
  }

  /** Each is billed by itself. */
  batchGet(table: string, keys: readonly Key[], consistent: boolean): Item[] {
    const found = keys.map((key) => this.#table(table).get(key));
    this.#spend({ reads: found.reduce((sum, item) => sum + readUnits(sizeOf(item), consistent), 0) });
    return found.filter((item) => item !== undefined);
  }

  query(query: Query): QueryPage {
    const page = pageOf(this.#table(query.table), query);
    this.#spend({ reads: readUnits(page.bytes, query.consistent) });
    return page;
  }

  put(write: Write, item: Item): void {
    if (itemBytes(item) > LARGEST_ITEM_BYTES) throw tooLarge("Item size has");
    this.#write(write, keyOf(item), () => item, item);
  }

  /** @returns the item as it is then */
  update(write: Write, key: Key, expression: string): Item {
    return this.#write(write, key, (found) => {
      const next = updated(found ?? { ...key }, expression, write.meaning);
      if (itemBytes(next) > LARGEST_ITEM_BYTES) throw tooLarge("Item size to update has");
      return next;
    });
  }

  delete(write: Write, key: Key): void {
    this.#write(write, key, () => undefined);
  }

  /** The store's own put comes first. Whatever refuses one action refuses all; what the others cost is their tables' affair. */
  transact(write: Write, item: Item, others: readonly TransactionAction[]): void {
    if (itemBytes(item) > LARGEST_ITEM_BYTES) throw tooLarge("Item size has");
    const before = this.#table(write.table).get(keyOf(item));
    const free = isFree(write, before);
    const reasons = free ? this.#transact(others) : undefined;
    if (free && (reasons === undefined || reasons.every(({ code }) => code === "None"))) {
      const { writes, indexWrites } = this.#replace(write.table, { before, after: item });
      this.#spend({ writes: TRANSACTION * writes, indexWrites: TRANSACTION * indexWrites });
      return;
    }
    this.#spend({ refused: TRANSACTION * refusedUnits(before, item) });
    const own = { code: free ? "None" : "ConditionalCheckFailed" };
    throw cancelled([own, ...(reasons ?? others.map(() => ({ code: "None" })))]);
  }

  #write<Next extends Item | undefined>(
    write: Write,
    key: Key,
    next: (found: Item | undefined) => Next,
    put?: Item,
  ): Next {
    const before = this.#table(write.table).get(key);
    if (!isFree(write, before)) {
      this.#spend({ refused: refusedUnits(before, put) });
      throw refused(write.shown ? before : undefined);
    }
    const after = next(before);
    this.#spend(this.#replace(write.table, { before, after }));
    return after;
  }

  #replace(table: string, change: Change): Pick<Units, "writes" | "indexWrites"> {
    return { writes: writeUnits(change), indexWrites: this.#table(table).replace(change) };
  }

  #table(name: string): Table {
    const found = this.#tables.get(name);
    if (found !== undefined) return found;
    throw new Error(`There is no table "${name}" in memory, only ${[...this.#tables.keys()].join(" and ")}.`);
  }

  /** One call's. */
  #spend(units: Partial<Units>): void {
    if (this.#counts) this.#spent = plus(this.#spent, { ...NO_UNITS, ...units, roundTrips: 1 });
  }
}

function isFree({ condition, meaning }: Write, found: Item | undefined): boolean {
  return condition === undefined || fits(condition, found ?? {}, meaning);
}

function keyOf({ pk, sk }: Item): Key {
  return { pk: String(pk), sk: String(sk) };
}
