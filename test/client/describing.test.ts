/** What a client is told of one execution: who holds it, who stopped it and why, and when it was paused. */
import { describe, expect, test } from "vitest";
import { SettingMissingError } from "../../lib/aws/setting-missing-error.js";
import { DurableClient } from "../../lib/client/client.js";
import { app, ExecutionNotFoundError, workflow } from "../../lib/index.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";

const MINUTE = 60_000;

const undoes = workflow("undoes", async (ctx) => {
  for (const name of ["a", "b", "c"]) await ctx.step(name, () => name, { compensate: () => {} });
  await ctx.waitForSignal("go");
});
const begins = workflow("begins", async (ctx) => ctx.step("begin", () => "begun"));
const counts = workflow("counts", async (ctx, run: number): Promise<string> => {
  await ctx.waitForSignal("next");
  return run === 2 ? "done" : ctx.continueAsNew(run + 1);
});
const fragile = (mended: boolean) =>
  workflow("fragile", async (ctx) => {
    await ctx.waitForSignal("go");
    if (!mended) throw new Error("sold out");
    return ctx.step("ship", () => "shipped");
  });
const parent = workflow("parent", async (ctx) => {
  await ctx.child(undoes, undefined, { id: "child-1" });
});

const shop = app({ workflows: [undoes, begins, counts, fragile(false), parent], events: [] });

function deployment() {
  const cloud = new TestCloud({ app: shop, store: createMemoryStore() });
  const client = new DurableClient({ outside: cloud.client(), workflows: [...shop.workflows.values()] });
  const now = () => new Date(cloud.clock.now());
  return { cloud, client, now };
}

describe("an execution that is described", () => {
  test("says which service runs it, and who holds it until when", async () => {
    const { cloud, client } = deployment();
    await client.start(undoes, undefined, { id: "u-1" });
    await cloud.settle();
    expect(await client.describe("u-1")).toMatchObject({ service: "test", status: "suspended" });
    expect(await client.describe("u-1")).not.toHaveProperty("lease");
    const until = cloud.clock.now() + MINUTE;
    const { epoch = 0 } = (await cloud.bare.store.readHead("u-1")) ?? {};
    await cloud.bare.store.acquireLease({
      executionId: "u-1",
      seen: { epoch },
      owner: "m-7",
      token: "t",
      until,
    });
    expect((await client.describe("u-1")).lease).toEqual({ owner: "m-7", until: new Date(until) });
  });

  test("says nothing of a service where the client was not told which", async () => {
    const { cloud, client } = deployment();
    await client.start(begins, undefined, { id: "b-1" });
    const untold = new DurableClient({
      outside: {
        ...cloud.client(),
        get service(): string {
          throw new SettingMissingError("The service's name", "is missing.");
        },
      },
    });
    expect(await untold.describe("b-1")).toMatchObject({ status: "running" });
    expect(await untold.describe("b-1")).not.toHaveProperty("service");
  });
});

describe("an execution that was stopped", () => {
  test("says who cancelled it, why and when, also where the request is far from its end", async () => {
    const { cloud, client, now } = deployment();
    await client.start(undoes, undefined, { id: "u-1" });
    await cloud.settle();
    await cloud.advance(5_000);
    const at = now();
    await client.cancel("u-1", { by: "ada", reason: "changed my mind" });
    await cloud.settle();
    const described = await client.describe("u-1");
    expect(described).toMatchObject({ status: "cancelled", compensation: "complete" });
    expect(described.cancelled).toEqual({ at, by: "ada", reason: "changed my mind" });
    const tail = (await cloud.bare.store.readHead("u-1"))?.tail?.events ?? [];
    expect(tail.map(({ type }) => type)).not.toContain("CancelRequested");
  });

  test("says it of one that was cancelled before it began, and of one without a name or a reason", async () => {
    const { cloud, client, now } = deployment();
    await client.start(begins, undefined, { id: "b-1", delay: "1h" });
    await client.cancel("b-1", { by: "ada" });
    await client.start(begins, undefined, { id: "b-2", delay: "1h" });
    await client.cancel("b-2");
    await cloud.settle();
    expect((await client.describe("b-1")).cancelled).toEqual({ at: now(), by: "ada" });
    expect((await client.describe("b-2")).cancelled).toEqual({ at: now() });
  });

  test("says of a child that its parent stopped it", async () => {
    const { cloud, client } = deployment();
    await client.start(parent, undefined, { id: "p-1" });
    await cloud.settle();
    await client.cancel("p-1", { by: "ada" });
    await cloud.settle();
    expect((await client.describe("child-1")).cancelled).toMatchObject({
      by: "p-1",
      reason: 'its parent "p-1" no longer waits for it',
    });
    const { head } = await cloud.bare.store.createExecution({
      executionId: "child-2",
      workflow: "begins",
      definition: "",
      createdAt: cloud.clock.now(),
      startAt: cloud.clock.now(),
      input: { inline: null },
      flags: [],
      parent: { executionId: "p-1", op: "child:2" },
      closed: "cancelled",
      createToken: "t",
    });
    expect((await client.describe("child-2")).cancelled).toEqual({ at: new Date(head.createdAt), by: "p-1" });
  });

  test("says who terminated it, and nothing of the kind where nobody stopped it", async () => {
    const { cloud, client, now } = deployment();
    await client.start(undoes, undefined, { id: "u-1" });
    await client.start(begins, undefined, { id: "b-1" });
    await cloud.settle();
    await client.terminate("u-1", { by: "bob", reason: "wrong input" });
    const stopped = await client.describe("u-1");
    expect(stopped.terminated).toEqual({ at: now(), by: "bob", reason: "wrong input" });
    expect(stopped).not.toHaveProperty("cancelled");
    const completed = await client.describe("b-1");
    expect(completed.status).toBe("completed");
    for (const field of ["cancelled", "terminated"]) expect(completed).not.toHaveProperty(field);
  });
});

