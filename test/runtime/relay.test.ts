/** What the relay says of what it gives up, the only trace that this leaves beside its own record; and what a batch leaves at any moment. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { createRelay } from "../../functions/relay.js";
import type { PublishOutcome } from "../../lib/decide/relay.js";
import type { OutboxEntryState, OutgoingSignal } from "../../lib/model/outgoing.js";
import { answerNudge } from "../../lib/runtime/bus/nudge.js";
import { relay } from "../../lib/runtime/bus/relay.js";
import type { BusEntry, Outside } from "../../lib/runtime/outside.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Outbox, Store } from "../../lib/store/ports.js";
import { commit, execution, outgoing, T0 } from "../store/builders.js";
import { noting, stateOf } from "./outsides.js";
import { eventLoopTurn } from "./slow-store.js";

const SECOND = 1_000;

const REFUSED = { ok: false, permanent: true, error: "MalformedDetail: not an object" } as const;
const THROTTLED = { ok: false, permanent: false, error: "ThrottlingException: later" } as const;

const signal = (id: string, to: string): OutgoingSignal => ({
  kind: "signal",
  id,
  at: T0,
  to,
  message: { kind: "signal", id, at: T0, name: "approve", data: {} },
});

/** Tries to publish the execution's one commit, with its entries in these states, on a bus that answers so; gives what was logged. */
async function logOf(
  outcomes: readonly PublishOutcome[],
  { states, store = createMemoryStore() }: { states?: readonly OutboxEntryState[]; store?: Store } = {},
): Promise<unknown[]> {
  await store.appendCommit(
    commit("order-7", 3, { outgoing: outcomes.map((_, index) => outgoing(`e${index + 1}`)) }),
    T0,
  );
  const outbox = await store.readOutbox("order-7", 3);
  if (outbox === undefined) throw new Error("the commit has no outbox");
  const logged: unknown[] = [];
  const outside: Outside = {
    service: "orders",
    store,
    wakes: { send: async () => {}, schedule: async () => "created" },
    bus: { publish: async () => outcomes },
    clock: { now: () => T0, sleep: async () => {} },
    log: { write: (level, message, fields) => logged.push({ level, message, ...fields }) },
    random: () => 0.5,
    token: () => "token",
  };
  await relay(outside, [{ ...outbox, states: states ?? outbox.states }]);
  return logged;
}

describe("an outgoing event", () => {
  it("that the bus will never take is an error in the log, with its id, name, execution and reason", async () => {
    expect(await logOf([{ ok: true }, REFUSED])).toEqual([
      {
        level: "error",
        message: "An outgoing event will never be published.",
        eventId: "e2",
        event: "order.shipped",
        executionId: "order-7",
        slot: 3,
        state: "invalid",
        error: "MalformedDetail: not an object",
      },
    ]);
  });

  it("whose last try failed is one too", async () => {
    const states = [{ state: "failed", tries: 9_999 } as const];
    expect(await logOf([THROTTLED], { states })).toMatchObject([
      { level: "error", eventId: "e1", state: "dead", error: "ThrottlingException: later" },
    ]);
  });

  it("that will be tried again is a warning", async () => {
    expect(await logOf([THROTTLED])).toMatchObject([{ level: "warn", executionId: "order-7" }]);
  });

  it("that was given up before is not told again", async () => {
    const states = [{ state: "invalid", tries: 1, lastError: "too large" } as const];
    expect(await logOf([REFUSED], { states })).toEqual([]);
  });

  it("whose fate somebody else wrote meanwhile is theirs to tell", async () => {
    const store = { ...createMemoryStore(), markOutbox: async () => ({ marked: false }) };
    expect(await logOf([REFUSED], { store })).toEqual([]);
  });
});

