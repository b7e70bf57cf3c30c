/** Outboxes, and what rides in a user's own transaction. */
import { shardOf } from "../../../../lib/model/ids.js";
import type { OutboxEntryState } from "../../../../lib/model/outgoing.js";
import { STAGED_SLOT, stagedId } from "../../../../lib/store/outbox.js";
import { INDEX_SHARDS, type Store } from "../../../../lib/store/ports.js";
import { commit, execution, outgoing, T0 } from "../../builders.js";
import { pagesOf } from "../../pages.js";
import { one } from "../case.js";

const PUBLISHED: OutboxEntryState = { state: "published", tries: 1 };
const FAILED: OutboxEntryState = { state: "failed", tries: 1, lastError: "throttled" };

const withOutbox = (store: Store, executionId: string, slot: number, pendingAt = T0): Promise<unknown> =>
  store.appendCommit(commit(executionId, slot, { outgoing: [outgoing("e1"), outgoing("e2")] }), pendingAt);

/** A head that a user's own transaction wrote. */
const withMarkedHead = async (store: Store): Promise<void> => {
  const head = await store.stageExecution(execution("x"), T0);
  await store.commitTransaction(commit("other", 1), [head]);
};

export const readingOutboxes = [
  one({
    what: "an outbox",
    prepare: (store) => withOutbox(store, "x", 1),
    run: (store) => store.readOutbox("x", 1),
  }),
  one({ what: "the mark of a head", prepare: withMarkedHead, run: (store) => store.readOutbox("x", 0) }),
];

export const marking = [
  one({
    what: "an outbox that is final",
    prepare: (store) => withOutbox(store, "x", 1),
    run: (store) =>
      store.markOutbox({ executionId: "x", slot: 1, version: 0, states: [PUBLISHED, PUBLISHED] }),
  }),
  one({
    what: "an outbox that is to be tried again",
    prepare: (store) => withOutbox(store, "x", 1),
    run: (store) =>
      store.markOutbox({
        executionId: "x",
        slot: 1,
        version: 0,
        states: [PUBLISHED, FAILED],
        pendingAt: T0 + 60_000,
      }),
  }),
  one({
    what: "an outbox that somebody else has marked",
    async prepare(store) {
      await withOutbox(store, "x", 1);
      const request = { executionId: "x", slot: 1, version: 0, pendingAt: T0 + 1 };
      await store.markOutbox({ ...request, states: [FAILED, PUBLISHED] });
    },
    run: (store) =>
      store.markOutbox({ executionId: "x", slot: 1, version: 0, states: [PUBLISHED, PUBLISHED] }),
  }),
  one({
    what: "an outbox of which something was given up",
    prepare: (store) => withOutbox(store, "x", 1),
    run: (store) =>
      store.markOutbox({
        executionId: "x",
        slot: 1,
        version: 0,
        states: [PUBLISHED, { state: "dead", tries: 9 }],
        givenUpAt: T0 + 60_000,
      }),
  }),
  one({
    what: "what was staged, and is published",
    prepare: (store) => withOutbox(store, stagedId("s"), STAGED_SLOT),
    run: (store) =>
      store.markOutbox({
        executionId: stagedId("s"),
        slot: STAGED_SLOT,
        version: 0,
        states: [PUBLISHED, PUBLISHED],
      }),
  }),
  one({
    what: "a head whose wake was sent",
    prepare: withMarkedHead,
    run: (store) => store.markOutbox({ executionId: "x", slot: 0, version: 0, states: [PUBLISHED] }),
  }),
];

const stagedAndGivenUp = async (store: Store): Promise<void> => {
  const place = { executionId: stagedId("s"), slot: STAGED_SLOT };
  await withOutbox(store, place.executionId, place.slot);
  const states: OutboxEntryState[] = [PUBLISHED, { state: "dead", tries: 9 }];
  await store.markOutbox({ ...place, version: 0, states, givenUpAt: T0 });
};

export const deletingStaged = [
  one({
    what: "what was staged, and given up",
    prepare: stagedAndGivenUp,
    run: (store) => store.deleteStaged({ executionId: stagedId("s"), slot: STAGED_SLOT, version: 1 }),
  }),
  one({
    what: "what was staged, and marked since",
    prepare: stagedAndGivenUp,
    run: (store) => store.deleteStaged({ executionId: stagedId("s"), slot: STAGED_SLOT, version: 0 }),
  }),
  one({
    what: "what was staged, and is gone",
    run: (store) => store.deleteStaged({ executionId: stagedId("s"), slot: STAGED_SLOT, version: 1 }),
  }),
];

const SHARD = shardOf("x", INDEX_SHARDS);

type Found = { readonly executionId: string; readonly slot: number };

/** Five that are due, of which another is new and one was published just now. */
const severalPending = {
  async prepare(store: Store): Promise<void> {
    for (let slot = 1; slot <= 5; slot += 1) await withOutbox(store, "x", slot, T0 + slot);
    await withOutbox(store, "y", 1);
  },
  async last(store: Store): Promise<void> {
    await withOutbox(store, "x", 6, T0 + 6);
    await store.markOutbox({ executionId: "x", slot: 2, version: 0, states: [PUBLISHED, PUBLISHED] });
  },
};

/** Reading each tells which have lost their mark since; none that has had one for long is passed over. */
const marked = (expected: string) => async (pages: Found[][], calm: Store) => {
  const outboxes = await Promise.all(
    pages.flat().map(({ executionId, slot }) => calm.readOutbox(executionId, slot)),
  );
  const still = outboxes.filter(
    (outbox) => outbox?.pendingAt !== undefined || outbox?.givenUpAt !== undefined,
  );
  const found = still.map((outbox) => `${outbox?.executionId}${outbox?.slot}`).sort();
  if (found.join() !== expected)
    throw new Error(`It lists ${found.join()}, where ${expected} stood long before.`);
};

export const listingOutboxes = [
  one({
    what: "outboxes of a shard that are due, page by page",
    ...severalPending,
    run: (store) =>
      pagesOf((from) =>
        store.listOutboxes({ mark: "pending", shard: SHARD, until: T0 + 10, limit: 2, ...from }),
      ),
    duringLag: marked("x1,x3,x4,x5"),
  }),
  one({
    what: "all outboxes with a mark",
    ...severalPending,
    run: (store) => pagesOf((from) => store.listOutboxes({ mark: "pending", limit: 4, ...from })),
    duringLag: marked("x1,x3,x4,x5,y1"),
  }),
  one({
    what: "outboxes of which something was given up",
    async prepare(store) {
      for (let slot = 1; slot <= 3; slot += 1) {
        await withOutbox(store, "x", slot);
        const states: OutboxEntryState[] = [PUBLISHED, { state: "dead", tries: 9 }];
        await store.markOutbox({ executionId: "x", slot, version: 0, states, givenUpAt: T0 + slot });
      }
    },
    last: (store) => withOutbox(store, "x", 4),
    run: (store) => pagesOf((from) => store.listOutboxes({ mark: "given up", limit: 2, ...from })),
    duringLag: marked("x1,x2,x3"),
  }),
];

export const staging = {
  execution: [
    one({
      what: "an execution",
      run: (store) => store.stageExecution(execution("x"), T0),
    }),
  ],
  payload: [one({ what: "a payload", run: (store) => store.stagePayload("x", "input-1", "[1]") })],
  outgoing: [one({ what: "an event", run: (store) => store.stageOutgoing(outgoing("e1"), T0) })],
};
