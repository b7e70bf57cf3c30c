/** What brings the next try of an outgoing message: a nudge at its time, one for each mark, and the audit where that is lost. */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { OutgoingSignal, OutgoingStart } from "../../lib/model/outgoing.js";
import type { Wake } from "../../lib/model/wake.js";
import { audit } from "../../lib/runtime/audit.js";
import { answerNudge } from "../../lib/runtime/bus/nudge.js";
import { relay, relayNew } from "../../lib/runtime/bus/relay.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { rescue } from "../../lib/runtime/rescue.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Outbox, Store } from "../../lib/store/ports.js";
import { commit, outgoing, T0 } from "../store/builders.js";
import { Bench } from "./bench.js";
import { dying, noting, stateOf } from "./outsides.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The longest delay between two tries. */
const CAP = 301 * SECOND;

/** When a run of enough time is over. */
const NEVER = Number.POSITIVE_INFINITY;

const DOWN = { ok: false, permanent: false, error: "InternalFailure: later" } as const;

const Shipped = event<{ order: string }>("order.shipped");
const ships = workflow("ships", async (ctx, orders: readonly string[]) => {
  for (const order of orders) await ctx.sendEvent(Shipped, { order });
});

const listens = workflow("listens", async (ctx) => ctx.waitForSignal("approve"));

describe("an outage of the bus", () => {
  it("of an hour: tries come more and more rarely, never further apart than the cap, and the first after its end within it", async () => {
    const bench = new Bench([ships], []);
    const { cloud } = bench;
    const began = cloud.clock.now();
    const tries: number[] = [];
    cloud.busAnswers = () => {
      tries.push(cloud.clock.now());
      return cloud.clock.now() < began + HOUR ? DOWN : { ok: true };
    };
    await bench.start(ships, ["o-1"]);
    let most = 0;
    for (let minute = 0; minute < 70; minute++) {
      await cloud.advance(MINUTE);
      most = Math.max(most, cloud.wakeQueue.size);
    }
    // Nobody audited.
    expect(cloud.published).toHaveLength(1);
    expect(most).toBe(1);
    expect(cloud.wakeQueue.size).toBe(0);
    const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(CAP + SECOND);
    expect(gaps[0]).toBeLessThanOrEqual(4 * SECOND);
    expect(tries.length).toBeLessThan(60);
    expect(tries.at(-1)).toBeLessThanOrEqual(began + HOUR + CAP + SECOND);
  });

  it("that refuses some entries: exactly those are tried again", async () => {
    const bench = new Bench([ships], []);
    const { cloud } = bench;
    const given: string[] = [];
    cloud.busAnswers = ({ detail }) => {
      given.push(detail);
      return detail.includes("o-2") && given.length <= 6 ? DOWN : { ok: true };
    };
    await bench.start(ships, ["o-1", "o-2", "o-3"]);
    await cloud.advance(HOUR);
    expect(given.slice(0, 3)).toEqual(['{"order":"o-1"}', '{"order":"o-2"}', '{"order":"o-3"}']);
    expect(new Set(given.slice(3))).toEqual(new Set(['{"order":"o-2"}']));
    expect(cloud.published.map(({ detail }) => detail)).toEqual([
      { order: "o-1" },
      { order: "o-3" },
      { order: "o-2" },
    ]);
  });
});

describe("a poisoned event", () => {
  it("delays no other, neither of its commit nor of others, and is never more than one nudge", async () => {
    const bench = new Bench([ships], []);
    const { cloud } = bench;
    cloud.busAnswers = ({ detail }) => (detail.includes("poison") ? DOWN : { ok: true });
    await bench.start(ships, ["o-1", "poison", "o-2"], "first");
    await cloud.settle();
    await bench.start(ships, ["o-3"], "second");
    await cloud.settle();
    expect(cloud.published.map(({ detail }) => detail)).toEqual(
      ["o-1", "o-2", "o-3"].map((order) => ({ order })),
    );
    await cloud.advance(24 * HOUR);
    expect(cloud.published).toHaveLength(3);
    expect(cloud.wakeQueue.size).toBe(1);
    expect(await stateOf(bench.store, "first")).toMatchObject([
      { state: "published", tries: 1 },
      { state: "failed" },
      { state: "published", tries: 1 },
    ]);
  });
});

const startOf = (executionId: string): OutgoingStart => ({
  kind: "start",
  id: `sender/start:${executionId}`,
  at: T0,
  executionId,
  workflow: "listens",
  definition: "d41d8cd98f00",
  input: [],
});
const signalTo = (to: string): OutgoingSignal => ({
  kind: "signal",
  id: `signal-to-${to}`,
  at: T0,
  to,
  message: { kind: "signal", id: `signal-to-${to}`, at: T0, name: "approve", data: {} },
});

