/** Known defects of steps, batches and races: what runs twice, what is swallowed, what holds no place, and what stands in for an end. */
import { app, type Context, event, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { Bench } from "../runtime/bench.js";
import { intervening } from "./intervening.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const Paid = event<{ order: string }>("paid", { key: ({ order }) => order });

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("the last write of an execution", () => {
  const ending = workflow("ending", async (ctx) => {
    // Nobody waits for these two, and still they are part of it.
    void ctx.step("two", () => 2);
    void ctx.sendEvent(Paid, { order: "o-1" });
    await ctx.step("one", () => 1);
    return "done";
  });

  it.each([
    ["settle", "before"],
    ["settle", "after"],
    ["appendCommit", "before"],
    ["appendCommit", "after"],
  ] as const)(
    "that fails leaves the execution open, and another turn ends it: every %s, %s it took effect",
    async (call, when) => {
      let isDown = true;
      const strike = (made: string): void => {
        if (isDown && made === call) throw new Error("The database is throttled.");
      };
      const bench = new Bench([ending], [Paid], {
        store: intervening(createMemoryStore(), { [when]: strike }),
      });
      await bench.start(ending, undefined);
      await bench.cloud.advance(30_000);
      expect(String(bench.cloud.errors[0])).toContain("throttled");
      // Its settlement may have been written without an answer: then all that it stands for was written before.
      if (when === "before" || call === "appendCommit") expect(await bench.status()).toBe("running");
      else expect((await bench.story()).at(-1)).toBe("ExecutionCompleted");
      isDown = false;
      await bench.cloud.advance(5 * MINUTE);
      expect(await bench.output()).toBe("done");
      const story = (await bench.story()).filter((line) => line !== "LeaseTaken");
      expect(story.toSorted()).toEqual([
        "EventSent send:paid",
        "ExecutionCompleted",
        "StepCompleted step:one",
        "StepCompleted step:two",
      ]);
      expect(story.at(-1)).toBe("ExecutionCompleted");
      await bench.cloud.audit();
      expect(new Set(bench.cloud.published.map(({ resources }) => resources[0])).size).toBe(1);
    },
  );
});

describe("an error that the code catches", () => {
  class Declined extends Error {
    override name = "Declined";
    constructor(
      message: string,
      readonly left: number,
      options?: ErrorOptions,
    ) {
      super(message, options);
    }
  }
  const decline = () =>
    new Declined("no cover", 12, { cause: new TypeError("a cause", { cause: "its own" }) });
  const failing = workflow("failing", () => {
    throw decline();
  });

  it.each<[from: string, fails: (ctx: Context, tokens: string[]) => Promise<unknown>]>([
    [
      "a step",
      (ctx) =>
        ctx.step(
          "declined",
          () => {
            throw decline();
          },
          { retry: { maxAttempts: 1 } },
        ),
    ],
    [
      "an item of a map",
      async (ctx) => {
        const fail = (): never => {
          throw decline();
        };
        const { errors } = await ctx.map(
          [1],
          (item) => item.step("declined", fail, { retry: { maxAttempts: 1 } }),
          { tolerate: { failures: 1 } },
        );
        throw errors[0];
      },
    ],
    [
      "a callback",
      (ctx, tokens) => {
        const callback = ctx.callback("approval");
        tokens.push(callback.token);
        return callback.promise;
      },
    ],
    ["a child", (ctx) => ctx.child(failing, undefined).catch((error: Error) => Promise.reject(error.cause))],
  ])("is the same to code that runs live and to code that is replayed: from %s", async (_, fails) => {
    const tokens: string[] = [];
    const seen: unknown[] = [];
    const catching = workflow("catching", async (ctx) => {
      const error = await fails(ctx, tokens).catch((thrown: unknown) => thrown);
      const { name, message, left, cause } = error as Declined;
      seen.push([error instanceof Declined, name, message, left, cause instanceof TypeError, String(cause)]);
      for (let n = 0; n < 3; n++) await ctx.sleep("1h");
    });
    const kit = await testApp(app({ workflows: [catching, failing], errors: [Declined] }));
    await kit.client.start(catching, undefined, { id: "x" });
    await kit.settle();
    if (tokens[0] !== undefined) await kit.client.failCallback(tokens[0], decline());
    await kit.runToEnd("x");
    expect(seen.length).toBeGreaterThanOrEqual(4);
    for (const one of seen)
      expect(one).toEqual([true, "Declined", "no cover", 12, true, "TypeError: a cause"]);
  });
});

describe("a map of many items that sleep, wait and have children", () => {
  it("asks for each thing once and comes to its end, though every write is made twice", async () => {
    const ITEMS = 240;
    const child = workflow("child", async (ctx, n: number) => {
      await ctx.sleep("1m");
      return n;
    });
    const batch = workflow("batch", async (ctx) => {
      const { values } = await ctx.map(
        upTo(ITEMS),
        async (item, n) => {
          if (n % 3 === 0) return item.sleep({ seconds: 5 + (n % 7) }).then(() => n);
          if (n % 3 === 1) return item.waitForSignal(`go-${n}`, { timeout: "2m" }).catch(() => n);
          return item.child(child, n);
        },
        { concurrency: 80 },
      );
      return values.map(Number).reduce((sum, value) => sum + value, 0);
    });
    const WRITES = ["appendCommit", "settle", "createExecution", "appendMessage"];
    const made = new Set<string>();
    const store = intervening(createMemoryStore(), {
      after: (call, args) => {
        const write = `${call} ${JSON.stringify(args)}`;
        if (!WRITES.includes(call) || made.has(write)) return;
        made.add(write);
        // The first answer never comes, and so the caller makes the same write again.
        throw new Error("The reply was lost.");
      },
    });
    const bench = new Bench([batch, child], [], { store, replay: "off" });
    await bench.start(batch, undefined);
    await bench.cloud.advance(HOUR);
    expect(await bench.output()).toBe((ITEMS * (ITEMS - 1)) / 2);
    expect(bench.cloud.errors).toEqual([]);
    expect(made.size).toBeGreaterThan(ITEMS);
    const story = await bench.story();
    expect(new Set(story).size).toBe(story.length);
    const many = (type: string) => story.filter((line) => line.startsWith(type)).length;
    expect([many("TimerFired"), many("WaitTimedOut"), many("ChildRequested"), many("ChildEnded")]).toEqual(
      [1, 1, 1, 1].map((each) => (each * ITEMS) / 3),
    );
  });
});

describe("an item of a map that waits", () => {
  it.each<[what: string, wait: (ctx: Context) => Promise<unknown>, end: (bench: Bench) => unknown]>([
    ["for time", (item) => item.sleep("1h"), (bench) => bench.cloud.advance(HOUR)],
    [
      "for an event",
      (item) => item.waitForEvent(Paid, { key: "o-1" }),
      (bench) => bench.publish(Paid, { order: "o-1" }),
    ],
    ["for a signal", (item) => item.waitForSignal("go"), (bench) => bench.client.signal("x-1", "go")],
  ])("holds its place among those that may be under way at once: %s", async (_, wait, end) => {
    const begun: number[] = [];
    const batch = workflow("batch", async (ctx) => {
      await ctx.map(
        upTo(5),
        async (item, n) => {
          await item.step("begin", () => begun.push(n));
          await wait(item);
        },
        { concurrency: 2 },
      );
    });
    const bench = new Bench([batch], [Paid]);
    await bench.start(batch, undefined);
    await bench.cloud.settle();
    expect(begun).toEqual([0, 1]);
    // A replay of the map gives away none of its places either.
    await bench.client.signal("x-1", "nobody waits for this");
    await bench.cloud.advance(MINUTE);
    expect(begun).toEqual([0, 1]);
    for (let round = 0; round < 6 && (await bench.status()) === "suspended"; round++) {
      await end(bench);
      await bench.cloud.settle();
      expect(begun.length - round).toBeLessThanOrEqual(4);
    }
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect(await bench.status()).toBe("completed");
  });
});

describe("steps that others have been planned after while a sibling still runs", () => {
  const ways: [string, (parts: Promise<unknown>[]) => Promise<unknown>][] = [
    ["all", (parts) => Promise.all(parts)],
    ["allSettled", (parts) => Promise.allSettled(parts)],
    ["race, then all", (parts) => Promise.race(parts).then(() => Promise.all(parts))],
    ["any, then all", (parts) => Promise.any(parts).then(() => Promise.all(parts))],
  ];

  it.each(ways)("run once each, in one turn and over suspensions: Promise.%s", async (_, join) => {
    const ran: string[] = [];
    const plan = workflow("plan", async (ctx) => {
      const run = (name: string, ms: number) =>
        ctx.step(name, async () => {
          ran.push(name);
          await bench.cloud.clock.sleep(ms);
          return name;
        });
      await join([run("a", 100).then(() => run("b", 100)), run("c", 5_000).then(() => run("d", 100))]);
      await join([
        run("e", 10)
          .then(() => ctx.sleep("5m"))
          .then(() => run("f", 10)),
        run("g", 30_000)
          .then(() => ctx.waitForSignal("go", { timeout: "1h" }).catch(() => "late"))
          .then(() => run("h", 10)),
      ]);
      return "done";
    });
    const bench: Bench = new Bench([plan]);
    await bench.start(plan, undefined);
    await bench.cloud.advance(2 * HOUR);
    expect(await bench.output()).toBe("done");
    expect(ran.toSorted()).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
    const story = await bench.story();
    expect(new Set(story).size).toBe(story.length);
  });

  const quick = (ctx: Context) => ctx.step("quick", () => 1);
  const never = (ctx: Context) => ctx.waitForEvent(Paid, { key: "o-1", timeout: "7d" });
  it.each<[string, (ctx: Context) => Promise<unknown>]>([
    ["Promise.race", (ctx) => Promise.race([never(ctx), quick(ctx)])],
    ["Promise.any", (ctx) => Promise.any([never(ctx), quick(ctx)])],
    ["ctx.race", (ctx) => ctx.race({ never, quick })],
  ])(
    "do not keep the execution open once its code is over, nor does a wait that has lost: %s",
    async (_, race) => {
      const racing = workflow("racing", async (ctx) => {
        await race(ctx);
        return "over";
      });
      const bench = new Bench([racing], [Paid]);
      await bench.start(racing, undefined);
      await bench.cloud.settle();
      expect(await bench.output()).toBe("over");
      expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
      expect(bench.cloud.wakeQueue.size).toBe(0);
    },
  );

  it("leave a branch alone that is slower than all others by days", async () => {
    const uneven = workflow("uneven", async (ctx) => {
      const slow = async () => {
        await ctx.sleep("40d");
        return ctx.step("slow", () => "slow");
      };
      return Promise.all([ctx.step("quick", () => "quick"), slow()]);
    });
    const bench = new Bench([uneven]);
    await bench.start(uneven, undefined);
    for (let day = 0; day < 41; day++) {
      await bench.cloud.audit();
      await bench.cloud.advance(DAY);
    }
    expect(await bench.output()).toEqual(["quick", "slow"]);
  });
});

describe("a step that hangs in its second attempt, after a first that failed", () => {
  it.each<[string, (bench: Bench) => Promise<unknown>]>([
    ["until its invocation is over", (bench) => bench.cloud.clock.sleep(HOUR)],
    [
      "and takes its process along",
      (bench) => {
        bench.cloud.killAll();
        return bench.cloud.clock.sleep(HOUR);
      },
    ],
  ])("is tried again by its policy, and never waited for as if another would end it: %s", async (_, hang) => {
    const attempts: number[] = [];
    const code = workflow("code", async (ctx) => {
      const open = ctx.waitForSignal("stop", { timeout: "1d" }).catch(() => "nobody");
      const result = await ctx.step(
        "hanging",
        (step) => {
          attempts.push(step.attempt);
          if (step.attempt === 1) throw new Error("try again");
          return step.attempt === 2 ? hang(bench) : "third";
        },
        { retry: { initialInterval: "10s", jitter: "none" } },
      );
      return [result, await open];
    });
    const bench: Bench = new Bench([code]);
    await bench.start(code, undefined);
    for (let second = 0; second < 300; second++) {
      await bench.cloud.advance(1_000);
      const { status, dueAt = Number.POSITIVE_INFINITY } = await bench.head();
      // Suspended with the step open means: until its next attempt, and no longer.
      if (status === "suspended" && attempts.length < 3)
        expect(dueAt - bench.cloud.clock.now()).toBeLessThanOrEqual(20_000);
    }
    expect(attempts).toEqual([1, 2, 3]);
    await bench.client.signal("x-1", "stop", "stopped");
    await bench.cloud.advance(1_000);
    expect(await bench.output()).toEqual(["third", "stopped"]);
  });
});

describe("an execution whose code comes to its end while it is paused", () => {
  it.each(["completes", "fails"])(
    "%s by its own status, and nobody is told of a move that can't be made",
    async (how) => {
      const code = workflow("code", async (ctx) => {
        await ctx.step("slow", () => bench.cloud.clock.sleep(10_000));
        if (how === "fails") throw new Error("no");
        return "done";
      });
      const bench: Bench = new Bench([code]);
      await bench.start(code, undefined);
      await bench.cloud.advance(1_000);
      await bench.client.pause("x-1");
      await bench.cloud.advance(HOUR);
      await bench.client.resume("x-1").catch(() => {});
      await bench.cloud.advance(1_000);
      expect(bench.cloud.errors).toEqual([]);
      expect(bench.cloud.wakeQueue.dead).toEqual([]);
      expect(await bench.status()).toBe(how === "fails" ? "failed" : "completed");
    },
  );
});
