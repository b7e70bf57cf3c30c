/** One table in memory: its items by their keys, and what its indexes hold of them. Items are never changed, only replaced. */
import type { IndexKeys } from "../indexes.js";
import type { Item } from "../item.js";
import type { Key } from "../keys.js";
import { compared } from "./conditions.js";
import { type Change, indexUnits } from "./units.js";

const PRIMARY: IndexKeys = { partition: "pk", sort: "sk" };

/** Items (or an index's entries) of one partition, by their primary key. */
type Partition = Map<string, Item>;

export class Table {
  readonly #items = new Partitions(PRIMARY);
  readonly #indexes: ReadonlyMap<string, Partitions>;

  constructor(indexes: Readonly<Record<string, IndexKeys>>) {
    this.#indexes = new Map(Object.entries(indexes).map(([name, keys]) => [name, new Partitions(keys)]));
  }

  get({ pk, sk }: Key): Item | undefined {
    return this.#items.of(pk).get(keyText({ pk, sk }));
  }

  /**
   * Replaces what stands under a key.
   * @returns write units of the indexes
   */
  replace(change: Change): number {
    this.#items.replace(change);
    let units = 0;
    for (const entries of this.#indexes.values()) {
      const entry = { before: entries.entryOf(change.before), after: entries.entryOf(change.after) };
      entries.replace(entry);
      units += entry.before === undefined && entry.after === undefined ? 0 : indexUnits(entry);
    }
    return units;
  }

  /** What a partition of the table, or of an index, holds, in its order, and by which attributes that is. */
  partition(index: string | undefined, name: unknown): readonly Item[] {
    return this.#partitions(index).sorted(name);
  }

  keysOf(index: string | undefined): IndexKeys {
    return this.#partitions(index).keys;
  }

  /** The order in a partition of what has these keys. */
  order(index: string | undefined, one: Item, other: Item): number {
    return this.#partitions(index).order(one, other);
  }

  all(): Item[] {
    return this.#items.all();
  }

  #partitions(index: string | undefined): Partitions {
    const found = index === undefined ? this.#items : this.#indexes.get(index);
    if (found !== undefined) return found;
    throw new Error(`The table in memory has no index "${index}".`);
  }
}

class Partitions {
  readonly #partitions = new Map<unknown, Partition>();

  constructor(readonly keys: IndexKeys) {}

  of(name: unknown): Partition {
    return this.#partitions.get(name) ?? new Map();
  }

  sorted(name: unknown): Item[] {
    return [...this.of(name).values()].sort((one, other) => this.order(one, other));
  }

  all(): Item[] {
    return [...this.#partitions.values()].flatMap((partition) => [...partition.values()]);
  }

  /** By the sort key. Of one instant an index promises no order: by the primary key, so that every run has the same. */
  order(one: Item, other: Item): number {
    const { sort } = this.keys;
    return compared(one[sort], other[sort]) || (compared(keyText(one), keyText(other)) ?? 0);
  }

  /** What the index holds of an item: keys alone. */
  entryOf(item: Item | undefined): Item | undefined {
    const { partition, sort } = this.keys;
    if (item === undefined || item[partition] === undefined || item[sort] === undefined) return undefined;
    return { pk: item.pk, sk: item.sk, [partition]: item[partition], [sort]: item[sort] };
  }

  replace({ before, after }: Change): void {
    if (before !== undefined) this.#remove(before);
    if (after === undefined) return;
    const name = after[this.keys.partition];
    const partition = this.#partitions.get(name) ?? new Map();
    partition.set(keyText(after), after);
    this.#partitions.set(name, partition);
  }

  #remove(item: Item): void {
    const name = item[this.keys.partition];
    const partition = this.of(name);
    partition.delete(keyText(item));
    if (partition.size === 0) this.#partitions.delete(name);
  }
}

/** No key has a line break of its own in the wrong place: a JSON list. */
function keyText(item: Item | Key): string {
  return JSON.stringify([item.pk, item.sk]);
}