/** So many commits, each with so many events. */
async function sentBy(store: Store, commits: number, events: number): Promise<Outbox[]> {
  const outboxes: (Outbox | undefined)[] = [];
  for (let index = 0; index < commits; index++) {
    const id = `x-${index}`;
    const sent = Array.from({ length: events }, (_, each) => outgoing(`${id}.${each}`));
    await store.appendCommit(commit(id, 1, { outgoing: sent }), T0);
    outboxes.push(await store.readOutbox(id, 1));
  }
  return outboxes.filter((outbox) => outbox !== undefined);
}

/** As the stream shows such a commit. */
function imageOf(id: string, events: number): Record<string, AttributeValue> {
  return {
    pk: { S: id },
    sk: { S: "commit#0000000001" },
    out: { S: JSON.stringify(Array.from({ length: events }, (_, each) => outgoing(`${id}.${each}`))) },
    ob: { S: "pending#0" },
    obAt: { N: String(T0) },
  };
}

/** How many messages of each commit are in which state. */
async function statesIn(store: Store, commits: number): Promise<string[]> {
  const found: string[] = [];
  for (let index = 0; index < commits; index++) {
    const counts = new Map<string, number>();
    for (const { state } of await stateOf(store, `x-${index}`))
      counts.set(state, (counts.get(state) ?? 0) + 1);
    found.push([...counts].map(([state, count]) => `${count} ${state}`).join(", "));
  }
  return found;
}

const idsOf = (entries: readonly BusEntry[]): (string | undefined)[] =>
  entries.map(({ resources }) => resources[0]);

/** A bus whose every call takes a second. */
function slowBus(store: Store) {
  const noted = noting(store);
  let now = T0;
  const calls: number[] = [];
  const outside: Outside = {
    ...noted.outside,
    clock: { now: () => now, sleep: async () => {} },
    bus: {
      publish: async (entries) => {
        now += SECOND;
        calls.push(entries.length);
        return noted.outside.bus.publish(entries);
      },
    },
  };
  return { ...noted, outside, calls, now: () => now };
}

