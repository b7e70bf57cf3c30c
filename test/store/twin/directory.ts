/** Outboxes, the directory, lists and retention: what the relay, deliver, the audit and people ask. */
import type { OutboxMark } from "../../../lib/store/ports.js";
import { recentEvent, T0 } from "../builders.js";
import { type Choices, IDS, instant, STAGED, text } from "./choices.js";
import type { Dice } from "./dice.js";
import { call, type Operation, pages } from "./operation.js";

const STATES = ["pending", "processing", "published", "published", "failed", "dead", "invalid"] as const;

export const outboxOperations: readonly ((choices: Choices) => Operation)[] = [
  (choices) => call("readOutbox", ...place(choices)),
  (choices) => call("readOutbox", ...place(choices)),
  mark,
  mark,
  mark,
  ({ dice }) =>
    call("deleteStaged", { executionId: dice.pick([...STAGED, "a"]), slot: 1, version: dice.below(3) }),
  ({ dice, slot, shard }) => {
    const request = {
      mark: dice.pick<OutboxMark>(["pending", "given up"]),
      limit: 1 + dice.below(4),
      ...dice.maybe(50, { shard }),
      ...dice.maybe(70, { until: T0 + slot }),
    };
    return pages(
      "listOutboxes",
      request,
      (store, from) => store.listOutboxes({ ...request, ...from }),
      "unordered",
    );
  },
];

/** Of a commit; now and then of a head, or of what was staged. */
function place({ id, slot, dice }: Choices): [executionId: string, slot: number] {
  if (dice.chance(20)) return [dice.pick(STAGED), 1];
  return [id, dice.chance(10) ? 0 : slot];
}

/** Mostly of one that was read, as it was read. */
function mark(choices: Choices): Operation {
  const { dice, outbox } = choices;
  const [executionId, slot] = place(choices);
  const read =
    outbox !== undefined && dice.chance(80)
      ? {
          executionId: outbox.executionId,
          slot: outbox.slot,
          version: outbox.version,
          many: outbox.states.length,
        }
      : { executionId, slot, version: dice.below(3), many: dice.pick([1, 1, 2, 10]) };
  const { many, ...asRead } = read;
  const published = dice.chance(30);
  const states = Array.from({ length: many }, () => ({
    state: published ? "published" : dice.pick(STATES),
    tries: 1 + dice.below(2),
    ...dice.maybe(30, { lastError: text(dice, [500, 5_000]) }),
    ...dice.maybe(10, { claim: "c1" }),
  }));
  // A head's wake is never given up.
  const givenUp = asRead.slot === 0 ? {} : { givenUpAt: instant(dice, 5) };
  return call("markOutbox", {
    ...asRead,
    states,
    ...dice.pick([{ pendingAt: instant(dice, 5) }, givenUp, {}, {}]),
  });
}

export const directoryOperations: readonly ((choices: Choices) => Operation)[] = [
  ({ id, dice, slot }) => {
    const wait = {
      ...subject(dice),
      executionId: id,
      op: `w${1 + (slot % 2)}`,
      createdAt: instant(dice, 2),
      epoch: dice.below(3),
    };
    const more = {
      ...dice.maybe(40, { until: instant(dice) }),
      ...dice.maybe(30, { where: text(dice, [1_000]) }),
    };
    return dice.chance(60) ? call("putWait", { ...wait, ...more }) : call("deleteWait", wait);
  },
  ({ id, dice, slot }) => call("readWait", { ...subject(dice), executionId: id, op: `w${1 + (slot % 2)}` }),
  ({ dice }) => {
    const request = { ...subject(dice), limit: 1 + dice.below(5) };
    return pages(
      "findWaits",
      request,
      (store, from) => store.findWaits({ ...request, ...from }),
      "unordered",
    );
  },
  ({ dice }) => {
    const { key: _key, ...event } = recentEvent(`r${dice.below(6)}`, {
      recordedAt: instant(dice),
      data: text(dice, [1_000, 4_000, 390 * 1024 - 120]),
    });
    return call("putRecentEvent", {
      ...event,
      ...dice.maybe(50, { key: "k" }),
      ...dice.maybe(20, { target: "a" }),
    });
  },
  ({ dice }) =>
    call("findRecentEvents", {
      name: "payment.completed",
      ...dice.maybe(50, { key: "k" }),
      since: instant(dice),
    }),
  ({ dice }) => call("readCursor", `c${dice.below(2)}`),
  ({ dice, token }) => call("saveCursor", `c${dice.below(2)}`, token, dice.below(3)),
  ({ dice }) =>
    call("putDefinition", {
      ...definition(dice),
      recordedAt: instant(dice),
      source: text(dice, [4_000, 350 * 1024]),
    }),
  ({ dice }) => call("getDefinition", workflow(dice), hash(dice)),
  ({ dice }) => {
    const request = { workflow: workflow(dice), limit: 1 + dice.below(3) };
    return pages("listDefinitions", request, (store, from) => store.listDefinitions({ ...request, ...from }));
  },
  ({ dice }) => call("readCurrentDefinition", workflow(dice)),
  ({ dice }) =>
    call("setCurrentDefinition", { ...definition(dice), since: instant(dice), revision: 1 + dice.below(3) }),
  ({ dice }) => {
    const request = { limit: 1 + dice.below(3) };
    return pages("listCurrentDefinitions", request, (store, from) =>
      store.listCurrentDefinitions({ ...request, ...from }),
    );
  },
  ({ dice }) => call("readFirings", `f${dice.below(2)}`),
  ({ dice }) =>
    call("saveFirings", {
      schedule: `f${dice.below(2)}`,
      decidedFor: instant(dice, 3),
      started: {
        scheduledFor: T0,
        workflow: "order-saga",
        executionId: dice.pick(IDS),
        at: instant(dice, 2),
      },
      skipped: dice.below(2),
      revision: 1 + dice.below(3),
      ...dice.maybe(30, { latest: "d" }),
    }),
];

