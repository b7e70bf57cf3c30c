import { beforeAll, expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import type { ListRequest, Store } from "../../../lib/store/ports.js";
import { COMPLETED, FAILED, lease, STALLED, SUSPENDED, settled, settlementOf, T0 } from "../builders.js";
import { idsOf, pagesOf } from "../pages.js";

/** Forty executions, a second apart, four ends in turn. */
const IDS = Array.from({ length: 40 }, (_, index) => `window-${String(index).padStart(2, "0")}`);
const ENDS = [SUSPENDED, COMPLETED, FAILED, STALLED];
const at = (index: number): number => T0 + index * 1_000;

export function listingWindowContract(store: () => Store): void {
  beforeAll(async () => {
    for (const [index, id] of IDS.entries()) {
      const end = ENDS[index % ENDS.length] ?? SUSPENDED;
      await settled(store(), id, end, { workflow: "windows", createdAt: at(index) });
    }
  });

  const pages = (request: Omit<ListRequest, "cursor">) =>
    pagesOf((from) => store().listExecutions({ ...request, ...from }));
  const newestFirst = (from: number, to: number): string[] => IDS.slice(from, to).reverse();

  test.each([1, 7, 100])(
    "from createdAfter, inclusive, up to createdBefore, exclusive, by %i",
    async (limit) => {
      const found = await pages({
        workflow: "windows",
        createdAfter: at(10),
        createdBefore: at(25),
        limit,
      });
      expect(idsOf(found)).toEqual(newestFirst(10, 25));
      expect(found).toHaveLength(Math.ceil(15 / limit));
    },
  );

  test("either bound may be missing", async () => {
    expect(idsOf(await pages({ workflow: "windows", createdAfter: at(31), limit: 5 }))).toEqual(
      newestFirst(31, 40),
    );
    expect(idsOf(await pages({ workflow: "windows", createdBefore: at(9), limit: 5 }))).toEqual(
      newestFirst(0, 9),
    );
  });

  test("windows that follow each other hold each execution once", async () => {
    const bounds = [0, 3, 4, 17, 40];
    const found: string[] = [];
    for (const [index, from] of bounds.slice(0, -1).entries()) {
      const window = { createdAfter: at(from), createdBefore: at(bounds[index + 1] ?? 40) };
      found.unshift(...idsOf(await pages({ workflow: "windows", ...window, limit: 4 })));
    }
    expect(found).toEqual([...IDS].reverse());
  });

  test.each([
    ["suspended", 0],
    ["failed", 2],
    ["stalled", 3],
  ] as const)("holds for the status %s too", async (status, place) => {
    const found = await pages({ status, createdAfter: at(8), createdBefore: at(24), limit: 3 });
    expect(idsOf(found)).toEqual(
      IDS.filter((_, index) => index % 4 === place && index >= 8 && index < 24).reverse(),
    );
  });

  test("of several statuses gives all of them in one order, by index or filtered", async () => {
    const statuses = ["failed", "suspended"] as const;
    const expected = IDS.filter((_, index) => index % 2 === 0 && index >= 5).reverse();
    expect(idsOf(await pages({ status: statuses, createdAfter: at(5), limit: 4 }))).toEqual(expected);
    expect(
      idsOf(await pages({ workflow: "windows", status: statuses, createdAfter: at(5), limit: 4 })),
    ).toEqual(expected);
  });

  test("one of several statuses that no index shows needs the workflow, and says so", async () => {
    await expect(store().listExecutions({ status: ["failed", "completed"], limit: 5 })).rejects.toThrow(
      /expected a workflow name.*since completed executions/,
    );
    expect(
      idsOf(await pages({ workflow: "windows", status: ["failed", "completed"], limit: 50 })),
    ).toHaveLength(20);
  });

  test("of nothing is empty: backwards, of no length, before and after all", async () => {
    for (const window of [
      { createdAfter: at(20), createdBefore: at(10) },
      { createdAfter: at(10), createdBefore: at(10) },
      { createdBefore: at(0) },
      { createdAfter: at(40) },
    ])
      expect(await store().listExecutions({ workflow: "windows", ...window, limit: 5 })).toEqual({
        items: [],
      });
  });

  test("a cursor is good for its own bounds and statuses alone", async () => {
    const asked = { workflow: "windows", status: "failed", createdBefore: at(30), limit: 1 } as const;
    const { cursor = "" } = await store().listExecutions(asked);
    for (const other of [
      { ...asked, createdBefore: at(29) },
      { ...asked, createdAfter: at(1) },
      { ...asked, status: ["failed", "stalled"] as const },
    ])
      await expect(store().listExecutions({ ...other, cursor })).rejects.toThrow(InvalidInputError);
    const again = await store().listExecutions({ ...asked, status: ["failed"], cursor });
    expect(again.items).toMatchObject([{ executionId: "window-22" }]);
  });

  test.each([
    [{ createdAfter: Number.NaN }, "createdAfter"],
    [{ createdBefore: 1.5 }, "createdBefore"],
    [{ status: [] }, "status"],
  ])("refuses %j", async (filter, path) => {
    await expect(store().listExecutions({ ...filter, limit: 5 })).rejects.toThrow(`${path}: expected`);
  });

  test("one that fails between two pages is not listed twice", async () => {
    const asked = { status: ["suspended", "failed"], createdAfter: at(100), limit: 1 } as const;
    await settled(store(), "stays", SUSPENDED, { workflow: "moving", createdAt: at(100) });
    await settled(store(), "moves", SUSPENDED, { workflow: "moving", createdAt: at(101) });
    const first = await store().listExecutions(asked);
    expect(first.items).toMatchObject([{ executionId: "moves", status: "suspended" }]);
    const taken = await store().acquireLease({ executionId: "moves", seen: { epoch: 1 }, ...lease("x") });
    if (taken.acquired) await store().settle(settlementOf(taken.head, FAILED));
    expect((await store().readHead("moves"))?.status).toBe("failed");
    const { cursor = "" } = first;
    const rest = await pagesOf((from) => store().listExecutions({ ...asked, cursor, ...from }));
    expect(idsOf(rest)).toEqual(["stays"]);
  });
}
