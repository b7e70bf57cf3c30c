/** State: what workflow code shows to those who look. */
import { app, DurableClient, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { meter } from "../setup/capacity.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { incompressible } from "../setup/text.js";
import { Bench } from "./bench.js";

const large = incompressible(200_000);

describe("state", () => {
  it("is shown from the next suspension on, the last value that was set, and stays after the end", async () => {
    const shows = workflow("shows", async (ctx) => {
      ctx.setState({ at: "first" });
      ctx.setState({ at: "begun" });
      await ctx.sleep("1h");
      ctx.setState({ at: "slept" });
      await ctx.step("work", () => 1);
      await ctx.sleep("1h");
      ctx.setState({ at: "end" });
    });
    const kit = await testApp(app({ workflows: [shows] }));
    await kit.client.start(shows, undefined, { id: "x" });
    const state = async () => (await kit.client.describe("x")).state;
    expect(await state()).toBeUndefined();
    await kit.settle();
    expect(await state()).toEqual({ at: "begun" });
    await kit.advance("61m");
    expect(await state()).toEqual({ at: "slept" });
    await kit.runToEnd("x");
    expect(await state()).toEqual({ at: "end" });
  });

  it("of every kind comes back as it was: dates, maps, undefined, a megabyte", async () => {
    const values = [new Date(0), new Map([["a", 1n]]), null, undefined, 0, "", incompressible(1_000_000)];
    for (const value of values) {
      const shows = workflow("shows", async (ctx) => {
        ctx.setState(value);
        await ctx.waitForSignal("end");
      });
      const kit = await testApp(app({ workflows: [shows] }));
      await kit.client.start(shows, undefined, { id: "x" });
      await kit.settle();
      expect((await kit.client.describe("x")).state).toEqual(value);
    }
  });

  it("that can't be stored is refused at the call, with its place", async () => {
    const wrong = workflow("wrong", async (ctx) => {
      try {
        ctx.setState({ items: [1, () => 1] });
        return "nothing was wrong";
      } catch (error) {
        return String(error);
      }
    });
    const kit = await testApp(app({ workflows: [wrong] }));
    expect(await kit.run(wrong, undefined)).toMatch(/UnencodableValueError.*items\[1\]/s);
  });

  it("shows what the failed one last set", async () => {
    const fails = workflow("fails", async (ctx) => {
      ctx.setState("about to fail");
      await ctx.step("fail", () => Promise.reject(new Error("no")), { retry: { maxAttempts: 1 } });
    });
    const kit = await testApp(app({ workflows: [fails] }));
    await kit.client.start(fails, undefined, { id: "x" });
    await kit.settle();
    expect((await kit.client.describe("x")).state).toBe("about to fail");
  });

  it("set by an update's handler is shown", async () => {
    const counts = workflow("counts", async (ctx) => {
      let count = 0;
      ctx.handleUpdate("add", (inner) => {
        count += 1;
        inner.setState({ count });
        return count;
      });
      await ctx.waitForSignal("end");
    });
    const kit = await testApp(app({ workflows: [counts] }));
    await kit.client.start(counts, undefined, { id: "x" });
    await kit.client.update("x", "add");
    await kit.client.update("x", "add");
    await kit.settle();
    expect((await kit.client.describe("x")).state).toEqual({ count: 2 });
  });

  it.each(["before", "after", "reply-lost"] as const)(
    "is right after a crash %s any call",
    async (when) => {
      const run = async (call?: number) => {
        const shows = workflow("shows", async (ctx) => {
          ctx.setState("begun");
          await ctx.step("a", () => 1);
          ctx.setState("stepped");
          await ctx.sleep("1h");
          ctx.setState(large);
          await ctx.sleep("1h");
        });
        const bench = new Bench([shows]);
        if (call !== undefined) bench.cloud.faults.plan({ call, when });
        const start = () => bench.start(shows, undefined);
        await start().catch(start);
        await bench.cloud.advance(600_000);
        // Looks without being counted.
        const onlooker = new DurableClient({ outside: bench.cloud.bare });
        const first = (await onlooker.describe("x-1")).state;
        await bench.cloud.advance(3_600_000);
        const calls = bench.cloud.faults.calls.length;
        return { states: [first, (await onlooker.describe("x-1")).state], calls };
      };
      const { calls, states } = await run();
      expect(states).toEqual(["stepped", large]);
      for (let call = 1; call <= calls; call++)
        expect((await run(call)).states, `${when} call ${call}`).toEqual(states);
    },
    60_000,
  );

  it("that is gone from its store keeps nobody from looking at the rest", async () => {
    const store = createMemoryStore();
    const shows = workflow("shows", async (ctx) => {
      ctx.setState(large);
      await ctx.waitForSignal("end");
    });
    const bench = new Bench([shows], [], {
      store: { ...store, getPayload: async () => undefined, getObject: async () => undefined },
    });
    await bench.start(shows, undefined);
    await bench.cloud.settle();
    const found = await bench.client.describe("x-1");
    expect(found).toMatchObject({ status: "suspended", state: { name: "CorruptHistoryError" } });
  });
});

describe("what state costs", () => {
  const long = incompressible(20_000);
  /** At each of its suspensions, sets nothing, something small, or something large. */
  const shows = workflow("shows", async (ctx, states: readonly string[]) => {
    for (const state of states) {
      if (state !== "") ctx.setState(state.startsWith("large") ? `${state} ${long}` : state);
      await ctx.waitForSignal("on");
    }
  });

  async function spent(states: readonly string[]): Promise<{ writes: number; calls: readonly string[] }> {
    const { client, documents } = freshDynamo();
    await createTables(client);
    const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
    const bench = new Bench([shows], [], { store: createDynamoStore(tables, createMemoryStore()) });
    const counted = meter(documents);
    await bench.start(shows, states);
    const { writes } = await counted.measure(async () => {
      for (let round = 0; round < states.length; round++) {
        await bench.cloud.settle();
        await bench.client.signal("x-1", "on");
      }
      await bench.cloud.settle();
    });
    expect(await bench.status()).toBe("completed");
    return { writes, calls: bench.cloud.faults.calls };
  }

  it("small, nothing: it rides in the settlement", async () => {
    const without = await spent(["", "", ""]);
    const withState = await spent(["a", "b", "c"]);
    expect(withState.writes).toBe(without.writes);
    expect(withState.calls).toEqual(without.calls);
  });

  it("large, a payload of its own, once for each value and not again while it is the same", async () => {
    const puts = async (states: readonly string[]) =>
      (await spent(states)).calls.filter((call) => call === "store.putPayload" || call === "store.putObject")
        .length;
    expect(await puts(["", "", ""])).toBe(0);
    expect(await puts(["large", "large", "large"])).toBe(1);
    expect(await puts(["large", "large 2", "large 2"])).toBe(2);
  });
});
