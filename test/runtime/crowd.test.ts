/** Events that very many wait for: delivered in passes, to each once, whatever dies on the way. */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { app } from "../../lib/define/app.js";
import { DeliveryIncompleteError } from "../../lib/model/delivery-errors.js";
import type { BusEvent, DeliveryPart } from "../../lib/runtime/bus/bus-event.js";
import { deliver, PAGES_OF_A_PASS, type Pass } from "../../lib/runtime/bus/deliver.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { BROADCAST_SHARDS, type Store } from "../../lib/store/ports.js";
import { execution, T0 } from "../store/builders.js";
import { onDynamo } from "./grounds.js";
import { dying, type Noted, noting } from "./outsides.js";

const Opened = event<{ shop: string }>("opened");
const waiting = workflow("order-saga", (ctx) => ctx.waitForEvent(Opened));
const shop = app({ workflows: [waiting], events: [Opened] });
const OPENED: BusEvent = { dedupeId: "shop/e-1", name: "opened", detail: { shop: "s" } };

const idOf = (index: number): string => `x-${index}`;

/** So many executions wait for it. */
async function crowd(store: Store, many: number, from = 0): Promise<void> {
  for (let first = from; first < from + many; first += 50) {
    const ids = Array.from({ length: Math.min(50, from + many - first) }, (_, index) => idOf(first + index));
    await Promise.all(
      ids.map(async (executionId) => {
        await store.createExecution(execution(executionId));
        await store.putWait({ name: Opened.name, executionId, op: "wait:opened", createdAt: T0, epoch: 1 });
      }),
    );
  }
}

async function inboxes(store: Store, many: number): Promise<number[]> {
  const counts: number[] = [];
  for (let index = 0; index < many; index++)
    counts.push((await store.readHead(idOf(index)))?.inbox.length ?? 0);
  return counts;
}

const once = (many: number): number[] => Array.from({ length: many }, () => 1);

/** Deliver's queue: what is handed on is delivered, each message until it succeeds, as SQS would. */
async function deliverAll(noted: Noted, pages: number, outsideOf = () => noted.outside): Promise<number> {
  const queue: BusEvent[] = [OPENED];
  let passes = 0;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    passes += 1;
    if (passes > 500) throw new Error("It never ends.");
    const event = next;
    const handOn = async (part: DeliveryPart) => void queue.push({ ...event, part });
    try {
      await deliver(outsideOf(), shop, event, { stopAt: Number.POSITIVE_INFINITY, pages, handOn });
    } catch (error) {
      if (!(error instanceof DeliveryIncompleteError) && !String(error).includes("dead")) throw error;
      queue.push(event);
    }
  }
  return passes;
}

describe("an event that 10,000 wait for", () => {
  it("is delivered in four passes, to each once, with one wake for each", async () => {
    const store = createMemoryStore();
    await crowd(store, 10_000);
    const noted = noting(store);
    expect(await deliverAll(noted, PAGES_OF_A_PASS)).toBe(4);
    expect(noted.wakes).toHaveLength(10_000);
    expect(new Set(noted.wakes.map(({ executionId }) => executionId)).size).toBe(10_000);
    expect(await inboxes(store, 10_000)).toEqual(once(10_000));
  });
});

