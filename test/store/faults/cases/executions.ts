/** Executions: their creation, lease, commits and settlement. */
import { newHead } from "../../../../lib/store/new-head.js";
import { add, open } from "../../accounts.js";
import {
  COMPLETED,
  commit,
  execution,
  FAILED,
  lease,
  message,
  outgoing,
  owned,
  redrive,
  STALLED,
  SUSPENDED,
  settled,
  settlementOf,
  stepCompleted,
  T0,
} from "../../builders.js";
import { one } from "../case.js";

/** The head as its creator, who owns it, knows it. */
const OWNED = newHead(execution("x", { lease: lease("first") }));

const WAITS = [{ name: "paid", key: "k", executionId: "x", op: "wait/1" }];

export const creation = [
  one({
    what: "an execution that its creator owns",
    run: (store) => store.createExecution(execution("x", { lease: lease("first") })),
  }),
  one({
    what: "an execution that is closed from the start",
    run: (store) => store.createExecution(execution("x", { closed: "cancelled" })),
  }),
  one({
    what: "an execution whose id is taken",
    prepare: (store) => store.createExecution(execution("x")),
    run: (store) => store.createExecution(execution("x", { createToken: "other" })),
  }),
];

export const reading = [
  one({
    what: "a head",
    prepare: (store) => store.createExecution(execution("x")),
    run: (store) => store.readHead("x"),
  }),
  one({ what: "a head that is not there", run: (store) => store.readHead("x") }),
];

export const failing = [
  one({
    what: "a lease whose owner's turn failed",
    prepare: (store) => owned(store, "x"),
    run: (store) => store.failLease("x", "first"),
  }),
  one({
    what: "a lease that somebody else holds by now",
    prepare: (store) => owned(store, "x"),
    run: (store) => store.failLease("x", "another"),
  }),
];

export const moving = [
  one({
    what: "an execution that is pinned as was seen",
    prepare: (store) => store.createExecution(execution("x", { pin: "worker:1" })),
    run: (store) => store.movePin({ executionId: "x", from: "worker:1", to: "next" }),
  }),
  one({
    what: "an execution that is pinned to something else by now",
    prepare: (store) => store.createExecution(execution("x", { pin: "worker:2" })),
    run: (store) => store.movePin({ executionId: "x", from: "worker:1", to: "next" }),
  }),
];

export const leasing = [
  one({
    what: "a lease that pins",
    prepare: (store) => store.createExecution(execution("x", { pin: "next" })),
    run: (store) =>
      store.acquireLease({ executionId: "x", seen: { epoch: 0 }, ...lease("a"), pin: "worker:1" }),
  }),
  one({
    what: "a lease that nobody holds",
    prepare: (store) => store.createExecution(execution("x")),
    run: (store) => store.acquireLease({ executionId: "x", seen: { epoch: 0 }, ...lease("a") }),
  }),
  one({
    what: "a lease of a holder that was seen",
    prepare: (store) => owned(store, "x"),
    run: (store) =>
      store.acquireLease({ executionId: "x", seen: { epoch: 1, leaseToken: "first" }, ...lease("b") }),
  }),
  one({
    what: "a lease that another was faster to take",
    prepare: (store) => owned(store, "x"),
    run: (store) => store.acquireLease({ executionId: "x", seen: { epoch: 0 }, ...lease("b") }),
  }),
  one({
    what: "a lease of a stalled execution",
    prepare: (store) => settled(store, "x", STALLED),
    run: (store) =>
      store.acquireLease({ executionId: "x", seen: { epoch: 1 }, ...lease("b"), evenStalled: true }),
  }),
];

export const loading = [
  one({
    what: "a history after a slot",
    async prepare(store) {
      for (let slot = 1; slot <= 9; slot += 1) await store.appendCommit(commit("x", slot));
    },
    run: (store) => store.loadHistory("x", 3),
  }),
];

export const salvaging = [
  one({
    what: "a history of which a commit is missing",
    async prepare(store) {
      for (const slot of [1, 2, 4, 5]) await store.appendCommit(commit("x", slot));
    },
    run: (store) => store.salvageHistory("x"),
  }),
];

export const appending = [
  one({ what: "a commit", run: (store) => store.appendCommit(commit("x", 1)) }),
  one({
    what: "a commit with outgoing events",
    run: (store) => store.appendCommit(commit("x", 1, { outgoing: [outgoing("e1")] }), T0 + 5),
  }),
  one({
    what: "a commit whose slot is taken",
    prepare: (store) => store.appendCommit(commit("x", 1, { token: "winner" })),
    run: (store) => store.appendCommit(commit("x", 1, { token: "loser" })),
  }),
];

