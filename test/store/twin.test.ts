/** The memory store is the DynamoDB store's twin: whatever is asked of both, in whatever order, both answer the same. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Head } from "../../lib/model/head.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import { INDEX_SHARDS, type Settlement, type Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import {
  COMPLETED,
  commit,
  execution,
  FAILED,
  largeMessage,
  lease,
  message,
  outgoing,
  recentEvent,
  redrive,
  STALLED,
  SUSPENDED,
  settlementOf,
  stepCompleted,
  T0,
} from "./builders.js";

/** A few on every run; sixty were run when the stores were written. */
const SEEDS = 5;

const SETTLEMENTS: readonly Settlement[] = [
  SUSPENDED,
  { status: "suspended", dueAt: T0, awaits: { first: [{ op: "sleep", dueAt: T0 }], count: 3 } },
  { status: "running", dueAt: T0 + 5 },
  { status: "paused" },
  { status: "compensating" },
  COMPLETED,
  { status: "completed", closedAt: T0, output: { inline: 7 }, compensation: "incomplete" },
  FAILED,
  STALLED,
  STALLED,
  { status: "cancelled", closedAt: T0, compensation: "incomplete" },
  { status: "cancelled", closedAt: T0 },
];

/** Repeatable choices: mulberry32. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked !== undefined) return picked;
    throw new Error("Nothing to pick from.");
  }
}

type Operation = (store: Store) => Promise<unknown>;

/** Chooses operations by what earlier ones answered: mostly sensible ones, and some that are late, wrong or repeated. */
class Caller {
  readonly #dice: Dice;
  readonly #seen = new Map<string, Head[]>();
  #last: Operation = async () => undefined;
  #tokens = 0;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
  }

  next(): Operation {
    if (!this.#dice.chance(12)) this.#last = this.#dice.pick(this.#operations())();
    return this.#last;
  }

  /** Remembers the heads that an answer shows. */
  learn(answer: unknown): void {
    if (typeof answer !== "object" || answer === null) return;
    const head = "head" in answer ? answer.head : answer;
    if (isHead(head)) this.#seen.set(head.executionId, [...(this.#seen.get(head.executionId) ?? []), head]);
  }

  #operations(): (() => Operation)[] {
    const dice = this.#dice;
    const id = dice.pick(["a", "b", "c"]);
    const heads = this.#seen.get(id) ?? [];
    const head = dice.chance(85) ? heads.at(-1) : heads[dice.below(Math.max(1, heads.length))];
    const slot = 1 + dice.below(4);
    const shard = dice.below(INDEX_SHARDS);
    const limit = 1 + dice.below(4);
    this.#tokens += 1;
    const token = dice.chance(90) ? `t${this.#tokens}` : "same";
    return [
      () => {
        const held = dice.chance(50) ? { lease: lease(token) } : {};
        const createdAt = T0 + id.charCodeAt(0);
        return (store) =>
          store.createExecution(
            execution(id, {
              createdAt,
              startAt: createdAt,
              application: id === "b" ? "other" : "one",
              createToken: token,
              ...held,
            }),
          );
      },
      () => (store) => store.readHead(id),
      ...twice(() => {
        const seen = { epoch: head?.epoch ?? 0, ...(head?.lease && { leaseToken: head.lease.token }) };
        return (store: Store) => store.acquireLease({ executionId: id, seen, ...lease(token) });
      }),
      () => (store) => store.loadHistory(id, 0),
      () => (store) => store.salvageHistory(id),
      () => {
        const events = [stepCompleted(`s${slot}`)];
        const out = dice.chance(40) ? [outgoing(`e${slot}`)] : [];
        return (store) => store.appendCommit(commit(id, slot, { token, events, outgoing: out }), T0 + slot);
      },
      ...twice(() => {
        if (head === undefined) return (store: Store) => store.readHead(id);
        const drained = dice.chance(60) ? head.inbox.map((one) => one.id) : [];
        const { inboxSeq, ...rest } = settlementOf(head, dice.pick(SETTLEMENTS), {
          token,
          drained,
          slot,
          ...(dice.chance(50) ? { tail: { slot: slot + 1, events: [stepCompleted("tail")] } } : {}),
          ...(dice.chance(30) ? { waits: [{ name: "n", key: "k", executionId: id, op: token }] } : {}),
        });
        const seen = dice.chance(70)
          ? { inboxSeq, ...(dice.chance(50) ? { inboxItems: dice.below(2) } : {}) }
          : {};
        return (store: Store) => store.settle({ ...rest, ...seen });
      }),
      ...twice(() => {
        const at = T0 + dice.below(5);
        const name = `m${dice.below(12)}`;
        const one = dice.chance(75)
          ? message(name, { at })
          : { ...largeMessage(name, dice.pick([250, 800])), at };
        return (store: Store) => store.appendMessage(id, one);
      }),
      () => (store) => store.loadMessages(id),
      () => {
        const names = [`m${dice.below(12)}`, `m${dice.below(12)}`];
        return (store) => store.deleteMessages(id, names);
      },
      () => {
        const seen = { epoch: head?.epoch ?? dice.below(3) };
        return (store) => store.reopen(id, seen, redrive(token, { at: T0 + slot }));
      },
      () => (store) => store.readOutbox(id, slot),
      () => {
        const states = [{ state: dice.pick(["published", "failed", "dead"] as const), tries: 1 }];
        const marked = dice.pick([{ pendingAt: T0 + slot }, { givenUpAt: T0 + slot }, {}]);
        const version = dice.below(3);
        return (store) => store.markOutbox({ executionId: id, slot, version, states, ...marked });
      },
      () => {
        const mark = dice.pick(["pending", "given up"] as const);
        return async (store) =>
          (await store.listOutboxes({ mark, shard, until: T0 + slot, limit: 50 })).items.toSorted((x, y) =>
            JSON.stringify(x) < JSON.stringify(y) ? -1 : 1,
          );
      },
      () => (store) => store.listOpen({ shard, limit }),
      () => {
        const statuses = (["suspended", "completed", "failed", "stalled", "running"] as const).map(
          (status) => ({ status }),
        );
        const filter = {
          ...(dice.chance(60) ? { workflow: "order-saga" } : {}),
          ...(dice.chance(40) ? { application: "one" } : {}),
          ...dice.pick([{}, { status: ["suspended", "failed"] as const }, ...statuses]),
          ...(dice.chance(20) ? { dueBefore: T0 + dice.below(10) } : {}),
          ...(dice.chance(20) ? { leaseExpiredBefore: T0 + 59_999 + dice.below(3) } : {}),
          ...(dice.chance(30) ? { createdAfter: T0 + "a".charCodeAt(0) + dice.below(4) } : {}),
          ...(dice.chance(30) ? { createdBefore: T0 + "a".charCodeAt(0) + dice.below(4) } : {}),
        };
        return dice.chance(30)
          ? (store) => store.countExecutions(filter)
          : async (store) => (await store.listExecutions({ ...filter, limit })).items;
      },
      () => {
        const wait = {
          name: "n",
          ...(dice.chance(50) ? { key: "k" } : {}),
          executionId: id,
          op: `w${slot}`,
          createdAt: T0 + dice.below(2),
          epoch: dice.below(3),
        };
        return dice.chance(60) ? (store) => store.putWait(wait) : (store) => store.deleteWait(wait);
      },
      () => {
        const key = dice.chance(50) ? { key: "k" } : {};
        return async (store) =>
          (await store.findWaits({ name: "n", ...key, limit: 100 })).items
            .map((one) => JSON.stringify(one))
            .sort();
      },
      () => {
        const { key: _key, ...event } = recentEvent(`r${dice.below(6)}`, {
          recordedAt: T0 + dice.below(9),
          data: token,
        });
        const key = dice.chance(50) ? { key: "k" } : {};
        return (store) => store.putRecentEvent({ ...event, ...key });
      },
      () => {
        const key = dice.chance(50) ? { key: "k" } : {};
        const since = T0 + dice.below(9);
        return (store) => store.findRecentEvents({ name: "payment.completed", ...key, since });
      },
      () => {
        const version = dice.below(3);
        return dice.chance(50)
          ? (store) => store.readCursor("c")
          : (store) => store.saveCursor("c", token, version);
      },
    ];
  }
}

