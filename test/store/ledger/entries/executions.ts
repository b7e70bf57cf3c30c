/** Executions: starts, leases, histories, commits, settlements. */
import { compress } from "../../../../lib/model/compression.js";
import { incompressible } from "../../../setup/text.js";
import {
  COMPLETED,
  commit,
  FAILED,
  lease,
  message,
  outgoing,
  redrive,
  STALLED,
  SUSPENDED,
  settlementOf,
  stepCompleted,
  T0,
} from "../../builders.js";
import { type Entry, end, LEASE, ordinary, start, started } from "../entry.js";

const HELD = { epoch: 1, leaseToken: LEASE.token };

/** Ten steps that end together, whose results compress to three quarters. */
export const PARALLEL = Array.from({ length: 10 }, (_, index) =>
  stepCompleted(`step/${index}`, incompressible(4_000).slice(index * 400, index * 400 + 400)),
);
export const PARALLEL_KB = Math.ceil((compress(JSON.stringify(PARALLEL)).length + 150) / 1024);

const TAIL = { slot: 1, events: [stepCompleted("step/charge", "x".repeat(100))] };

export const executionEntries: readonly Entry[] = [
  {
    what: "start: the head and its two index entries",
    of: ["createExecution"],
    run: start,
    budget: { writes: 1, indexWrites: 2, roundTrips: 1 },
  },
  {
    what: "start of a child, with parent, deadline and flags",
    of: ["createExecution"],
    run: ({ store, id }) => {
      const parent = { executionId: `${id}/parent`, op: "child:ship-the-order" };
      return store.createExecution(ordinary(id, { parent, deadline: T0, flags: [1, 2], lease: LEASE }));
    },
    budget: { writes: 1, indexWrites: 2, roundTrips: 1 },
  },
  {
    what: "start under an application and a pipeline configuration",
    of: ["createExecution"],
    run: ({ store, id }) =>
      store.createExecution(ordinary(id, { application: "shop", pipelineConfigId: "nightly" })),
    budget: { writes: 1, indexWrites: 4, roundTrips: 1 },
  },
  {
    what: "start under an id that is taken",
    of: ["createExecution"],
    prepare: start,
    run: ({ store, id }) => store.createExecution(ordinary(id, { createToken: "other" })),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "a look at a head",
    of: ["readHead"],
    prepare: start,
    run: ({ store, id }) => store.readHead(id),
    budget: { reads: 1, roundTrips: 1 },
  },
  {
    what: "a lease",
    of: ["acquireLease"],
    prepare: start,
    run: ({ store, id }) => store.acquireLease({ executionId: id, seen: HELD, ...lease("second") }),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a lease whose owner's turn failed, marked",
    of: ["failLease"],
    prepare: start,
    run: ({ store, id }) => store.failLease(id, HELD.leaseToken),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a pinned execution, moved to the latest code",
    of: ["movePin"],
    prepare: ({ store, id }) => store.createExecution(ordinary(id, { pin: "worker:1" })),
    run: ({ store, id }) => store.movePin({ executionId: id, from: "worker:1", to: "next" }),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a lease that another was faster to take",
    of: ["acquireLease"],
    prepare: start,
    run: ({ store, id }) => store.acquireLease({ executionId: id, seen: { epoch: 0 }, ...lease("second") }),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "a history of 100 commits of about 180 bytes",
    of: ["loadHistory"],
    async prepare({ store, id }) {
      for (let slot = 1; slot <= 100; slot += 1) await store.appendCommit(commit(id, slot));
    },
    run: ({ store, id }) => store.loadHistory(id, 0),
    budget: { reads: 5, roundTrips: 1 },
  },
  {
    what: "a page of 100 commits of a history, for an export",
    of: ["readCommits"],
    async prepare({ store, id }) {
      for (let slot = 1; slot <= 100; slot += 1) await store.appendCommit(commit(id, slot));
    },
    run: ({ store, id }) => store.readCommits({ executionId: id, afterSlot: 0, limit: 100 }),
    budget: { reads: 5, roundTrips: 1 },
  },
  {
    what: "what can be read of a history of 100 commits",
    of: ["salvageHistory"],
    async prepare({ store, id }) {
      for (let slot = 1; slot <= 100; slot += 1) await store.appendCommit(commit(id, slot));
    },
    run: ({ store, id }) => store.salvageHistory(id),
    budget: { reads: 5, roundTrips: 1 },
  },
  {
    what: "a commit of up to 1 KB",
    of: ["appendCommit"],
    run: ({ store, id }) =>
      store.appendCommit(commit(id, 1, { events: [stepCompleted("step/charge", "x".repeat(700))] })),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "10 parallel steps that end together, 4.4 KB that compress to 3.4 KB",
    of: ["appendCommit"],
    run: ({ store, id }) => store.appendCommit(commit(id, 1, { events: PARALLEL })),
    budget: { writes: PARALLEL_KB, roundTrips: 1 },
  },
  {
    what: "a commit with an event, which is marked as pending",
    of: ["appendCommit"],
    run: ({ store, id }) => store.appendCommit(commit(id, 1, { outgoing: [outgoing("0f8fad5b/e1")] }), T0),
    budget: { writes: 1, indexWrites: 1, roundTrips: 1 },
  },
  {
    what: "a commit whose slot another owner has taken",
    of: ["appendCommit"],
    prepare: ({ store, id }) => store.appendCommit(commit(id, 1, { token: "winner" })),
    run: ({ store, id }) => store.appendCommit(commit(id, 1)),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "a suspension with its last step",
    of: ["settle"],
    prepare: start,
    run: ({ store, id }) =>
      store.settle(settlementOf(started(id), { status: "suspended", dueAt: T0 }, { tail: TAIL })),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "a suspension that names as much of what is awaited as there is room for, and the next lease",
    of: ["settle", "acquireLease"],
    prepare: start,
    async run({ store, id }) {
      const first = Array.from({ length: 6 }, (_, index) => ({ op: `signal:approval-${index}`, dueAt: T0 }));
      const awaits = { first, count: 1_000 };
      const settlement = { status: "suspended", dueAt: T0, awaits } as const;
      await store.settle(settlementOf(started(id), settlement, { tail: TAIL }));
      return store.acquireLease({ executionId: id, seen: { epoch: 1 }, ...lease("next") });
    },
    budget: { writes: 2, roundTrips: 2 },
  },
  {
    what: "a completion with its last step, and its index entry removed",
    of: ["settle"],
    prepare: start,
    run: ({ store, id }) => store.settle(settlementOf(started(id), COMPLETED, { tail: TAIL })),
    budget: { writes: 1, indexWrites: 1, roundTrips: 1 },
  },
  ...[FAILED, STALLED].map(
    (settlement): Entry => ({
      what: `a settlement as ${settlement.status}, and its index entry moved`,
      of: ["settle"],
      prepare: start,
      run: ({ store, id }) => store.settle(settlementOf(started(id), settlement)),
      budget: { writes: 1, indexWrites: 2, roundTrips: 1 },
    }),
  ),
  {
    what: "a completion with closing duties, which stays where it is listed",
    of: ["settle"],
    prepare: start,
    run: ({ store, id }) => store.settle(settlementOf(started(id), { ...COMPLETED, duties: ["parent"] })),
    budget: { writes: 1, roundTrips: 1 },
  },
  {
    what: "that all of them are done, and its index entry removed",
    of: ["noteDutiesDone"],
    prepare: (ground) => end(ground, { ...COMPLETED, duties: ["parent"] }),
    run: ({ store, id }) => store.noteDutiesDone({ executionId: id, status: "completed", epoch: 1 }),
    budget: { writes: 1, indexWrites: 1, roundTrips: 1 },
  },
  {
    what: "a settlement that a new message refuses",
    of: ["settle"],
    async prepare(ground) {
      await start(ground);
      await ground.store.appendMessage(ground.id, message("bus-1"));
    },
    run: ({ store, id }) => store.settle(settlementOf(started(id), SUSPENDED)),
    budget: { refused: 1, roundTrips: 1 },
  },
  {
    what: "a redrive, and its index entry moved",
    of: ["reopen"],
    prepare: (ground) => end(ground, FAILED),
    run: ({ store, id }) => store.reopen(id, { epoch: 1 }, redrive("r1", { reason: "the bank is back" })),
    budget: { writes: 1, indexWrites: 2, roundTrips: 1 },
  },
];