export const listingOperations: readonly ((choices: Choices) => Operation)[] = [
  ({ dice, shard }) => {
    const request = { shard, limit: 1 + dice.below(4) };
    return pages("listOpen", request, (store, from) => store.listOpen({ ...request, ...from }));
  },
  list,
  list,
  ({ dice }) => call("countExecutions", filterOf(dice)),
  ({ dice }) => {
    const request = {
      ...subject(dice),
      now: instant(dice),
      limit: 1 + dice.below(5),
      ...(dice.chance(50) ? { keyed: dice.chance(50) } : {}),
    };
    // Where the waits of a type have no order, what is left of a page of them has no length either.
    return pages(
      "listWaiting",
      request,
      (store, from) => store.listWaiting({ ...request, ...from }),
      "as a whole",
    );
  },
  ({ dice, id, head, shard }) =>
    call("listCreated", {
      workflow: "order-saga",
      shard,
      until: instant(dice, 30),
      limit: 1 + dice.below(3),
      ...(head !== undefined && dice.chance(30)
        ? { after: { executionId: id, createdAt: head.createdAt } }
        : {}),
    }),
];

function list({ dice }: Choices): Operation {
  const request = { ...filterOf(dice), limit: 1 + dice.below(4) };
  return pages("listExecutions", request, (store, from) => store.listExecutions({ ...request, ...from }));
}

function filterOf(dice: Dice) {
  const statuses = (["suspended", "completed", "failed", "stalled", "running"] as const).map((status) => ({
    status,
  }));
  return {
    ...dice.maybe(60, { workflow: "order-saga" }),
    ...dice.maybe(40, { application: "one" }),
    ...dice.maybe(20, { pipelineConfigId: "p-1" }),
    ...dice.pick([{}, { status: ["suspended", "failed"] as const }, ...statuses]),
    ...dice.maybe(20, { dueBefore: instant(dice, 10) }),
    ...dice.maybe(20, { leaseExpiredBefore: T0 + 59_999 + dice.below(3) }),
    ...dice.maybe(30, { createdAfter: instant(dice, 30) }),
    ...dice.maybe(30, { createdBefore: instant(dice, 30) }),
  };
}

export const retentionOperations: readonly ((choices: Choices) => Operation)[] = [
  ({ id }) => call("surveyItems", id),
  (choices) => call("beginDeletion", closedAs(choices), instant(choices.dice)),
  ({ id, head, dice }) =>
    call("deleteItems", {
      executionId: id,
      deletedAt: head?.deletedAt ?? instant(dice),
      limit: 1 + dice.below(6),
    }),
  ({ id, head, dice }) =>
    call("deleteItems", {
      executionId: id,
      deletedAt: head?.deletedAt ?? instant(dice),
      limit: 1 + dice.below(6),
    }),
  (choices) => {
    const { head, dice } = choices;
    const marked = dice.chance(80) && head?.deletedAt !== undefined ? { deletedAt: head.deletedAt } : {};
    return call("deleteHead", { ...closedAs(choices), ...marked });
  },
];

/** As it was read, if it had ended by then. */
function closedAs({ id, head, dice }: Choices) {
  const status = dice.pick(["completed", "failed", "cancelled", "terminated"] as const);
  return {
    executionId: id,
    status:
      head?.status === "completed" || head?.status === "failed" || head?.status === "cancelled"
        ? head.status
        : status,
    closedAt: head?.closedAt ?? T0,
  };
}

function subject(dice: Dice) {
  return { name: "n", ...dice.maybe(50, { key: "k" }) };
}

function workflow(dice: Dice): string {
  return dice.pick(["order-saga", "refund", "x#y"]);
}

function hash(dice: Dice): string {
  return `h${dice.below(3)}`;
}

function definition(dice: Dice) {
  return { workflow: workflow(dice), hash: hash(dice), ...dice.maybe(30, { version: "2" }) };
}
