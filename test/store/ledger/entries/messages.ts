/** Messages, payloads, transactions and outboxes. */
import { shardOf } from "../../../../lib/model/ids.js";
import type { TransactionAction } from "../../../../lib/model/transaction.js";
import { STAGED_SLOT, stagedId } from "../../../../lib/store/outbox.js";
import { INDEX_SHARDS } from "../../../../lib/store/ports.js";
import { incompressible } from "../../../setup/text.js";
import { ACCOUNTS_TABLE, add } from "../../accounts.js";
import { commit, largeMessage, lease, message, outgoing, stepCompleted, T0 } from "../../builders.js";
import { type Entry, type Ground, LEASE, ordinary, start } from "../entry.js";

const PUBLISHED = [{ state: "published", tries: 1 }] as const;

const withEvent = ({ store, id }: Ground) =>
  store.appendCommit(commit(id, 1, { outgoing: [outgoing("0f8fad5b/e1")] }), T0);

/** More messages than the head keeps: the others are items. */
async function flooded(ground: Ground): Promise<void> {
  await start(ground);
  for (let index = 0; index < 8; index += 1)
    await ground.store.appendMessage(ground.id, message(`signal-${index}`));
}

const put = (id: string): TransactionAction => ({
  Put: { TableName: ACCOUNTS_TABLE, Item: { id, note: "x".repeat(900) } },
});

export const inboxEntries: readonly Entry[] = [
  {
    what: "a small message",
    of: ["appendMessage"],
    prepare: start,
    run: ({ store, id }) => store.appendMessage(id, message("bus-1")),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a small message that is there already",
    of: ["appendMessage"],
    async prepare(ground) {
      await start(ground);
      await ground.store.appendMessage(ground.id, message("bus-1"));
    },
    run: ({ store, id }) => store.appendMessage(id, message("bus-1")),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "a small message for which the head has no room",
    of: ["appendMessage"],
    prepare: flooded,
    run: ({ store, id }) => store.appendMessage(id, message("signal-8")),
    budget: { writes: 2, refused: 1, roundTrips: 3 },
  },
  {
    what: "a message of 4.6 KB that compress to 3.5 KB",
    of: ["appendMessage"],
    prepare: start,
    run: ({ store, id }) =>
      store.appendMessage(id, { ...largeMessage("m1", 0), data: incompressible(4_600) }),
    budget: { writes: 4 + 1, reads: 1, roundTrips: 3 },
  },
  {
    what: "a message of 3.5 KB that compress to less than one",
    of: ["appendMessage"],
    prepare: start,
    run: ({ store, id }) => store.appendMessage(id, largeMessage("m1", 3_500)),
    budget: { writes: 1 + 1, reads: 1, roundTrips: 3 },
  },
  {
    what: "a lease after 200 signals that nobody has drained",
    of: ["acquireLease"],
    async prepare(ground) {
      await start(ground);
      for (let index = 0; index < 200; index += 1)
        await ground.store.appendMessage(ground.id, message(`signal-${index}`));
    },
    run: ({ store, id }) =>
      store.acquireLease({
        executionId: id,
        seen: { epoch: 1, leaseToken: LEASE.token },
        ...lease("second"),
      }),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "10 messages of half a KB that are items",
    of: ["loadMessages"],
    async prepare(ground) {
      await start(ground);
      for (let index = 0; index < 10; index += 1)
        await ground.store.appendMessage(ground.id, largeMessage(`m${index}`, 500));
    },
    run: ({ store, id }) => store.loadMessages(id),
    budget: { reads: 2, roundTrips: 1 },
  },
  {
    what: "3 messages that are items, deleted",
    of: ["deleteMessages"],
    async prepare(ground) {
      await start(ground);
      for (let index = 0; index < 3; index += 1)
        await ground.store.appendMessage(ground.id, largeMessage(`m${index}`, 500));
    },
    run: ({ store, id }) => store.deleteMessages(id, ["m0", "m1", "m2"]),
    budget: { writes: 3, roundTrips: 3 },
  },
  {
    what: "a payload of 3.5 KB",
    of: ["putPayload"],
    run: ({ store, id }) => store.putPayload(id, "input-1", "x".repeat(3_500)),
    budget: { writes: 4, roundTrips: 1 },
  },
  {
    what: "a payload of 3.5 KB that is there already",
    of: ["putPayload"],
    prepare: ({ store, id }) => store.putPayload(id, "input-1", "x".repeat(3_500)),
    run: ({ store, id }) => store.putPayload(id, "input-1", "x".repeat(3_500)),
    budget: { refused: 4, roundTrips: 1 },
  },
  {
    what: "a payload of 3.5 KB, read",
    of: ["getPayload"],
    prepare: ({ store, id }) => store.putPayload(id, "input-1", "x".repeat(3_500)),
    run: ({ store, id }) => store.getPayload(id, "input-1"),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "an object, written, listed, read and deleted: nothing of DynamoDB's",
    of: ["putObject", "getObject", "listObjects", "deleteObjects"],
    async run({ store, id }) {
      await store.putObject(`${id}/input`, new Uint8Array(1_000_000));
      await store.listObjects(`${id}/`, 10);
      await store.getObject(`${id}/input`);
      await store.deleteObjects([`${id}/input`]);
    },
    budget: {},
  },
];

