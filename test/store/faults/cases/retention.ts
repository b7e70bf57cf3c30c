/** Deleting closed executions. */
import { expect } from "vitest";
import { type AsClosed, INDEX_SHARDS, type Store } from "../../../../lib/store/ports.js";
import { COMPLETED, commit, outgoing, settled, T0 } from "../../builders.js";
import { one } from "../case.js";

const CLOSED: AsClosed = { executionId: "x", status: "completed", closedAt: T0 + 1_000 };
const DELETED_AT = T0 + 5_000;

/** A closed execution with a few items beside its head. */
async function closed(store: Store): Promise<void> {
  await settled(store, "x", COMPLETED);
  for (let slot = 1; slot <= 4; slot += 1) await store.appendCommit(commit("x", slot));
  await store.putPayload("x", "input", "large");
}

async function marked(store: Store): Promise<void> {
  await closed(store);
  await store.beginDeletion(CLOSED, DELETED_AT);
}

const createdInAllShards = async (store: Store): Promise<string[]> => {
  const shards = Array.from({ length: INDEX_SHARDS }, (_, shard) => shard);
  const pages = await Promise.all(
    shards.map((shard) => store.listCreated({ workflow: "order-saga", shard, until: T0 * 2, limit: 2 })),
  );
  return pages.flatMap(({ items }) => items.map(({ executionId }) => executionId));
};

export const listingCreated = [
  one({
    what: "those of a workflow, in every shard",
    async prepare(store) {
      for (const id of ["a", "b"]) await settled(store, id, COMPLETED);
    },
    last: (store) => settled(store, "c", COMPLETED),
    run: createdInAllShards,
    // It may lack what is new: that is of no age to be deleted.
    async duringLag(found) {
      expect(["a", "b", "c"]).toEqual(expect.arrayContaining(found));
    },
  }),
];

export const readingCommits = [
  one({
    what: "a page of a history",
    prepare: closed,
    run: (store) => store.readCommits({ executionId: "x", afterSlot: 1, limit: 2 }),
  }),
];

export const surveying = [
  one({ what: "an execution with items", prepare: closed, run: (store) => store.surveyItems("x") }),
  one({
    what: "an execution of which something is still to be carried",
    async prepare(store) {
      await closed(store);
      await store.appendCommit(commit("x", 5, { outgoing: [outgoing("e1")] }), T0);
    },
    run: (store) => store.surveyItems("x"),
  }),
  one({ what: "an execution that is not there", run: (store) => store.surveyItems("x") }),
];

export const beginningDeletions = [
  one({ what: "of a closed one", prepare: closed, run: (store) => store.beginDeletion(CLOSED, DELETED_AT) }),
  one({
    what: "of one that ended at another time",
    prepare: closed,
    run: (store) => store.beginDeletion({ ...CLOSED, closedAt: T0 }, DELETED_AT),
  }),
];

export const deletingItems = [
  one({
    what: "of a marked one",
    prepare: marked,
    run: (store) => store.deleteItems({ executionId: "x", deletedAt: DELETED_AT, limit: 100 }),
    // What a call whose reply was lost has deleted is not there to be counted.
    means: ({ done }) => done,
    asksAgain: ({ done }) => !done,
  }),
  one({
    what: "of one that bears another mark",
    prepare: marked,
    run: (store) => store.deleteItems({ executionId: "x", deletedAt: T0, limit: 100 }),
  }),
];

export const deletingHeads = [
  one({
    what: "the last that is left",
    async prepare(store) {
      await settled(store, "x", COMPLETED);
      await store.beginDeletion(CLOSED, DELETED_AT);
    },
    run: (store) => store.deleteHead({ ...CLOSED, deletedAt: DELETED_AT }),
  }),
  one({
    what: "of one that ended at another time",
    prepare: (store) => settled(store, "x", COMPLETED),
    run: (store) => store.deleteHead({ ...CLOSED, closedAt: T0 }),
  }),
];
