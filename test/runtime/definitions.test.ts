/** The record of what code workflows have: who makes it, when, and what becomes of a start that can't. */
import { app, DefinitionNotFoundError, type Workflow, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { recordDefinition } from "../../lib/runtime/definitions.js";
import { startExecution } from "../../lib/runtime/start.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { incompressible } from "../setup/text.js";
import { T0 } from "../store/builders.js";
import { Bench } from "./bench.js";
import { noting } from "./outsides.js";

const one = workflow("orders", { version: "1" }, async (ctx) => ctx.step("one", () => 1));
const two = workflow("orders", { version: "2" }, async (ctx) => ctx.step("two", () => 2));

/** A process: whatever it knows, it knows for its own store. */
const processOn = (store: Store, fields: Partial<Store> = {}) => noting({ ...store, ...fields });
const start = (outside: ReturnType<typeof noting>["outside"], code: Workflow, id: string) =>
  startExecution(outside, app({ workflows: [code] }), { workflow: code.name, input: undefined, id });

describe("a workflow's definition", () => {
  it("is recorded by its first start: text, version and time, and that it is the current one", async () => {
    const bench = new Bench([one]);
    const { definition } = await bench.start(one, undefined);
    const { client } = bench;
    expect(await client.definitions()).toEqual([
      { workflow: "orders", hash: definition, version: "1", since: new Date(bench.cloud.clock.now()) },
    ]);
    expect(await client.definition("orders")).toEqual({
      workflow: "orders",
      hash: definition,
      version: "1",
      recordedAt: new Date(bench.cloud.clock.now()),
      current: true,
      sourceBytes: one.source.length,
      source: one.handler.toString(),
    });
    expect((await client.describe("x-1")).definition).toBe(definition);
  });

  it("follows a deploy and the roll-back after it, while every hash keeps its first time", async () => {
    const store = createMemoryStore();
    for (const [index, code] of [one, two, one].entries()) {
      const process = processOn(store);
      process.at(T0 + index);
      await start(process.outside, code, `o-${index}`);
      expect((await store.readCurrentDefinition("orders"))?.hash).toBe(code.definition);
    }
    expect(await store.readCurrentDefinition("orders")).toMatchObject({ revision: 3, since: T0 + 2 });
    const client = new Bench([one], [], { store }).client;
    expect(await client.definitions("orders")).toEqual([
      {
        workflow: "orders",
        hash: two.definition,
        version: "2",
        recordedAt: new Date(T0 + 1),
        current: false,
      },
      { workflow: "orders", hash: one.definition, version: "1", recordedAt: new Date(T0), current: true },
    ]);
    expect((await client.definition("orders", two.definition)).source).toBe(two.source);
  });

  it("is looked at once in a process, and written only where it differs", async () => {
    const store = createMemoryStore();
    const calls: string[] = [];
    const counted = (name: "readCurrentDefinition" | "putDefinition" | "setCurrentDefinition") => ({
      [name]: (argument: never) => {
        calls.push(name);
        return store[name](argument);
      },
    });
    const process = () =>
      processOn(store, {
        ...counted("readCurrentDefinition"),
        ...counted("putDefinition"),
        ...counted("setCurrentDefinition"),
      }).outside;
    const first = process();
    await Promise.all([start(first, one, "a"), start(first, one, "b"), start(first, one, "c")]);
    expect(calls).toEqual(["readCurrentDefinition", "putDefinition", "setCurrentDefinition"]);
    await start(first, one, "d");
    expect(calls).toHaveLength(3);
    const second = process();
    await start(second, one, "e");
    await start(second, one, "f");
    expect(calls.slice(3)).toEqual(["readCurrentDefinition"]);
  });

  it("is recorded by the first turn of an execution whose creator has no code", async () => {
    const parent = workflow("sends", async (ctx) => {
      await ctx.child(one, undefined);
    });
    const bench = new Bench([parent, one]);
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    expect((await bench.client.definitions()).map(({ workflow }) => workflow)).toEqual(["orders", "sends"]);
  });

  it("does not keep a start from succeeding, and is tried again a minute later", async () => {
    const store = createMemoryStore();
    let down = true;
    const process = processOn(store, {
      readCurrentDefinition: async (name) => {
        if (down) throw new Error("the directory is down");
        return store.readCurrentDefinition(name);
      },
    });
    await start(process.outside, one, "a");
    await start(process.outside, one, "b");
    expect(await store.readHead("b")).toMatchObject({ status: "running" });
    expect(process.wakes).toHaveLength(2);
    expect(process.logged).toMatchObject([{ level: "warn", workflow: "orders" }]);
    down = false;
    process.at(T0 + 59_000);
    await start(process.outside, one, "c");
    expect(await store.readCurrentDefinition("orders")).toBeUndefined();
    process.at(T0 + 60_000);
    await start(process.outside, one, "d");
    expect(await store.readCurrentDefinition("orders")).toMatchObject({ hash: one.definition });
  });

  it("that another process has changed meanwhile is left as that one set it", async () => {
    const store = createMemoryStore();
    const { outside } = processOn(store, {
      readCurrentDefinition: async (name) => {
        const found = await store.readCurrentDefinition(name);
        await recordDefinition(processOn(store).outside, two);
        return found;
      },
    });
    await start(outside, one, "a");
    expect((await store.readCurrentDefinition("orders"))?.hash).toBe(two.definition);
    expect(await store.getDefinition("orders", one.definition)).toMatchObject({ source: one.source });
  });

  it("whose text is too large is recorded without it", async () => {
    const store = createMemoryStore();
    await recordDefinition(processOn(store).outside, { ...one, source: incompressible(600_000) });
    const found = await new Bench([one], [], { store }).client.definition("orders");
    expect(found.sourceBytes).toBe(600_000);
    expect(found).not.toHaveProperty("source");
  });

  it("that nobody recorded is an error that says how to find those that are", async () => {
    const { client } = new Bench([one]);
    await expect(client.definition("orders")).rejects.toThrow(DefinitionNotFoundError);
    await expect(client.definition("orders", "h")).rejects.toThrow('No definition "h" of workflow "orders"');
    expect(await client.definitions("orders")).toEqual([]);
  });
});