describe("pauses", () => {
  test("are added up, each with who asked for it and who ended it", async () => {
    const { cloud, client, now } = deployment();
    await client.start(undoes, undefined, { id: "u-1" });
    await cloud.settle();
    expect(await client.pauses("u-1")).toEqual({ pauses: [], totalMs: 0 });
    const began = now();
    await client.pause("u-1", { by: "ada", reason: "look" });
    await cloud.settle();
    await cloud.advance(10 * MINUTE);
    await client.pause("u-1", { by: "eve" });
    await client.resume("u-1", { by: "bob" });
    await cloud.settle();
    const ended = now();
    await cloud.advance(MINUTE);
    await client.pause("u-1", { by: "ada" });
    await cloud.settle();
    const again = now();
    await cloud.advance(5 * MINUTE);
    // Still paused: it counts up to now.
    expect(await client.pauses("u-1")).toEqual({
      pauses: [
        { from: began, until: ended, ended: "resumed", by: "ada", reason: "look", resumedBy: "bob" },
        { from: again, by: "ada" },
      ],
      totalMs: ended.getTime() - began.getTime() + 5 * MINUTE,
    });
    await cloud.advance(MINUTE);
    expect((await client.pauses("u-1")).totalMs).toBe(ended.getTime() - began.getTime() + 6 * MINUTE);
    await client.cancel("u-1");
    await cloud.settle();
    await cloud.advance(60 * MINUTE);
    const { pauses, totalMs } = await client.pauses("u-1");
    expect(pauses[1]).toMatchObject({ from: again, ended: "cancelled" });
    expect(totalMs).toBe(ended.getTime() - began.getTime() + 6 * MINUTE);
    await expect(client.pauses("nobody")).rejects.toThrow(ExecutionNotFoundError);
  });

  test("do not count while it is closed, and go on when it is redriven", async () => {
    const { cloud, client } = deployment();
    await client.start("fragile", undefined, { id: "f-1" });
    await cloud.settle();
    await client.pause("f-1", { by: "ada" });
    await cloud.settle();
    await cloud.advance(MINUTE);
    await client.signal("f-1", "go");
    await cloud.settle();
    expect((await client.describe("f-1")).status).toBe("failed");
    await cloud.advance(60 * MINUTE);
    expect(await client.pauses("f-1")).toMatchObject({ pauses: [{ ended: "closed" }], totalMs: MINUTE });
    cloud.deploy(app({ workflows: [fragile(true)], events: [] }));
    await client.redrive("f-1");
    await cloud.settle();
    expect((await client.describe("f-1")).status).toBe("paused");
    await cloud.advance(2 * MINUTE);
    await client.resume("f-1", { by: "bob" });
    await cloud.settle();
    expect(await client.result("f-1")).toBe("shipped");
    expect(await client.pauses("f-1")).toMatchObject({
      pauses: [
        { by: "ada", ended: "closed" },
        { by: "ada", ended: "resumed", resumedBy: "bob" },
      ],
      totalMs: 3 * MINUTE,
    });
  });

  test("of a chain of runs are each run's own", async () => {
    const { cloud, client } = deployment();
    await client.start(counts, 1, { id: "c-1" });
    await cloud.settle();
    await client.pause("c-1");
    await cloud.settle();
    await cloud.advance(MINUTE);
    await client.signal("c-1", "next");
    await cloud.settle();
    expect((await client.describe("c-1")).status).toBe("continued");
    await cloud.advance(4 * MINUTE);
    expect(await client.pauses("c-1")).toMatchObject({ pauses: [{ ended: "closed" }], totalMs: MINUTE });
    const { pauses, totalMs } = await client.pauses("c-1:run2");
    expect(pauses).toHaveLength(1);
    expect(pauses[0]).not.toHaveProperty("until");
    expect(totalMs).toBe(4 * MINUTE);
  });
});
