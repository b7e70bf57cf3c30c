import { app, event, NonRetryableError, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import type { Hooks } from "../../lib/define/hooks.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { observerOf } from "../../lib/runtime/turn/observer.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";
import { hearing, keeping } from "./hearing.js";

const Paid = event<{ order: string }>("paid", { key: (paid) => paid.order });
const Shipped = event<{ order: string }>("shipped");

/** Suspends five times, and then ends as it is told. */
const long = workflow("long", async (ctx, { end }: { end: "well" | "badly" | "waiting" }) => {
  await ctx.step("reserve", () => "held", { compensate: () => {} });
  await ctx.sleep("1h");
  await ctx.sleep("1h");
  await ctx.waitForEvent(Paid, { key: "o-1", timeout: "1d" });
  await ctx.waitForSignal("go");
  await ctx.step(
    "pack",
    ({ attempt }) => {
      if (attempt === 1) throw new TypeError("no box");
    },
    { retry: { initialInterval: "10s", jitter: "none" } },
  );
  await ctx.sleep("1h");
  await ctx.sendEvent(Shipped, { order: "o-1" });
  if (end === "badly") throw new RangeError("too far");
  if (end === "waiting") await ctx.waitForSignal("never");
});

const ONWARD = [
  "executionStarted",
  "stepStarted reserve 1",
  "stepCompleted reserve 1",
  "eventReceived paid",
  "signalReceived go",
  "stepStarted pack 1",
  "stepRetrying pack 1",
  "stepStarted pack 2",
  "stepCompleted pack 2",
  "eventSent shipped",
];

async function deployed(...workflows: AnyWorkflow[]) {
  const heard = hearing();
  const t = await testApp(app({ workflows, events: [Paid, Shipped], hooks: [heard.hooks] }));
  return { t, heard };
}

async function runLong(end: "well" | "badly" | "waiting") {
  const { t, heard } = await deployed(long);
  await t.client.start(long, { end }, { id: "x" });
  await t.advance("3h");
  await t.publish(Paid, { order: "o-1" });
  await t.advance("1m");
  await t.client.signal("x", "go");
  await t.advance("2h");
  return { t, heard };
}

describe("hooks after suspensions: each is called once, and the last as surely as the first", () => {
  it("completed", async () => {
    const { t, heard } = await runLong("well");
    expect(heard.lines()).toEqual([...ONWARD, "executionCompleted"]);
    const [completed] = heard.of("executionCompleted");
    expect(completed).toMatchObject({
      executionId: "x",
      workflow: "long",
      durationMs: 4 * 3_600_000 + 60_000 + 10_000,
    });
    expect(t.errors).toEqual([]);
  });

  it("failed, with what it failed for and what became of the compensation", async () => {
    const { heard } = await runLong("badly");
    expect(heard.lines()).toEqual([
      ...ONWARD,
      "compensationStarted",
      "stepStarted true reserve 1",
      "stepCompleted true reserve 1",
      "executionFailed complete",
    ]);
    expect(heard.of("executionFailed")[0]?.error).toMatchObject({ name: "RangeError", message: "too far" });
  });

  it("cancelled, by whom and why", async () => {
    const { t, heard } = await runLong("waiting");
    await t.client.cancel("x", { by: "Ada", reason: "enough" });
    await t.settle();
    expect(heard.lines().slice(ONWARD.length)).toEqual([
      "cancelRequested enough",
      "compensationStarted",
      "stepStarted true reserve 1",
      "stepCompleted true reserve 1",
      "executionCancelled complete",
    ]);
    expect(heard.of("cancelRequested")[0]).toMatchObject({ by: "Ada", reason: "enough" });
  });

  it("events and signals, in and out", async () => {
    const { t, heard } = await runLong("well");
    expect(heard.of("eventReceived")).toEqual([
      { executionId: "x", workflow: "long", at: expect.any(Date), name: "paid", key: "o-1" },
    ]);
    expect(heard.of("eventSent")[0]?.eventId).toMatch(/^.{22}$/);
    expect(t.published.map(({ name }) => name)).toEqual(["paid", "shipped"]);
  });
});

describe("what hooks are told", () => {
  it("of an attempt: its number, its error, how long it ran and when the next one comes", async () => {
    const { heard } = await runLong("well");
    const [retrying] = heard.of("stepRetrying");
    expect(retrying).toMatchObject({
      step: "pack",
      path: "step:pack",
      attempt: 1,
      error: { name: "TypeError" },
    });
    expect(retrying?.durationMs).toBe(0);
    expect(retrying?.retryAt.getTime()).toBeGreaterThan(retrying?.at.getTime() ?? Number.POSITIVE_INFINITY);
  });

  it("of an attempt that no other follows", async () => {
    const fails = workflow("fails", async (ctx) =>
      ctx.step("never", () => {
        throw new NonRetryableError("no");
      }),
    );
    const { t, heard } = await deployed(fails);
    await t.client.start(fails, undefined, { id: "x" });
    await t.settle();
    expect(heard.lines()).toEqual([
      "executionStarted",
      "stepStarted never 1",
      "stepFailed never 1",
      "executionFailed none",
    ]);
  });

  it("of children, in both executions", async () => {
    const child = workflow("child", async (ctx, input: { fails: boolean }) => {
      await ctx.sleep("1h");
      if (input.fails) throw new RangeError("lost");
    });
    const parent = workflow("parent", async (ctx) => {
      await ctx.child(child, { fails: false });
      await ctx.child(child, { fails: true }).catch(() => {});
    });
    const { t, heard } = await deployed(parent, child);
    await t.run(parent, undefined, { id: "p" });
    const of = (workflow: string) =>
      heard.calls.flatMap(([, fact], index) => (fact.workflow === workflow ? [heard.lines()[index]] : []));
    expect(of("parent")).toEqual([
      "executionStarted",
      "childStarted child",
      "childEnded completed child",
      "childStarted child",
      "childEnded failed child",
      "executionCompleted",
    ]);
    expect(heard.of("executionStarted")[1]).toMatchObject({ workflow: "child", parent: "p" });
    expect(heard.of("childEnded")[1]?.error).toMatchObject({ name: "RangeError" });
  });

  it("of a child that its parent no longer waits for, and that is terminated for it", async () => {
    const child = workflow("child", async (ctx) => ctx.sleep("1d"));
    const parent = workflow("parent", async (ctx) => {
      await ctx.race({
        child: (branch) => branch.child(child, undefined, { id: "c", onParentClose: "terminate" }),
        time: (branch) => branch.sleep("1h"),
      });
      await ctx.sleep("1m");
    });
    const { t, heard } = await deployed(parent, child);
    await t.client.start(parent, undefined, { id: "p" });
    await t.advance("2h");
    expect(heard.lines().filter((line) => /child|Terminated/.test(line))).toEqual([
      "childStarted child",
      'executionTerminated its parent "p" no longer waits for it',
      "childEnded abandoned child",
    ]);
  });

  it("of a pause, a redrive and a stall", async () => {
    const sleeper = workflow("sleeper", async (ctx) => ctx.sleep("1h"));
    const { t, heard } = await deployed(sleeper);
    await t.client.start(sleeper, undefined, { id: "x" });
    await t.settle();
    await t.client.pause("x", { reason: "night" });
    await t.settle();
    await t.client.resume("x");
    await t.settle();
    const broken = workflow("sleeper", async (ctx) => {
      await ctx.sleep("1m");
      await new Promise((resolve) => setTimeout(resolve, 1));
      await ctx.sleep("1m");
    });
    t.deploy(app({ workflows: [broken], hooks: [heard.hooks] }));
    await t.advance("1h");
    t.deploy(app({ workflows: [sleeper], hooks: [heard.hooks] }));
    await t.client.redrive("x", { by: "Ada" });
    await t.advance("1h");
    expect(heard.lines()).toEqual([
      "executionStarted",
      "executionPaused night",
      "executionResumed",
      "executionStalled",
      "executionRedriven",
      "executionCompleted",
    ]);
    expect(heard.of("executionStalled")[0]?.error.name).toBe("NonDurableAwaitError");
  });

  it("of an execution that was cancelled before it began: its end, and no start", async () => {
    const late = workflow("late", async () => {});
    const { t, heard } = await deployed(late);
    await t.client.start(late, undefined, { id: "x", delay: "1h" });
    await t.client.cancel("x");
    await t.settle();
    expect(heard.lines()).toEqual(["cancelRequested", "executionCancelled none"]);
  });

  it("of continueAsNew: where it ends, and where it goes on", async () => {
    const again = workflow("again", async (ctx, n: number) => {
      await ctx.sleep("1h");
      if (n > 0) await ctx.continueAsNew(n - 1);
    });
    const { t, heard } = await deployed(again);
    await t.client.start(again, 1, { id: "x" });
    await t.advance("3h");
    expect(heard.lines()).toEqual([
      "executionStarted",
      "executionContinued",
      "executionStarted",
      "executionCompleted",
    ]);
    expect(heard.of("executionContinued")[0]?.continuedTo).toBe("x:run2");
    expect(heard.of("executionStarted")[1]).toMatchObject({
      executionId: "x:run2",
      origin: { kind: "continued", executionId: "x" },
    });
  });

  it("of a timeout of its own, of a wait's, of callbacks, updates and sent signals", async () => {
    const other = workflow("other", async (ctx) => ctx.waitForSignal("hello"));
    const busy = workflow("busy", { timeout: "1d" }, async (ctx) => {
      ctx.handleUpdate("rename", async () => "done");
      const callback = ctx.callback("approval");
      token = callback.token;
      await callback.promise;
      await ctx.waitForSignal("never", { timeout: "1h" }).catch(() => {});
      await ctx.signal("other-1", "hello");
      await ctx.waitForSignal("never");
    });
    let token = "";
    const { t, heard } = await deployed(busy, other);
    await t.client.start(other, undefined, { id: "other-1" });
    await t.client.start(busy, undefined, { id: "x" });
    await t.settle();
    await t.client.update("x", "rename", {});
    await t.client.failCallback(token, new RangeError("no"));
    await t.advance("2d");
    expect(heard.lines().filter((line) => !/^step|Started/.test(line))).toEqual([
      "updateReceived rename",
      "callbackReceived approval",
      "executionFailed none",
    ]);
  });

  it("of a termination, where it was asked for", async () => {
    const sleeper = workflow("sleeper", async (ctx) => ctx.sleep("1h"));
    const heard = hearing();
    const cloud = new TestCloud({ app: app({ workflows: [sleeper] }), store: createMemoryStore() });
    const client = new DurableClient({ outside: cloud.client(), workflows: [sleeper], hooks: [heard.hooks] });
    await client.start(sleeper, undefined, { id: "x" });
    await cloud.settle();
    await client.terminate("x", { by: "Ada" });
    await cloud.advance(3_600_000);
    expect(heard.lines()).toEqual(["executionTerminated"]);
    expect(heard.of("executionTerminated")[0]).toMatchObject({ executionId: "x", by: "Ada" });
  });
});

describe("a crash", () => {
  it("at any call, in three ways: nothing is told twice, nothing that is not in history, and only what the dead process had to tell is lost", async () => {
    let struck = 0;
    for (const when of ["before", "after", "reply-lost"] as const) {
      for (let call = 1; call <= 40; call += 1) {
        const { t, heard } = await deployed(long);
        await t.client.start(long, { end: "well" }, { id: "x" });
        t.crash({ call, when });
        await t.advance("3h");
        await t.publish(Paid, { order: "o-1" }).catch(() => t.publish(Paid, { order: "o-1" }));
        await t.advance("1h");
        await t.client
          .signal("x", "go", undefined, { id: "s" })
          .catch(() => t.client.signal("x", "go", undefined, { id: "s" }));
        await t.advance("1d");
        const { status, error } = await t.client.describe("x");
        expect(status, `${when} call ${call}: ${error}`).toBe("completed");
        // A body that a crash ended begins again: that alone is told once for each beginning.
        const lines = heard.lines().filter((line) => !/^step(Started|Retrying)/.test(line));
        const told = lines.map((line) => line.replace(/ \d$/, ""));
        expect(new Set(told).size, `${when} call ${call}: ${told.join(", ")}`).toBe(told.length);
        const expected = [
          ...ONWARD.filter((line) => !/^step(Started|Retrying)/.test(line)).map((line) =>
            line.replace(/ \d$/, ""),
          ),
          "executionCompleted",
        ];
        expect(expected).toEqual(expect.arrayContaining(told));
        expect(told).toEqual(expected.filter((line) => told.includes(line)));
        if (told.length < expected.length) struck += 1;
        if (when === "reply-lost") expect(told).toEqual(expected);
      }
    }
    // The sweep does strike between a write and its calls.
    expect(struck).toBeGreaterThan(0);
  }, 120_000);
});

describe("hooks can't touch an execution", () => {
  const work = workflow("work", async (ctx) => {
    const first = await ctx.step("first", async () => 1);
    await ctx.sleep("1h");
    return first + (await ctx.step("second", async () => 1));
  });

  async function runWith(...hooks: Hooks[]) {
    const log = keeping();
    const cloud = new TestCloud({
      app: app({ workflows: [work], hooks }),
      store: createMemoryStore(),
      log,
      replay: "every-suspension",
    });
    const client = new DurableClient({ outside: cloud.client(), workflows: [work] });
    await client.start(work, undefined, { id: "x" });
    await cloud.advance(2 * 3_600_000);
    expect(await new DurableClient({ outside: cloud.bare }).result("x")).toBe(2);
    expect(cloud.errors).toEqual([]);
    return log.lines.filter(({ message }) => /ook/.test(message));
  }

  it("by throwing or rejecting: each of its turns says so once", async () => {
    const lines = await runWith({
      stepStarted: () => {
        throw new Error("mine");
      },
      stepCompleted: () => Promise.reject(new Error("late")),
      aroundStep: () => {
        throw new Error("around");
      },
      aroundTurn: async (_, run) => {
        await run();
        throw new Error("after");
      },
    });
    expect(lines.map(({ hook }) => hook)).toEqual([
      "stepStarted",
      "aroundStep",
      "stepCompleted",
      "aroundTurn",
      "stepStarted",
      "aroundStep",
      "stepCompleted",
      "aroundTurn",
    ]);
    expect(lines[0]).toMatchObject({
      level: "error",
      executionId: "x",
      workflow: "work",
      error: expect.objectContaining({ name: "Error", at: expect.anything() }),
    });
  });

  it("by never ending: its turn waits two seconds for it, and says so", async () => {
    const lines = await runWith({ stepCompleted: () => new Promise(() => {}) });
    expect(lines).toEqual([
      expect.objectContaining({ level: "warn", waitedMs: 2_000 }),
      expect.objectContaining({ level: "warn", waitedMs: 2_000 }),
    ]);
  });

  it("by what it puts around a body: not calling it, calling it late or twice, or changing what it is told", async () => {
    let bodies = 0;
    const counted = workflow("work", async (ctx) => {
      const result = await ctx.step("first", async () => {
        bodies += 1;
        return { value: 1 };
      });
      return ctx.step("second", async () => result.value + 1);
    });
    const ends: unknown[] = [];
    const meddling: Hooks[] = [
      { aroundStep: () => "something else" },
      { aroundStep: (_, run) => Promise.resolve().then(run) },
      {
        aroundStep: async (attempt, run) => {
          Reflect.set(attempt, "step", "another");
          void run();
          const end = await run();
          ends.push({ ...end });
          Reflect.set(end, "ok", false);
        },
        aroundTurn: async (turn, run) => {
          Reflect.set(turn, "executionId", "y");
          Reflect.set(await run(), "status", "failed");
        },
        stepCompleted: (fact) => fact.at.setTime(0),
      },
    ];
    const t = await testApp(app({ workflows: [counted], hooks: meddling }));
    expect(await t.run(counted, undefined, { id: "x" })).toBe(2);
    expect(bodies).toBe(1);
    expect(ends).toEqual([{ ok: true }, { ok: true }]);
    await t
      .expectHistory("x")
      .toBe(["ExecutionStarted work", "StepCompleted first", "StepCompleted second", "ExecutionCompleted"]);
  });

  it("a body's end is told though the body itself goes on", async () => {
    const ends: unknown[] = [];
    const slow = workflow("slow", async (ctx) =>
      ctx
        .step("hangs", () => new Promise(() => {}), { timeout: "1s", retry: { maxAttempts: 1 } })
        .catch(() => "gone"),
    );
    const hooks: Hooks = {
      aroundStep: async (_, run) => {
        ends.push(await run());
      },
    };
    const t = await testApp(app({ workflows: [slow], hooks: [hooks] }));
    expect(await t.run(slow, undefined)).toBe("gone");
    expect(ends).toEqual([{ ok: false, error: expect.objectContaining({ name: "StepTimeoutError" }) }]);
  });
});

it("an app without hooks has nobody who observes", () => {
  const { hooks } = app({ workflows: [] });
  const outside = { clock: { now: () => 0, sleep: async () => {} }, log: keeping() };
  expect(
    observerOf(outside as never, hooks, { executionId: "x", workflow: "w", startAt: 0 }),
  ).toBeUndefined();
});

it("what is no object is refused by its definition", () => {
  expect(() => app({ workflows: [], hooks: [(() => {}) as unknown as Hooks] })).toThrow(/under hooks/);
});