describe("a signal of a later commit", () => {
  it("for an execution whose start fails for a while follows it within seconds, without the audit", async () => {
    const memory = createMemoryStore();
    let refusals = 6;
    const store: Store = {
      ...memory,
      createExecution: async (execution) => {
        if (execution.executionId === "started" && refusals-- > 0) throw new Error("throttled");
        return memory.createExecution(execution);
      },
    };
    const bench = new Bench([listens], [], { store });
    const sends = bench.cloud.bare.store;
    await sends.appendCommit(commit("sender", 1, { outgoing: [startOf("started")] }));
    await sends.appendCommit(commit("sender", 2, { outgoing: [signalTo("started")] }));
    await bench.cloud.advance(MINUTE);
    expect(await stateOf(store, "sender", 1)).toMatchObject([{ state: "published" }]);
    expect(await stateOf(store, "sender", 2)).toMatchObject([{ state: "published" }]);
    expect(await bench.status("started")).toBe("completed");
  });
});

/** One event whose first try failed at T0, with the nudge that this left. */
async function failedOnce(fields: Partial<Outside> = {}) {
  const store = createMemoryStore();
  await store.appendCommit(commit("x-1", 1, { outgoing: [outgoing("e1")] }), T0);
  const down = noting(store, { bus: { publish: async (entries) => entries.map(() => DOWN) }, ...fields });
  await relayNew(down.outside, [await outboxOf(store)]);
  return { store, nudges: down.wakes, logged: down.logged };
}

async function outboxOf(store: Store, executionId = "x-1", slot = 1): Promise<Outbox> {
  const outbox = await store.readOutbox(executionId, slot);
  if (outbox === undefined) throw new Error(`${executionId} has no outbox in slot ${slot}`);
  return outbox;
}

function onlyOne(nudges: readonly Wake[]): Wake {
  const [nudge] = nudges;
  if (nudge === undefined || nudges.length > 1) throw new Error(`${nudges.length} nudges`);
  return nudge;
}

describe("a nudge", () => {
  it("names the commit and the time of the mark, and is answered once", async () => {
    const { store, nudges } = await failedOnce();
    const nudge = onlyOne(nudges);
    expect(nudge).toEqual({ executionId: "x-1", reason: "relay", slot: 1, dueAt: T0 + 2 * SECOND });
    const { outside, published, at } = noting(store);
    at(T0 + 2 * SECOND);
    expect(await answerNudge(outside, nudge, NEVER)).toBe("tried");
    expect(await answerNudge(outside, nudge, NEVER)).toBe("not due");
    expect(published).toHaveLength(1);
    expect(await stateOf(store, "x-1")).toEqual([{ state: "published", tries: 2 }]);
  });

  it("that comes early is put back with its time; within a second it is waited for", async () => {
    const { store, nudges } = await failedOnce();
    const slept: number[] = [];
    let now = T0;
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        slept.push(ms);
        now += ms;
      },
    };
    const { outside, wakes, published } = noting(store, { clock });
    expect(await answerNudge(outside, onlyOne(nudges), NEVER)).toBe("early");
    expect([wakes, published]).toEqual([nudges, []]);
    now = T0 + 1_400;
    expect(await answerNudge(outside, onlyOne(nudges), NEVER)).toBe("tried");
    expect([slept, published.length]).toEqual([[600], 1]);
  });

  it("of a mark that somebody else has replaced tries nothing, and leaves no further one", async () => {
    const { store, nudges } = await failedOnce();
    const other = noting(store, { bus: { publish: async (entries) => entries.map(() => DOWN) } });
    other.at(T0 + 10 * MINUTE);
    await audit(other.outside);
    expect(other.wakes).toHaveLength(1);
    const { outside, wakes, published, at } = noting(store);
    at(T0 + 10 * MINUTE);
    expect(await answerNudge(outside, onlyOne(nudges), NEVER)).toBe("not due");
    expect([wakes, published]).toEqual([[], []]);
  });

  it("is not sent for a mark that is not ours", async () => {
    const store = { ...createMemoryStore(), markOutbox: async () => ({ marked: false }) };
    await store.appendCommit(commit("x-1", 1, { outgoing: [outgoing("e1")] }), T0);
    const { outside, wakes } = noting(store, {
      bus: { publish: async (entries) => entries.map(() => DOWN) },
    });
    await relay(outside, [await outboxOf(store)]);
    expect(wakes).toEqual([]);
  });

  it("that could not be sent, or is lost, or ends in the dead-letter queue, is replaced by the audit", async () => {
    const broken = {
      send: () => Promise.reject(new Error("the queue is gone")),
      schedule: async () => "created" as const,
    };
    const { store, nudges, logged } = await failedOnce({ wakes: broken });
    expect(nudges).toEqual([]);
    expect(logged.map(({ message }) => message)).toContain(
      "The next try of an outgoing message could not be announced; the audit makes it.",
    );
    const { outside, wakes, published, at } = noting(store);
    at(T0 + 10 * MINUTE);
    await rescue(outside, { executionId: "x-1", reason: "relay", slot: 1, rescues: 9 }, "request");
    expect([wakes, published]).toEqual([[], []]);
    await audit(outside);
    expect(published).toHaveLength(1);
  });

  const calls = Array.from({ length: 6 }, (_, index) => index + 1);
  it.each(calls.flatMap((call) => [[call, "before"] as const, [call, "after"] as const]))(
    "whose process dies at its call %i, %s it, loses nothing: its message comes back, or the audit comes",
    async (call, when) => {
      const { store, nudges } = await failedOnce();
      const { outside, published, at } = noting(store);
      at(T0 + 2 * SECOND);
      const nudge = onlyOne(nudges);
      await answerNudge(dying(outside, call, when), nudge, NEVER).catch(() => undefined);
      at(T0 + 2 * MINUTE);
      await answerNudge(outside, nudge, NEVER);
      // At the latest when the claim has ended.
      at(T0 + 10 * MINUTE);
      await audit(outside);
      expect(await stateOf(store, "x-1")).toMatchObject([{ state: "published" }]);
      expect(new Set(published.map(({ resources }) => resources[0]))).toEqual(new Set(["holdfast:event:e1"]));
      expect(published.length).toBeLessThanOrEqual(2);
    },
  );
});

