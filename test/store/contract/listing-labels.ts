import { beforeAll, describe, expect, test } from "vitest";
import { InvalidInputError } from "../../../lib/model/errors.js";
import type { ListFilter, Store } from "../../../lib/store/ports.js";
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
import { idsOf, pagesOf } from "../pages.js";

/** Forty executions, a second apart, of two workflows, with five ends in turn; and twenty in one millisecond. */
const IDS = Array.from({ length: 40 }, (_, index) => `labelled-${String(index).padStart(2, "0")}`);
const CROWD = Array.from({ length: 20 }, (_, index) => `crowd-${index}`);
const ENDS = [SUSPENDED, COMPLETED, FAILED, STALLED, { status: "cancelled", closedAt: T0 } as const];
const at = (index: number): number => T0 + index * 1_000;

const LABELS = [
  ["application", { application: "shop" }, { application: "crowded" }, { application: "nobody" }],
  [
    "pipeline configuration",
    { pipelineConfigId: "p-1" },
    { pipelineConfigId: "crowded" },
    { pipelineConfigId: "nobody" },
  ],
] as const;

export function listingLabelContract(store: () => Store): void {
  beforeAll(async () => {
    for (const [index, id] of IDS.entries()) {
      await settled(store(), id, ENDS[index % ENDS.length] ?? SUSPENDED, {
        workflow: index % 2 === 0 ? "even" : "odd",
        createdAt: at(index),
        application: "shop",
        pipelineConfigId: index < 20 ? "p-0" : "p-1",
      });
    }
    for (const id of CROWD)
      await store().createExecution(
        execution(id, { createdAt: at(99), application: "crowded", pipelineConfigId: "crowded" }),
      );
    await store().createExecution(execution("unlabelled", { createdAt: at(5) }));
  });

  const ids = async (filter: ListFilter, limit = 7): Promise<string[]> =>
    idsOf(await pagesOf((from) => store().listExecutions({ ...filter, limit, ...from })));
  /** The forty that fit, newest first. */
  const expected = (fits: (index: number) => boolean): string[] =>
    IDS.filter((_, index) => fits(index)).reverse();

  test.each([1, 7, 40])(
    "by application gives all statuses and workflows, newest first, by %i",
    async (limit) => {
      const pages = await pagesOf((from) => store().listExecutions({ application: "shop", limit, ...from }));
      expect(idsOf(pages)).toEqual(expected(() => true));
      expect(pages).toHaveLength(Math.ceil(40 / limit));
      expect(pages[0]?.[0]).toEqual({
        executionId: "labelled-39",
        workflow: "odd",
        definition: "d41d8cd98f00",
        application: "shop",
        pipelineConfigId: "p-1",
        status: "cancelled",
        createdAt: at(39),
        closedAt: T0,
      });
    },
  );

  test("by pipeline configuration gives all statuses and workflows, newest first", async () => {
    expect(await ids({ pipelineConfigId: "p-0" })).toEqual(expected((index) => index < 20));
    expect(await ids({ pipelineConfigId: "p-1" }, 3)).toEqual(expected((index) => index >= 20));
  });

  describe.each(LABELS)("by %s", (name, label, crowded, unknown) => {
    const isOf = (index: number): boolean => !("pipelineConfigId" in label) || index >= 20;

    test.each([
      ["suspended", 0],
      ["completed", 1],
      ["failed", 2],
      ["stalled", 3],
      ["cancelled", 4],
    ] as const)("and the status %s", async (status, place) => {
      expect(await ids({ ...label, status })).toEqual(
        expected((index) => isOf(index) && index % 5 === place),
      );
    });

    test("and several statuses, common ends among them", async () => {
      expect(await ids({ ...label, status: ["completed", "stalled"] })).toEqual(
        expected((index) => isOf(index) && (index % 5 === 1 || index % 5 === 3)),
      );
    });

    test("and a time", async () => {
      const window = { createdAfter: at(10), createdBefore: at(30) };
      expect(await ids({ ...label, ...window })).toEqual(
        expected((index) => isOf(index) && index >= 10 && index < 30),
      );
      expect(await ids({ ...label, ...window, status: ["failed"] }, 2)).toEqual(
        expected((index) => isOf(index) && index >= 10 && index < 30 && index % 5 === 2),
      );
    });

    test("and a workflow", async () => {
      expect(await ids({ ...label, workflow: "even" })).toEqual(
        expected((index) => isOf(index) && index % 2 === 0),
      );
    });

    test("pages through executions of one millisecond", async () => {
      const found = await ids(crowded, 3);
      expect(found).toHaveLength(20);
      expect(new Set(found)).toEqual(new Set(CROWD));
    });

    test("is not disturbed by what is created, or ends, between two pages", async () => {
      const group = { application: `live-${name}`, pipelineConfigId: `live-${name}` };
      const live = Array.from({ length: 9 }, (_, index) => `live-${name.slice(0, 3)}-${index}`);
      for (const [index, id] of live.entries())
        await settled(store(), id, SUSPENDED, { createdAt: at(index), ...group });
      const key = "application" in label ? "application" : "pipelineConfigId";
      const asked = { [key]: group[key], limit: 2 };
      const first = await store().listExecutions(asked);
      await store().createExecution(execution(`${live[0]}-newer`, { createdAt: at(50), ...group }));
      for (const id of [live[8], live[4]]) {
        const taken = await store().acquireLease({
          executionId: id ?? "",
          seen: { epoch: 1 },
          ...lease("x"),
        });
        if (taken.acquired) await store().settle(settlementOf(taken.head, COMPLETED));
      }
      const { cursor = "" } = first;
      const rest = await pagesOf((from) => store().listExecutions({ ...asked, cursor, ...from }));
      expect(idsOf([[...first.items], ...rest])).toEqual([...live].reverse());
      expect(rest.flat().find(({ executionId }) => executionId === live[4])?.status).toBe("completed");
    });

    test("of nobody is empty, also for a name that looks like a shard", async () => {
      expect(await store().listExecutions({ ...unknown, limit: 5 })).toEqual({ items: [] });
      const shard = Object.fromEntries(Object.entries(label).map(([key, name]) => [key, `${name}#1`]));
      expect(await store().listExecutions({ ...shard, limit: 5 })).toEqual({ items: [] });
    });

    test("has cursors of its own", async () => {
      const { cursor = "" } = await store().listExecutions({ ...label, limit: 1 });
      for (const other of [unknown, { workflow: "even" }, { ...label, status: "failed" } as const])
        await expect(store().listExecutions({ ...other, limit: 1, cursor })).rejects.toThrow(
          InvalidInputError,
        );
    });
  });

  test("both labels are kept through leases, ends and redrives", async () => {
    const labels = { application: "kept#1", pipelineConfigId: "p#2#3" };
    await settled(store(), "kept", FAILED, { ...labels, createdAt: at(70) });
    await store().reopen("kept", { epoch: 1 }, redrive("r-1"));
    const { head } = await store().acquireLease({ executionId: "kept", seen: { epoch: 1 }, ...lease("y") });
    expect(head).toMatchObject(labels);
    for (const [key, value] of Object.entries(labels))
      expect((await store().listExecutions({ [key]: value, limit: 5 })).items).toMatchObject([
        { executionId: "kept", status: "running", ...labels },
      ]);
  });
}
