/** Outgoing messages as a client sees them: what is on its way, what was given up and why, and having it tried again. */
import { CorruptHistoryError, DurableClient, event, InvalidInputError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { PublishOutcome } from "../../lib/decide/relay.js";
import { shardOf } from "../../lib/model/ids.js";
import { audit } from "../../lib/runtime/audit.js";
import { claim } from "../../lib/runtime/bus/claim.js";
import { relay } from "../../lib/runtime/bus/relay.js";
import type { BusEntry, Outside } from "../../lib/runtime/outside.js";
import { INDEX_SHARDS } from "../../lib/store/ports.js";
import { Bench } from "../runtime/bench.js";
import { commit, outgoing } from "../store/builders.js";

const Shipped = event<{ order: string }>("order.shipped");
const HOUR = 3_600_000;

const ships = workflow("ships", async (ctx, orders: readonly string[]) => {
  for (const order of orders) await ctx.sendEvent(Shipped, { order });
});
const hurries = workflow("hurries", async (ctx) => {
  await ctx.sendEvent(Shipped, { order: "soon" }, { expiresAfter: "1h" });
});

/** The bench's own outside, but for a bus that answers so, and notes what it was given. */
function answering(bench: Bench, answer: (entry: BusEntry) => PublishOutcome) {
  const given: BusEntry[] = [];
  const outside: Outside = {
    ...bench.cloud.client(),
    bus: {
      publish: async (entries) => {
        given.push(...entries);
        return entries.map(answer);
      },
    },
  };
  return { outside, given };
}

const REFUSED = { ok: false, permanent: true, error: "MalformedDetail: not an object" } as const;
const DOWN = { ok: false, permanent: false, error: "InternalFailure: later" } as const;

/** An execution that has sent, while nobody relays. */
async function sent(orders: readonly string[] = ["o-1", "o-2"]): Promise<Bench> {
  const bench = new Bench([ships, hurries], [Shipped]);
  bench.cloud.relayIsOn = false;
  await bench.start(ships, orders);
  await bench.cloud.settle();
  return bench;
}

describe("outgoing messages", () => {
  it("are listed while they are on their way, each with its tries and its last error, and then no more", async () => {
    const bench = await sent();
    const { outbox } = bench.client;
    const { messages } = await outbox.list();
    expect(messages).toMatchObject([
      {
        executionId: "x-1",
        commit: "x-1/1",
        kind: "event",
        name: "order.shipped",
        state: "pending",
        tries: 0,
      },
      {
        executionId: "x-1",
        commit: "x-1/1",
        kind: "event",
        name: "order.shipped",
        state: "pending",
        tries: 0,
      },
    ]);
    await bench.cloud.advance(HOUR);
    await audit(answering(bench, () => DOWN).outside);
    expect((await outbox.list({ limit: 1 })).messages).toMatchObject([
      { state: "failed", tries: 1, lastError: DOWN.error, nextTryAt: expect.any(Date) },
      { state: "failed", tries: 1, lastError: DOWN.error, nextTryAt: expect.any(Date) },
    ]);
    bench.cloud.relayIsOn = true;
    await bench.cloud.advance(HOUR);
    await bench.cloud.audit();
    expect((await outbox.list()).messages).toEqual([]);
    expect(bench.cloud.published).toHaveLength(2);
  });

  it("that were given up are listed as that, and are tried again when it is asked for", async () => {
    const bench = await sent();
    const { outbox } = bench.client;
    await bench.cloud.advance(HOUR);
    await audit(answering(bench, () => REFUSED).outside);
    expect((await outbox.list()).messages).toEqual([]);
    const { messages } = await outbox.list({ which: "given up" });
    expect(messages).toMatchObject([
      { commit: "x-1/1", state: "invalid", tries: 1, lastError: REFUSED.error, givenUpAt: expect.any(Date) },
      { commit: "x-1/1", state: "invalid" },
    ]);
    expect(await outbox.retry("x-1/1")).toEqual({ retried: 2 });
    expect((await outbox.list()).messages).toMatchObject([
      { state: "pending", tries: 0 },
      { state: "pending", tries: 0 },
    ]);
    expect((await outbox.list({ which: "given up" })).messages).toEqual([]);
    // Nobody audits.
    await bench.cloud.settle();
    expect(bench.cloud.published.map(({ detail }) => detail)).toEqual([{ order: "o-1" }, { order: "o-2" }]);
    expect((await outbox.list()).messages).toEqual([]);
  });

  it("that are to be tried again are found by the audit, where the queue can't be told of them", async () => {
    const bench = await sent(["o-1"]);
    const { outside } = answering(bench, () => REFUSED);
    await bench.cloud.advance(HOUR);
    await audit(outside);
    const logged: string[] = [];
    const log = { write: (_: string, message: string) => void logged.push(message) };
    const send = () => Promise.reject(new Error("the queue is gone"));
    const mute = { ...outside, log, wakes: { ...outside.wakes, send } };
    expect(await new DurableClient({ outside: mute }).outbox.retry("x-1/1")).toEqual({ retried: 1 });
    expect(logged).toEqual([
      "The next try of an outgoing message could not be announced; the audit makes it.",
    ]);
    await bench.cloud.advance(2 * 60_000);
    await bench.cloud.audit();
    expect(bench.cloud.published).toHaveLength(1);
  });

  it("that were not given up, or are not there, are not tried again: that is an error", async () => {
    const { outbox } = (await sent()).client;
    for (const commit of ["x-1/1", "x-1/9", "nobody/1", "nonsense"])
      await expect(outbox.retry(commit)).rejects.toThrow(InvalidInputError);
    await expect(outbox.list({ limit: 0 })).rejects.toThrow("expected a whole number from 1 to 1000");
  });
});

describe("a re-relay", () => {
  it("that overlaps another publishes nothing that the other has claimed", async () => {
    const bench = await sent();
    await bench.cloud.advance(HOUR);
    const one = answering(bench, () => ({ ok: true }));
    const other = answering(bench, () => ({ ok: true }));
    await Promise.all([audit(one.outside), audit(other.outside)]);
    expect([...one.given, ...other.given].map(({ detail }) => detail).toSorted()).toEqual([
      '{"order":"o-1"}',
      '{"order":"o-2"}',
    ]);
  });

  it("claims a commit by one token, however many messages it has, and leaves what is final as it is", async () => {
    const bench = await sent(["o-1", "o-2", "o-3"]);
    const outbox = await bench.store.readOutbox("x-1", 1);
    if (outbox === undefined) throw new Error("nothing was sent");
    const [, ...open] = outbox.states;
    const published = { state: "published", tries: 1 } as const;
    const { outside } = answering(bench, () => ({ ok: true }));
    expect((await claim(outside, { ...outbox, states: [published, ...open] }))?.states).toEqual([
      published,
      { state: "processing", tries: 0, claim: expect.any(String) },
      { state: "processing", tries: 0 },
    ]);
  });

  it("that died after its claim holds nothing up for longer than the claim", async () => {
    const bench = await sent(["o-1"]);
    await bench.cloud.advance(HOUR);
    const { outside } = answering(bench, () => ({ ok: true }));
    const outbox = await bench.store.readOutbox("x-1", 1);
    if (outbox === undefined) throw new Error("nothing was sent");
    expect(await claim(outside, outbox)).toMatchObject({
      states: [{ state: "processing", tries: 0, claim: expect.any(String) }],
    });
    // Whoever read it before is too late.
    expect(await claim(outside, outbox)).toBeUndefined();
    expect((await bench.client.outbox.list()).messages).toMatchObject([{ state: "processing" }]);
    await bench.cloud.audit();
    expect(bench.cloud.published).toEqual([]);
    await bench.cloud.advance(7 * 60_000);
    await bench.cloud.audit();
    expect(bench.cloud.published).toHaveLength(1);
  });
});

describe("an outbox that can't be read", () => {
  it("keeps no other of its shard from being tried again, however many of them there are", async () => {
    const bench = new Bench([ships], [Shipped]);
    const ids = Array.from({ length: 300 }, (_, each) => `d-${each}`).filter(
      (id) => shardOf(id, INDEX_SHARDS) === 0,
    );
    expect(ids.length).toBeGreaterThan(30);
    for (const [at, id] of ids.entries())
      await bench.store.appendCommit(commit(id, 1, { outgoing: [outgoing(`e-${id}`)] }), at);
    const healthy = ids.at(-1);
    const { outside, given } = answering(bench, () => ({ ok: true }));
    const store: Outside["store"] = {
      ...outside.store,
      readOutbox: async (executionId, slot) => {
        if (executionId !== healthy) throw new CorruptHistoryError(executionId, "it is damaged");
        return bench.store.readOutbox(executionId, slot);
      },
    };
    expect(await audit({ ...outside, store })).toMatchObject({ relayed: 1, failed: ids.length - 1 });
    expect(given).toHaveLength(1);
  });
});

describe("an event that expires", () => {
  it("is published while there is time", async () => {
    const bench = new Bench([hurries], [Shipped]);
    await bench.start(hurries, undefined);
    await bench.cloud.settle();
    expect(bench.cloud.published).toHaveLength(1);
  });

  it("is not published late, is not asked of the bus, and says what was the matter", async () => {
    const bench = new Bench([hurries], [Shipped]);
    bench.cloud.relayIsOn = false;
    await bench.start(hurries, undefined);
    await bench.cloud.advance(10 * 60_000);
    const { outside } = answering(bench, () => DOWN);
    await audit({ ...outside, wakes: { ...outside.wakes, send: async () => {} } });
    await bench.cloud.advance(HOUR);
    const late = answering(bench, () => ({ ok: true }));
    await audit(late.outside);
    expect(late.given).toEqual([]);
    expect((await bench.client.outbox.list({ which: "given up" })).messages).toMatchObject([
      { state: "expired", tries: 1, lastError: DOWN.error, expiresAt: expect.any(Date) },
    ]);
    await expect(bench.client.outbox.retry("x-1/1")).rejects.toThrow(InvalidInputError);
  });

  it("and was never tried says when its time was over", async () => {
    const bench = new Bench([hurries], [Shipped]);
    bench.cloud.relayIsOn = false;
    await bench.start(hurries, undefined);
    await bench.cloud.advance(2 * HOUR);
    const outbox = await bench.store.readOutbox("x-1", 1);
    if (outbox === undefined) throw new Error("nothing was sent");
    await relay(answering(bench, () => ({ ok: true })).outside, [outbox]);
    expect((await bench.store.readOutbox("x-1", 1))?.states).toMatchObject([
      {
        state: "expired",
        tries: 0,
        lastError: expect.stringContaining("not published before 2026-01-01T13:"),
      },
    ]);
  });
});

describe("the health of what a client needs", () => {
  it("is good where everything answers, and otherwise says what does not, and why", async () => {
    const bench = new Bench([ships]);
    expect(await bench.client.health()).toMatchObject({ healthy: true });
    const down = new Bench([ships], [], {
      store: {
        ...bench.store,
        readCursor: async () => {
          throw new Error("AccessDenied");
        },
      },
    });
    expect(await down.client.health()).toMatchObject({
      healthy: false,
      checks: [
        { what: "executions table", ok: true },
        { what: "directory table", ok: false, error: "Error: AccessDenied" },
        { what: "payload bucket", ok: true },
      ],
    });
  });
});
