/** Starts, leases, commits, settlements, messages and payloads: what owners and senders ask of an execution. */
import type { Head } from "../../../lib/model/head.js";
import type { NewExecution, Settlement, SettleRequest } from "../../../lib/store/ports.js";
import { add, close, holds, open } from "../accounts.js";
import {
  COMPLETED,
  commit,
  execution,
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
} from "../builders.js";
import { type Choices, creation, instant, STAGED, text } from "./choices.js";
import type { Dice } from "./dice.js";
import { call, type Operation } from "./operation.js";

const PARENT = { executionId: "parent", op: "child/x" };

const SETTLEMENTS: readonly Settlement[] = [
  SUSPENDED,
  { status: "suspended", dueAt: T0, awaits: { first: [{ op: "sleep", dueAt: T0 }], count: 3 } },
  {
    status: "suspended",
    awaits: {
      first: [
        { op: "wait", where: "[1]" },
        { op: "s", attempts: 2 },
        { op: "c", childId: "a" },
      ],
      count: 3,
    },
  },
  { status: "running", dueAt: T0 + 5 },
  { status: "paused" },
  { status: "compensating" },
  COMPLETED,
  { status: "completed", closedAt: T0, output: { inline: 7 }, compensation: "incomplete" },
  { status: "completed", closedAt: T0, output: { payload: "p0" }, duties: ["waits", "parent"] },
  FAILED,
  { ...FAILED, duties: ["children"] },
  STALLED,
  STALLED,
  { status: "cancelled", closedAt: T0, compensation: "incomplete" },
  { status: "cancelled", closedAt: T0 },
  { status: "terminated", closedAt: T0 + 2 },
  { status: "continued", closedAt: T0, continuedTo: "e", duties: ["successor"] },
];

/** What a commit may take: 390 KiB. What a payload may: 350. */
const COMMIT_LIMITS = [900, 4_000, 40_000, 390 * 1024 - 250];
const PAYLOAD_LIMITS = [900, 4_000, 350 * 1024];
const MESSAGE_LIMITS = [200, 300, 900, 4_000, 390 * 1024 - 100];

const PINS = ["worker:1", "worker:2", "next"];

export const executionOperations: readonly ((choices: Choices) => Operation)[] = [
  createFirst,
  ({ id }) => call("readHead", id),
  acquire,
  acquire,
  acquire,
  ({ id, head, dice, token }) =>
    call("failLease", id, dice.chance(80) ? (head?.lease?.token ?? "none") : token),
  ({ id, head, dice }) =>
    call("movePin", {
      executionId: id,
      from: (dice.chance(80) ? head?.pin : undefined) ?? dice.pick(PINS),
      to: dice.pick(PINS),
    }),
  ({ id, dice }) => call("loadHistory", id, dice.below(3)),
  ({ id }) => call("salvageHistory", id),
  ({ id, slot, dice }) =>
    call("readCommits", { executionId: id, afterSlot: dice.below(slot), limit: 1 + dice.below(4) }),
  (choices) =>
    call("appendCommit", newCommit(choices), ...(choices.dice.chance(80) ? [T0 + choices.slot] : [])),
  (choices) => call("appendCommit", newCommit(choices), T0 + choices.slot),
  transaction,
  transaction,
  settle,
  settle,
  settle,
  ({ id, head, dice }) =>
    call("noteDutiesDone", {
      executionId: id,
      status: dice.pick(["completed", "failed", "continued"]),
      epoch: head?.epoch ?? 1,
    }),
  append,
  append,
  append,
  ({ id }) => call("loadMessages", id),
  ({ id, dice }) =>
    call(
      "deleteMessages",
      id,
      Array.from({ length: dice.below(4) }, () => messageName(dice)),
    ),
  ({ id, head, dice, token, slot }) =>
    call("reopen", id, { epoch: head?.epoch ?? dice.below(3) }, redrive(token, { at: T0 + slot })),
  ({ id, dice }) => {
    const content = text(dice, PAYLOAD_LIMITS);
    return call(
      "putPayload",
      id,
      payloadName(dice),
      dice.chance(50) ? content : new TextEncoder().encode(content),
    );
  },
  ({ id, dice }) => call("getPayload", id, payloadName(dice)),
  ({ dice }) => call("putObject", `o/${dice.below(3)}`, new TextEncoder().encode(text(dice))),
  ({ dice }) => call("getObject", `o/${dice.below(3)}`),
  ({ dice }) => call("listObjects", dice.pick(["o/", "p/"]), 1 + dice.below(3)),
  ({ dice }) => call("deleteObjects", [`o/${dice.below(3)}`]),
];

export function createFirst(choices: Choices): Operation {
  return call("createExecution", newExecution(choices));
}

