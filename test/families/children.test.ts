/** Children: what a parent is told, and what becomes of children whose parent no longer waits for them (PROTOCOL B1 to B3). */
import { app, ChildFailedError, type Context, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { testApp } from "../../lib/testing/index.js";
import { Bench } from "../runtime/bench.js";

class OutOfStock extends Error {
  override readonly name = "OutOfStock";
  constructor(readonly item: string) {
    super(`no ${item}`);
  }
}

const doubled = workflow("doubled", async (ctx, n: number) => ctx.step("double", () => n * 2));

/** Waits for a day, with something to undo. */
function sleeper(world: string[]) {
  return workflow("sleeper", async (ctx) => {
    await ctx.step("begin", () => world.push("begun"), { compensate: () => world.push("undone") });
    await ctx.sleep("1d");
    return "slept";
  });
}

/** Ids of the children that an execution asked for. */
async function childrenOf(bench: Bench, id = "x-1"): Promise<string[]> {
  return (await bench.history(id)).flatMap((one) => (one.type === "ChildRequested" ? [one.childId] : []));
}

async function onlyChildOf(bench: Bench, id = "x-1"): Promise<string> {
  const [childId = "none"] = await childrenOf(bench, id);
  return childId;
}

describe("a child's end", () => {
  it("gives its result to the parent, and its own id tells whose child it is", async () => {
    const parent = workflow("parent", async (ctx) => (await ctx.child(doubled, 21)) + 1);
    const bench = new Bench([parent, doubled]);
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe(43);
    const childId = await onlyChildOf(bench);
    expect(childId).toMatch(/^x-1\//);
    expect((await bench.client.describe(childId)).parent).toBe("x-1");
  });

  it("is a ChildFailedError with the child's own error as its cause, of its registered class", async () => {
    const orders = workflow("orders", async (ctx) =>
      ctx.step(
        "pick",
        () => {
          throw new OutOfStock("tea");
        },
        { retry: { maxAttempts: 1 } },
      ),
    );
    const parent = workflow("parent", async (ctx) => {
      try {
        await ctx.child(orders, undefined);
      } catch (error) {
        if (!(error instanceof ChildFailedError) || !(error.cause instanceof OutOfStock)) throw error;
        return [error.status, error.cause.item, error.message];
      }
      return [];
    });
    const kit = await testApp(app({ workflows: [parent, orders], events: [], errors: [OutOfStock] }));
    const [status, item, message] = await kit.run(parent, undefined);
    expect([status, item]).toEqual(["failed", "tea"]);
    expect(message).toMatch(/of workflow "orders" is failed: OutOfStock: no tea/);
  });

  it("comes to the parent also when the child continued as new before it ended", async () => {
    const counting = workflow("counting", async (ctx, n: number): Promise<string> => {
      await ctx.sleep("10s");
      return n === 3 ? "counted" : ctx.continueAsNew(n + 1);
    });
    const parent = workflow("parent", async (ctx) => ctx.child(counting, 1, { id: "counter" }));
    const bench = new Bench([parent, counting]);
    await bench.start(parent, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe("counted");
    expect((await bench.history()).filter(({ type }) => type === "ChildEnded")).toHaveLength(1);
  });

  it("reaches grandparents through every generation", async () => {
    const middle = workflow("middle", async (ctx, n: number) => (await ctx.child(doubled, n)) + 1);
    const top = workflow("top", async (ctx) => {
      const both = await Promise.all([ctx.child(middle, 1), ctx.child(middle, 2)]);
      return both.join(" ");
    });
    const bench = new Bench([top, middle, doubled]);
    await bench.start(top, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("3 5");
  });

  it("is what it is, also when the child ended before the parent asked how", async () => {
    const parent = workflow("parent", async (ctx) => {
      const child = ctx.child(doubled, 1);
      await ctx.sleep("1h");
      return child;
    });
    const bench = new Bench([parent, doubled]);
    await bench.start(parent, undefined);
    await bench.cloud.advance(3_700_000);
    expect(await bench.output()).toBe(2);
  });
});

describe("a child that can't be created", () => {
  it("for its input is a failure that the code can catch", async () => {
    const strict = workflow("strict", { input: z.object({ id: z.string() }) }, async (_ctx, { id }) => id);
    const parent = workflow("parent", async (ctx) => {
      try {
        return await ctx.child(strict, { id: 7 as unknown as string });
      } catch (error) {
        return (error as Error).name;
      }
    });
    const bench = new Bench([parent, strict]);
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("InvalidInputError");
    expect(await bench.story()).toContain("ChildRefused child:strict");
  });

  it("for an id that is somebody else's is an ExecutionConflictError, and leaves that execution alone", async () => {
    const world: string[] = [];
    const target = sleeper(world);
    const parent = workflow("parent", async (ctx) => {
      try {
        return await ctx.child(target, undefined, { id: "taken" });
      } catch (error) {
        return (error as Error).name;
      }
    });
    const bench = new Bench([parent, target]);
    await bench.start(target, undefined, "taken");
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("ExecutionConflictError");
    expect(await bench.status("taken")).toBe("suspended");
  });

  it("for an id that another operation of the same parent has does not take that one's result", async () => {
    const parent = workflow("parent", async (ctx) => {
      const [one, other] = await Promise.allSettled([
        ctx.child(doubled, 1, { id: "same" }),
        ctx.child(doubled, 2, { id: "same" }),
      ]);
      return [one, other].map((end) => (end.status === "fulfilled" ? end.value : end.reason.name));
    });
    const bench = new Bench([parent, doubled]);
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toEqual([2, "ExecutionConflictError"]);
  });

  it("for want of a workflow stalls the parent, which names it, and goes on after a deploy and a redrive", async () => {
    const parent = workflow("parent", async (ctx) => ctx.child(doubled, 4));
    const before = app({ workflows: [parent], events: [] });
    const kit = await testApp(before);
    await kit.client.start(parent, undefined, { id: "x-1" });
    await kit.settle();
    const stalled = await kit.client.describe("x-1");
    expect(stalled.status).toBe("stalled");
    expect(stalled.progress.reason).toMatch(/UnknownWorkflowError.*"doubled"/);
    expect(stalled.progress.freedBy).toMatch(/redrive x-1/);
    kit.deploy(app({ workflows: [parent, doubled], events: [] }));
    await kit.client.redrive("x-1");
    expect(await kit.runToEnd("x-1")).toBe(8);
  });
});

describe("a child whose parent no longer waits for it", () => {
  /** How the parent stops waiting, and the status that it ends in. */
  const ends: Record<
    string,
    { readonly status: string; code(ctx: Context, child: () => unknown): Promise<unknown> }
  > = {
    "completed without awaiting it": {
      status: "completed",
      async code(ctx, child) {
        void child();
        await ctx.sleep("10s");
      },
    },
    failed: {
      status: "failed",
      async code(ctx, child) {
        void child();
        await ctx.sleep("10s");
        throw new Error("no use");
      },
    },
    cancelled: {
      status: "cancelled",
      async code(_ctx, child) {
        await child();
      },
    },
    terminated: {
      status: "terminated",
      async code(_ctx, child) {
        await child();
      },
    },
    "decided its race otherwise": {
      status: "completed",
      async code(ctx) {
        await ctx.race({ child: (inner) => currentChild(inner), soon: (inner) => inner.sleep("10s") });
        await ctx.sleep("1m");
      },
    },
    continued: {
      status: "continued",
      async code(ctx, child) {
        void child();
        await ctx.sleep("10s");
        await ctx.continueAsNew("last");
      },
    },
  };
  let currentChild: (ctx: Context) => unknown;

  for (const [how, { status, code }] of Object.entries(ends)) {
    it.each(["cancel", "terminate", "abandon"] as const)(`that ${how}: %s`, async (onParentClose) => {
      const world: string[] = [];
      const child = sleeper(world);
      currentChild = (ctx) => ctx.child(child, undefined, { onParentClose });
      const parent = workflow("parent", async (ctx, run: string | undefined) => {
        if (run === "last") return "last";
        return code(ctx, () => ctx.child(child, undefined, { onParentClose }));
      });
      const bench = new Bench([parent, child]);
      await bench.start(parent, undefined);
      await bench.cloud.advance(5_000);
      if (how === "cancelled") await bench.client.cancel("x-1");
      if (how === "terminated") await bench.client.terminate("x-1");
      await bench.cloud.advance(10_000);
      const childId = await onlyChildOf(bench);
      const expected = { cancel: "cancelled", terminate: "terminated", abandon: "suspended" }[onParentClose];
      expect(await bench.status(childId)).toBe(expected);
      expect(world).toEqual(onParentClose === "cancel" ? ["begun", "undone"] : ["begun"]);
      await bench.cloud.advance(100_000);
      expect(await bench.status()).toBe(status);
      await bench.cloud.advance(90_000_000);
      // One that was left to itself goes on to its own end.
      if (onParentClose === "abandon") expect(await bench.output(childId)).toBe("slept");
      if (how === "continued") expect(await bench.output("x-1:run2")).toBe("last");
      expect(bench.cloud.errors).toEqual([]);
    });
  }

  it("goes down to grandchildren, each of which undoes what it did", async () => {
    const world: string[] = [];
    const low = sleeper(world);
    const middle = workflow("middle", async (ctx) => {
      await ctx.step("middle", () => world.push("middle"), { compensate: () => world.push("middle undone") });
      return ctx.child(low, undefined);
    });
    const top = workflow("top", async (ctx) => ctx.child(middle, undefined));
    const bench = new Bench([top, middle, low]);
    await bench.start(top, undefined);
    await bench.cloud.settle();
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect([...world].sort()).toEqual(["begun", "middle", "middle undone", "undone"]);
  });

  it.each(["cancel", "terminate"] as const)("that continued as new meanwhile: %s", async (onParentClose) => {
    const counting = workflow("counting", async (ctx, n: number): Promise<string> => {
      await ctx.sleep("10s");
      return n === 100 ? "counted" : ctx.continueAsNew(n + 1);
    });
    const parent = workflow("parent", async (ctx) => {
      void ctx.child(counting, 1, { id: "counter", onParentClose });
      await ctx.sleep("25s");
    });
    const bench = new Bench([parent, counting]);
    await bench.start(parent, undefined);
    await bench.cloud.advance(60_000);
    expect(bench.cloud.errors).toEqual([]);
    expect(await bench.status()).toBe("completed");
    expect(await bench.status("counter:run3")).toBe(
      { cancel: "cancelled", terminate: "terminated" }[onParentClose],
    );
  });

  it("and that is to be abandoned runs even when nobody awaited anything after asking for it", async () => {
    const world: string[] = [];
    const child = sleeper(world);
    const parent = workflow("parent", async (ctx) => {
      void ctx.child(child, undefined, { id: "on-its-own", onParentClose: "abandon" });
      return "done";
    });
    const bench = new Bench([parent, child]);
    await bench.start(parent, undefined);
    await bench.cloud.advance(90_000_000);
    expect(await bench.output()).toBe("done");
    expect(await bench.output("on-its-own")).toBe("slept");
  });
});

describe("thousands of children", () => {
  it("of one parent all end", async () => {
    const many = 2_000;
    const parent = workflow("parent", async (ctx) => {
      const results = await Promise.all(Array.from({ length: many }, (_, n) => ctx.child(doubled, n)));
      return results.reduce((sum, n) => sum + n, 0);
    });
    const kit = await testApp(app({ workflows: [parent, doubled], events: [] }), { replay: "off" });
    await kit.client.start(parent, undefined, { id: "x-1" });
    const began = performance.now();
    expect(await kit.runToEnd("x-1")).toBe(many * (many - 1));
    console.info(`2,000 children on the memory store: ${Math.round(performance.now() - began)} ms`);
  }, 300_000);
});
