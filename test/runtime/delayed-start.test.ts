import { CancelledError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { startExecution } from "../../lib/runtime/start.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { intervening } from "../defects/intervening.js";
import { Bench } from "./bench.js";

const DAY_MS = 86_400_000;

describe("a delayed start", () => {
  const world: string[] = [];
  const tomorrow = workflow("tomorrow", async (ctx) => {
    await ctx.step("begin", () => world.push("began"));
    return "done";
  });

  it("begins at its time, and not before", async () => {
    world.length = 0;
    const bench = new Bench([tomorrow]);
    await bench.start(tomorrow, undefined, "x-1", { delayMs: DAY_MS });
    await bench.cloud.advance(DAY_MS - 1);
    expect(world).toEqual([]);
    await bench.cloud.advance(1);
    expect(world).toEqual(["began"]);
    expect(await bench.output()).toBe("done");
  });

  it("whose client died before it sent the wake, and repeats it a minute later, begins at its first time all the same", async () => {
    for (const repeated of [DAY_MS, 2 * DAY_MS, 0]) {
      world.length = 0;
      const bench = new Bench([tomorrow]);
      const { startAt } = await bench.start(tomorrow, undefined, "x-1", { delayMs: DAY_MS });
      bench.cloud.wakeQueue.purge();
      await bench.cloud.advance(60_000);
      await bench.start(tomorrow, undefined, "x-1", { delayMs: repeated });
      await bench.cloud.advance(startAt - bench.cloud.clock.now() - 1);
      expect(world).toEqual([]);
      await bench.cloud.advance(1);
      expect(world).toEqual(["began"]);
    }
  });

  it("that is cancelled before its time ends at once, and its code never begins", async () => {
    world.length = 0;
    const bench = new Bench([tomorrow]);
    await bench.start(tomorrow, undefined, "x-1", { delayMs: DAY_MS });
    await bench.client.cancel("x-1", { reason: "not needed" });
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect(await bench.error()).toBeInstanceOf(CancelledError);
    expect(String(await bench.error())).toContain("not needed");
    expect(await bench.story()).toEqual(["CancelRequested", "ExecutionCancelled"]);
    await bench.cloud.advance(DAY_MS + 60_000);
    expect(world).toEqual([]);
    expect(await bench.story()).toEqual(["CancelRequested", "ExecutionCancelled"]);
  });

  it("is found among as many messages as there may be before its time", async () => {
    const bench = new Bench([tomorrow]);
    await bench.start(tomorrow, undefined, "x-1", { delayMs: DAY_MS });
    for (let each = 0; each < 5; each++) await bench.client.signal("x-1", "note", "x".repeat(200));
    await bench.client.cancel("x-1", { reason: "x".repeat(500) });
    expect((await bench.head()).inbox.map(({ kind }) => kind)).not.toContain("cancel");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    const unread = (await bench.history()).flatMap((event) =>
      "unread" in event ? (event.unread ?? []) : [],
    );
    expect(unread).toHaveLength(5);
  });
});

describe("a wake within the second before the start", () => {
  it("waits for the rest, so that the code never begins early", async () => {
    let beganAt = 0;
    const soon = workflow("soon", async (ctx) => {
      await ctx.step("begin", () => {
        beganAt = bench.cloud.clock.now();
      });
    });
    const bench: Bench = new Bench([soon]);
    const head = await bench.start(soon, undefined, "x-1", { delayMs: 10_000 });
    await bench.cloud.advance(9_500);
    await bench.cloud.client().wakes.send({ executionId: "x-1", reason: "message" }, 0);
    await bench.cloud.advance(60_000);
    expect(beganAt).toBeGreaterThanOrEqual(head.startAt);
    expect(await bench.status()).toBe("completed");
  });
});

describe("a start whose write took minutes", () => {
  it("sends another wake before it answers: the first has found nothing, and is gone", async () => {
    const quick = workflow("quick", async () => "done");
    let isSlow = true;
    const bench: Bench = new Bench([quick], [], {
      replay: "off",
      store: intervening(createMemoryStore(), {
        before: async (call) => {
          if (call !== "createExecution" || !isSlow) return;
          isSlow = false;
          // The wake goes out beside it, and comes back again and again in vain.
          await bench.cloud.advance(10 * 60_000);
        },
      }),
    });
    await startExecution(bench.cloud.bare, bench.app, { workflow: "quick", input: undefined, id: "x-1" });
    await bench.cloud.settle();
    expect(await bench.output()).toBe("done");
  });
});