function newExecution({ id, dice, token }: Choices): NewExecution {
  const createdAt = creation(id, dice);
  return execution(id, {
    createdAt,
    startAt: createdAt + (dice.chance(20) ? 5 : 0),
    createToken: token,
    workflow: dice.chance(80) ? "order-saga" : "refund",
    input: dice.chance(80) ? { inline: { note: text(dice, [700]) } } : { payload: "p0" },
    flags: dice.chance(30) ? [1, 2] : [],
    ...dice.maybe(70, { lease: lease(token) }),
    ...dice.maybe(60, { application: id === "b" ? "other" : "one" }),
    ...dice.maybe(30, { pipelineConfigId: "p-1" }),
    ...dice.maybe(40, { pin: dice.pick(PINS) }),
    ...dice.maybe(20, { version: "2", startedBy: "bus-1" }),
    ...dice.maybe(20, { parent: PARENT, deadline: T0 + 99, seed: "s" }),
    ...dice.maybe(10, { closed: dice.pick(["cancelled", "terminated"] as const) }),
    ...dice.maybe(10, { slot: 2, origin: { kind: "forked" as const, executionId: "z" } }),
    ...dice.maybe(10, { lifecycleEvents: ["started" as const, "failed" as const] }),
  });
}

/** Mostly as the head was last seen; now and then with an epoch or a lease that it no longer has. */
function acquire({ id, head, dice, token }: Choices): Operation {
  const seen = { epoch: head?.epoch ?? 0, ...(head?.lease && { leaseToken: head.lease.token }) };
  return call("acquireLease", {
    executionId: id,
    seen: dice.chance(90) ? seen : { epoch: dice.below(4) },
    ...lease(token),
    ...dice.maybe(20, { evenStalled: true }),
    ...dice.maybe(20, { pin: dice.pick(PINS) }),
  });
}

/** Of an execution, or what was staged. */
function newCommit({ id, slot, dice, token }: Choices) {
  const staged = dice.chance(10);
  const out = dice.chance(65) || staged ? outbox(dice, slot) : [];
  return commit(staged ? dice.pick(STAGED) : id, staged ? 1 : slot, {
    token,
    epoch: dice.below(3),
    events: Array.from({ length: 1 + dice.below(3) }, (_, index) =>
      stepCompleted(`s${slot}/${index}`, text(dice, COMMIT_LIMITS)),
    ),
    outgoing: out,
  });
}

function outbox(dice: Dice, slot: number) {
  return Array.from({ length: dice.pick([1, 1, 2, 10]) }, (_, index) => ({
    ...outgoing(`e${slot}/${index}`),
    at: instant(dice),
  }));
}

/** Of none, one, some, as many as there may be, or one more. Refused where an account says no. */
function transaction(choices: Choices): Operation {
  const { dice, slot } = choices;
  const many = dice.pick([0, 1, 1, 2, 3, 3, dice.chance(10) ? 99 : 2, dice.chance(10) ? 100 : 1]);
  const shift = dice.below(4);
  const accounts = Array.from(
    { length: many },
    (_, index) => `account-${(index + shift) % 4}${index < 4 ? "" : `/${index}`}`,
  );
  const actions = accounts.map((account) =>
    dice.pick([
      open(account, dice.below(3)),
      add(account, dice.below(5) - 2),
      close(account),
      holds(account, dice.below(3)),
    ]),
  );
  return call("commitTransaction", newCommit(choices), actions, T0 + slot);
}

function settle({ id, head, dice, token, slot }: Choices): Operation {
  if (head === undefined) return call("readHead", id);
  const held = dice.chance(60) ? head.inbox.map((one) => one.id) : [];
  // More than one write can name; and one of them twice.
  const others = dice.chance(8) ? Array.from({ length: 60 }, (_, index) => `m${index}`) : [];
  const { inboxSeq, ...rest } = settlementOf(head, dice.pick(SETTLEMENTS), {
    token,
    drained: [...held, ...others, ...(dice.chance(10) ? held : [])],
    slot,
    ...dice.maybe(50, { tail: { slot: slot + 1, events: [stepCompleted("tail", text(dice, [800]))] } }),
    ...dice.maybe(30, { state: { inline: text(dice, [800]) } }),
    ...(dice.chance(30) ? waitsOf(head, dice) : {}),
  });
  const seen = dice.chance(70) ? { inboxSeq, ...dice.maybe(50, { inboxItems: dice.below(2) }) } : {};
  return call("settle", { ...rest, ...seen });
}

/** Some of the waits that the directory may know; now and then fewer than there are. */
function waitsOf({ executionId }: Head, dice: Dice): Pick<SettleRequest, "waits" | "waitCount"> {
  const waits = [1, 2].map((one) => ({
    name: "n",
    executionId,
    op: `w${one}`,
    ...dice.maybe(70, { key: "k" }),
  }));
  return { waits, waitCount: waits.length + dice.below(2) };
}

function append({ id, dice }: Choices): Operation {
  const at = instant(dice, 5);
  const data = text(dice, MESSAGE_LIMITS);
  return call(
    "appendMessage",
    id,
    message(messageName(dice), { at, data, ...dice.maybe(20, { nth: dice.below(3) }) }),
  );
}

function messageName(dice: Dice): string {
  return `m${dice.below(12)}`;
}

function payloadName(dice: Dice): string {
  return `p${dice.below(2)}`;
}
