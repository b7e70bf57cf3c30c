/** The directory: waits, recent events, cursors, definitions; and listings. */
import { shardOf } from "../../../../lib/model/ids.js";
import {
  BROADCAST_SHARDS,
  INDEX_SHARDS,
  type NewDefinition,
  type WaitRecord,
} from "../../../../lib/store/ports.js";
import { recentEvent, SUSPENDED, settlementOf, T0 } from "../../builders.js";
import { type Entry, type Ground, ordinary, start, started } from "../entry.js";

const NAME = "payment.completed";

const wait = (id: string, epoch = 1): WaitRecord => ({
  name: NAME,
  key: id,
  executionId: id,
  op: "wait/1",
  createdAt: T0,
  epoch,
});

const keyless = (id: string) => {
  const { key: _key, ...event } = recentEvent(id);
  return event;
};

/** Of a query that finds nothing DynamoDB Local reports nothing, where AWS bills the least. */
const inEveryShard = (prefix: string): string[] =>
  Array.from({ length: BROADCAST_SHARDS }, (_, shard) => {
    for (let index = 0; ; index += 1) {
      const id = `${prefix}${index}`;
      if (shardOf(id, BROADCAST_SHARDS) === shard) return id;
    }
  });

export const directoryEntries: readonly Entry[] = [
  {
    what: "a wait's record",
    of: ["putWait"],
    run: ({ store, id }) => store.putWait(wait(id)),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a wait's record, removed",
    of: ["deleteWait"],
    prepare: ({ store, id }) => store.putWait(wait(id)),
    run: ({ store, id }) => store.deleteWait(wait(id)),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a wait's record that a later owner has registered",
    of: ["deleteWait"],
    prepare: ({ store, id }) => store.putWait(wait(id, 2)),
    run: ({ store, id }) => store.deleteWait(wait(id)),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "the waits for an event with a key",
    of: ["findWaits"],
    prepare: ({ store, id }) => store.putWait(wait(id)),
    run: ({ store, id }) => store.findWaits({ name: NAME, key: id, limit: 100 }),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "the waits for an event without a key: all shards",
    of: ["findWaits"],
    async prepare({ store, id }) {
      for (const executionId of inEveryShard("x"))
        await store.putWait({ name: id, executionId, op: "wait/1", createdAt: T0, epoch: 1 });
    },
    run: ({ store, id }) => store.findWaits({ name: id, limit: 100 }),
    budget: { reads: 8, roundTrips: 8 },
  },
  {
    what: "the record of an event with a key",
    of: ["putRecentEvent"],
    run: ({ store, id }) => store.putRecentEvent(recentEvent("bus-1", { key: id })),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "the record of an event with a key that came before",
    of: ["putRecentEvent"],
    prepare: ({ store, id }) => store.putRecentEvent(recentEvent("bus-1", { key: id })),
    run: ({ store, id }) => store.putRecentEvent(recentEvent("bus-1", { key: id })),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "the record of an event without a key: its id, and its place in time",
    of: ["putRecentEvent"],
    run: ({ store, id }) => store.putRecentEvent(keyless(id)),
    budget: { writes: 2, roundTrips: 2 },
  },
  {
    what: "a look back at events with a key",
    of: ["findRecentEvents"],
    prepare: ({ store, id }) => store.putRecentEvent(recentEvent("bus-1", { key: id })),
    run: ({ store, id }) => store.findRecentEvents({ name: NAME, key: id, since: T0 }),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "a look back at events without a key: all shards",
    of: ["findRecentEvents"],
    async prepare({ store, id }) {
      for (const one of inEveryShard("bus-")) await store.putRecentEvent({ ...keyless(one), name: id });
    },
    run: ({ store, id }) => store.findRecentEvents({ name: id, since: T0 }),
    budget: { reads: 8, roundTrips: 8 },
  },
  {
    what: "a cursor, saved",
    of: ["saveCursor"],
    run: ({ store, id }) => store.saveCursor(id, "here", 0),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a cursor that another audit has saved",
    of: ["saveCursor"],
    prepare: ({ store, id }) => store.saveCursor(id, "there", 0),
    run: ({ store, id }) => store.saveCursor(id, "here", 0),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "a cursor, read",
    of: ["readCursor"],
    prepare: ({ store, id }) => store.saveCursor(id, "here", 0),
    run: ({ store, id }) => store.readCursor(id),
    budget: { reads: 1, roundTrips: 1 },
  },
];