describe("a pass", () => {
  it.each(["memory", "DynamoDB Local"])(
    "reads each wait once, and writes an inbox and a record of the event, and nothing more: on %s",
    async (where) => {
      const store = where === "memory" ? createMemoryStore() : (await onDynamo()).store;
      await crowd(store, 250);
      const made: string[] = [];
      const counted = new Proxy(store, {
        get: (target, key) => {
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== "function") return member;
          return (...args: unknown[]) => {
            made.push(String(key));
            return Reflect.apply(member, target, args);
          };
        },
      });
      const noted = noting(counted);
      expect(await deliverAll(noted, 1)).toBe(3);
      const times = (name: string) => made.filter((each) => each === name).length;
      expect(new Set(made)).toEqual(new Set(["putRecentEvent", "findWaits", "appendMessage"]));
      expect([times("putRecentEvent"), times("findWaits"), times("appendMessage")]).toEqual([3, 3, 250]);
      expect(await inboxes(store, 250)).toEqual(once(250));
      const found = await store.findRecentEvents({ name: Opened.name, since: T0 });
      expect(found).toHaveLength(1);
    },
  );

  it("ends when its time is nearly over, after one page at least", async () => {
    const store = createMemoryStore();
    await crowd(store, 250);
    const left: DeliveryPart[] = [];
    const pass: Pass = { stopAt: T0 - 1, pages: 30, handOn: async (part) => void left.push(part) };
    expect(await deliver(noting(store).outside, shop, OPENED, pass)).toEqual({
      executions: 100,
      left: [{ after: expect.any(String) }],
    });
    expect(left).toHaveLength(1);
  });

  it("that dies at any call is repeated, and all get the event once", async () => {
    for (const when of ["before", "after"] as const) {
      for (let call = 1, struck = true; struck; call += 7) {
        const store = createMemoryStore();
        await crowd(store, 230);
        const noted = noting(store);
        let left = 1;
        const outsideOf = () => {
          if (left-- <= 0) return noted.outside;
          return dying(noted.outside, call, when);
        };
        const passes = await deliverAll(noted, 1, outsideOf);
        struck = passes > 3;
        expect(await inboxes(store, 230), `${when} ${call}`).toEqual(once(230));
        const woken = new Set(noted.wakes.map(({ executionId }) => executionId));
        expect(woken.size, `${when} ${call}`).toBe(230);
        if (!struck) expect(call).toBeGreaterThan(200);
      }
    }
  });

  it("that dies just before or after it hands on is repeated, and so is what came behind it", async () => {
    for (const when of ["before", "after"] as const) {
      const store = createMemoryStore();
      await crowd(store, 230);
      const noted = noting(store);
      const queue: DeliveryPart[] = [];
      let deaths = 1;
      const handOn = async (part: DeliveryPart) => {
        if (when === "after") queue.push(part);
        if (deaths-- > 0) throw new Error("the process ends here");
        if (when === "before") queue.push(part);
      };
      const pass: Pass = { stopAt: Number.POSITIVE_INFINITY, pages: 1, handOn };
      await expect(deliver(noted.outside, shop, OPENED, pass)).rejects.toThrow("ends here");
      await deliver(noted.outside, shop, OPENED, pass);
      for (let part = queue.shift(); part !== undefined; part = queue.shift())
        await deliver(noted.outside, shop, { ...OPENED, part }, pass);
      expect(await inboxes(store, 230), when).toEqual(once(230));
    }
  });

  it("hands on those that failed apart from the rest, which is not kept waiting (PROTOCOL A10)", async () => {
    const memory = createMemoryStore();
    await crowd(memory, 230);
    const sick = new Set([idOf(3), idOf(150), idOf(229)]);
    let healed = false;
    const store: Store = {
      ...memory,
      appendMessage: async (executionId, message) => {
        if (!healed && sick.has(executionId)) throw new Error("damaged");
        return memory.appendMessage(executionId, message);
      },
    };
    const noted = noting(store);
    const queue: BusEvent[] = [OPENED];
    const back: BusEvent[] = [];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const event = next;
      const handOn = async (part: DeliveryPart) => void queue.push({ ...event, part });
      const pass = { stopAt: Number.POSITIVE_INFINITY, pages: 1, handOn };
      await deliver(noted.outside, shop, event, pass).catch((error: unknown) => {
        expect(error).toBeInstanceOf(DeliveryIncompleteError);
        back.push(event);
      });
    }
    const expected = Array.from({ length: 230 }, (_, index) => (sick.has(idOf(index)) ? 0 : 1));
    expect(await inboxes(memory, 230)).toEqual(expected);
    healed = true;
    for (const event of back) await deliver(noted.outside, shop, event);
    expect(await inboxes(memory, 230)).toEqual(once(230));
  });

  it("that is the last hands on those that failed: the others are not woken by each of their repeats", async () => {
    const memory = createMemoryStore();
    await crowd(memory, 3);
    const appended: string[] = [];
    const store: Store = {
      ...memory,
      appendMessage: async (executionId, message) => {
        appended.push(executionId);
        if (executionId === idOf(1)) throw new Error("damaged");
        return memory.appendMessage(executionId, message);
      },
    };
    const noted = noting(store);
    const left: DeliveryPart[] = [];
    const handOn = async (part: DeliveryPart) => void left.push(part);
    const pass: Pass = { stopAt: Number.POSITIVE_INFINITY, pages: 30, handOn };
    const sick = { executions: [idOf(1)] };
    expect(await deliver(noted.outside, shop, OPENED, pass)).toEqual({ executions: 2, left: [sick] });
    expect(left).toEqual([sick]);
    appended.length = 0;
    // Named, it fails as itself: its receives are counted, and it ends in the dead-letter queue.
    const again = deliver(noted.outside, shop, { ...OPENED, part: sick }, pass);
    await expect(again).rejects.toBeInstanceOf(DeliveryIncompleteError);
    expect(new Set(appended)).toEqual(new Set([idOf(1)]));
    expect(left).toEqual([sick]);
    expect(noted.wakes.map(({ executionId }) => executionId)).toEqual([idOf(0), idOf(2)]);
  });

  it("in which all failed comes again as it is: there is nobody to spare", async () => {
    const memory = createMemoryStore();
    await crowd(memory, 3);
    const store: Store = { ...memory, appendMessage: () => Promise.reject(new Error("throttled")) };
    const left: DeliveryPart[] = [];
    const handOn = async (part: DeliveryPart) => void left.push(part);
    const pass: Pass = { stopAt: Number.POSITIVE_INFINITY, pages: 30, handOn };
    await expect(deliver(noting(store).outside, shop, OPENED, pass)).rejects.toBeInstanceOf(
      DeliveryIncompleteError,
    );
    expect(left).toEqual([]);
  });

  it("in which more failed than it can name hands nothing on, and comes again as a whole", async () => {
    const memory = createMemoryStore();
    await crowd(memory, 330);
    const store: Store = { ...memory, appendMessage: () => Promise.reject(new Error("throttled")) };
    const left: DeliveryPart[] = [];
    const pass: Pass = {
      stopAt: Number.POSITIVE_INFINITY,
      pages: 2,
      handOn: async (part) => void left.push(part),
    };
    await expect(deliver(noting(store).outside, shop, OPENED, pass)).rejects.toBeInstanceOf(
      DeliveryIncompleteError,
    );
    expect(left).toEqual([]);
  });
});

describe("waits for an event without a key", () => {
  it("lie in eight partitions, none of which has twice its share (PROTOCOL A9)", async () => {
    const { shardOf } = await import("../../lib/model/ids.js");
    const counts = new Array<number>(BROADCAST_SHARDS).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const shard = shardOf(idOf(index), BROADCAST_SHARDS);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.max(...counts)).toBeLessThan((2 * 10_000) / BROADCAST_SHARDS);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});
