import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import type { WaitKey } from "../../../lib/model/head.js";
import type {
  NewExecution,
  Settlement,
  SettleRequest,
  Store,
  WaitingExecution,
  WaitingRequest,
} from "../../../lib/store/ports.js";
import { COMPLETED, owned, STALLED, SUSPENDED, settlementOf, T0 } from "../builders.js";
import { idsOf, pagesOf } from "../pages.js";

const NOW = T0 + 1_000;

export function waitingContract(store: () => Store): void {
  /** An execution that has settled with these waits, and their records in the directory. */
  const waits = async (
    executionId: string,
    keys: readonly (Omit<WaitKey, "executionId" | "op"> & { readonly until?: number })[],
    options: Partial<Pick<SettleRequest, "waitCount">> &
      Partial<NewExecution> & { readonly settlement?: Settlement; readonly named?: number } = {},
  ): Promise<void> => {
    const { settlement = SUSPENDED, waitCount = keys.length, named = keys.length, ...fields } = options;
    const head = await owned(store(), executionId, fields);
    const all = keys.map((key, index) => ({ ...key, executionId, op: `wait:${index + 1}` }));
    for (const wait of all) await store().putWait({ ...wait, createdAt: T0, epoch: 1 });
    const inHead = all.slice(0, named).map(({ until: _until, ...key }) => key);
    const answer = await store().settle(settlementOf(head, settlement, { waits: inHead, waitCount }));
    if (!answer.settled) throw new Error(`${executionId} could not be settled.`);
  };
  const pages = (request: Omit<WaitingRequest, "cursor" | "now">) =>
    pagesOf((from) => store().listWaiting({ now: NOW, ...request, ...from }));
  const all = async (request: Omit<WaitingRequest, "cursor" | "now" | "limit">) =>
    (await pages({ ...request, limit: 50 })).flat();

  describe("for a key", () => {
    test("gives the waits for it with their executions' statuses and their ends", async () => {
      await waits("keyed-1", [{ name: "paid", key: "k-1", until: NOW + 5 }], { workflow: "orders" });
      await waits("keyed-2", [{ name: "paid", key: "k-1" }], { settlement: { status: "paused" } });
      await waits("keyed-3", [{ name: "paid", key: "k-2" }]);
      await waits("keyed-4", [{ name: "other", key: "k-1" }]);
      for (const keyed of [{}, { keyed: true }])
        expect(await all({ name: "paid", key: "k-1", ...keyed })).toEqual([
          {
            executionId: "keyed-1",
            workflow: "orders",
            status: "suspended",
            key: "k-1",
            until: NOW + 5,
            certain: true,
          },
          { executionId: "keyed-2", workflow: "order-saga", status: "paused", key: "k-1", certain: true },
        ]);
    });

    test("leaves out what has timed out, and the records of those that have ended or are gone", async () => {
      await waits("over", [{ name: "late", key: "k", until: NOW }]);
      await waits("in-time", [{ name: "late", key: "k", until: NOW + 1 }]);
      await waits("ended", [{ name: "late", key: "k" }], { settlement: COMPLETED });
      await waits("stalled", [{ name: "late", key: "k" }], { settlement: STALLED });
      await store().putWait({
        name: "late",
        key: "k",
        executionId: "gone",
        op: "wait:1",
        createdAt: T0,
        epoch: 1,
      });
      expect(await all({ name: "late", key: "k" })).toMatchObject([
        { executionId: "in-time", until: NOW + 1 },
        { executionId: "stalled", status: "stalled" },
      ]);
    });

    test("gives one that waits twice twice, and knows no key that looks like another", async () => {
      await waits("twice", [
        { name: "double", key: "" },
        { name: "double", key: "", until: NOW + 9 },
      ]);
      expect(await all({ name: "double", key: "" })).toMatchObject([
        { executionId: "twice", key: "" },
        { executionId: "twice", key: "", until: NOW + 9 },
      ]);
      expect(await all({ name: "double", key: "~0" })).toEqual([]);
    });
  });

  describe("of a type without a key", () => {
    test.each([1, 4, 100])("gives all waits, by %i, also where only the name is known", async (limit) => {
      const name = `broadcast-${limit}`;
      const ids = Array.from({ length: 23 }, (_, index) => `listener-${limit}-${index}`);
      for (const [index, id] of ids.entries())
        await waits(id, [{ name, ...(index % 2 === 0 ? { until: NOW + index + 1 } : {}) }]);
      await waits(`expired-${limit}`, [{ name, until: NOW - 1 }]);
      // Its head names only some of its waits: that this one is not among them is known all the same.
      await waits(`deaf-${limit}`, [{ name: "something" }], { waitCount: 9 });
      for (const keyed of [{}, { keyed: false }]) {
        const found = await pages({ name, ...keyed, limit });
        expect(idsOf(found).sort()).toEqual([...ids].sort());
        expect(Math.max(...found.map((page) => page.length))).toBeLessThanOrEqual(limit);
        expect(found.flat().every(({ certain, key }) => certain && key === undefined)).toBe(true);
      }
    });
  });

  describe("of a type with a key that is not given", () => {
    const uncertain = (found: readonly WaitingExecution[]): string[] =>
      found.flatMap(({ certain, executionId }) => (certain ? [] : [executionId]));

    test("gives the waits that heads name, newest first, with keys and ends", async () => {
      for (const index of [1, 2, 3])
        await waits(`shop-${index}`, [{ name: "ordered", key: `k-${index}`, until: NOW + index }], {
          createdAt: T0 + index,
        });
      await waits("shop-4", [{ name: "ordered", key: "k-4" }], { createdAt: T0 + 4, settlement: STALLED });
      await waits("shop-5", [{ name: "ordered", key: "k-5", until: NOW }]);
      for (const keyed of [{}, { keyed: true }]) {
        const found = await all({ name: "ordered", ...keyed });
        expect(found.filter(({ certain }) => certain)).toMatchObject([
          { executionId: "shop-4", status: "stalled", key: "k-4" },
          { executionId: "shop-3", status: "suspended", key: "k-3", until: NOW + 3 },
          { executionId: "shop-2", key: "k-2", until: NOW + 2 },
          { executionId: "shop-1", key: "k-1", until: NOW + 1 },
        ]);
      }
    });

    test("asks the directory whether a wait still stands, and leaves out what has ended", async () => {
      await waits("answered", [{ name: "asked", key: "a" }]);
      await store().deleteWait({
        name: "asked",
        key: "a",
        executionId: "answered",
        op: "wait:1",
        createdAt: T0,
        epoch: 1,
      });
      await waits("done", [{ name: "asked", key: "b" }], { settlement: COMPLETED });
      await waits("stands", [{ name: "asked", key: "c" }]);
      const found = await all({ name: "asked", keyed: true });
      expect(found.filter(({ certain }) => certain)).toMatchObject([{ executionId: "stands", key: "c" }]);
    });

    test("tells of one that names only some of its waits that it is not certain", async () => {
      const many = Array.from({ length: 30 }, (_, index) => ({ name: "many", key: `m-${index}` }));
      await waits("names-it", [{ name: "rare", key: "r" }, ...many], { named: 3 });
      await waits("may-wait", [...many, { name: "rare", key: "r" }], { named: 3 });
      await waits("names-all", many.slice(0, 3));
      const found = await all({ name: "rare", keyed: true });
      expect(found.filter(({ certain }) => certain)).toMatchObject([{ executionId: "names-it", key: "r" }]);
      expect(uncertain(found)).toContain("may-wait");
      expect(found).toContainEqual({
        executionId: "may-wait",
        workflow: "order-saga",
        status: "suspended",
        certain: false,
      });
      expect(uncertain(found)).not.toContain("names-it");
      expect(uncertain(found)).not.toContain("names-all");
    });

    test("pages without gaps or repeats, and never parts one that waits several times", async () => {
      const ids = Array.from({ length: 9 }, (_, index) => `several-${index}`);
      for (const [index, id] of ids.entries()) {
        const keys = Array.from({ length: 1 + (index % 3) }, (_, at) => ({
          name: "part",
          key: `${id}-${at}`,
        }));
        await waits(id, keys, { createdAt: T0 + 50_000 + index });
      }
      const expected = [...ids]
        .reverse()
        .flatMap((id) => Array<string>(1 + (Number(id.slice(8)) % 3)).fill(id));
      for (const limit of [1, 2, 4]) {
        const found = await pages({ name: "part", keyed: true, limit });
        const certain = found.map((page) => page.filter((one) => one.certain));
        expect(idsOf(certain)).toEqual(expected);
        expect(Math.max(...found.map((page) => page.length))).toBeLessThanOrEqual(Math.max(3, limit));
        for (const id of ids)
          expect(certain.filter((page) => page.some(({ executionId }) => executionId === id))).toHaveLength(
            1,
          );
      }
    });

    test("is not disturbed by what begins to wait, or ends, between two pages", async () => {
      for (const index of [1, 2, 3, 4])
        await waits(`live-${index}`, [{ name: "live", key: "k" }], { createdAt: T0 + 90_000 + index });
      const request = { name: "live", keyed: true, now: NOW, limit: 1 };
      const first = await store().listWaiting(request);
      await waits("live-5", [{ name: "live", key: "k" }], { createdAt: T0 + 90_005 });
      await store().deleteWait({
        name: "live",
        key: "k",
        executionId: "live-2",
        op: "wait:1",
        createdAt: T0,
        epoch: 1,
      });
      const { cursor = "" } = first;
      const rest = await pagesOf((from) => store().listWaiting({ ...request, cursor, ...from }));
      expect(idsOf([[...first.items], ...rest]).filter((id) => id.startsWith("live"))).toEqual([
        "live-4",
        "live-3",
        "live-1",
      ]);
    });
  });

  test("for an event that nobody waits for is empty, where heads name all of their waits", async () => {
    expect(await all({ name: "nobody", keyed: false })).toEqual([]);
    expect(await all({ name: "nobody", key: "k" })).toEqual([]);
    expect((await all({ name: "nobody", keyed: true })).filter(({ certain }) => certain)).toEqual([]);
  });

  test("refuses limits that are none, and cursors of others", async () => {
    for (const id of ["c-1", "c-2"]) {
      await waits(id, [{ name: "cursor", key: "k" }]);
      await waits(`${id}-all`, [{ name: "cursors" }]);
    }
    const byKey = await store().listWaiting({ name: "cursor", key: "k", now: NOW, limit: 1 });
    const byHead = await store().listWaiting({ name: "cursor", keyed: true, now: NOW, limit: 1 });
    const byShard = await store().listWaiting({ name: "cursors", now: NOW, limit: 1 });
    for (const { cursor = "" } of [byKey, byHead, byShard]) {
      expect(cursor).not.toBe("");
      for (const other of [
        { name: "cursor", key: "other" },
        { name: "nobody" },
        { name: "cursor", keyed: false },
      ])
        await expect(store().listWaiting({ ...other, now: NOW, limit: 1, cursor })).rejects.toThrow(
          InvalidInputError,
        );
    }
    for (const limit of [0, 1.5])
      for (const keyed of [true, false])
        await expect(store().listWaiting({ name: "cursor", keyed, now: NOW, limit })).rejects.toThrow(
          InvalidInputError,
        );
  });
}
