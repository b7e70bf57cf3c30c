/** Signals and starts on their way through the relay and the audit: each at least once, seen once, and none in another's way. */
import { describe, expect, it } from "vitest";
import type { Outgoing, OutgoingSignal, OutgoingStart } from "../../lib/model/outgoing.js";
import { audit } from "../../lib/runtime/audit.js";
import { relay } from "../../lib/runtime/bus/relay.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { loadValue } from "../../lib/runtime/values/values.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { COMPLETED, commit, execution, outgoing, settled, T0 } from "../store/builders.js";
import { dying, noting, stateOf } from "./outsides.js";

const signal = (id: string, to: string): OutgoingSignal => ({
  kind: "signal",
  id,
  at: T0,
  to,
  message: { kind: "signal", id, at: T0, name: "approve", data: { by: id } },
});
const start = (executionId: string, fields: Partial<OutgoingStart> = {}): OutgoingStart => ({
  kind: "start",
  id: `sender/start:${executionId}`,
  at: T0,
  executionId,
  workflow: "ship",
  definition: "d41d8cd98f00",
  input: { order: executionId },
  ...fields,
});

const PUBLISHED = { state: "published", tries: 1 };
const MINUTE = 60_000;

async function sent(store: Store, ...messages: Outgoing[]): Promise<void> {
  await store.appendCommit(commit("sender", 1, { outgoing: messages }), T0);
}

async function tryOnce(outside: Outside): Promise<void> {
  const outbox = await outside.store.readOutbox("sender", 1);
  if (outbox !== undefined) await relay(outside, [outbox]);
}

describe("a signal", () => {
  it("goes into the inbox of the execution that it is for, which is woken", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await outside.store.createExecution(execution("o-1"));
    await sent(outside.store, signal("s1", "o-1"));
    await tryOnce(outside);
    expect((await outside.store.readHead("o-1"))?.inbox).toEqual([signal("s1", "o-1").message]);
    expect(wakes).toEqual([{ executionId: "o-1", reason: "message" }]);
    expect(await stateOf(outside.store, "sender")).toEqual([PUBLISHED]);
  });

  it("that fails in words that may be the user's keeps them in its mark, and out of the log", async () => {
    const { outside, logged } = noting(createMemoryStore());
    await outside.store.createExecution(execution("o-1"));
    await sent(outside.store, signal("s1", "o-1"));
    const send = () => Promise.reject(new Error("canary"));
    await tryOnce({ ...outside, wakes: { ...outside.wakes, send } });
    expect(await stateOf(outside.store, "sender")).toMatchObject([{ lastError: "Error: canary" }]);
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(logged)).not.toContain("canary");
  });

  it("for a closed execution is given up at once, and said so", async () => {
    const { outside, wakes, logged } = noting(createMemoryStore());
    await settled(outside.store, "o-1", COMPLETED);
    await sent(outside.store, signal("s1", "o-1"));
    await tryOnce(outside);
    expect(await stateOf(outside.store, "sender")).toMatchObject([
      { state: "invalid", lastError: "the execution that it is for is closed" },
    ]);
    expect(wakes).toEqual([]);
    expect(logged).toEqual([
      {
        level: "error",
        message: "An outgoing signal will never be delivered.",
        signalId: "s1",
        signal: "approve",
        to: "o-1",
        executionId: "sender",
        slot: 1,
        state: "invalid",
        error: "the execution that it is for is closed",
      },
    ]);
  });

  it("for one that is not there yet waits for it, and is delivered by the audit", async () => {
    const { outside, at } = noting(createMemoryStore());
    await sent(outside.store, signal("s1", "late"));
    await tryOnce(outside);
    expect(await stateOf(outside.store, "sender")).toMatchObject([{ state: "failed", tries: 1 }]);
    await outside.store.createExecution(execution("late"));
    at(T0 + 10 * MINUTE);
    await audit(outside);
    expect((await outside.store.readHead("late"))?.inbox).toHaveLength(1);
    expect(await stateOf(outside.store, "sender")).toEqual([{ state: "published", tries: 2 }]);
  });

  it("for one that the same commit starts finds it at the first try", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    await sent(outside.store, signal("s1", "ship-1"), start("ship-1"));
    await tryOnce(outside);
    expect(await stateOf(outside.store, "sender")).toEqual([PUBLISHED, PUBLISHED]);
    expect((await outside.store.readHead("ship-1"))?.inbox).toHaveLength(1);
    expect(wakes.map(({ reason }) => reason)).toEqual(["start", "message"]);
  });

  it("for one that never comes is dead after thirty tries, with the reason", async () => {
    const { outside } = noting(createMemoryStore());
    await sent(outside.store, signal("s1", "never"));
    for (let tries = 0; tries < 32; tries++) await tryOnce(outside);
    expect(await stateOf(outside.store, "sender")).toEqual([
      { state: "dead", tries: 30, lastError: "there is no execution of the id that it is for" },
    ]);
  });
});

