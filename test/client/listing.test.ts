/** What a client can find without knowing an execution's id. */
import { describe, expect, test } from "vitest";
import { parseStartPayload } from "../../lib/aws/start-payload.js";
import { startNow } from "../../lib/aws/starting.js";
import { DurableClient } from "../../lib/client/client.js";
import {
  app,
  event,
  InvalidDefinitionError,
  InvalidInputError,
  type ListOptions,
  workflow,
} from "../../lib/index.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";

const naps = workflow("naps", async (ctx) => {
  await ctx.sleep("1h");
});
const works = workflow("works", async (ctx) => ctx.step("work", () => "done"));
const calls = workflow("calls", async (ctx) => ctx.child(works, undefined, { id: "the-child" }));

const Paid = event<{ order: string }>("payment.completed", { key: ({ order }) => order });
const Opened = event("shop.opened");
const pays = workflow("pays", async (ctx, order: string) => {
  await ctx.waitForEvent(Paid, { key: order, timeout: "1h" });
});
const opens = workflow("opens", async (ctx) => {
  await ctx.waitForEvent(Opened);
});
const hoards = workflow("hoards", async (ctx) => {
  const waits = Array.from({ length: 200 }, (_, n) => ctx.waitForEvent(Paid, { key: `hoarded order ${n}` }));
  await Promise.all(waits);
});

const shop = app({ workflows: [naps, works, calls, pays, opens, hoards], events: [Paid, Opened] });

function deployment() {
  const cloud = new TestCloud({ app: shop, store: createMemoryStore() });
  const client = new DurableClient({ outside: cloud.client(), workflows: [...shop.workflows.values()] });
  const ids = async (filter: ListOptions): Promise<string[]> =>
    (await client.list(filter)).executions.map(({ executionId }) => executionId);
  return { cloud, client, ids };
}

describe("what is due, and what nobody came back to", () => {
  test("is listed with its lease, for whoever looks", async () => {
    const { cloud, client, ids } = deployment();
    const hour = 3_600_000;
    await client.start(naps, undefined, { id: "n-1" });
    await cloud.settle();
    await client.start(works, undefined, { id: "w-1", delay: "30m" });
    const now = cloud.clock.now();
    expect(await ids({ dueBefore: new Date(now + hour / 2) })).toEqual([]);
    expect(await ids({ dueBefore: new Date(now + hour / 2 + 1) })).toEqual(["w-1"]);
    expect(
      (await client.list({ dueBefore: new Date(now + hour + 1), status: "suspended" })).executions,
    ).toMatchObject([{ executionId: "n-1", dueAt: new Date(now + hour) }]);
    const { head } = await cloud.bare.store.acquireLease({
      executionId: "n-1",
      seen: { epoch: (await cloud.bare.store.readHead("n-1"))?.epoch ?? 0 },
      owner: "m-7",
      token: "t",
      until: now + 60_000,
    });
    expect(head?.lease?.owner).toBe("m-7");
    expect(await ids({ leaseExpiredBefore: new Date(now + 60_000) })).toEqual([]);
    expect((await client.list({ leaseExpiredBefore: new Date(now + 60_001) })).executions).toMatchObject([
      { executionId: "n-1", lease: { owner: "m-7", until: new Date(now + 60_000) } },
    ]);
  });
});

describe("who waits for an event", () => {
  test("is told by its type, or its name, with or without a key", async () => {
    const { cloud, client } = deployment();
    await client.start(pays, "o-1", { id: "p-1" });
    await cloud.advance(1_000);
    await client.start(pays, "o-2", { id: "p-2" });
    await client.start(opens, undefined, { id: "s-1" });
    await cloud.settle();
    const until = new Date(cloud.clock.now() + 3_600_000);
    const second = {
      executionId: "p-2",
      workflow: "pays",
      status: "suspended",
      key: "o-2",
      until,
      certain: true,
    };
    expect(await client.waiting(Paid, { key: "o-2" })).toEqual({ waiting: [second] });
    expect(await client.waiting("payment.completed", { key: "o-2" })).toEqual({ waiting: [second] });
    for (const paid of [Paid, "payment.completed"]) {
      const { waiting } = await client.waiting(paid);
      expect(waiting).toEqual([
        second,
        { ...second, executionId: "p-1", key: "o-1", until: new Date(until.getTime() - 1_000) },
      ]);
    }
    for (const opened of [Opened, "shop.opened"])
      expect(await client.waiting(opened)).toEqual({
        waiting: [{ executionId: "s-1", workflow: "opens", status: "suspended", certain: true }],
      });
    await client.publish(Paid, { order: "o-2" });
    await cloud.settle();
    expect((await client.waiting(Paid)).waiting).toMatchObject([{ executionId: "p-1" }]);
    await client.cancel("p-1");
    await cloud.settle();
    expect(await client.waiting(Paid)).toEqual({ waiting: [] });
  });

  test("says of one that waits for hundreds that it may be among them, and finds it by its key", async () => {
    const { cloud, client } = deployment();
    await client.start(hoards, undefined, { id: "h-1" });
    await cloud.settle();
    expect((await client.describe("h-1")).waitCount).toBe(200);
    expect((await client.waiting(Paid, { key: "hoarded order 199" })).waiting).toMatchObject([
      { executionId: "h-1", certain: true },
    ]);
    expect((await client.waiting("some.other", {})).waiting).toEqual([
      { executionId: "h-1", workflow: "hoards", status: "suspended", certain: false },
    ]);
  });

  test("is asked in pages, and checks what it is asked", async () => {
    const { cloud, client } = deployment();
    for (const id of ["p-1", "p-2", "p-3"]) await client.start(pays, id, { id });
    await cloud.settle();
    const first = await client.waiting(Paid, { limit: 2 });
    const second = await client.waiting(Paid, { limit: 2, cursor: first.cursor ?? "" });
    expect(new Set([...first.waiting, ...second.waiting].map(({ key }) => key))).toEqual(
      new Set(["p-1", "p-2", "p-3"]),
    );
    expect(second).not.toHaveProperty("cursor");
    await expect(client.waiting(Opened, { key: "k" })).rejects.toThrow(
      'key: expected no key, since event "shop.opened" declares none',
    );
    await expect(client.waiting(Paid, { limit: 0 })).rejects.toThrow(InvalidInputError);
    await expect(client.waiting("not a name")).rejects.toThrow(InvalidDefinitionError);
  });
});

