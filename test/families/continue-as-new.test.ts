/** `continueAsNew`: what goes along to the next run, what does not, and how a chain of runs looks from outside (PROTOCOL B4, B5). */
import { app, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { inheritanceOf } from "../../lib/decide/inheritance.js";
import { encode } from "../../lib/model/value.js";
import { testApp } from "../../lib/testing/index.js";
import { NOON } from "../builders.js";
import { Bench } from "../runtime/bench.js";

const Order = event<{ shop: string; n: number }>("order.placed", { key: (data) => data.shop });
const DAY_MS = 86_400_000;

describe("what the next run gets", () => {
  it("is every message that nobody has read, in the order of their coming, however many and large they are", async () => {
    const large = "x".repeat(150_000);
    const reader = workflow("reader", async (ctx, run: number): Promise<unknown> => {
      if (run === 1) {
        await ctx.sleep("10s");
        return ctx.continueAsNew(2);
      }
      const got: string[] = [];
      for (let n = 0; n < 60; n++) got.push(await ctx.waitForSignal<string>("note"));
      return got.map((note) => note.slice(0, 8));
    });
    const bench = new Bench([reader]);
    await bench.start(reader, 1);
    await bench.cloud.settle();
    for (let n = 10; n < 70; n++) {
      await bench.client.signal("x-1", "note", `note ${n} ${n % 20 === 0 ? large : ""}`);
      await bench.cloud.advance(10);
    }
    await bench.cloud.advance(20_000);
    expect(await bench.output("x-1:run2")).toEqual(Array.from({ length: 60 }, (_, n) => `note ${n + 10} `));
    expect(bench.cloud.errors).toEqual([]);
  });

  it("drops no message that comes while the run before it ends", async () => {
    const sum = workflow("sum", async (ctx, state: { run: number; total: number }): Promise<unknown> => {
      const total = state.total + (await ctx.waitForSignal<number>("add"));
      return state.run === 20 ? total : ctx.continueAsNew({ run: state.run + 1, total });
    });
    const bench = new Bench([sum]);
    await bench.start(sum, { run: 1, total: 0 });
    // All of them address the first run, whichever is the last by then.
    for (let n = 1; n <= 20; n++) {
      await bench.client.signal("x-1", "add", n);
      if (n % 3 === 0) await bench.cloud.settle();
    }
    await bench.cloud.settle();
    expect(await bench.output("x-1:run20")).toBe(210);
  });

  it("knows a repeat of what an earlier run consumed, and takes it once", async () => {
    const shop = workflow("shop", async (ctx, seen: number[]): Promise<unknown> => {
      const { n } = await ctx.waitForEvent(Order, { key: "s-1", lookback: "1h" });
      const all = [...seen, n];
      return all.length === 3 ? all : ctx.continueAsNew(all);
    });
    const bench = new Bench([shop], [Order]);
    await bench.start(shop, []);
    for (const n of [1, 2, 2, 1, 3]) {
      bench.publish(Order, { shop: "s-1", n }, [`holdfast:event:o-${n}`]);
      await bench.cloud.advance(1_000);
    }
    expect(await bench.output("x-1:run3")).toEqual([1, 2, 3]);
  });

  it("is not the end of a callback that the run before it had handed out", async () => {
    const asking = workflow("asking", async (ctx, run: number): Promise<unknown> => {
      const { token, promise } = ctx.callback<string>("approval");
      await ctx.step("send", () => tokens.push(token));
      if (run === 2) return promise;
      await ctx.sleep("10s");
      return ctx.continueAsNew(2);
    });
    const tokens: string[] = [];
    const bench = new Bench([asking]);
    await bench.start(asking, 1);
    await bench.cloud.advance(20_000);
    expect(tokens).toHaveLength(2);
    await expect(bench.client.completeCallback(tokens[0] ?? "", "too late")).rejects.toThrow(
      /x-1" is continued/,
    );
    await bench.client.completeCallback(tokens[1] ?? "", "granted");
    await bench.cloud.settle();
    expect(await bench.output("x-1:run2")).toBe("granted");
  });

  it("is a cancel that the run before it did not live to see", async () => {
    const quick = workflow("quick", async (ctx, run: number): Promise<unknown> => {
      if (run === 2) return ctx.sleep("1d");
      await ctx.step("slow", async () => {
        await bench.client.cancel("x-1", { reason: "enough" });
      });
      return ctx.continueAsNew(2);
    });
    const bench: Bench = new Bench([quick]);
    await bench.start(quick, 1);
    await bench.cloud.settle();
    const last = (await bench.head("x-1")).continuedTo ?? "x-1";
    expect(await bench.status(last)).toBe("cancelled");
  });

  it("is the pause that the run before it was in", async () => {
    const world: number[] = [];
    const ticking = workflow("ticking", async (ctx, run: number): Promise<unknown> => {
      await ctx.sleep("10s");
      if (run === 1) return ctx.continueAsNew(2);
      return ctx.step("work", () => world.push(run));
    });
    const bench = new Bench([ticking]);
    await bench.start(ticking, 1);
    await bench.cloud.settle();
    await bench.client.pause("x-1");
    await bench.cloud.advance(60_000);
    expect(await bench.status()).toBe("continued");
    expect(await bench.status("x-1:run2")).toBe("paused");
    expect(world).toEqual([]);
    // A message for the first run is one for the run that there is now.
    await bench.client.resume("x-1");
    await bench.cloud.settle();
    expect(await bench.status("x-1:run2")).toBe("completed");
    expect(world).toEqual([2]);
  });

  it("can be cancelled although the run before it was, and went on by continuing", async () => {
    const stubborn = workflow("stubborn", async (ctx, run: number): Promise<unknown> => {
      try {
        return await ctx.sleep("1d");
      } catch (error) {
        if (run === 2) throw error;
        return ctx.continueAsNew(2);
      }
    });
    const bench = new Bench([stubborn]);
    await bench.start(stubborn, 1);
    await bench.cloud.settle();
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await bench.status("x-1:run2")).toBe("suspended");
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await bench.status("x-1:run2")).toBe("cancelled");
  });
});

