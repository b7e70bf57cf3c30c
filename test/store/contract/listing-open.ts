import { beforeAll, expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import type { ListFilter, Store } from "../../../lib/store/ports.js";
import { COMPLETED, execution, FAILED, lease, owned, STALLED, SUSPENDED, settled, T0 } from "../builders.js";
import { idsOf, pagesOf } from "../pages.js";

const at = (seconds: number): number => T0 + seconds * 1_000;

/** Suspended, each due some seconds after all were created. */
const DUE = Array.from({ length: 12 }, (_, index) => `due-${String(index).padStart(2, "0")}`);

export function listingOpenContract(store: () => Store): void {
  beforeAll(async () => {
    for (const [index, id] of DUE.entries()) {
      const settlement = {
        status: index % 3 === 0 ? "paused" : "suspended",
        dueAt: at(100 + index),
      } as const;
      await settled(store(), id, settlement, {
        workflow: index % 2 === 0 ? "even" : "odd",
        createdAt: at(index),
        application: "shop",
      });
    }
    await settled(store(), "waits-only", SUSPENDED, { createdAt: at(20) });
    await store().createExecution(execution("delayed", { createdAt: at(21), startAt: at(105) }));
    await owned(store(), "held-long", { createdAt: at(22), lease: { ...lease("h"), until: at(300) } });
    await owned(store(), "held-stale", { createdAt: at(23), lease: { ...lease("s"), until: at(50) } });
    // Due since before, and held by somebody who has not come back.
    await settled(store(), "due-and-stale", { status: "suspended", dueAt: at(60) }, { createdAt: at(24) });
    const seen = { epoch: 1 };
    await store().acquireLease({ executionId: "due-and-stale", seen, ...lease("z"), until: at(70) });
    for (const [id, end] of [
      ["stalled", STALLED],
      ["failed", FAILED],
      ["completed", COMPLETED],
    ] as const)
      await settled(store(), id, end, { workflow: "even", createdAt: at(25) });
  });

  const ids = async (filter: ListFilter, limit = 5): Promise<string[]> =>
    idsOf(await pagesOf((from) => store().listExecutions({ ...filter, limit, ...from })));
  const due = (before: number): string[] => DUE.filter((_, index) => 100 + index < before).reverse();

  test("dueBefore gives what is due earlier, exclusive, newest first, in pages", async () => {
    const found = await pagesOf((from) => store().listExecutions({ dueBefore: at(104), limit: 2, ...from }));
    expect(idsOf(found)).toEqual(["due-and-stale", ...due(104)]);
    expect(found.flat()[1]).toEqual({
      executionId: "due-03",
      workflow: "odd",
      definition: "d41d8cd98f00",
      application: "shop",
      status: "paused",
      createdAt: at(3),
      dueAt: at(103),
    });
  });

  test("one that has not begun is due at its start", async () => {
    expect(await ids({ dueBefore: at(105) })).not.toContain("delayed");
    const found = await store().listExecutions({ dueBefore: at(106), createdAfter: at(21), limit: 9 });
    expect(found.items).toMatchObject([
      { executionId: "due-and-stale" },
      { executionId: "delayed", status: "running", dueAt: at(105) },
    ]);
  });

  test("leaseExpiredBefore gives those whose lease ends earlier, exclusive, and whose it is", async () => {
    expect(await ids({ leaseExpiredBefore: at(50) })).toEqual([]);
    const { items } = await store().listExecutions({ leaseExpiredBefore: at(71), limit: 5 });
    expect(items).toEqual([
      expect.objectContaining({
        executionId: "due-and-stale",
        dueAt: at(60),
        lease: { owner: "owner-z", until: at(70) },
      }),
      expect.objectContaining({ executionId: "held-stale", lease: { owner: "owner-s", until: at(50) } }),
    ]);
    expect(items[1]).not.toHaveProperty("dueAt");
    expect(await ids({ leaseExpiredBefore: at(301) })).toEqual(["due-and-stale", "held-stale", "held-long"]);
  });

  test("together with each other, statuses, a workflow, an application and a time", async () => {
    expect(await ids({ dueBefore: at(999), leaseExpiredBefore: at(999) })).toEqual(["due-and-stale"]);
    expect(await ids({ dueBefore: at(999), status: "paused" })).toEqual(
      DUE.filter((_, index) => index % 3 === 0).reverse(),
    );
    expect(await ids({ dueBefore: at(105), status: ["paused", "running", "failed"] })).toEqual([
      "due-03",
      "due-00",
    ]);
    expect(await ids({ dueBefore: at(105), workflow: "even" })).toEqual(["due-04", "due-02", "due-00"]);
    expect(
      await ids({ dueBefore: at(999), application: "shop", createdAfter: at(4), createdBefore: at(7) }),
    ).toEqual(["due-06", "due-05", "due-04"]);
  });

  test("never give what is closed or stalled", async () => {
    for (const status of ["failed", "stalled", "completed"] as const) {
      expect(await store().listExecutions({ status, dueBefore: at(999), limit: 5 })).toEqual({ items: [] });
      expect(
        await store().listExecutions({ workflow: "even", status, leaseExpiredBefore: at(999), limit: 5 }),
      ).toEqual({ items: [] });
    }
  });

  test("find the one among hundreds that are not due, by pages that may be empty", async () => {
    const crowd = Array.from({ length: 280 }, (_, index) => `idle-${index}`);
    const startAt = at(10_000);
    await Promise.all(
      crowd.map((id) => store().createExecution(execution(id, { createdAt: at(500), startAt }))),
    );
    const pages = await pagesOf((from) => store().listExecutions({ dueBefore: at(101), limit: 3, ...from }));
    expect(idsOf(pages)).toEqual(["due-and-stale", "due-00"]);
    expect(pages.length).toBeGreaterThan(1);
  });

  test("have cursors of their own", async () => {
    const { cursor = "" } = await store().listExecutions({ dueBefore: at(110), limit: 1 });
    for (const other of [{}, { dueBefore: at(111) }, { leaseExpiredBefore: at(110) }])
      await expect(store().listExecutions({ ...other, limit: 1, cursor })).rejects.toThrow(InvalidInputError);
    await expect(store().listExecutions({ dueBefore: 0.5, limit: 1 })).rejects.toThrow("dueBefore: expected");
  });
}