describe("counting, and asking whether one exists", () => {
  test("takes the same filters as a listing", async () => {
    const { cloud, client } = deployment();
    const start = new Date(cloud.clock.now());
    for (const id of ["n-1", "n-2"]) await client.start(naps, undefined, { id, application: "billing" });
    await cloud.advance(1_000);
    await client.start(works, undefined, { id: "w-1", application: "billing" });
    await cloud.settle();
    expect(await client.count()).toBe(2);
    expect(await client.count({ application: "billing" })).toBe(3);
    expect(await client.count({ application: "billing", status: "completed" })).toBe(1);
    expect(await client.count({ workflow: "naps", createdAfter: new Date(start.getTime() + 1) })).toBe(0);
    expect(await client.count({ dueBefore: new Date(start.getTime() + 3_600_001) })).toBe(2);
    await expect(client.count({ status: "completed" })).rejects.toThrow(InvalidInputError);
    await expect(client.count({ createdBefore: new Date("soon") })).rejects.toThrow(InvalidInputError);
  });

  test("one exists from its start on, and after its end", async () => {
    const { cloud, client } = deployment();
    expect(await client.exists("w-1")).toBe(false);
    await client.start(works, undefined, { id: "w-1" });
    expect(await client.exists("w-1")).toBe(true);
    await cloud.settle();
    expect(await client.exists("w-1")).toBe(true);
    for (const never of ["", "w 1", "x".repeat(3_000)]) expect(await client.exists(never)).toBe(false);
  });
});

describe("by application and pipeline configuration", () => {
  test("a start says for whom it is, and it is listed by that, whatever it has come to", async () => {
    const { cloud, client, ids } = deployment();
    await client.start(naps, undefined, { id: "n-1", application: "billing" });
    await cloud.advance(1_000);
    await client.start(works, undefined, { id: "w-1", application: "billing", pipelineConfigId: "nightly" });
    await cloud.advance(1_000);
    await client.start(works, undefined, { id: "w-2", pipelineConfigId: "nightly" });
    await cloud.settle();
    expect(await ids({ application: "billing" })).toEqual(["w-1", "n-1"]);
    expect(await ids({ application: "billing", status: ["completed", "failed"] })).toEqual(["w-1"]);
    expect(await ids({ pipelineConfigId: "nightly" })).toEqual(["w-2", "w-1"]);
    expect(await ids({ pipelineConfigId: "nightly", limit: 1 })).toEqual(["w-2"]);
    expect((await client.list({ application: "billing" })).executions[0]).toMatchObject({
      application: "billing",
      pipelineConfigId: "nightly",
    });
    expect(await client.describe("w-1")).toMatchObject({
      application: "billing",
      pipelineConfigId: "nightly",
    });
  });

  test("an execution that exists keeps its own, and children have none", async () => {
    const { cloud, client, ids } = deployment();
    await client.start(calls, undefined, { id: "c-1", application: "billing" });
    await client.start(calls, undefined, { id: "c-1", application: "other" });
    await cloud.settle();
    expect(await ids({ application: "billing" })).toEqual(["c-1"]);
    expect(await ids({ application: "other" })).toEqual([]);
    expect(await client.describe("the-child")).not.toHaveProperty("application");
  });

  test.each([
    ["", "application"],
    ["x".repeat(257), "application"],
    [7, "pipelineConfigId"],
  ])("a start with the label %j is refused, and nothing is written", async (label, field) => {
    const { client } = deployment();
    await expect(client.start("naps", undefined, { id: "n-1", [field]: label })).rejects.toThrow(
      new RegExp(`${field}: expected text of 1 to 256 bytes`),
    );
    expect((await client.list({ workflow: "naps" })).executions).toEqual([]);
  });

  test("the start function takes both, and refuses what is no text", async () => {
    const { cloud, ids } = deployment();
    const labels = { application: "billing", pipelineConfigId: "nightly" };
    const payload = parseStartPayload({ workflow: "naps", id: "n-1", ...labels });
    const limits = limitsUntil(cloud.clock.now() + 60_000, 60_000, 10_000);
    await startNow(cloud.client(), shop, payload, { owner: "request-1", limits });
    expect(await ids(labels)).toEqual(["n-1"]);
    expect(() => parseStartPayload({ workflow: "naps", application: 7 })).toThrow(InvalidInputError);
    expect(() => parseStartPayload({ workflow: "naps", pipelineConfigId: "" })).toThrow(
      "pipelineConfigId: expected text",
    );
  });
});
