/** The deletion of executions that have ended. */
import { shardOf } from "../../../../lib/model/ids.js";
import { INDEX_SHARDS } from "../../../../lib/store/ports.js";
import { commit, T0 } from "../../builders.js";
import { type Entry, end, type Ground } from "../entry.js";

const AT = T0 + 60_000;
const CLOSED_AT = T0 + 1_000;
const CLOSED = { status: "completed", closedAt: CLOSED_AT } as const;

const asClosed = (executionId: string) => ({ executionId, ...CLOSED });

/** A completed execution of eleven items: ten commits, and a payload. */
async function closed(ground: Ground): Promise<void> {
  const { store, id } = ground;
  await end(ground, CLOSED);
  for (let slot = 1; slot <= 10; slot += 1) await store.appendCommit(commit(id, slot));
  await store.putPayload(id, "input-1", "[1]");
}

export const retentionEntries: readonly Entry[] = [
  {
    what: "an execution of 11 items and a head, deleted: 1 for each, the mark, and its index entry",
    of: ["surveyItems", "beginDeletion", "deleteItems", "deleteHead"],
    prepare: closed,
    async run({ store, id }) {
      await store.surveyItems(id);
      await store.beginDeletion(asClosed(id), AT);
      await store.deleteItems({ executionId: id, deletedAt: AT, limit: 500 });
      await store.deleteHead({ ...asClosed(id), deletedAt: AT });
    },
    budget: { writes: 11 + 1 + 1, indexWrites: 1, reads: 3, roundTrips: 16 },
  },
  {
    what: "an execution without items, deleted",
    of: ["surveyItems", "deleteHead"],
    prepare: (ground) => end(ground, CLOSED),
    async run({ store, id }) {
      await store.surveyItems(id);
      await store.deleteHead(asClosed(id));
    },
    budget: { writes: 1, indexWrites: 1, reads: 1, roundTrips: 3 },
  },
  {
    what: "a page of what was created in a shard, oldest first",
    of: ["listCreated"],
    prepare: (ground) => end(ground, CLOSED),
    run: ({ store, id }) =>
      store.listCreated({ workflow: "order-saga", shard: shardOf(id, INDEX_SHARDS), until: T0, limit: 1 }),
    budget: { reads: 0.5, roundTrips: 1 },
  },
];
