/** Numbered behaviours of the engine (`replay/flags.ts`): recorded with every execution, and never guessed at. */
import { app, workflow } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import { afterEach, describe, expect, it } from "vitest";
import type { Head } from "../../lib/model/head.js";
import { CURRENT_FLAGS } from "../../lib/replay/flags.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";

const steps = workflow("steps", async (ctx) => {
  const first = await ctx.step("first", () => 1);
  await ctx.sleep("1h");
  return first + (await ctx.step("second", () => 2));
});

async function onDynamo(): Promise<Store> {
  const { client, documents } = freshDynamo();
  await createTables(client);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  return createDynamoStore(tables, createMemoryPayloads());
}

/** The store, in which executions are created by a later release. */
const byLaterRelease = (store: Store, flags: { now: readonly number[] }): Store => {
  const later = (head: Head): Head => ({ ...head, flags: flags.now });
  return {
    ...store,
    readHead: async (id) => {
      const head = await store.readHead(id);
      return head && later(head);
    },
    acquireLease: async (lease) => {
      const result = await store.acquireLease(lease);
      return result.acquired ? { ...result, head: later(result.head) } : result;
    },
  };
};

describe.each([
  ["the memory twin", async () => createMemoryStore()],
  ["DynamoDB Local", onDynamo],
] as const)("flags on %s", (_, open) => {
  let t: TestApp | undefined;
  afterEach(() => t?.close());

  it("are recorded in the head at the start, and kept by every settlement", async () => {
    const store = await open();
    t = await testApp(app({ workflows: [steps] }), { store });
    await t.client.start(steps, undefined, { id: "x-1" });
    expect((await store.readHead("x-1"))?.flags).toEqual(CURRENT_FLAGS);
    expect(await t.runToEnd("x-1")).toBe(3);
    expect((await store.readHead("x-1"))?.flags).toEqual(CURRENT_FLAGS);
    const [started] = await t.client.history("x-1");
    expect(started?.event).toMatchObject({ flags: CURRENT_FLAGS });
  });

  it("that this release does not know stall the execution, and a release that knows them goes on", async () => {
    const flags = { now: CURRENT_FLAGS };
    const store = byLaterRelease(await open(), flags);
    t = await testApp(app({ workflows: [steps] }), { store });
    await t.client.start(steps, undefined, { id: "x-1" });
    await t.settle();
    flags.now = [...CURRENT_FLAGS, 9_999];
    await t.advance("2h");
    const stalled = await t.client.describe("x-1");
    expect(stalled.status).toBe("stalled");
    expect(stalled.error).toMatchObject({ name: "UnknownEngineFlagError" });
    expect(stalled.error?.message).toMatch(/relies on engine behaviours 9999, and this release knows 1\b/);
    expect(t.calls("second")).toHaveLength(0);
    flags.now = CURRENT_FLAGS;
    await t.client.redrive("x-1");
    expect(await t.runToEnd("x-1")).toBe(3);
    expect(t.calls("first")).toHaveLength(1);
  });

  it("that this release does not know keep nobody from terminating it", async () => {
    const flags = { now: CURRENT_FLAGS };
    const store = byLaterRelease(await open(), flags);
    t = await testApp(app({ workflows: [steps] }), { store });
    await t.client.start(steps, undefined, { id: "x-1" });
    await t.settle();
    flags.now = [...CURRENT_FLAGS, 9_999];
    await t.advance("2h");
    expect((await t.client.describe("x-1")).status).toBe("stalled");
    expect(await t.client.terminate("x-1")).toEqual({ status: "terminated" });
    await t.settle();
    expect(await t.client.describe("x-1")).not.toHaveProperty("error");
  });
});
