/** What the relay says of events that it gives up: the only trace that they leave beside their own record. */
import { describe, expect, it } from "vitest";
import type { PublishOutcome } from "../../lib/decide/relay.js";
import type { OutboxEntryState } from "../../lib/model/outgoing.js";
import { relay } from "../../lib/runtime/bus/relay.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { commit, outgoing, T0 } from "../store/builders.js";

const REFUSED = { ok: false, permanent: true, error: "MalformedDetail: not an object" } as const;
const THROTTLED = { ok: false, permanent: false, error: "ThrottlingException: later" } as const;

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
