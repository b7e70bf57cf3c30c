/** What belongs together: whole runs, suspensions and resumes, events sent and waited for. */
import { app, event } from "holdfast";
import { lifecycleEvents } from "../../../../lib/decide/lifecycle.js";
import { deliver } from "../../../../lib/runtime/bus/deliver.js";
import { noting } from "../../../runtime/outsides.js";
import {
  COMPLETED,
  commit,
  lease,
  message,
  outgoing,
  recentEvent,
  SUSPENDED,
  settlementOf,
  stepCompleted,
  T0,
} from "../../builders.js";
import { type Entry, end, type Ground, LEASE, ordinary, start, started } from "../entry.js";

const PUBLISHED = [{ state: "published", tries: 1 }] as const;

async function resume({ store, id }: Ground): Promise<void> {
  await store.readHead(id);
  await store.acquireLease({ executionId: id, seen: { epoch: 1 }, ...lease("second") });
}

/** Three units to start, one for each step, and one to leave the index of what is open. */
const run = (steps: number): Entry => ({
  what: `a run of ${steps} ${steps === 1 ? "step" : "steps"}, one after the other, inline: ${steps} + 4`,
  of: ["createExecution", "appendCommit", "settle"],
  async run(ground) {
    const { store, id } = ground;
    await start(ground);
    for (let slot = 1; slot < steps; slot += 1) await store.appendCommit(commit(id, slot));
    const tail = { slot: steps, events: [stepCompleted(`step/${steps}`)] };
    await store.settle(settlementOf(started(id), COMPLETED, { slot: steps - 1, tail }));
  },
  budget: { writes: steps + 1, indexWrites: 3, roundTrips: steps + 1 },
});

const Paid = event<{ order: string; amount: number }>("paid", { key: ({ order }) => order });
const shop = app({ workflows: [], events: [Paid] });
const WAITERS = 20;

async function crowd({ store, id }: Ground, where?: string): Promise<void> {
  for (let index = 0; index < WAITERS; index++) {
    const executionId = `${id}/${index}`;
    await store.createExecution(ordinary(executionId));
    const condition = where === undefined ? {} : { where };
    await store.putWait({
      name: "paid",
      key: id,
      executionId,
      op: "wait:paid",
      createdAt: T0,
      epoch: 0,
      ...condition,
    });
  }
}

const delivery = ({ store, id }: Ground) =>
  deliver(noting(store).outside, shop, { dedupeId: "bus-1", name: "paid", detail: { order: id, amount: 1 } });

export const runEntries: readonly Entry[] = [
  ...[1, 3, 10, 100].map(run),
  {
    what: "a start through the queue, and its first lease: 3 + 1",
    of: ["createExecution", "readHead", "acquireLease"],
    async run({ store, id }) {
      await store.createExecution(ordinary(id));
      await store.readHead(id);
      await store.acquireLease({ executionId: id, seen: { epoch: 0 }, ...LEASE });
    },
    budget: { writes: 2, indexWrites: 2, reads: 1, roundTrips: 3 },
  },
  {
    what: "a resume: 1, and the look at the head",
    of: ["readHead", "acquireLease"],
    prepare: (ground) => end(ground, SUSPENDED),
    run: resume,
    budget: { writes: 1, reads: 1, roundTrips: 2 },
  },
  {
    what: "a step that sends an event, until it is published: 1 for the step, 3 for the event",
    of: ["appendCommit", "markOutbox"],
    async run({ store, id }) {
      await store.appendCommit(commit(id, 1, { outgoing: [outgoing("0f8fad5b/e1")] }), T0);
      await store.markOutbox({ executionId: id, slot: 1, version: 0, states: PUBLISHED });
    },
    budget: { writes: 2, indexWrites: 2, roundTrips: 2 },
  },
  {
    what: "an end that the bus is told of: its commit and the mark, beside the settlement",
    of: ["appendCommit", "markOutbox"],
    async run({ store, id }) {
      const at = T0;
      const end = { type: "ExecutionCompleted", at } as const;
      const sent = lifecycleEvents(
        { executionId: id, workflow: "order", epoch: 1, lifecycleEvents: ["completed"] },
        end,
      );
      await store.appendCommit(commit(id, 1, { events: [end], outgoing: sent }), T0);
      await store.markOutbox({ executionId: id, slot: 1, version: 0, states: PUBLISHED });
    },
    budget: { writes: 2, indexWrites: 2, roundTrips: 2 },
  },
  {
    what: "a wait for an event that comes later: wait, record, delivery, removal, resume",
    of: ["putWait", "findRecentEvents", "putRecentEvent", "findWaits", "appendMessage", "deleteWait"],
    async prepare(ground) {
      await end(ground, SUSPENDED);
      // An event of long ago, which its look back is billed for.
      await ground.store.putRecentEvent(recentEvent("bus-0", { key: ground.id, recordedAt: T0 - 1 }));
    },
    async run(ground) {
      const { store, id } = ground;
      const subject = { name: "payment.completed", key: id };
      await store.putWait({ ...subject, executionId: id, op: "wait/1", createdAt: T0, epoch: 1 });
      await store.findRecentEvents({ ...subject, since: T0 });
      await store.putRecentEvent(recentEvent("bus-1", subject));
      await store.findWaits({ ...subject, limit: 100 });
      await store.appendMessage(id, message("bus-1"));
      await resume(ground);
      await store.deleteWait({ ...subject, executionId: id, op: "wait/1", createdAt: T0, epoch: 2 });
    },
    budget: { writes: 5, reads: 3, roundTrips: 8 },
  },
  {
    what: `an event delivered to ${WAITERS} waits: its record, and an inbox each`,
    of: ["putRecentEvent", "findWaits", "appendMessage"],
    prepare: (ground) => crowd(ground),
    run: delivery,
    budget: { writes: WAITERS + 1, reads: 2, roundTrips: WAITERS + 2 },
  },
  {
    what: `an event that none of ${WAITERS} conditions accepts: its record, and a look`,
    of: ["putRecentEvent", "findWaits"],
    prepare: (ground) => crowd(ground, '{"amount":[2]}'),
    run: delivery,
    budget: { writes: 1, reads: 2, roundTrips: 2 },
  },
];