function twice<T>(one: T): [T, T] {
  return [one, one];
}

function isHead(found: unknown): found is Head {
  return (
    typeof found === "object" &&
    found !== null &&
    "executionId" in found &&
    "epoch" in found &&
    "inbox" in found
  );
}

const outcome = async (store: Store, operation: Operation): Promise<unknown> => {
  try {
    return { answer: await operation(store) };
  } catch (error) {
    return { thrown: String(error) };
  }
};

describe("the memory store and the DynamoDB store", () => {
  let makeDynamo: () => Promise<Store>;

  beforeAll(() => {
    makeDynamo = async () => {
      const { client, documents } = freshDynamo();
      await createTables(client);
      return createDynamoStore(
        { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
        createMemoryPayloads(),
      );
    };
  });

  test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
    "answer the same to two hundred operations chosen with seed %i",
    async (seed) => {
      const memory = createMemoryStore();
      const dynamo = await makeDynamo();
      const caller = new Caller(seed);
      for (let step = 0; step < 200; step += 1) {
        const operation = caller.next();
        const expected = await outcome(dynamo, operation);
        expect(await outcome(memory, operation), `step ${step} of seed ${seed}: ${operation}`).toEqual(
          expected,
        );
        if (typeof expected === "object" && expected !== null && "answer" in expected)
          caller.learn(expected.answer);
      }
    },
  );
});