/** The step that asked for it has attempts left. */
const isConflict = (answer: { readonly outcome: string; readonly reasons?: readonly { code: string }[] }) =>
  answer.reasons?.some(({ code }) => code === "TransactionConflict") === true;

export const transactions = [
  one({
    what: "a transaction",
    prepare: (store) => store.commitTransaction(commit("x", 1), [open("a", 10), open("b", 0)]),
    run: (store) =>
      store.commitTransaction(
        commit("x", 2, { outgoing: [outgoing("e1")] }),
        [add("a", -4), add("b", 4), open("c", 1)],
        T0,
      ),
    asksAgain: isConflict,
  }),
  one({
    what: "a transaction whose slot is taken",
    prepare: (store) => store.appendCommit(commit("x", 1, { token: "winner" })),
    run: (store) => store.commitTransaction(commit("x", 1), [open("a", 10)]),
  }),
  one({
    what: "a transaction that the user's own condition refuses",
    prepare: (store) => store.commitTransaction(commit("x", 1), [open("a", 1)]),
    run: (store) => store.commitTransaction(commit("x", 2), [add("a", -2)]),
    asksAgain: isConflict,
  }),
  one({
    what: "a transaction without actions",
    run: (store) => store.commitTransaction(commit("x", 1), []),
  }),
];

export const notingDutiesDone = [
  ...([COMPLETED, FAILED] as const).map((settlement) =>
    one({
      what: `of one that has ${settlement.status}`,
      prepare: (store) => settled(store, "x", { ...settlement, duties: ["children", "parent"] }),
      run: (store) => store.noteDutiesDone({ executionId: "x", status: settlement.status, epoch: 1 }),
    }),
  ),
  one({
    what: "of another end",
    prepare: (store) => settled(store, "x", { ...COMPLETED, duties: ["parent"] }),
    run: (store) => store.noteDutiesDone({ executionId: "x", status: "completed", epoch: 2 }),
  }),
];

export const settling = [
  one({
    what: "a suspension with its tail, its waits and the message that it has read",
    async prepare(store) {
      await owned(store, "x");
      await store.appendMessage("x", message("m1"));
    },
    run: (store) => {
      const tail = { slot: 1, events: [stepCompleted("s")] };
      const seen = { inboxSeq: 1, inboxItems: 0, drained: ["m1"] };
      const settlement = { status: "suspended", dueAt: T0 + 9_000 } as const;
      return store.settle(settlementOf(OWNED, settlement, { tail, waits: WAITS, ...seen }));
    },
  }),
  ...[COMPLETED, FAILED, STALLED].map((settlement) =>
    one({
      what: `a settlement as ${settlement.status}`,
      prepare: (store) => owned(store, "x"),
      run: (store) => store.settle(settlementOf(OWNED, settlement)),
    }),
  ),
  one({
    what: "a settlement that a new message refuses",
    async prepare(store) {
      await owned(store, "x");
      await store.appendMessage("x", message("m1"));
    },
    run: (store) => store.settle(settlementOf(OWNED, COMPLETED)),
  }),
  one({
    what: "a settlement of who is no owner any more",
    async prepare(store) {
      await owned(store, "x");
      await store.acquireLease({ executionId: "x", seen: { epoch: 1, leaseToken: "first" }, ...lease("b") });
    },
    run: (store) => store.settle(settlementOf(OWNED, COMPLETED)),
  }),
  one({
    what: "a settlement of more messages than one expression can name",
    async prepare(store) {
      await owned(store, "x");
      for (let index = 0; index < 4; index += 1) await store.appendMessage("x", message(`m${index}`));
    },
    run: (store) => {
      const drained = Array.from({ length: 60 }, (_, index) => `m${index}`);
      return store.settle(settlementOf(OWNED, SUSPENDED, { inboxSeq: 4, inboxItems: 0, drained }));
    },
  }),
];

export const reopening = [
  ...[FAILED, STALLED].map((settlement) =>
    one({
      what: `an execution that is ${settlement.status}`,
      prepare: (store) => settled(store, "x", settlement),
      run: (store) => store.reopen("x", { epoch: 1 }, redrive("r1")),
    }),
  ),
  one({
    what: "an execution that has nothing to go on from",
    prepare: (store) => settled(store, "x", COMPLETED),
    run: (store) => store.reopen("x", { epoch: 1 }, redrive("r1")),
  }),
];
