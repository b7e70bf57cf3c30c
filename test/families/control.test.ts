/** What a client does to an execution as a whole: cancel, terminate, pause and resume, and an execution's own timeout. */
import { CancelledError, ChildFailedError, ExecutionTimeoutError, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { Bench } from "../runtime/bench.js";

const Tick = event<{ n: number }>("tick");
const HOUR_MS = 3_600_000;

/** Two steps that can be undone, with a wait between them. */
function saga(world: string[]) {
  return workflow("saga", async (ctx) => {
    await ctx.step("one", () => world.push("one"), { compensate: () => world.push("not one") });
    await ctx.waitForSignal("go");
    await ctx.step("two", () => world.push("two"), { compensate: () => world.push("not two") });
    return "done";
  });
}

async function begun(world: string[]): Promise<Bench> {
  const bench = new Bench([saga(world)]);
  await bench.start(saga(world), undefined);
  await bench.cloud.settle();
  return bench;
}

describe("cancel", () => {
  it("throws CancelledError at what is awaited; cleaning up may run steps; then completed steps are undone", async () => {
    const world: string[] = [];
    const careful = workflow("careful", async (ctx) => {
      await ctx.step("one", () => world.push("one"), { compensate: () => world.push("not one") });
      try {
        await ctx.sleep("1d");
      } catch (error) {
        await ctx.step("tidy", () => world.push(error instanceof CancelledError ? "tidied" : "?"));
        throw error;
      }
    });
    const bench = new Bench([careful]);
    await bench.start(careful, undefined);
    await bench.cloud.settle();
    await bench.client.cancel("x-1", { reason: "enough", by: "ada" });
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect(world).toEqual(["one", "tidied", "not one"]);
    expect((await bench.head()).compensation).toBe("complete");
    expect(await bench.history()).toContainEqual(
      expect.objectContaining({ type: "CancelRequested", by: "ada", reason: "enough" }),
    );
  });

  it("twice is once", async () => {
    const bench = await begun([]);
    await bench.client.cancel("x-1");
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    await bench.client.cancel("x-1").catch((error) => expect(error.name).toBe("ExecutionClosedError"));
    expect((await bench.story()).filter((line) => line === "CancelRequested")).toHaveLength(1);
  });

  it("of a paused one resumes it, to undo what it did", async () => {
    const world: string[] = [];
    const bench = await begun(world);
    await bench.client.pause("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("paused");
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect(world).toEqual(["one", "not one"]);
  });

  it("of a stalled one is kept, and takes effect when it goes on", async () => {
    const world: string[] = [];
    const bench = await begun(world);
    const broken = workflow("saga", async (ctx) => ctx.step("another", () => 1));
    const { app } = await import("holdfast");
    bench.cloud.deploy(app({ workflows: [broken], events: [] }));
    await bench.client.signal("x-1", "go");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("stalled");
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("stalled");
    expect((await bench.client.describe("x-1")).progress.freedBy).toMatch(
      /then it cancels by: holdfast redrive x-1.*holdfast terminate x-1/,
    );
    bench.cloud.deploy(app({ workflows: [saga(world)], events: [] }));
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect(world.slice(-1)).toEqual(["not one"]);
  });

  it("of a delayed start ends it before its code begins", async () => {
    const world: string[] = [];
    const one = saga(world);
    const bench = new Bench([one]);
    await bench.start(one, undefined, "x-1", { delayMs: HOUR_MS });
    await bench.cloud.settle();
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect(world).toEqual([]);
  });

  it("that comes while the last step runs finds it completed, or cancels it: never both", async () => {
    for (const pauseMs of [0, 1, 500]) {
      const world: string[] = [];
      const last = workflow("last", async (ctx) => {
        await ctx.step("only", () => bench.cloud.clock.sleep(500).then(() => world.push("done")), {
          compensate: () => world.push("undone"),
        });
      });
      const bench: Bench = new Bench([last]);
      await bench.start(last, undefined);
      await bench.cloud.advance(pauseMs);
      await bench.client.cancel("x-1").catch(() => {});
      await bench.cloud.advance(60_000);
      const status = await bench.status();
      expect(world).toEqual(status === "completed" ? ["done"] : ["done", "undone"]);
      expect(["completed", "cancelled"]).toContain(status);
    }
  });
});

describe("terminate", () => {
  it("ends at once: nothing is told to the code, nothing is undone, and a message is refused", async () => {
    const world: string[] = [];
    const bench = await begun(world);
    expect(await bench.client.terminate("x-1", { reason: "wrong" })).toEqual({ status: "terminated" });
    expect(await bench.status()).toBe("terminated");
    await bench.cloud.settle();
    expect(world).toEqual(["one"]);
    expect((await bench.story()).at(-1)).toBe("ExecutionTerminated");
    await expect(bench.client.signal("x-1", "go")).rejects.toThrow(/terminated/);
  });

  it("fences its owner out: what a step that is under way gives is not recorded", async () => {
    const slow = workflow("slow", async (ctx) => {
      await ctx.step("slow", () => bench.cloud.clock.sleep(5_000));
      await ctx.step("after", () => world.push("after"));
    });
    const world: string[] = [];
    const bench: Bench = new Bench([slow]);
    await bench.start(slow, undefined);
    await bench.cloud.advance(1_000);
    expect((await bench.head()).lease).toBeDefined();
    await bench.client.terminate("x-1");
    await bench.cloud.advance(200_000);
    expect(await bench.status()).toBe("terminated");
    expect((await bench.story()).filter((line) => line.startsWith("Step"))).toEqual([]);
    expect(world).toEqual([]);
    expect(bench.cloud.errors.map(String)).toEqual([expect.stringMatching(/FencedError/)]);
  });

  it("works on a stalled one, and on a paused one", async () => {
    const stalls = workflow("stalls", async (ctx) => {
      await ctx.sleep("1s");
      await new Promise(() => {});
    });
    const bench = new Bench([stalls]);
    await bench.start(stalls, undefined);
    await bench.cloud.advance(5_000);
    expect(await bench.status()).toBe("stalled");
    await bench.client.terminate("x-1");
    expect(await bench.status()).toBe("terminated");

    const paused = await begun([]);
    await paused.client.pause("x-1");
    await paused.cloud.settle();
    await paused.client.terminate("x-1");
    expect(await paused.status()).toBe("terminated");
  });

  it("is heard of by its parent and its children", async () => {
    const low = workflow("low", async (ctx) => ctx.sleep("1d"));
    const middle = workflow("middle", async (ctx) => ctx.child(low, undefined, { id: "low" }));
    const top = workflow("top", async (ctx) => {
      try {
        return await ctx.child(middle, undefined, { id: "middle" });
      } catch (error) {
        return error instanceof ChildFailedError ? error.status : "?";
      }
    });
    const bench = new Bench([top, middle, low]);
    await bench.start(top, undefined);
    await bench.cloud.settle();
    await bench.client.terminate("middle");
    await bench.cloud.settle();
    expect(await bench.output()).toBe("terminated");
    expect(await bench.status("low")).toBe("cancelled");
  });

  it("survives a crash at every one of its outside calls", async () => {
    const low = workflow("low", async (ctx) => ctx.sleep("1d"));
    const middle = workflow("middle", async (ctx) => ctx.child(low, undefined, { id: "low" }));
    const top = workflow("top", async (ctx) => ctx.child(middle, undefined, { id: "middle" }));
    for (const when of ["before", "after", "reply-lost"] as const) {
      for (let call = 1, struck = true; struck; call++) {
        const bench = new Bench([top, middle, low]);
        await bench.start(top, undefined);
        await bench.cloud.settle();
        bench.cloud.faults.plan({ call, when });
        // A client whose call was not answered repeats it.
        await bench.client.terminate("middle").catch(() => bench.client.terminate("middle"));
        await bench.cloud.advance(600_000);
        struck = bench.cloud.faults.struck;
        const statuses = await Promise.all(["x-1", "middle", "low"].map((id) => bench.status(id)));
        expect(statuses, `${when} call ${call}`).toEqual(["failed", "terminated", "cancelled"]);
        if (!struck) expect(call).toBeGreaterThan(10);
      }
    }
  });
});

describe("pause and resume", () => {
  it("begins no step, child, transaction or compensation, records what comes, and goes on with all of it", async () => {
    const world: string[] = [];
    const child = workflow("child", async (ctx) => ctx.step("of child", () => world.push("child")));
    const busy = workflow("busy", async (ctx) => {
      const slept = ctx.sleep("10s").then(() => ctx.step("after sleep", () => world.push("slept")));
      const told = ctx
        .waitForEvent(Tick)
        .then(({ n }) => ctx.step("after tick", () => world.push(`tick ${n}`)));
      const asked = ctx.waitForSignal("child").then(() => ctx.child(child, undefined));
      const booked = ctx.waitForSignal("book").then(() =>
        ctx.transaction("book", () => {
          world.push("booked");
        }),
      );
      await Promise.all([slept, told, asked, booked]);
      return "all";
    });
    const bench = new Bench([busy, child], [Tick]);
    await bench.start(busy, undefined);
    await bench.cloud.settle();
    await bench.client.pause("x-1", { reason: "let me look" });
    await bench.cloud.advance(1_000);
    bench.publish(Tick, { n: 7 });
    await bench.client.signal("x-1", "child");
    await bench.client.signal("x-1", "book");
    await bench.cloud.advance(60_000);
    expect(world).toEqual([]);
    expect(await bench.status()).toBe("paused");
    expect(await bench.story()).toEqual(
      expect.arrayContaining(["TimerFired sleep", "EventReceived wait:tick", "SignalReceived signal:child"]),
    );
    expect((await bench.client.describe("x-1")).progress).toMatchObject({
      moves: "paused",
      freedBy: expect.stringMatching(/holdfast resume x-1/),
    });
    await bench.client.resume("x-1");
    await bench.cloud.settle();
    expect([...world].sort()).toEqual(["booked", "child", "slept", "tick 7"]);
    expect(await bench.output()).toBe("all");
  });

  it("lets a body that runs come to its end, and a retry of it wait", async () => {
    const attempts: number[] = [];
    const flaky = workflow("flaky", async (ctx) =>
      ctx.step(
        "flaky",
        async ({ attempt }) => {
          attempts.push(attempt);
          await bench.cloud.clock.sleep(2_000);
          if (attempt === 1) throw new Error("not yet");
          return attempt;
        },
        { retry: { initialInterval: "1m", jitter: "none" } },
      ),
    );
    const bench: Bench = new Bench([flaky]);
    await bench.start(flaky, undefined);
    await bench.cloud.advance(1_000);
    await bench.client.pause("x-1");
    await bench.cloud.advance(600_000);
    expect(attempts).toEqual([1]);
    expect(await bench.status()).toBe("paused");
    await bench.client.resume("x-1");
    await bench.cloud.advance(10_000);
    expect(attempts).toEqual([1, 2]);
    expect(await bench.output()).toBe(2);
  });

  it("holds a compensation back", async () => {
    const world: string[] = [];
    const undoes = workflow("undoes", async (ctx) => {
      await ctx.step("one", () => world.push("one"), { compensate: () => world.push("not one") });
      await ctx.sleep("10s");
      throw new Error("no");
    });
    const bench = new Bench([undoes]);
    await bench.start(undoes, undefined);
    await bench.cloud.settle();
    await bench.client.pause("x-1");
    await bench.cloud.advance(60_000);
    expect(world).toEqual(["one"]);
    expect(await bench.status()).toBe("paused");
    await bench.client.resume("x-1");
    await bench.cloud.settle();
    expect(world).toEqual(["one", "not one"]);
    expect(await bench.status()).toBe("failed");
  });

  it("twice is once, and a resume of what is not paused changes nothing", async () => {
    const world: string[] = [];
    const bench = await begun(world);
    await bench.client.resume("x-1");
    await bench.client.pause("x-1");
    await bench.client.pause("x-1");
    await bench.cloud.settle();
    await bench.client.signal("x-1", "go");
    await bench.client.resume("x-1");
    await bench.cloud.settle();
    expect(await bench.output()).toBe("done");
  });

  it("of a stalled one holds from the redrive on", async () => {
    const world: string[] = [];
    const bench = await begun(world);
    const { app } = await import("holdfast");
    const broken = workflow("saga", async (ctx) => ctx.step("another", () => 1));
    bench.cloud.deploy(app({ workflows: [broken], events: [] }));
    await bench.client.signal("x-1", "go");
    await bench.cloud.settle();
    await bench.client.pause("x-1");
    bench.cloud.deploy(app({ workflows: [saga(world)], events: [] }));
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("paused");
    expect(world).toEqual(["one"]);
  });
});

describe("an execution's timeout", () => {
  it("throws ExecutionTimeoutError at what is awaited, then completed steps are undone", async () => {
    const world: string[] = [];
    const limited = workflow("limited", { timeout: "1h" }, async (ctx) => {
      await ctx.step("one", () => world.push("one"), { compensate: () => world.push("not one") });
      try {
        await ctx.sleep("1d");
      } catch (error) {
        await ctx.step("tidy", () => world.push(error instanceof ExecutionTimeoutError ? "tidied" : "?"));
        throw error;
      }
    });
    const bench = new Bench([limited]);
    await bench.start(limited, undefined);
    await bench.cloud.advance(HOUR_MS + 1_000);
    expect(await bench.status()).toBe("failed");
    expect(await bench.error()).toMatchObject({
      name: "ExecutionTimeoutError",
      message: expect.stringMatching(/3600/),
    });
    expect(world).toEqual(["one", "tidied", "not one"]);
  });

  it("counts while it is paused, and what follows it begins at the resume", async () => {
    const world: string[] = [];
    const limited = workflow("limited", { timeout: "1h" }, async (ctx) => {
      await ctx.step("one", () => world.push("one"), { compensate: () => world.push("not one") });
      await ctx.sleep("1d");
    });
    const bench = new Bench([limited]);
    await bench.start(limited, undefined);
    await bench.cloud.settle();
    await bench.client.pause("x-1");
    await bench.cloud.advance(2 * HOUR_MS);
    expect(await bench.story()).toContain("DeadlinePassed");
    expect(await bench.status()).toBe("paused");
    expect(world).toEqual(["one"]);
    await bench.client.resume("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("failed");
    expect(world).toEqual(["one", "not one"]);
  });

  it("is each run's own in a chain of runs", async () => {
    const chain = workflow("chain", { timeout: "1h" }, async (ctx, run: number): Promise<unknown> => {
      await ctx.sleep("40m");
      return run === 3 ? run : ctx.continueAsNew(run + 1);
    });
    const bench = new Bench([chain]);
    await bench.start(chain, 1);
    await bench.cloud.advance(3 * HOUR_MS);
    expect(await bench.output("x-1:run3")).toBe(3);
  });

  it("goes by for one that was told in time", async () => {
    const limited = workflow("limited", { timeout: "1h" }, async (ctx) => {
      await ctx.sleep("59m");
      return "in time";
    });
    const bench = new Bench([limited]);
    await bench.start(limited, undefined);
    await bench.cloud.advance(2 * HOUR_MS);
    expect(await bench.output()).toBe("in time");
  });
});
