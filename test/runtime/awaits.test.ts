/** What an execution awaits: named in its head by the settlement that is written anyway, for whoever looks. */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { Progress } from "../../lib/client/progress.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { jsonBytes } from "../../lib/model/storable.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const Paid = event<{ id: string }>("payment.completed", { key: ({ id }) => id });
const MINUTE = 60_000;

const parcel = workflow("parcel", async (ctx) => ctx.sleep("30d"));

async function begun(flow: AnyWorkflow, id = "x-1"): Promise<Bench> {
  const bench = new Bench([flow, parcel], [Paid]);
  await bench.start(flow, undefined, id);
  await bench.cloud.settle();
  return bench;
}

const progress = async (bench: Bench, id = "x-1"): Promise<Progress> =>
  (await bench.client.describe(id)).progress;

describe("what an execution awaits", () => {
  it("is named by kind, name, place and time: events, signals, callbacks, children, sleeps and steps between attempts", async () => {
    const all = workflow("all", async (ctx) => {
      await Promise.all([
        ctx.waitForEvent(Paid, { key: "o-1", timeout: "3d" }),
        ctx.waitForSignal("go"),
        ctx.callback("approve", { timeout: "2h", heartbeat: "10m" }).promise,
        ctx.child(parcel, undefined),
        ctx.child(parcel, undefined, { id: "p-2" }),
        ctx.sleep("1h"),
        ctx.saga((saga) =>
          saga.step("charge: twice", () => Promise.reject(new Error("no")), {
            retry: { initialInterval: "5m", jitter: "none" },
          }),
        ),
      ]);
    });
    const bench = await begun(all);
    const now = bench.cloud.clock.now();
    const [own] = (await bench.history()).flatMap((one) =>
      one.type === "ChildRequested" ? [one.childId] : [],
    );
    expect(await progress(bench)).toMatchObject({
      moves: "timer",
      awaitCount: 7,
      awaits: [
        {
          kind: "event",
          name: "payment.completed",
          key: "o-1",
          op: "wait:payment.completed",
          due: new Date(now + 72 * 60 * MINUTE),
        },
        { kind: "signal", name: "go", op: "signal:go" },
        { kind: "callback", name: "approve", due: new Date(now + 10 * MINUTE) },
        { kind: "child", name: "parcel", childId: own },
        { kind: "child", name: "parcel", op: "child:parcel#2", childId: "p-2" },
        { kind: "sleep", due: new Date(now + 60 * MINUTE) },
        {
          kind: "step",
          name: "charge: twice",
          op: "saga/step:charge%3A twice",
          failedAttempts: 1,
          due: new Date(now + MINUTE),
        },
      ],
      reason: expect.stringMatching(
        /^It waits until .*Z, to try step "charge: twice" again, or for event "pay/,
      ),
    });
    const { awaits } = await progress(bench);
    expect(awaits[1]).not.toHaveProperty("due");
    expect(awaits[5]).not.toHaveProperty("name");
  });

  it.each([
    ["signal", 'signal "go"', (ctx) => ctx.waitForSignal("go")],
    ["callback", 'callback "approve"', (ctx) => ctx.callback("approve").promise],
    ["child", 'child "p-1"', (ctx) => ctx.child(parcel, undefined, { id: "p-1" })],
  ] as const satisfies readonly (readonly [string, string, Parameters<typeof workflow>[1]])[])(
    "says so where only a message can move it: a %s",
    async (_, what, wait) => {
      const bench = await begun(workflow("waits", wait));
      expect(await progress(bench)).toMatchObject({
        moves: "message",
        reason: `It waits for ${what}.`,
        freedBy: expect.stringMatching(
          new RegExp(`^${what.replace(/^./, (first) => first.toUpperCase())}\\.`),
        ),
      });
    },
  );

  it("is what the last settlement left: replaced by the next, kept while a turn is at work, absent at the end", async () => {
    const two = workflow("two", async (ctx) => {
      await ctx.waitForSignal("first");
      await ctx.step("slow", () => bench.cloud.clock.sleep(20_000));
      await ctx.waitForSignal("second");
    });
    const bench: Bench = new Bench([two]);
    await bench.start(two, undefined);
    expect(await progress(bench)).toMatchObject({ awaits: [], awaitCount: 0 });
    await bench.cloud.settle();
    expect((await progress(bench)).awaits).toMatchObject([{ name: "first" }]);
    await bench.client.signal("x-1", "first");
    await bench.cloud.advance(5_000);
    expect(await progress(bench)).toMatchObject({ moves: "in-turn", awaits: [{ name: "first" }] });
    await bench.cloud.advance(MINUTE);
    expect(await progress(bench)).toMatchObject({
      moves: "message",
      awaits: [{ name: "second" }],
      awaitCount: 1,
    });
    await bench.client.signal("x-1", "second");
    await bench.cloud.settle();
    expect(await progress(bench)).toMatchObject({ moves: "closed", awaits: [], awaitCount: 0 });
    expect(await bench.head()).not.toHaveProperty("awaits");
  });

  it("is nothing of one that stalls or is terminated: no settlement of it waits", async () => {
    const stalls = workflow("stalls", async (ctx) => {
      await ctx.waitForSignal("go");
      await new Promise(() => {});
    });
    const bench = await begun(stalls);
    await bench.start(stalls, undefined, "x-2");
    await bench.cloud.settle();
    await bench.client.signal("x-1", "go");
    await bench.cloud.settle();
    expect(await progress(bench)).toMatchObject({ moves: "stalled", awaits: [] });
    expect((await progress(bench, "x-2")).awaits).toHaveLength(1);
    await bench.client.terminate("x-2");
    expect(await bench.head("x-2")).not.toHaveProperty("awaits");
  });

  it("is not what nobody awaits any more, and of one that undoes it is the compensation", async () => {
    const racing = workflow("racing", async (ctx) => {
      await ctx.race({ slow: (own) => own.sleep("1d"), quick: (own) => own.sleep("1s") });
      await ctx.step("hold", () => 1, {
        compensate: () => Promise.reject(new Error("down")),
        compensateRetry: { initialInterval: "5m", jitter: "none" },
      });
      await ctx.waitForSignal("go", { timeout: "1h" });
    });
    const bench = await begun(racing);
    await bench.cloud.advance(5_000);
    expect((await progress(bench)).awaits).toMatchObject([{ kind: "signal" }]);
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await progress(bench)).toMatchObject({
      reason: expect.stringContaining('to try the compensation of step "hold" again'),
      awaits: [{ kind: "compensation", name: "hold", failedAttempts: 1 }],
      awaitCount: 1,
    });
  });

  it("is named while it is paused, steps that may not begin included", async () => {
    const pausing = workflow("pausing", async (ctx) => {
      await ctx.sleep("1m");
      await ctx.step("charge", () => 1);
    });
    const bench = await begun(pausing);
    await bench.client.pause("x-1");
    await bench.cloud.advance(5 * MINUTE);
    expect(await progress(bench)).toMatchObject({
      moves: "paused",
      awaits: [{ kind: "step", name: "charge" }],
    });
  });

  it("is bounded: a few are named, in the order in which they were asked for, and the rest is counted", async () => {
    const many = workflow("many", async (ctx) => {
      await Promise.all(Array.from({ length: 500 }, (_, index) => ctx.waitForSignal(`signal-${index}`)));
    });
    const bench = await begun(many);
    const { awaits, awaitCount, reason } = await progress(bench);
    expect(awaitCount).toBe(500);
    expect(awaits.map(({ name }) => name)).toEqual(awaits.map((_, index) => `signal-${index}`));
    expect(awaits.length).toBeGreaterThan(5);
    expect(awaits.length).toBeLessThanOrEqual(10);
    expect(jsonBytes((await bench.head()).awaits)).toBeLessThan(300);
    expect(reason).toBe(
      'It waits for signal "signal-0" or signal "signal-1" or signal "signal-2" or 497 others.',
    );
  });

  it("has the room that the last steps leave in the head, and a place for one name", async () => {
    const full = workflow("full", async (ctx, bytes: number) => {
      await ctx.step("answer", () => "x".repeat(bytes));
      await Promise.all(Array.from({ length: 10 }, (_, index) => ctx.waitForSignal(`signal-${index}`)));
    });
    const bench = new Bench([full]);
    for (const [bytes, named] of [
      [10, 10],
      [200, 4],
      [280, 1],
    ] as const) {
      const id = `full-${bytes}`;
      await bench.start(full, bytes, id);
      await bench.cloud.settle();
      expect((await bench.head(id)).tail?.events).toHaveLength(1);
      expect(await progress(bench, id), id).toMatchObject({ awaitCount: 10 });
      expect((await progress(bench, id)).awaits, id).toHaveLength(named);
    }
  });

  it("of a head that an earlier release settled is what it names: waits for events", async () => {
    const memory = createMemoryStore();
    const store: Store = {
      ...memory,
      readHead: async (id) => {
        const { awaits: _, ...head } = (await memory.readHead(id)) ?? {};
        return "executionId" in head ? head : undefined;
      },
    };
    const two = workflow("two", async (ctx) =>
      Promise.all([ctx.waitForEvent(Paid, { key: "o-1" }), ctx.waitForSignal("go")]),
    );
    const bench = new Bench([two], [Paid], { store, replay: "off" });
    await bench.start(two, undefined);
    await bench.cloud.settle();
    expect(await progress(bench)).toMatchObject({
      awaits: [{ kind: "event", name: "payment.completed", key: "o-1" }],
      awaitCount: 1,
      reason: 'It waits for event "payment.completed" with key "o-1".',
    });
  });

  it("is counted where there is no room to name it", async () => {
    const name = "n".repeat(250);
    const wordy = workflow("wordy", async (ctx) => {
      await ctx.waitForSignal(name);
    });
    const bench = await begun(wordy);
    expect(await progress(bench)).toMatchObject({
      awaits: [],
      awaitCount: 1,
      reason: "It waits for a message.",
    });
  });
});