const definition = (workflow: string): NewDefinition => ({
  workflow,
  hash: "9f86d081884c7d659a2f",
  recordedAt: T0,
  source: "async (ctx) => ctx.step('a', () => 1)",
});

const current = (workflow: string) => ({ workflow, hash: "9f86d081884c7d659a2f", since: T0, revision: 1 });

export const definitionEntries: readonly Entry[] = [
  {
    what: "a workflow's new code, recorded: its source, and that it is the one now",
    of: ["putDefinition", "readCurrentDefinition", "setCurrentDefinition"],
    async run({ store, id }) {
      await store.readCurrentDefinition(id);
      await store.putDefinition(definition(id));
      await store.setCurrentDefinition(current(id));
    },
    budget: { writes: 2, reads: 1, roundTrips: 3 },
  },
  {
    what: "a workflow's code that is known: a look",
    of: ["readCurrentDefinition"],
    prepare: ({ store, id }) => store.setCurrentDefinition(current(id)),
    run: ({ store, id }) => store.readCurrentDefinition(id),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "a definition and its source, read",
    of: ["getDefinition"],
    prepare: ({ store, id }) => store.putDefinition(definition(id)),
    run: ({ store, id }) => store.getDefinition(id, definition(id).hash),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "a page of a workflow's definitions",
    of: ["listDefinitions"],
    prepare: ({ store, id }) => store.putDefinition(definition(id)),
    run: ({ store, id }) => store.listDefinitions({ workflow: id, limit: 20 }),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "a page of the workflows that were ever recorded",
    of: ["listCurrentDefinitions"],
    prepare: ({ store, id }) => store.setCurrentDefinition(current(id)),
    run: ({ store }) => store.listCurrentDefinitions({ limit: 20 }),
    budget: { reads: 1, roundTrips: 1 },
  },
];

export const firingEntries: readonly Entry[] = [
  {
    what: "a schedule's firing, decided on",
    of: ["readFirings", "saveFirings"],
    async run({ store, id }) {
      await store.readFirings(id);
      await store.saveFirings({
        schedule: id,
        decidedFor: T0,
        started: {
          scheduledFor: T0,
          workflow: "nightly-report",
          executionId: `${id}@2026-01-31T08:00:00Z`,
          at: T0,
        },
        skipped: 0,
        revision: 1,
      });
    },
    budget: { writes: 1, reads: 1, roundTrips: 2 },
  },
];

async function waiting(ground: Ground): Promise<void> {
  const { store, id } = ground;
  const { epoch: _epoch, ...key } = wait(id);
  await start(ground);
  await store.putWait(wait(id));
  await store.settle(settlementOf(started(id), SUSPENDED, { waits: [key] }));
}

export const listingEntries: readonly Entry[] = [
  {
    what: "a page of 10 of a workflow: eight shards of the index, and one batch of heads",
    of: ["listExecutions"],
    async prepare({ store }) {
      for (const [index, id] of [...inEveryShard("listed-"), "y1", "y2"].entries())
        await store.createExecution(ordinary(id, { workflow: "listed", createdAt: T0 + index }));
    },
    run: ({ store }) => store.listExecutions({ workflow: "listed", limit: 10 }),
    budget: { reads: 8 * 0.5 + 10, roundTrips: 9 },
  },
  {
    what: "a count that the index decides: eight shards, and no head",
    of: ["countExecutions"],
    async prepare({ store }) {
      for (const id of inEveryShard("counted-"))
        await store.createExecution(ordinary(id, { workflow: "counted" }));
    },
    run: ({ store }) => store.countExecutions({ workflow: "counted", createdAfter: T0 }),
    budget: { reads: 8 * 0.5, roundTrips: 8 },
  },
  {
    what: "who waits for an event of a key: the wait, and its head",
    of: ["listWaiting", "readWait"],
    prepare: waiting,
    run: ({ store, id }) => store.listWaiting({ name: NAME, key: id, now: T0, limit: 10 }),
    budget: { reads: 2, roundTrips: 2 },
  },
  {
    what: "a wait's record, read",
    of: ["readWait"],
    prepare: ({ store, id }) => store.putWait(wait(id)),
    run: ({ store, id }) => store.readWait(wait(id)),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "a page of the open executions of one shard",
    of: ["listOpen"],
    prepare: start,
    run: ({ store, id }) => store.listOpen({ shard: shardOf(id, INDEX_SHARDS), limit: 25 }),
    budget: { reads: 0.5, roundTrips: 1 },
  },
];