export const transactionEntries: readonly Entry[] = [
  {
    // DynamoDB Local counts one item of each table: with two items on one table it says 4 where AWS bills 6.
    what: "a transaction: 2 for each KB of the commit and of a user's item",
    of: ["commitTransaction"],
    run: ({ store, id }) => {
      const events = [stepCompleted("transaction/transfer", "x".repeat(300))];
      return store.commitTransaction(commit(id, 1, { events }), [put("tx-1"), put("tx-2")]);
    },
    budget: { writes: 4, roundTrips: 1 },
  },
  {
    what: "a transaction that a user's condition refuses, and the look at its slot",
    of: ["commitTransaction"],
    run: ({ store, id }) => store.commitTransaction(commit(id, 1), [add("nobody", 1)]),
    budget: { refused: 4, reads: 1, roundTrips: 2 },
  },
  {
    what: "what rides in a user's own transaction, made: nothing is called",
    of: ["stageExecution", "stagePayload", "stageOutgoing"],
    async run({ store, id }) {
      await store.stageExecution(ordinary(id), T0);
      await store.stagePayload(id, "input-1", "[1]");
      await store.stageOutgoing(outgoing(id), T0);
    },
    budget: {},
  },
];

export const outboxEntries: readonly Entry[] = [
  {
    what: "an outbox, read",
    of: ["readOutbox"],
    prepare: withEvent,
    run: ({ store, id }) => store.readOutbox(id, 1),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "an outbox that is published, and its mark removed",
    of: ["markOutbox"],
    prepare: withEvent,
    run: ({ store, id }) => store.markOutbox({ executionId: id, slot: 1, version: 0, states: PUBLISHED }),
    budget: { writes: 1, indexWrites: 1, roundTrips: 1 },
  },
  {
    what: "an outbox that is to be tried again, and its mark moved",
    of: ["markOutbox"],
    prepare: withEvent,
    run: ({ store, id }) => {
      const states = [{ state: "failed", tries: 1, lastError: "throttled" }] as const;
      return store.markOutbox({ executionId: id, slot: 1, version: 0, states, pendingAt: T0 + 1 });
    },
    budget: { writes: 1, indexWrites: 2, roundTrips: 1 },
  },
  {
    what: "an outbox that somebody else has marked",
    of: ["markOutbox"],
    async prepare(ground) {
      await withEvent(ground);
      await ground.store.markOutbox({ executionId: ground.id, slot: 1, version: 0, states: PUBLISHED });
    },
    run: ({ store, id }) =>
      store.markOutbox({
        executionId: id,
        slot: 1,
        version: 0,
        states: [{ state: "failed", tries: 1 }],
      }),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "what was staged and given up, deleted",
    of: ["deleteStaged"],
    async prepare({ store, id }) {
      const place = { executionId: stagedId(id), slot: STAGED_SLOT };
      await store.appendCommit(commit(place.executionId, place.slot, { outgoing: [outgoing("e1")] }), T0);
      const states = [{ state: "dead", tries: 9 }] as const;
      await store.markOutbox({ ...place, version: 0, states, givenUpAt: T0 });
    },
    run: ({ store, id }) => store.deleteStaged({ executionId: stagedId(id), slot: STAGED_SLOT, version: 1 }),
    budget: { writes: 1, indexWrites: 1, roundTrips: 1 },
  },
  {
    what: "a page of a shard's pending outboxes",
    of: ["listOutboxes"],
    prepare: withEvent,
    run: ({ store, id }) =>
      store.listOutboxes({ mark: "pending", shard: shardOf(id, INDEX_SHARDS), until: T0, limit: 25 }),
    budget: { reads: 0.5, roundTrips: 1 },
  },
];
