/** Listings by index. */
import { shardOf } from "../../../../lib/model/ids.js";
import {
  type ExecutionSummary,
  INDEX_SHARDS,
  type ListRequest,
  type Store,
} from "../../../../lib/store/ports.js";
import {
  COMPLETED,
  execution,
  FAILED,
  lease,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  T0,
} from "../../builders.js";
import { one } from "../case.js";

const ENDS = [SUSPENDED, COMPLETED, FAILED, STALLED];

/** Executions with an end of each kind, a second apart but for the last two. */
async function prepare(store: Store): Promise<void> {
  for (let index = 0; index < 12; index += 1) {
    const createdAt = T0 + Math.min(index, 10) * 1_000;
    await settled(store, `x${index}`, ENDS[index % ENDS.length] ?? SUSPENDED, { createdAt });
  }
}

/** One is new, and one that was suspended has completed. */
async function last(store: Store): Promise<void> {
  await store.createExecution(execution("new", { createdAt: T0 + 99_000 }));
  await complete(store, "x0");
}

async function complete(store: Store, executionId: string): Promise<void> {
  const taken = await store.acquireLease({ executionId, seen: { epoch: 1 }, ...lease("later") });
  if (!taken.acquired) throw new Error(`The case could not complete ${executionId}.`);
  await store.settle(settlementOf(taken.head, COMPLETED));
}

async function pagesOf(store: Store, request: ListRequest): Promise<ExecutionSummary[][]> {
  const found: ExecutionSummary[][] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listExecutions({ ...request, ...(cursor === undefined ? {} : { cursor }) });
    found.push([...page.items]);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

const REQUESTS: readonly Omit<ListRequest, "limit">[] = [
  { workflow: "order-saga" },
  { status: "suspended" },
  { status: "failed" },
  { workflow: "order-saga", status: "completed" },
  {},
];

export const listing = REQUESTS.map((request) =>
  one({
    what: `a listing by ${JSON.stringify(request)}, page by page`,
    prepare,
    last,
    run: (store) => pagesOf(store, { ...request, limit: 3 }),
    async duringLag(pages, calm) {
      // It may lack what is new, and shows nothing otherwise than it is.
      const { status } = request;
      for (const summary of pages.flat()) {
        const head = await calm.readHead(summary.executionId);
        if (head?.status !== summary.status || (status !== undefined && summary.status !== status))
          throw new Error(`It shows what is not so: ${JSON.stringify(summary)}.`);
      }
    },
  }),
);

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
    async run(store) {
      const found: string[][] = [];
      let cursor: string | undefined;
      do {
        const from = cursor === undefined ? {} : { cursor };
        const page = await store.listOpen({ shard: SHARD, limit: 3, ...from });
        found.push([...page.items]);
        cursor = page.cursor;
      } while (cursor !== undefined);
      return found;
    },
    async duringLag(pages) {
      // What has ended is known by its head; nobody who is open is passed over.
      const found = pages.flat();
      const missing = IN_SHARD.filter((id) => id !== "x0" && !found.includes(id));
      if (missing.length > 0) throw new Error(`It lacks what has been open for long: ${missing.join(", ")}.`);
    },
  }),
];
