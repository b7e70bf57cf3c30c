/** The exploration itself, and the smaller pairs of `npm run interleavings`, with both invocations alive. */
import { describe, expect, it } from "vitest";
import type { Store } from "../../../lib/store/ports.js";
import { isAtomic, isSerial, ordersLike } from "./equivalent.js";
import { explorePair, replayOrder } from "./explored.js";
import { type Course, Exploration, type Move } from "./explorer.js";
import type { Pair } from "./invocations.js";
import { PAIRS } from "./pairs.js";

/** Two actors that add one to a number: each reads it, then writes what it makes of it. */
class Adding implements Course {
  readonly #made: string[] = [];
  readonly numbers = new Map<string, number>();

  /** @param places where each of the two has its number */
  constructor(private readonly places: readonly string[]) {}

  moves(): readonly Move[] {
    return this.places.flatMap((place, index) => {
      const actor = index + 1;
      const done = this.#made.filter((id) => id.startsWith(`${actor}.`)).length;
      const touches = [{ table: "numbers", key: place, writes: done === 1 }];
      return done === 2 ? [] : [{ id: `${actor}.${done + 1}`, actor, dies: false, touches }];
    });
  }

  readonly #read = new Map<number, number>();

  async make({ id, actor }: Move): Promise<void> {
    const place = this.places[actor - 1] ?? "";
    this.#made.push(id);
    if (id.endsWith(".1")) this.#read.set(actor, this.numbers.get(place) ?? 0);
    else this.numbers.set(place, (this.#read.get(actor) ?? 0) + 1);
  }
}

async function endsOf(places: readonly string[], prunes: boolean) {
  const ends = new Set<string>();
  const atomic = new Set<string>();
  const serial = new Set<string>();
  let [explored, orders] = [0, 0];
  for await (const { course, made } of new Exploration(async () => new Adding(places), prunes).orders()) {
    const end = JSON.stringify([...course.numbers].toSorted());
    explored += 1;
    orders += prunes ? ordersLike(made) : 1;
    ends.add(end);
    if (isAtomic(made, 1)) atomic.add(end);
    if (isSerial(made)) serial.add(end);
  }
  const [all, ...some] = [ends, atomic, serial].map((set) => [...set].toSorted());
  return { ends: all, atomic: some[0], serial: some[1], explored, orders };
}

describe("the exploration", () => {
  it("finds the update that is lost, in fewer orders than there are, and knows that none gives it in which one goes after the other", async () => {
    const lost = '[["here",1]]';
    const kept = '[["here",2]]';
    const pruned = await endsOf(["here", "here"], true);
    expect(pruned).toEqual({
      ends: [lost, kept],
      atomic: [lost, kept],
      serial: [kept],
      explored: 4,
      orders: 6,
    });
    expect(await endsOf(["here", "here"], false)).toMatchObject({ ends: [lost, kept], explored: 6 });
  });

  it("makes one order alone of acts that have nothing to do with each other", async () => {
    const end = '[["here",1],["there",1]]';
    const pruned = await endsOf(["here", "there"], true);
    expect(pruned).toEqual({ ends: [end], atomic: [end], serial: [end], explored: 1, orders: 6 });
    expect(await endsOf(["here", "there"], false)).toMatchObject({ ends: [end], explored: 6 });
  });
});

function pairNamed(name: string): Pair {
  const pair = PAIRS.find((one) => one.name === name);
  if (pair === undefined) throw new Error(`no pair ${name}`);
  return pair;
}

/** All that becomes of a pair, and how many orders that took, and stands for. */
async function endsOfPair(name: string, deaths: boolean, prunes: boolean) {
  const ends = new Set<string>();
  const seen = ({ outcome, broken }: { outcome: string; broken: readonly string[] }): void => {
    ends.add(JSON.stringify([outcome, broken]));
  };
  const { alive, withDeath } = await explorePair(pairNamed(name), { deaths, prunes, seen });
  return {
    ends: [...ends].toSorted(),
    orders: [alive.orders, withDeath.orders],
    explored: alive.explored + withDeath.explored,
  };
}

describe("pruning loses nothing", () => {
  it.each([
    ["worker, worker: two wakes", false],
    ["worker, cancel", false],
    ["worker, zombie: before a timer", false],
    ["deliver, deliver: one event received twice", false],
    ["start, start", false],
    ["signal, cancel", true],
  ] as const)(
    "%s (with deaths: %s): the pruned orders come to all ends, and stand for each order once",
    async (name, deaths) => {
      const pruned = await endsOfPair(name, deaths, true);
      const all = await endsOfPair(name, deaths, false);
      expect({ ...pruned, explored: 0 }).toEqual({ ...all, explored: 0 });
      expect(pruned.explored).toBeLessThan(all.explored);
    },
    120_000,
  );
});

/** Those with many calls, and those that rest for long, are left to `npm run interleavings`. */
const LARGE = /busy|continues as new|zombie|relay|that is cancelled/;

describe("every order of two invocations", () => {
  it.each(PAIRS.filter(({ name }) => !LARGE.test(name)).map(({ name }) => [name]))(
    "%s",
    async (name) => {
      const { wrongOrders, alive } = await explorePair(pairNamed(name), { deaths: false });
      expect(wrongOrders).toEqual([]);
      expect(alive.explored).toBeGreaterThan(1);
    },
    60_000,
  );

  it("can be made again", async () => {
    const pair = pairNamed("worker, pause");
    const [one, other] = [await replayOrder(pair, "01"), await replayOrder(pair, "01")];
    expect(one.order.slice(0, 2)).toBe("01");
    expect(other).toEqual(one);
    expect(one.broken).toEqual([]);
  });
});

describe("a store that breaks one rule is noticed", () => {
  const breaking = (name: string, breaks: (store: Store) => Store): Pair => ({ ...pairNamed(name), breaks });

  it("a settlement that does not look for what came since", async () => {
    const pair = breaking("worker, signal: as it ends", (store) => ({
      ...store,
      settle: ({ inboxSeq: _unseen, ...request }) => store.settle(request),
    }));
    expect((await explorePair(pair, { deaths: false })).wrong).toBeGreaterThan(0);
  });

  it("a lease that is taken whoever has it now", async () => {
    const pair = breaking("worker, worker: two wakes", (store) => ({
      ...store,
      acquireLease: async (request) => {
        const head = await store.readHead(request.executionId);
        const { epoch = 0, lease } = head ?? {};
        const seen = lease === undefined ? { epoch } : { epoch, leaseToken: lease.token };
        return store.acquireLease({ ...request, seen });
      },
    }));
    expect((await explorePair(pair, { deaths: false })).wrong).toBeGreaterThan(0);
  });
});
