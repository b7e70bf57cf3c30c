/** Listings by index. */

import { expect } from "vitest";
import { shardOf } from "../../../../lib/model/ids.js";
import { STATUSES } from "../../../../lib/model/status.js";
import { INDEX_SHARDS, type ListRequest, type Store } from "../../../../lib/store/ports.js";
import {
  COMPLETED,
  execution,
  FAILED,
  lease,
  owned,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  T0,
} from "../../builders.js";
import { pagesOf } from "../../pages.js";
import { one } from "../case.js";

const LABELS = { application: "shop", pipelineConfigId: "nightly" };
const ENDS = [SUSPENDED, COMPLETED, FAILED, STALLED];

/** Executions with an end of each kind, a second apart but for the last two. */
async function prepare(store: Store): Promise<void> {
  for (let index = 0; index < 12; index += 1) {
    const createdAt = T0 + Math.min(index, 10) * 1_000;
    await settled(store, `x${index}`, ENDS[index % ENDS.length] ?? SUSPENDED, { createdAt, ...LABELS });
  }
}

/** One is new, and one that was suspended has completed. */
async function last(store: Store): Promise<void> {
  await store.createExecution(execution("new", { createdAt: T0 + 99_000, ...LABELS }));
  await complete(store, "x0");
}

async function complete(store: Store, executionId: string): Promise<void> {
  const taken = await store.acquireLease({ executionId, seen: { epoch: 1 }, ...lease("later") });
  if (!taken.acquired) throw new Error(`The case could not complete ${executionId}.`);
  await store.settle(settlementOf(taken.head, COMPLETED));
}

const REQUESTS: readonly Omit<ListRequest, "limit">[] = [
  { workflow: "order-saga" },
  { status: "suspended" },
  { status: ["failed", "stalled"] },
  { application: "shop" },
  { pipelineConfigId: "nightly", createdAfter: T0 + 2_000, createdBefore: T0 + 9_000 },
  { workflow: "order-saga", status: "completed" },
  {},
];

export const listing = REQUESTS.map((request) =>
  one({
    what: `a listing by ${JSON.stringify(request)}, page by page`,
    prepare,
    last,
    run: (store) => pagesOf((from) => store.listExecutions({ ...request, limit: 3, ...from })),
    async duringLag(pages, calm) {
      // It may lack what is new, and shows nothing otherwise than it is.
      const { status } = request;
      for (const summary of pages.flat()) {
        const head = await calm.readHead(summary.executionId);
        const wanted = status === undefined ? STATUSES : [status].flat();
        if (head?.status !== summary.status || !wanted.includes(summary.status))
          throw new Error(`It shows what is not so: ${JSON.stringify(summary)}.`);
      }
    },
  }),
);

export const counting = [
  one({
    what: "a count that the index decides",
    prepare,
    last: (store) => store.createExecution(execution("new", { createdAt: T0 + 99_000, ...LABELS })),
    run: (store) => store.countExecutions({ application: "shop" }),
    // It may lack what is new.
    async duringLag(count) {
      expect([12, 13]).toContain(count);
    },
  }),
  one({
    what: "a count that the heads decide",
    prepare,
    last,
    run: (store) => store.countExecutions({ workflow: "order-saga", status: "completed" }),
    async duringLag(count) {
      expect([3, 4]).toContain(count);
    },
  }),
];

const SHARD = shardOf("x0", INDEX_SHARDS);
const IN_SHARD = Array.from({ length: 200 }, (_, index) => `x${index}`)
  .filter((id) => shardOf(id, INDEX_SHARDS) === SHARD)
  .slice(0, 7);

export const listingOpen = [
  one({
    what: "what is open in a shard, page by page",
    async prepare(store) {
      for (const [index, id] of IN_SHARD.entries())
        await settled(store, id, SUSPENDED, { createdAt: T0 + Math.floor(index / 2) });
    },
    last: (store) => complete(store, "x0"),
    run: (store) => pagesOf((from) => store.listOpen({ shard: SHARD, limit: 3, ...from })),
    async duringLag(pages) {
      // What has ended is known by its head; nobody who is open is passed over.
      const found = pages.flat();
      const missing = IN_SHARD.filter((id) => id !== "x0" && !found.includes(id));
      if (missing.length > 0) throw new Error(`It lacks what has been open for long: ${missing.join(", ")}.`);
    },
  }),
];

/** Three that wait for an event of a key each. */
async function prepareWaiting(store: Store): Promise<void> {
  for (const key of ["a", "b", "c"]) await waiting(store, key);
}

async function waiting(store: Store, key: string): Promise<void> {
  const wait = { name: "paid", key, executionId: `w-${key}`, op: "wait/1" };
  const head = await owned(store, wait.executionId);
  await store.putWait({ ...wait, createdAt: T0, epoch: 1 });
  await store.settle(settlementOf(head, SUSPENDED, { waits: [wait], waitCount: 1 }));
}

export const listingWaiting = [
  one({
    what: "those that wait for an event of any key, page by page",
    prepare: prepareWaiting,
    last: (store) => waiting(store, "d"),
    run: (store) =>
      pagesOf((from) => store.listWaiting({ name: "paid", keyed: true, now: T0, limit: 2, ...from })),
    // It may lack what is new.
    async duringLag(pages) {
      const found = pages.flat().map(({ key }) => key);
      expect(["a", "b", "c", "d"]).toEqual(expect.arrayContaining(found));
    },
  }),
  one({
    what: "those that wait for an event of one key",
    prepare: prepareWaiting,
    run: (store) => store.listWaiting({ name: "paid", key: "b", now: T0, limit: 2 }),
  }),
];