describe("a record of the stream", () => {
  it("that comes late, when the audit has published it, publishes nothing", async () => {
    const store = createMemoryStore();
    await store.appendCommit(commit("x-1", 1, { outgoing: [outgoing("e1")] }), T0);
    const record = await outboxOf(store);
    const { outside, published, at } = noting(store);
    at(T0 + 5 * MINUTE);
    await audit(outside);
    expect(published).toHaveLength(1);
    expect(await relayNew(outside, [record])).toEqual({ published: 0, givenUp: 0, left: 0 });
    expect(published).toHaveLength(1);
  });

  it("that comes late while the audit is at it publishes nothing: the audit has claimed it", async () => {
    const store = createMemoryStore();
    await store.appendCommit(commit("x-1", 1, { outgoing: [outgoing("e1")] }), T0);
    const record = await outboxOf(store);
    const late = noting(store);
    late.at(T0 + 5 * MINUTE);
    const { outside, published, at } = noting(store, {
      bus: {
        publish: async (entries) => {
          await relayNew(late.outside, [record]);
          return entries.map(() => ({ ok: true }));
        },
      },
    });
    at(T0 + 5 * MINUTE);
    await audit(outside);
    expect([published, late.published]).toEqual([[], []]);
    expect(await stateOf(store, "x-1")).toEqual([{ state: "published", tries: 1 }]);
  });

  it("that comes late and finds it waiting is its next try, and one that can't be read keeps no other", async () => {
    const memory = createMemoryStore();
    for (const id of ["x-1", "damaged", "x-2"])
      await memory.appendCommit(commit(id, 1, { outgoing: [outgoing(`of-${id}`)] }), T0);
    const records = await Promise.all(["x-1", "damaged", "x-2"].map((id) => outboxOf(memory, id)));
    const store: Store = {
      ...memory,
      readOutbox: async (id, slot) => {
        if (id === "damaged") throw new Error("it can't be read");
        return memory.readOutbox(id, slot);
      },
    };
    const { outside, published, at } = noting(store);
    at(T0 + HOUR);
    await expect(relayNew(outside, records)).rejects.toThrow("it can't be read");
    expect(published.map(({ resources }) => resources[0])).toEqual([
      "holdfast:event:of-x-1",
      "holdfast:event:of-x-2",
    ]);
  });

  it("that is delivered twice within a minute is published twice, under one id: nobody looks before the first try", async () => {
    const store = createMemoryStore();
    await store.appendCommit(commit("x-1", 1, { outgoing: [outgoing("e1")] }), T0);
    const record = await outboxOf(store);
    const { outside, published } = noting(store);
    await relayNew(outside, [record]);
    await relayNew(outside, [record]);
    expect(published.map(({ resources }) => resources[0])).toEqual([
      "holdfast:event:e1",
      "holdfast:event:e1",
    ]);
    expect(await stateOf(store, "x-1")).toEqual([{ state: "published", tries: 1 }]);
  });
});