describe("a chain of runs", () => {
  it("runs for the application, and by the pipeline configuration, that its first was started with", async () => {
    const counting = workflow("counting", async (ctx, n: number): Promise<string> => {
      await ctx.sleep("10s");
      return n === 3 ? "counted" : ctx.continueAsNew(n + 1);
    });
    const kit = await testApp(app({ workflows: [counting], events: [] }));
    const labels = { application: "shop", pipelineConfigId: "p-1" };
    await kit.client.start(counting, 1, { id: "c", ...labels });
    await kit.client.start(counting, 1, { id: "d" });
    await kit.advance("1m");
    const { executions } = await kit.client.list({ application: "shop", pipelineConfigId: "p-1" });
    expect(executions.map(({ executionId }) => executionId)).toEqual(["c:run3", "c:run2", "c"]);
    expect(await kit.client.describe("c:run3")).toMatchObject(labels);
    expect(await kit.client.describe("d:run3")).not.toHaveProperty("application");
  });

  it("is followed by result, shown by describe, and ended by terminate", async () => {
    const counting = workflow("counting", async (ctx, n: number): Promise<string> => {
      await ctx.sleep("10s");
      return n === 3 ? "counted" : ctx.continueAsNew(n + 1);
    });
    const kit = await testApp(app({ workflows: [counting], events: [] }));
    await kit.client.start(counting, 1, { id: "c" });
    await kit.advance("1m");
    expect(await kit.client.result("c")).toBe("counted");
    const [first, second, third] = await Promise.all(
      ["c", "c:run2", "c:run3"].map((id) => kit.client.describe(id)),
    );
    expect([first?.status, second?.status, third?.status]).toEqual(["continued", "continued", "completed"]);
    expect([first?.continuedTo, second?.continuedTo]).toEqual(["c:run2", "c:run3"]);
    expect(third?.origin).toEqual({ kind: "continued", executionId: "c:run2" });

    await kit.client.start(counting, 1, { id: "d" });
    await kit.advance("15s");
    await kit.client.terminate("d");
    await kit.settle();
    expect((await kit.client.describe("d:run2")).status).toBe("terminated");
  });

  it("of a thousand runs keeps each history small", async () => {
    const loop = workflow("loop", async (ctx, run: number): Promise<unknown> => {
      await ctx.waitForSignal("next");
      return run === 1_000 ? run : ctx.continueAsNew(run + 1);
    });
    const bench = new Bench([loop]);
    let id = "x-1";
    let largest = 0;
    await bench.start(loop, 1);
    for (let run = 1; run <= 1_000; run++) {
      await bench.cloud.settle();
      await bench.client.signal(id, "next");
      // One an hour: a repeat is known for two days.
      await bench.cloud.advance(3_600_000);
      largest = Math.max(largest, JSON.stringify(await bench.history(id)).length);
      id = (await bench.head(id)).continuedTo ?? id;
    }
    expect(await bench.output("x-1:run1000")).toBe(1_000);
    expect(largest).toBeLessThan(5_000);
    console.info(`1,000 runs: the largest history has ${largest} bytes of JSON`);
  }, 120_000);

  it("refuses an id that an execution of somebody else has, and leaves that one alone", async () => {
    const twice = workflow("twice", async (ctx, run: number): Promise<unknown> => {
      await ctx.sleep("10s");
      return run === 1 ? ctx.continueAsNew(2) : run;
    });
    const bench = new Bench([twice]);
    await bench.start(twice, 7, "x-1:run2");
    await bench.start(twice, 1);
    await bench.cloud.advance(11_000);
    expect(String(bench.cloud.errors[0])).toMatch(/ExecutionConflictError.*x-1:run2/);
    expect(await bench.output("x-1:run2")).toBe(7);
  });
});

describe("what is left behind, as a table", () => {
  const signal = (id: string) => ({ kind: "signal", id, at: NOON, name: "s", data: encode(1) }) as const;
  const took = (messageId: string, at = NOON) =>
    ({ type: "SignalReceived", op: "signal:s", messageId, at }) as const;

  it("what was buffered and not consumed goes along, and so does what the last settlement left in the inbox", () => {
    const history = [
      { type: "MessageBuffered", at: NOON, message: signal("m-1") },
      { type: "MessageBuffered", at: NOON, message: signal("m-2") },
      took("m-1"),
    ] as const;
    const { carried } = inheritanceOf({ startAt: NOON }, history, [signal("m-1"), signal("m-3")], NOON);
    expect(carried.map(({ id }) => id)).toEqual(["m-2", "m-3"]);
  });

  it("ids go along for two days from their consumption, however often they were handed on", () => {
    const first = inheritanceOf({ startedBy: "start", startAt: NOON - 3 * DAY_MS }, [took("m-1")], [], NOON);
    expect(first.consumed).toEqual([{ id: "m-1", at: NOON }]);
    const handedOn = (at: number) =>
      inheritanceOf({ startAt: NOON }, [{ type: "MessagesInherited", ...first, at }], [], at).consumed;
    expect(handedOn(NOON + DAY_MS)).toEqual([{ id: "m-1", at: NOON }]);
    expect(handedOn(NOON + 3 * DAY_MS)).toEqual([]);
  });
});