describe("a batch of many commits", () => {
  it("is published ten events in a call, whichever commits they are of", async () => {
    const store = createMemoryStore();
    const { outside, calls } = slowBus(store);
    expect(await relay(outside, await sentBy(store, 7, 3))).toEqual({ published: 21, givenUp: 0, left: 0 });
    expect(calls).toEqual([10, 10, 1]);
  });

  it("has each marked when its own messages are through, so that a process that dies has that behind it", async () => {
    const store = createMemoryStore();
    const outboxes = await sentBy(store, 10, 4);
    const { outside, published } = noting(store);
    let calls = 0;
    const publish: Outside["bus"]["publish"] = async (entries) => {
      for (let turns = 0; turns < 5; turns++) await eventLoopTurn();
      // The process is gone: nothing of it goes on, and nothing is answered.
      if (++calls > 3) return new Promise(() => {});
      return outside.bus.publish(entries);
    };
    void relay({ ...outside, bus: { publish } }, outboxes);
    for (let turns = 0; turns < 50; turns++) await eventLoopTurn();
    expect(published).toHaveLength(30);
    expect(await statesIn(store, 10)).toEqual([
      ...Array.from({ length: 7 }, () => "4 published"),
      ...Array.from({ length: 3 }, () => "4 pending"),
    ]);
  });

  it("that its time is too short for is left where it is, with a nudge for each commit, and each is published once", async () => {
    const store = createMemoryStore();
    const outboxes = await sentBy(store, 5, 30);
    const { outside, published, wakes, logged, now } = slowBus(store);
    expect(await relay(outside, outboxes, T0 + 7 * SECOND)).toEqual({ published: 70, givenUp: 0, left: 80 });
    expect(now()).toBe(T0 + 7 * SECOND);
    expect(await statesIn(store, 5)).toEqual([
      "30 published",
      "30 published",
      "10 published, 20 pending",
      "30 pending",
      "30 pending",
    ]);
    expect(wakes).toEqual(
      ["x-2", "x-3", "x-4"].map((executionId) => ({ executionId, reason: "relay", slot: 1, dueAt: now() })),
    );
    expect(logged).toMatchObject([{ untried: 20 }, { untried: 30 }, { untried: 30 }]);
    for (const wake of [...wakes])
      expect(await answerNudge(outside, wake, Number.POSITIVE_INFINITY)).toBe("tried");
    expect(await statesIn(store, 5)).toEqual(Array.from({ length: 5 }, () => "30 published"));
    expect(published).toHaveLength(150);
    expect(new Set(idsOf(published)).size).toBe(150);
    expect(wakes).toHaveLength(3);
  });

  it("has the time that the relay's invocation has, but for what it keeps for its marks", async () => {
    const store = createMemoryStore();
    await sentBy(store, 5, 30);
    const { outside, published, now } = slowBus(store);
    const clock = { ...outside.clock, fromReal: (ms: number) => ms };
    const function_ = createRelay(() => ({ ...outside, clock }));
    const Records = Array.from({ length: 5 }, (_, index) => ({
      dynamodb: { NewImage: imageOf(`x-${index}`, 30) },
    }));
    const context = { awsRequestId: "r-1", getRemainingTimeInMillis: () => 12_500 };
    expect(await function_({ Records }, context)).toEqual({ batchItemFailures: [] });
    expect([published.length, now()]).toEqual([100, T0 + 10 * SECOND]);
    expect(await statesIn(store, 5)).toEqual([
      "30 published",
      "30 published",
      "30 published",
      "10 published, 20 pending",
      "30 pending",
    ]);
  });

  it("makes progress, however short its time, and a nudge that has too little leaves another", async () => {
    const store = createMemoryStore();
    const { outside, published, wakes } = slowBus(store);
    await relay(outside, await sentBy(store, 1, 45), T0 - SECOND);
    let nudges = 0;
    for (let next = wakes.shift(); next !== undefined; next = wakes.shift()) {
      expect(await answerNudge(outside, next, T0 - SECOND)).toBe("tried");
      nudges += 1;
    }
    expect(nudges).toBe(4);
    expect(published).toHaveLength(45);
    expect(await stateOf(store, "x-0")).toEqual(
      Array.from({ length: 45 }, () => ({ state: "published", tries: 1 })),
    );
  });

  it("waits before its next try as after any other, if nothing of it could be carried", async () => {
    const store = createMemoryStore();
    const { outside, wakes } = noting(store, {
      bus: { publish: async (entries) => entries.map(() => THROTTLED) },
    });
    await relay(outside, await sentBy(store, 1, 45), T0 - SECOND);
    expect(await statesIn(store, 1)).toEqual(["10 failed, 35 pending"]);
    expect(wakes).toMatchObject([{ dueAt: T0 + 2 * SECOND }]);
  });

  it("hands an execution its signals in their order, to the last that there is time for", async () => {
    const store = createMemoryStore();
    await store.createExecution(execution("receiver"));
    const signals = Array.from({ length: 5 }, (_, index) => signal(`s-${index}`, "receiver"));
    await store.appendCommit(commit("x-0", 1, { outgoing: signals }), T0);
    let now = T0;
    const slow: Store = {
      ...store,
      appendMessage: async (executionId, message) => {
        now += SECOND;
        return store.appendMessage(executionId, { ...message, at: now });
      },
    };
    const { outside, wakes } = noting(slow, { clock: { now: () => now, sleep: async () => {} } });
    const inbox = async () => (await store.readHead("receiver"))?.inbox.map(({ id }) => id);
    const outbox = await store.readOutbox("x-0", 1);
    if (outbox === undefined) throw new Error("nothing was sent");
    expect(await relay(outside, [outbox], T0 + 3 * SECOND)).toEqual({ published: 3, givenUp: 0, left: 2 });
    expect(await inbox()).toEqual(["s-0", "s-1", "s-2"]);
    const nudge = wakes.find(({ reason }) => reason === "relay");
    if (nudge === undefined) throw new Error("there is no nudge");
    await answerNudge(outside, nudge, Number.POSITIVE_INFINITY);
    expect(await inbox()).toEqual(["s-0", "s-1", "s-2", "s-3", "s-4"]);
  });
});
