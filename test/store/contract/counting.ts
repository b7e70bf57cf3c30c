import { beforeAll, expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import { isOpen, STATUSES } from "../../../lib/model/status.js";
import type { ListFilter, Store } from "../../../lib/store/ports.js";
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
import { pagesOf } from "../pages.js";

const ENDS = [SUSPENDED, COMPLETED, FAILED, STALLED, { status: "paused", dueAt: T0 + 5_000 }] as const;
const at = (index: number): number => T0 + index * 1_000;

export function countingContract(store: () => Store): void {
  beforeAll(async () => {
    for (let index = 0; index < 50; index += 1)
      await settled(store(), `counted-${index}`, ENDS[index % ENDS.length] ?? SUSPENDED, {
        workflow: index % 2 === 0 ? "even" : "odd",
        createdAt: at(index),
        ...(index < 30 ? { application: "shop" } : {}),
        ...(index >= 20 ? { pipelineConfigId: "p-1" } : {}),
      });
  });

  const OPEN = STATUSES.filter(isOpen);
  const window = { createdAfter: at(10), createdBefore: at(20) };

  test.each<[ListFilter, number]>([
    // By the index alone.
    [{}, 40],
    [window, 8],
    [{ workflow: "even" }, 25],
    [{ workflow: "even", ...window }, 5],
    [{ application: "shop" }, 30],
    [{ pipelineConfigId: "p-1", createdAfter: at(48) }, 2],
    [{ status: "failed" }, 10],
    [{ status: ["failed", "stalled"], ...window }, 4],
    [{ status: OPEN }, 20],
    [{ application: "nobody" }, 0],
    [{ workflow: "even", createdAfter: at(5), createdBefore: at(5) }, 0],
    // Through the heads.
    [{ status: "suspended" }, 10],
    [{ status: ["suspended", "failed"] }, 20],
    [{ workflow: "odd", status: "completed" }, 5],
    [{ application: "shop", pipelineConfigId: "p-1" }, 10],
    [{ application: "shop", workflow: "odd", status: ["completed", "paused"], ...window }, 2],
    [{ dueBefore: T0 + 5_001 }, 10],
    [{ dueBefore: T0 + 5_000 }, 0],
    [{ leaseExpiredBefore: T0 + 999_999 }, 0],
    [{ dueBefore: T0 + 5_001, status: "failed" }, 0],
  ])("of %j is %i, as many as the listing gives", async (filter, expected) => {
    const listed = await pagesOf((from) => store().listExecutions({ ...filter, limit: 7, ...from }));
    expect(listed.flat()).toHaveLength(expected);
    expect(await store().countExecutions(filter)).toBe(expected);
  });

  test("follows what is created and what ends", async () => {
    const open = { status: OPEN, createdAfter: at(100) };
    for (const id of ["new-1", "new-2", "new-3"])
      await store().createExecution(execution(id, { workflow: "new", createdAt: at(100) }));
    expect(await store().countExecutions(open)).toBe(3);
    const taken = await store().acquireLease({ executionId: "new-2", seen: { epoch: 0 }, ...lease("x") });
    if (taken.acquired) await store().settle(settlementOf(taken.head, COMPLETED));
    expect(await store().countExecutions(open)).toBe(2);
    expect(await store().countExecutions({ workflow: "new" })).toBe(3);
    expect(await store().countExecutions({ workflow: "new", status: "completed" })).toBe(1);
  });

  test("of more than a page of heads is all of them", async () => {
    const ids = Array.from({ length: 620 }, (_, index) => `many-${index}`);
    await Promise.all(ids.map((id) => store().createExecution(execution(id, { workflow: "many" }))));
    expect(await store().countExecutions({ workflow: "many" })).toBe(620);
    expect(await store().countExecutions({ workflow: "many", status: "running" })).toBe(620);
    expect(await store().countExecutions({ workflow: "many", status: "completed" })).toBe(0);
  });

  test("refuses what no listing takes", async () => {
    for (const filter of [{ status: "completed" }, { createdAfter: Number.NaN }, { status: [] }] as const)
      await expect(store().countExecutions(filter)).rejects.toThrow(InvalidInputError);
  });
}
