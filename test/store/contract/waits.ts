import { expect, test } from "vitest";
import type { Store, WaitRecord } from "../../../lib/store/ports.js";
import { T0 } from "../builders.js";

export function waitContract(store: () => Store): void {
  const wait = (name: string, key: string | undefined, executionId = "e1", op = "wait/1"): WaitRecord => ({
    name,
    ...(key === undefined ? {} : { key }),
    executionId,
    op,
    createdAt: T0,
    epoch: 1,
  });
  const find = async (name: string, key?: string, limit = 100): Promise<WaitRecord[]> => {
    const found: WaitRecord[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await store().findWaits({
        name,
        limit,
        ...(key === undefined ? {} : { key }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      cursor = page.cursor;
    }
    return found;
  };

  test("are found by name and key", async () => {
    const one = { ...wait("found", "k"), until: T0 };
    await store().putWait(one);
    await store().putWait(wait("found", "other"));
    expect(await find("found", "k")).toEqual([one]);
    expect(await find("found", "nobody")).toEqual([]);
  });

  test.each(["k", undefined])("keep the text of their condition, with the key %s", async (key) => {
    const one = { ...wait("conditional", key), where: '{"amount":[{"numeric":[">",5]}]}' };
    await store().putWait(one);
    expect(await find("conditional", key)).toEqual([one]);
    expect(await store().readWait(one)).toEqual(one);
    await store().putWait({ ...wait("conditional", key), epoch: 2 });
    expect(await store().readWait(one)).toEqual({ ...wait("conditional", key), epoch: 2 });
  });

  test.each(["k", undefined])("are read one by one, with the key %s", async (key) => {
    const one = { ...wait("read", key), until: T0 };
    await store().putWait(one);
    const { until: _until, ...itself } = one;
    expect(await store().readWait(itself)).toEqual(one);
    expect(await store().readWait({ ...itself, op: "wait/2" })).toBeUndefined();
    expect(await store().readWait({ ...itself, executionId: "e2" })).toBeUndefined();
    expect(await store().readWait({ ...itself, key: "other" })).toBeUndefined();
  });

  test("of one execution, type and key are two when their operations are (PROTOCOL A2)", async () => {
    await store().putWait(wait("two", "k", "e1", "wait/1"));
    await store().putWait(wait("two", "k", "e1", "wait/2"));
    await store().putWait(wait("two", "k", "e1", "wait/2"));
    expect((await find("two", "k")).map((one) => one.op)).toEqual(["wait/1", "wait/2"]);
  });

  test("are deleted one at a time, and again", async () => {
    await store().putWait(wait("deleted", "k", "e1"));
    await store().putWait(wait("deleted", "k", "e2"));
    await store().deleteWait(wait("deleted", "k", "e1"));
    await store().deleteWait(wait("deleted", "k", "e1"));
    expect((await find("deleted", "k")).map((one) => one.executionId)).toEqual(["e2"]);
  });

  test.each(["k", undefined])(
    "stand against an owner before the one that registered them, with the key %s",
    async (key) => {
      const first = { ...wait("late", key), until: T0 };
      const second = { ...first, epoch: 3, until: T0 + 1 };
      await store().putWait(first);
      await store().putWait(second);
      expect(await find("late", key)).toEqual([second]);
      await store().putWait(first);
      await store().deleteWait(first);
      await store().deleteWait({ ...second, epoch: 2 });
      expect(await find("late", key)).toEqual([second]);
      await store().deleteWait({ ...second, epoch: 4 });
      expect(await find("late", key)).toEqual([]);
      await store().deleteWait(second);
      await store().putWait(first);
      expect(await find("late", key)).toEqual([first]);
    },
  );

  test.each(["k", undefined])(
    "give way to those of an execution that was created later under the same id, and stand against its predecessor's, with the key %s",
    async (key) => {
      const old = { ...wait("reborn", key), epoch: 5, where: '{"amount":[1]}' };
      const young = { ...wait("reborn", key), createdAt: T0 + 1, epoch: 1 };
      await store().putWait(old);
      await store().putWait(young);
      expect(await find("reborn", key)).toEqual([young]);
      await store().putWait(old);
      await store().deleteWait(old);
      expect(await find("reborn", key)).toEqual([young]);
      await store().deleteWait({ ...young, createdAt: T0 + 2, epoch: 0 });
      expect(await find("reborn", key)).toEqual([]);
    },
  );

  test.each(["k", undefined])("are paged, with the key %s", async (key) => {
    const ids = Array.from({ length: 40 }, (_, index) => `e${String(index).padStart(2, "0")}`);
    for (const id of ids) await store().putWait(wait("paged", key, id));
    for (const limit of [1, 7, 40, 100]) {
      const found = await find("paged", key, limit);
      expect(found.map((one) => one.executionId).sort()).toEqual(ids);
    }
    expect(
      (await store().findWaits({ name: "paged", limit: 40, ...(key === undefined ? {} : { key }) })).cursor,
    ).toBeUndefined();
  });

  test("without a key are found without one, and never with one", async () => {
    await store().putWait(wait("keyless", undefined, "e1"));
    await store().putWait(wait("keyless", "", "e2"));
    expect((await find("keyless")).map((one) => one.executionId)).toEqual(["e1"]);
    expect((await find("keyless", "")).map((one) => one.executionId)).toEqual(["e2"]);
    await store().deleteWait(wait("keyless", undefined, "e1"));
    expect(await find("keyless")).toEqual([]);
  });

  test("can't be reached by a forged name or key", async () => {
    const pairs: [string, string | undefined][] = [
      ["a", "b#c"],
      ["a#b", "c"],
      ["a%23b", "c"],
      ["a", "b%23c"],
      ["a", "~0"],
      ["a", "~1"],
      ["a", undefined],
      ["a#~0", undefined],
      ["a", "!x"],
      ["a", ""],
    ];
    for (const [index, [name, key]] of pairs.entries()) await store().putWait(wait(name, key, `e${index}`));
    for (const [index, [name, key]] of pairs.entries()) {
      expect((await find(name, key)).map((one) => one.executionId)).toEqual([`e${index}`]);
    }
  });

  test("keep execution and operation apart", async () => {
    await store().putWait(wait("parts", "k", "e", "a#b"));
    await store().putWait(wait("parts", "k", "e#a", "b"));
    await store().deleteWait(wait("parts", "k", "e", "a#b"));
    expect(await find("parts", "k")).toEqual([wait("parts", "k", "e#a", "b")]);
  });

  test("take keys and operations that are longer than any table key", async () => {
    const long = "ü".repeat(3_000);
    await store().putWait(wait("long", `${long}1`, "e1", `${long}/1`));
    await store().putWait(wait("long", `${long}2`, "e2", `${long}/2`));
    expect(await find("long", `${long}1`)).toEqual([wait("long", `${long}1`, "e1", `${long}/1`)]);
    await store().deleteWait(wait("long", `${long}1`, "e1", `${long}/1`));
    expect(await find("long", `${long}1`)).toEqual([]);
    expect(await find("long", `${long}2`)).toHaveLength(1);
  });
}
