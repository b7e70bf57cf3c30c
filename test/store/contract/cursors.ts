import { expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import { shardOf } from "../../../lib/model/ids.js";
import { INDEX_SHARDS, type Store } from "../../../lib/store/ports.js";
import {
  COMPLETED,
  execution,
  FAILED,
  lease,
  redrive,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  T0,
} from "../builders.js";

export function cursorContract(store: () => Store): void {
  const open = async (shard: number, limit: number): Promise<string[]> => {
    const found: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await store().listOpen({ shard, limit, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      cursor = page.cursor;
    }
    return found;
  };
  const idsInShard = (prefix: string, shard: number, count: number): string[] =>
    Array.from({ length: count * 40 }, (_, index) => `${prefix}${index}`)
      .filter((id) => shardOf(id, INDEX_SHARDS) === shard)
      .slice(0, count);

  test("lists open executions of a shard, oldest first, in pages of any size", async () => {
    const ids = idsInShard("a", 3, 11);
    // Pairs share a millisecond.
    for (const [index, id] of ids.entries()) {
      await store().createExecution(execution(id, { createdAt: T0 + Math.floor(index / 2) }));
    }
    for (const limit of [1, 2, 3, 11, 50]) {
      const found = await open(3, limit);
      expect(new Set(found)).toEqual(new Set(ids));
      expect(found).toHaveLength(ids.length);
      expect(found.map((id) => Math.floor(ids.indexOf(id) / 2))).toEqual(
        ids.map((_, index) => Math.floor(index / 2)),
      );
    }
    expect((await store().listOpen({ shard: 3, limit: 11 })).cursor).toBeUndefined();
  });

  test("shows what is open and nothing that has ended, failed or stalled", async () => {
    const [suspended = "", completed = "", failed = "", stalled = "", reopened = ""] = idsInShard("b", 5, 5);
    await settled(store(), suspended, SUSPENDED);
    await settled(store(), completed, COMPLETED);
    await settled(store(), failed, FAILED);
    await settled(store(), stalled, STALLED);
    await settled(store(), reopened, STALLED, { createdAt: T0 + 1 });
    await store().reopen(reopened, { epoch: 1 }, redrive("r1"));
    expect(await open(5, 10)).toEqual([suspended, reopened]);
    const taken = await store().acquireLease({ executionId: suspended, seen: { epoch: 1 }, ...lease("b") });
    if (taken.acquired) await store().settle(settlementOf(taken.head, COMPLETED));
    expect(await open(5, 10)).toEqual([reopened]);
  });

  test("goes on behind an execution that has closed since", async () => {
    const [one = "", two = ""] = idsInShard("c", 6, 2);
    await store().createExecution(execution(one, { createdAt: T0, lease: lease("first") }));
    await store().createExecution(execution(two, { createdAt: T0 + 1 }));
    const page = await store().listOpen({ shard: 6, limit: 1 });
    const head = await store().readHead(one);
    if (head) await store().settle(settlementOf(head, COMPLETED));
    expect(
      await store().listOpen({ shard: 6, limit: 1, ...(page.cursor && { cursor: page.cursor }) }),
    ).toEqual({ items: [two] });
    await expect(store().listOpen({ shard: 6, limit: 1, cursor: "nonsense" })).rejects.toThrow(
      InvalidInputError,
    );
  });

  test("saves a cursor behind the version that was read", async () => {
    expect(await store().readCursor("audit#1")).toBeUndefined();
    expect(await store().saveCursor("audit#1", "one", 0)).toEqual({ saved: true });
    expect(await store().readCursor("audit#1")).toEqual({ cursor: "one", version: 1 });
    expect(await store().saveCursor("audit#1", "two", 1)).toEqual({ saved: true });
    expect(await store().saveCursor("audit#1", "late", 1)).toEqual({ saved: false });
    expect(await store().saveCursor("audit#1", "late", 0)).toEqual({ saved: false });
    expect(await store().readCursor("audit#1")).toEqual({ cursor: "two", version: 2 });
    expect(await store().readCursor("audit#2")).toBeUndefined();
  });

  test("knows its own save when the reply was lost", async () => {
    await store().saveCursor("lost", "one", 0);
    expect(await store().saveCursor("lost", "one", 0)).toEqual({ saved: true });
    expect(await store().saveCursor("never", "one", 3)).toEqual({ saved: false });
  });
}
