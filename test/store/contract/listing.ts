import { beforeAll, expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import type { ListRequest, Store } from "../../../lib/store/ports.js";
import {
  COMPLETED,
  execution,
  FAILED,
  lease,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  T0,
} from "../builders.js";
import { idsOf, pagesOf } from "../pages.js";

/** Thirty executions of one workflow, a second apart, and thirty of another, all in one millisecond. */
const SPREAD = Array.from({ length: 30 }, (_, index) => `spread-${String(index).padStart(2, "0")}`);
const CROWDED = Array.from({ length: 30 }, (_, index) => `crowded-${index}`);
const ENDS = [SUSPENDED, COMPLETED, FAILED, STALLED, { status: "cancelled", closedAt: T0 } as const];

export function listingContract(store: () => Store): void {
  beforeAll(async () => {
    for (const [index, id] of SPREAD.entries()) {
      const end = ENDS[index % ENDS.length] ?? SUSPENDED;
      await settled(store(), id, end, { workflow: "spread", createdAt: T0 + index * 1_000 });
    }
    for (const id of CROWDED)
      await store().createExecution(execution(id, { workflow: "crowded", createdAt: T0 + 500 }));
  });

  const pages = (request: Omit<ListRequest, "cursor">) =>
    pagesOf((from) => store().listExecutions({ ...request, ...from }));
  const ids = idsOf;

  test("by workflow gives all statuses, newest first", async () => {
    const found = await pages({ workflow: "spread", limit: 100 });
    expect(ids(found)).toEqual([...SPREAD].reverse());
    expect(found[0]?.at(-1)).toEqual({
      executionId: "spread-00",
      workflow: "spread",
      definition: "d41d8cd98f00",
      status: "suspended",
      createdAt: T0,
    });
    expect(found[0]?.at(-2)).toMatchObject({ status: "completed", closedAt: T0 + 1_000 });
  });

  test.each([1, 7, 10, 30])(
    "pages by %i without gaps or repeats, and ends without a cursor",
    async (limit) => {
      const found = await pages({ workflow: "spread", limit });
      expect(ids(found)).toEqual([...SPREAD].reverse());
      expect(found).toHaveLength(Math.ceil(30 / limit));
    },
  );

  test("pages through executions of one millisecond", async () => {
    const found = ids(await pages({ workflow: "crowded", limit: 4 }));
    expect(found).toHaveLength(30);
    expect(new Set(found)).toEqual(new Set(CROWDED));
  });

  test("is not disturbed by what is created, or ends, between two pages", async () => {
    const first = await store().listExecutions({ workflow: "spread", limit: 3 });
    await store().createExecution(execution("newer", { workflow: "spread", createdAt: T0 + 99_000 }));
    const second = await store().listExecutions({
      workflow: "spread",
      limit: 3,
      ...(first.cursor && { cursor: first.cursor }),
    });
    expect(ids([[...first.items], [...second.items]])).toEqual([...SPREAD].reverse().slice(0, 6));
    await settle("newer");
  });

  const settle = async (id: string): Promise<void> => {
    const taken = await store().acquireLease({ executionId: id, seen: { epoch: 0 }, ...lease("x") });
    if (taken.acquired) await store().settle(settlementOf(taken.head, COMPLETED));
  };

  test.each([
    ["suspended", 0],
    ["failed", 2],
    ["stalled", 3],
  ] as const)("by the status %s finds those, through the index", async (status, place) => {
    const found = ids(await pages({ status, limit: 4 }));
    expect(found).toEqual(SPREAD.filter((_, index) => index % 5 === place).reverse());
  });

  test.each([
    ["completed", 1],
    ["cancelled", 4],
  ] as const)("by workflow and the status %s filters", async (status, place) => {
    const found = ids(await pages({ workflow: "spread", status, limit: 2 })).filter((id) => id !== "newer");
    expect(found).toEqual(SPREAD.filter((_, index) => index % 5 === place).reverse());
  });

  test("by an open status tells running from suspended", async () => {
    expect(new Set(ids(await pages({ status: "running", limit: 50 })))).toEqual(new Set(CROWDED));
  });

  test("without a filter gives what needs somebody: open, failed and stalled", async () => {
    const found = (await pages({ limit: 20 })).flat();
    expect(new Set(found.map((summary) => summary.status))).toEqual(
      new Set(["running", "suspended", "failed", "stalled"]),
    );
    expect(found).toHaveLength(30 + 18);
  });

  test("by a common end alone is refused, and says what to add", async () => {
    await expect(store().listExecutions({ status: "completed", limit: 10 })).rejects.toThrow(
      "expected a workflow name",
    );
  });

  test("refuses cursors of others", async () => {
    const { cursor } = await store().listExecutions({ workflow: "spread", limit: 1 });
    for (const bad of ["", "nonsense", "bnVsbA", cursor ?? ""]) {
      await expect(store().listExecutions({ workflow: "crowded", limit: 1, cursor: bad })).rejects.toThrow(
        InvalidInputError,
      );
    }
    await expect(store().listExecutions({ workflow: "crowded", limit: 0 })).rejects.toThrow(
      InvalidInputError,
    );
  });

  test("of an unknown workflow is empty, also for a name that looks like a shard", async () => {
    expect(await store().listExecutions({ workflow: "nobody", limit: 5 })).toEqual({ items: [] });
    expect(await store().listExecutions({ workflow: "spread#1", limit: 5 })).toEqual({ items: [] });
  });
}
