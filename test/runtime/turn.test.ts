import { event, NonRetryableError, StepInterruptedError, WaitTimeoutError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { Bench } from "./bench.js";

const Paid = event<{ orderId: string; amount: number }>("payment.completed", { key: (data) => data.orderId });
const Shipped = event<{ orderId: string }>("order.shipped");

describe("a turn", () => {
  it("runs steps in order and completes with the output", async () => {
    const sum = workflow("sum", async (ctx, input: { a: number }) => {
      const b = await ctx.step("b", () => input.a + 1);
      const c = await ctx.step("c", async () => b + 1);
      return { total: b + c };
    });
    const bench = new Bench([sum]);
    await bench.start(sum, { a: 1 });
    await bench.cloud.settle();
    expect(bench.cloud.errors).toEqual([]);
    expect(await bench.status()).toBe("completed");
    expect(await bench.output()).toEqual({ total: 5 });
    expect(await bench.story()).toEqual([
      "StepCompleted step:b",
      "StepCompleted step:c",
      "ExecutionCompleted",
    ]);
  });

  it("sleeps for a day holding nothing, and wakes on time", async () => {
    const sleepy = workflow("sleepy", async (ctx) => {
      const before = ctx.now().getTime();
      await ctx.sleep("1d");
      return ctx.now().getTime() - before;
    });
    const bench = new Bench([sleepy]);
    await bench.start(sleepy, undefined);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("suspended");
    await bench.cloud.advance(86_399_000);
    expect(await bench.status()).toBe("suspended");
    await bench.cloud.advance(1_000);
    expect(await bench.status()).toBe("completed");
    expect(await bench.output()).toBe(86_400_000);
  });

  it("fires the earlier of two short sleeps at its time while a body runs, though the later was asked for before it", async () => {
    const napping = workflow("napping", async (ctx) => {
      const body = ctx.step("body", () => bench.cloud.clock.sleep(30_000));
      const later = ctx.sleep("4s");
      await ctx.step("quick", () => 1);
      const before = ctx.now().getTime();
      await ctx.sleep("1s");
      const slept = ctx.now().getTime() - before;
      await Promise.all([body, later]);
      return slept;
    });
    const bench: Bench = new Bench([napping]);
    await bench.start(napping, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe(1_000);
  });

  it("leaves no timer behind in its process", async () => {
    const limited = workflow("limited", async (ctx) => {
      await ctx.step("limited", () => 1, { timeout: "30s", heartbeat: "20s" });
      // It waits in place for the sleep, and for its next look at the inbox while the body runs.
      await Promise.race([ctx.step("body", () => bench.cloud.clock.sleep(100)), ctx.sleep("900ms")]);
    });
    const bench: Bench = new Bench([limited]);
    await bench.start(limited, undefined);
    await bench.cloud.advance(500);
    expect(await bench.status()).toBe("completed");
    expect(bench.cloud.clock.next()).toBeUndefined();
  });

  it("retries a failing step by its policy, with delays over a second as suspensions", async () => {
    let tries = 0;
    const flaky = workflow("flaky", async (ctx) =>
      ctx.step(
        "flaky",
        () => {
          tries += 1;
          if (tries < 3) throw new Error(`try ${tries}`);
          return tries;
        },
        { retry: { initialInterval: "10s", jitter: "none" } },
      ),
    );
    const bench = new Bench([flaky]);
    await bench.start(flaky, undefined);
    await bench.cloud.settle();
    expect(tries).toBe(1);
    expect(await bench.status()).toBe("suspended");
    await bench.cloud.advance(10_000);
    expect(tries).toBe(2);
    await bench.cloud.advance(20_000);
    expect(await bench.output()).toBe(3);
    expect(await bench.story()).toEqual([
      "StepAttemptFailed step:flaky",
      "StepAttemptFailed step:flaky",
      "StepCompleted step:flaky",
      "ExecutionCompleted",
    ]);
  });

  it("ends a step at once on an error that its policy calls non-retryable, and the workflow can catch it with its class", async () => {
    class OutOfStock extends Error {
      override name = "OutOfStock";
    }
    const stock = workflow("stock", async (ctx) => {
      try {
        await ctx.step(
          "reserve",
          () => {
            throw new OutOfStock("none left");
          },
          { retry: { nonRetryable: [OutOfStock] } },
        );
      } catch (error) {
        return error instanceof Error ? `${error.name}: ${error.message}` : "?";
      }
      return "reserved";
    });
    const bench = new Bench([stock]);
    await bench.start(stock, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("OutOfStock: none left");
  });

  it("aborts a step at its timeout and retries it", async () => {
    let aborted = 0;
    const slow = workflow("slow", async (ctx) =>
      ctx.step(
        "slow",
        (step) =>
          step.attempt > 1
            ? "quick"
            : new Promise<string>((_, reject) => {
                step.signal.addEventListener("abort", () => {
                  aborted += 1;
                  reject(step.signal.reason);
                });
              }),
        { timeout: "30s", retry: { initialInterval: "1s", jitter: "none" } },
      ),
    );
    const bench = new Bench([slow]);
    await bench.start(slow, undefined);
    await bench.cloud.advance(31_000);
    expect(aborted).toBe(1);
    expect(await bench.output()).toBe("quick");
  });

  it("undoes completed steps in reverse order when the workflow throws, and fails with the workflow's error", async () => {
    const undone: string[] = [];
    const saga = workflow("saga", async (ctx) => {
      await ctx.step("a", () => "A", { compensate: (result) => undone.push(`a:${result}`) });
      await ctx.step("b", () => "B", { compensate: (result) => undone.push(`b:${result}`) });
      await ctx.step("c", () => {
        throw new NonRetryableError("no");
      });
    });
    const bench = new Bench([saga]);
    await bench.start(saga, undefined);
    await bench.cloud.settle();
    expect(undone).toEqual(["b:B", "a:A"]);
    expect(await bench.status()).toBe("failed");
    expect(String(await bench.error())).toBe("NonRetryableError: no");
    expect((await bench.head()).compensation).toBe("complete");
    expect(await bench.story()).toEqual([
      "StepCompleted step:a",
      "StepCompleted step:b",
      "StepFailed step:c",
      "CompensationStarted undo/begin",
      "StepCompleted undo/step:b",
      "StepCompleted undo/step:a",
      "ExecutionFailed",
    ]);
  });

  it("goes on undoing when one compensation gives up, and says that it is incomplete", async () => {
    const undone: string[] = [];
    const saga = workflow("saga", async (ctx) => {
      await ctx.step("a", () => "A", { compensate: () => undone.push("a") });
      await ctx.step("b", () => "B", {
        compensate: () => {
          throw new Error("can't");
        },
        compensateRetry: { maxAttempts: 2, initialInterval: "5s", jitter: "none" },
      });
      throw new Error("fail");
    });
    const bench = new Bench([saga]);
    await bench.start(saga, undefined);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("compensating");
    await bench.cloud.advance(5_000);
    expect(await bench.status()).toBe("failed");
    expect(undone).toEqual(["a"]);
    expect((await bench.head()).compensation).toBe("incomplete");
  });

  it("waits for an event that comes later, by type and key", async () => {
    const paying = workflow(
      "paying",
      async (ctx, order: string) => (await ctx.waitForEvent(Paid, { key: order, timeout: "3d" })).amount,
    );
    const bench = new Bench([paying], [Paid]);
    await bench.start(paying, "o-1");
    await bench.cloud.settle();
    bench.publish(Paid, { orderId: "o-2", amount: 1 });
    await bench.cloud.settle();
    expect(await bench.status()).toBe("suspended");
    bench.publish(Paid, { orderId: "o-1", amount: 7 });
    await bench.cloud.settle();
    expect(await bench.output()).toBe(7);
    expect(await bench.store.findWaits({ name: Paid.name, key: "o-1", limit: 10 })).toEqual({ items: [] });
  });

  it("finds an event that came before the wait, within its lookback", async () => {
    const late = workflow("late", async (ctx, order: string) => {
      await ctx.sleep("30s");
      return (await ctx.waitForEvent(Paid, { key: order, timeout: "1h" })).amount;
    });
    const bench = new Bench([late], [Paid]);
    await bench.start(late, "o-1");
    await bench.cloud.settle();
    bench.publish(Paid, { orderId: "o-1", amount: 9 });
    await bench.cloud.advance(31_000);
    expect(await bench.output()).toBe(9);
  });

  it("hands each event over once, though it lies in both the inbox and the directory", async () => {
    const twice = workflow("twice", async (ctx, order: string) => {
      const first = await ctx.waitForEvent(Paid, { key: order });
      const second = await ctx
        .waitForEvent(Paid, { key: order, timeout: "1m" })
        .catch((error: unknown) => error);
      return [first.amount, second instanceof WaitTimeoutError];
    });
    const bench = new Bench([twice], [Paid]);
    await bench.start(twice, "o-1");
    await bench.cloud.settle();
    bench.publish(Paid, { orderId: "o-1", amount: 1 }, ["holdfast:event:e-1"]);
    bench.publish(Paid, { orderId: "o-1", amount: 1 }, ["holdfast:event:e-1"]);
    await bench.cloud.advance(61_000);
    expect(await bench.output()).toEqual([1, true]);
  });

  it("throws a catchable WaitTimeoutError when no event comes", async () => {
    const bored = workflow("bored", async (ctx) => {
      try {
        await ctx.waitForEvent(Paid, { key: "k", timeout: "2h" });
        return "came";
      } catch (error) {
        return error instanceof WaitTimeoutError ? "timed out" : "?";
      }
    });
    const bench = new Bench([bored], [Paid]);
    await bench.start(bored, undefined);
    await bench.cloud.advance(7_200_000);
    expect(await bench.output()).toBe("timed out");
  });

  it("publishes what it sends, with a stable id and its place in the order", async () => {
    const ship = workflow("ship", async (ctx) => {
      await ctx.sendEvent(Shipped, { orderId: "o-1" });
      void ctx.sendEvent(Shipped, { orderId: "o-2" });
    });
    const bench = new Bench([ship]);
    await bench.start(ship, undefined);
    await bench.cloud.settle();
    expect(bench.cloud.published.map(({ name, detail }) => [name, detail])).toEqual([
      ["order.shipped", { orderId: "o-1" }],
      ["order.shipped", { orderId: "o-2" }],
    ]);
    expect(bench.cloud.published[0]?.resources[1]).toBe("holdfast:order:test/x-1/1/0");
    expect(await bench.store.listOutboxes({ mark: "pending", limit: 10 })).toEqual({ items: [] });
  });

  it("starts one execution per event, however often the event is delivered", async () => {
    const Placed = event<{ id: string }>("order.placed");
    const ids: string[] = [];
    const onPlaced = workflow("on-placed", { startOn: Placed }, async (ctx, order: { id: string }) => {
      await ctx.step("note", () => ids.push(order.id));
    });
    const bench = new Bench([onPlaced]);
    bench.publish(Placed, { id: "o-1" }, ["holdfast:event:e-1"]);
    bench.publish(Placed, { id: "o-1" }, ["holdfast:event:e-1"]);
    bench.publish(Placed, { id: "o-2" }, ["holdfast:event:e-2"]);
    await bench.cloud.advance(120_000);
    expect(ids.sort()).toEqual(["o-1", "o-2"]);
  });

  it("cancels at the next await, undoes, and ends cancelled", async () => {
    const undone: string[] = [];
    const long = workflow("long", async (ctx) => {
      await ctx.step("a", () => 1, { compensate: () => undone.push("a") });
      await ctx.sleep("1d");
    });
    const bench = new Bench([long]);
    await bench.start(long, undefined);
    await bench.cloud.settle();
    const client = bench.cloud.client();
    await client.store.appendMessage("x-1", {
      kind: "cancel",
      id: "c-1",
      at: bench.cloud.clock.now(),
      reason: "changed my mind",
    });
    await client.wakes.send({ executionId: "x-1", reason: "message" }, 0);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect(undone).toEqual(["a"]);
    expect(String(await bench.error())).toContain("changed my mind");
  });

  it("stalls on code that no longer matches its history, naming both sides, and goes on once the code is mended", async () => {
    let changed = false;
    const changing = workflow("changing", async (ctx) => {
      await ctx.step(changed ? "charge" : "reserve", () => 1);
      await ctx.sleep("1h");
      return "done";
    });
    const bench = new Bench([changing]);
    await bench.start(changing, undefined);
    await bench.cloud.settle();
    changed = true;
    await bench.cloud.advance(3_600_000);
    expect(await bench.status()).toBe("stalled");
    const { stall } = await bench.head();
    expect(JSON.stringify(stall)).toMatch(/step:reserve.*The code asked for: step \\"charge\\"/);
    changed = false;
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(await bench.output()).toBe("done");
  });

  it("stalls on an await that is not durable, instead of hanging", async () => {
    const bare = workflow("bare", async (ctx) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return ctx.step("never", () => 1);
    });
    const bench = new Bench([bare]);
    await bench.start(bare, undefined);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("stalled");
    expect(JSON.stringify((await bench.head()).stall)).toContain("NonDurableAwaitError");
  });

  it("never runs an at-most-once step twice: a crash in its body ends it as interrupted", async () => {
    let runs = 0;
    const once = workflow("once", async (ctx) => {
      try {
        return await ctx.step(
          "charge",
          async () => {
            runs += 1;
            bench.cloud.killAll();
            return "charged";
          },
          { semantics: "at-most-once" },
        );
      } catch (error) {
        return error instanceof StepInterruptedError ? "unknown outcome" : "?";
      }
    });
    const bench: Bench = new Bench([once]);
    await bench.start(once, undefined);
    await bench.cloud.advance(200_000);
    expect(runs).toBe(1);
    expect(await bench.output()).toBe("unknown outcome");
  });

  it("counts a crash in a step's body as an attempt, and fails the step when its attempts are used up", async () => {
    let runs = 0;
    const deadly = workflow("deadly", async (ctx) => {
      try {
        return await ctx.step("deadly", async () => {
          runs += 1;
          bench.cloud.killAll();
        });
      } catch (error) {
        return error instanceof StepInterruptedError ? error.message : "?";
      }
    });
    const bench: Bench = new Bench([deadly]);
    await bench.start(deadly, undefined);
    await bench.cloud.advance(1_000_000);
    expect(runs).toBe(4);
    expect(await bench.output()).toContain('Step "deadly" was interrupted in attempt 4');
  });
});

describe("what was asked for when the workflow throws or is cancelled", () => {
  it("is ended without retries and recorded once, then completed steps are undone", async () => {
    const done: string[] = [];
    const fan = workflow("fan", async (ctx) => {
      await ctx.step("first", () => "1", { compensate: () => done.push("undo first") });
      await Promise.all([
        ctx.step("fails", () => {
          throw new NonRetryableError("no");
        }),
        ctx.step("retries", () => {
          throw new Error("again");
        }),
        ctx.step("finishes", async () => "2", { compensate: () => done.push("undo finishes") }),
        ctx.step("once", () => "3", { semantics: "at-most-once", compensate: () => done.push("undo once") }),
        ctx.sleep("1d"),
      ]);
    });
    const bench = new Bench([fan]);
    await bench.start(fan, undefined);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("failed");
    const story = await bench.story();
    expect(story.filter((line) => line.endsWith("step:retries"))).toHaveLength(
      story.includes("StepAttemptFailed step:retries") ? 2 : 1,
    );
    expect(new Set(story.filter((line) => line.startsWith("StepFailed"))).size).toBe(
      story.filter((line) => line.startsWith("StepFailed")).length,
    );
    expect(done.at(-1)).toBe("undo first");
    expect(done).toContain("undo finishes");
  });

  it("ends steps that wait for their retry when it is cancelled", async () => {
    const patient = workflow("patient", async (ctx) => {
      await Promise.all(
        ["a", "b"].map((name) =>
          ctx.step(
            name,
            () => {
              throw new Error(name);
            },
            { retry: { initialInterval: "1h", jitter: "none" } },
          ),
        ),
      );
    });
    const bench = new Bench([patient]);
    await bench.start(patient, undefined);
    await bench.cloud.settle();
    const client = bench.cloud.client();
    await client.store.appendMessage("x-1", { kind: "cancel", id: "c-1", at: bench.cloud.clock.now() });
    await client.wakes.send({ executionId: "x-1", reason: "message" }, 0);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("cancelled");
    expect(await bench.story()).toEqual([
      "StepAttemptFailed step:a",
      "StepAttemptFailed step:b",
      "CancelRequested",
      "StepFailed step:a",
      "StepFailed step:b",
      "ExecutionCancelled",
    ]);
  });
});

describe("code that never waits", () => {
  it("yields near the invocation's end, and goes on in the next turn", async () => {
    const Tick = event<{ n: number }>("tick");
    let drawn = 0;
    const chatty = workflow("chatty", async (ctx) => {
      for (let n = 0; n < 300; n++) {
        await ctx.sendEvent(Tick, { n });
        drawn += 1;
        // Time passes while the code runs, though it waits for nothing.
        if (drawn === 100) bench.cloud.clock.moveTo(bench.cloud.clock.now() + 55_000);
      }
      return "said it all";
    });
    const bench: Bench = new Bench([chatty]);
    await bench.start(chatty, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("said it all");
    const ids = bench.cloud.published.map(({ resources }) => resources[0]);
    expect(new Set(ids).size).toBe(300);
    expect((await bench.head()).epoch).toBe(2);
  });
});