describe("a start", () => {
  it("creates the execution and wakes it", async () => {
    const { outside, wakes, at } = noting(createMemoryStore());
    at(T0 + 5_000);
    await sent(outside.store, start("ship-1", { version: "3", timeoutMs: MINUTE }));
    await tryOnce(outside);
    expect(await outside.store.readHead("ship-1")).toMatchObject({
      workflow: "ship",
      version: "3",
      status: "running",
      input: { inline: { order: "ship-1" } },
      createdAt: T0 + 5_000,
      deadline: T0 + 5_000 + MINUTE,
      flags: [1],
    });
    expect(wakes).toEqual([{ executionId: "ship-1", reason: "start" }]);
  });

  it("keeps a large input in an item of its own", async () => {
    const { outside } = noting(createMemoryStore());
    const input = { note: "x".repeat(1_000) };
    await sent(outside.store, start("ship-1", { input }));
    await tryOnce(outside);
    const head = await outside.store.readHead("ship-1");
    if (head === undefined || !("payload" in head.input)) throw new Error("no payload");
    expect(await loadValue(outside.store, "ship-1", head.input)).toEqual(input);
  });

  it.each([
    ["of another workflow", { workflow: "other" }, 'of workflow "other" and not "ship"'],
    ["with another input", { workflow: "ship", input: { inline: 7 } }, "with another input"],
  ])("whose id belongs to an execution %s is given up, with the reason", async (_, fields, why) => {
    const { outside, wakes } = noting(createMemoryStore());
    await outside.store.createExecution(execution("ship-1", fields));
    await sent(outside.store, start("ship-1"));
    await tryOnce(outside);
    const [state] = await stateOf(outside.store, "sender");
    expect(state).toMatchObject({ state: "invalid", tries: 1 });
    expect(state?.lastError).toContain(why);
    expect(wakes).toEqual([]);
  });

  it("that somebody has made already, of the same workflow and input, is done", async () => {
    const { outside, wakes } = noting(createMemoryStore());
    const same = { workflow: "ship", input: { inline: { order: "ship-1" } } };
    await outside.store.createExecution(execution("ship-1", same));
    await sent(outside.store, start("ship-1"));
    await tryOnce(outside);
    expect(await stateOf(outside.store, "sender")).toEqual([PUBLISHED]);
    expect(wakes).toHaveLength(1);
  });
});

describe("a commit with messages of every kind", () => {
  const all = [outgoing("e1"), signal("s1", "o-1"), start("ship-1"), signal("s2", "nobody")];

  it("has each tried, whatever becomes of the others", async () => {
    const { outside, wakes, published } = noting(createMemoryStore());
    await outside.store.createExecution(execution("o-1"));
    await sent(outside.store, ...all);
    await tryOnce(outside);
    expect((await stateOf(outside.store, "sender")).map(({ state }) => state)).toEqual([
      "published",
      "published",
      "published",
      "failed",
    ]);
    expect(published).toHaveLength(1);
    const nudge = { executionId: "sender", reason: "relay", slot: 1 };
    expect(wakes).toMatchObject([
      { executionId: "o-1" },
      { executionId: "ship-1" },
      { ...nudge, dueAt: T0 + 2_000 },
    ]);
    await tryOnce(outside);
    expect(published).toHaveLength(1);
    expect(wakes.slice(3)).toMatchObject([{ ...nudge, dueAt: T0 + 3_000 }]);
  });

  it("keeps its event's order stamp, counted among all its messages", async () => {
    const { outside, published } = noting(createMemoryStore());
    await sent(outside.store, start("ship-1"), outgoing("e1"));
    await tryOnce(outside);
    expect(published[0]?.resources).toContain("holdfast:order:orders/sender/1/1");
  });

  const calls = Array.from({ length: 8 }, (_, index) => index + 1);
  it.each(calls.flatMap((call) => [[call, "before"] as const, [call, "after"] as const]))(
    "loses none when the relay dies at its call %i, %s it, and doubles none that an inbox or a table can tell",
    async (call, when) => {
      const { outside, wakes, published, at } = noting(createMemoryStore());
      await outside.store.createExecution(execution("o-1"));
      await sent(outside.store, ...all.slice(0, 3));
      await tryOnce(dying(outside, call, when)).catch(() => undefined);
      at(T0 + 10 * MINUTE);
      await audit(outside);
      expect((await stateOf(outside.store, "sender")).every(({ state }) => state === "published")).toBe(true);
      expect(published.length).toBeGreaterThan(0);
      expect(new Set(wakes.map((wake) => wake.executionId))).toEqual(new Set(["o-1", "ship-1"]));
      expect((await outside.store.readHead("o-1"))?.inbox).toHaveLength(1);
      expect(await outside.store.readHead("ship-1")).toMatchObject({ createToken: start("ship-1").id });
    },
  );
});
