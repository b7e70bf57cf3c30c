/** What an outage leaves behind, and how it is worked off: all of it, by the audit alone, within the time that a run has. */
import { describe, expect, it } from "vitest";
import { shardOf } from "../../lib/model/ids.js";
import type { OutgoingEvent } from "../../lib/model/outgoing.js";
import { audit } from "../../lib/runtime/audit.js";
import type { BusEntry, Outside } from "../../lib/runtime/outside.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { INDEX_SHARDS, type Store } from "../../lib/store/ports.js";
import { commit, outgoing, T0 } from "../store/builders.js";
import { noting } from "./outsides.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Commits that nobody relayed, one a second. */
async function backlog(commits: number): Promise<Store> {
  const store = createMemoryStore();
  for (let index = 0; index < commits; index++)
    await store.appendCommit(
      commit(`x-${index}`, 1, { outgoing: [outgoing(`e-${index}`)] }),
      T0 + index * 1_000,
    );
  return store;
}

/** A bus whose every call takes so long, for the one shard that waits for it. */
function slowly(store: Store, callMs: number) {
  const noted = noting(store);
  let now = T0 + 7 * DAY;
  const published: BusEntry[] = [];
  let calls = 0;
  const outside: Outside = {
    ...noted.outside,
    clock: { now: () => now, sleep: async () => {} },
    bus: {
      publish: async (entries) => {
        now += callMs;
        calls += 1;
        published.push(...entries);
        return entries.map(() => ({ ok: true }));
      },
    },
  };
  return { outside, published, calls: () => calls, now: () => now };
}

async function pendingIn(store: Store): Promise<number> {
  return (await store.listOutboxes({ mark: "pending", limit: 10_000 })).items.length;
}

describe("after a week without the relay and the bus", () => {
  it("one run publishes all that is pending, each once, ten in a call", async () => {
    const store = await backlog(2_000);
    expect(await pendingIn(store)).toBe(2_000);
    const { outside, published, calls } = slowly(store, 1);
    expect(await audit(outside)).toMatchObject({ relayed: 2_000, failed: 0 });
    expect(new Set(published.map(({ resources }) => resources[0])).size).toBe(2_000);
    expect(published).toHaveLength(2_000);
    // The last call of each of the eight shards may hold fewer.
    expect(calls()).toBeLessThanOrEqual(2_000 / 10 + 8);
    expect(await pendingIn(store)).toBe(0);
  });

  it("a run begins nothing after its time, and the next one goes on with what has been due for longest", async () => {
    const store = await backlog(800);
    const first = slowly(store, 1_000);
    await audit(first.outside, first.now() + 30_000);
    // At the end of its time each of the eight shards may have one page under way.
    expect(first.published.length).toBeGreaterThanOrEqual(300);
    expect(first.published.length).toBeLessThanOrEqual(380);
    expect(await pendingIn(store)).toBe(800 - first.published.length);
    const second = slowly(store, 1);
    await audit(second.outside);
    expect(await pendingIn(store)).toBe(0);
    expect(first.published.length + second.published.length).toBe(800);
  });

  it("while the bus is still away, a run soon gives up, the next ones try others, and nothing is lost", async () => {
    const store = await backlog(2_000);
    const tried = new Set<string | undefined>();
    let now = T0 + 7 * DAY;
    let tries = 0;
    const { outside, wakes } = noting(store, {
      clock: { now: () => now, sleep: async () => {} },
      bus: {
        publish: async (entries) => {
          tries += entries.length;
          for (const { resources } of entries) tried.add(resources[0]);
          throw new Error("the bus is away");
        },
      },
    });
    await audit(outside);
    expect(tries).toBe(8 * 10 * 10);
    now += 5 * MINUTE;
    await audit(outside);
    expect(tries).toBe(2 * 8 * 10 * 10);
    expect(tried.size).toBe(tries);
    // A nudge for each of them, and for no other.
    expect(new Set(wakes.map(({ executionId }) => executionId)).size).toBe(tries);
    expect(wakes).toHaveLength(tries);
    expect(await pendingIn(store)).toBe(2_000);
    now += 10 * MINUTE;
    const back = slowly(store, 0);
    await audit({ ...back.outside, clock: outside.clock });
    expect(back.published).toHaveLength(2_000);
  });
});

describe("what nobody will ever get keeps what is behind it waiting for no further run", () => {
  /** More pages of one shard than a run goes through in vain, and another message behind them. */
  async function vain(fields: Partial<OutgoingEvent>): Promise<Store> {
    const store = createMemoryStore();
    const ids = Array.from({ length: 1_500 }, (_, index) => `x-${index}`).filter(
      (id) => shardOf(id, INDEX_SHARDS) === 0,
    );
    expect(ids.length).toBeGreaterThan(110);
    for (const id of ids)
      await store.appendCommit(commit(id, 1, { outgoing: [{ ...outgoing(`e-${id}`), ...fields }] }), T0);
    await store.appendCommit(commit(ids[0] ?? "", 2, { outgoing: [outgoing("behind")] }), T0 + DAY);
    return store;
  }

  it("if it has expired in the outage", async () => {
    const store = await vain({ expiresAt: T0 + 60 * MINUTE });
    const { outside, published } = slowly(store, 1);
    expect(await audit(outside)).toMatchObject({ relayed: 1, failed: 0 });
    expect(published).toHaveLength(1);
    expect(await pendingIn(store)).toBe(0);
  });

  it("if the bus refuses it for what it is", async () => {
    const store = await vain({ name: "malformed" });
    const malformed = { ok: false, permanent: true, error: "MalformedDetail: not an object" } as const;
    const { outside } = noting(store, {
      clock: { now: () => T0 + 7 * DAY, sleep: async () => {} },
      bus: {
        publish: async (entries) =>
          entries.map(({ name }) => (name === "malformed" ? malformed : ({ ok: true } as const))),
      },
    });
    expect(await audit(outside)).toMatchObject({ relayed: 1, failed: 0 });
    expect(await pendingIn(store)).toBe(0);
  });
});

describe("a run that finds nothing overdue", () => {
  it("costs a query for each shard, and neither a claim nor a call of the bus", async () => {
    const store = await backlog(3);
    const calls: string[] = [];
    const counting = new Proxy(store, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          calls.push(String(key));
          return Reflect.apply(member, target, args);
        };
      },
    });
    const { outside, published } = noting(counting);
    await audit(outside);
    expect(published).toEqual([]);
    expect(calls.filter((call) => call !== "readCursor" && call !== "listOpen")).toEqual(
      Array.from({ length: 8 }, () => "listOutboxes"),
    );
  });
});
