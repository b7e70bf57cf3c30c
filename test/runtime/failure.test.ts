/** What a workflow's failure ends, and what it leaves alone. */
import { NonRetryableError, workflow } from "holdfast";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bench } from "./bench.js";
import { eventLoopTurn } from "./slow-store.js";

const boom = (): never => {
  throw new NonRetryableError("boom");
};

describe("code whose execution has failed", () => {
  it("does not go on in another branch", async () => {
    const world: string[] = [];
    const failing = workflow("failing", async (ctx) => {
      const branch = async () => {
        try {
          await ctx.step(
            "patient",
            ({ signal }) =>
              new Promise((_, reject) => {
                signal.addEventListener("abort", () => reject(signal.reason));
              }),
          );
        } catch {
          await ctx.step("late", () => world.push("late"), { compensate: () => world.push("undo late") });
        }
      };
      await ctx.step("first", () => world.push("first"), { compensate: () => world.push("undo first") });
      await Promise.all([branch(), ctx.step("boom", boom)]);
    });
    const bench = new Bench([failing]);
    await bench.start(failing, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.status()).toBe("failed");
    expect(world).toEqual(["first", "undo first"]);
    expect((await bench.story()).filter((line) => line.includes("late"))).toEqual([]);
  });

  it("has what it had begun ended, recorded and undone", async () => {
    const world: string[] = [];
    const failing = workflow("failing", async (ctx) => {
      await Promise.all([
        ctx.step(
          "stubborn",
          async () => {
            await bench.cloud.clock.sleep(2_000);
            world.push("stubborn");
          },
          { compensate: () => world.push("undo stubborn") },
        ),
        ctx.step("boom", boom),
      ]);
    });
    const bench: Bench = new Bench([failing]);
    await bench.start(failing, undefined);
    await bench.cloud.advance(60_000);
    expect(world).toEqual(["stubborn", "undo stubborn"]);
    expect(await bench.story()).toEqual([
      "StepFailed step:boom",
      "StepCompleted step:stubborn",
      "CompensationStarted undo/begin",
      "StepCompleted undo/step:stubborn",
      "ExecutionFailed",
    ]);
  });
});

describe("a promise that the code does not await", () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  beforeEach(() => {
    unhandled.length = 0;
    process.on("unhandledRejection", note);
  });
  afterEach(() => {
    process.off("unhandledRejection", note);
  });
  const everythingIsTold = async () => {
    for (let turn = 0; turn < 10; turn++) await eventLoopTurn();
  };

  it("raises no unhandled rejection when its step fails", async () => {
    const careless = workflow("careless", async (ctx) => {
      void ctx.step("boom", boom);
      await ctx.step("other", () => 1);
      await ctx.sleep("5s");
      return "fine";
    });
    const bench = new Bench([careless]);
    await bench.start(careless, undefined);
    await bench.cloud.advance(6_000);
    await everythingIsTold();
    expect(await bench.output()).toBe("fine");
    expect(unhandled).toEqual([]);
  });

  it("raises none when its execution is cancelled", async () => {
    const careless = workflow("careless", async (ctx) => {
      void ctx.sleep("1d");
      void ctx.step("retries", () => {
        throw new Error("again");
      });
      await ctx.sleep("2d");
    });
    const bench = new Bench([careless]);
    await bench.start(careless, undefined);
    await bench.cloud.settle();
    await bench.client.cancel("x-1");
    await bench.cloud.advance(10_000);
    await everythingIsTold();
    expect(await bench.status()).toBe("cancelled");
    expect(unhandled).toEqual([]);
  });
});
