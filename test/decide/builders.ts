/** What decisions are made on: heads, leases, messages and steps, each as ordinary as can be but for what a test says of it. */
import { STEP_RETRY } from "../../lib/define/retry.js";
import type { Head, Lease } from "../../lib/model/head.js";
import type { EventMessage } from "../../lib/model/message.js";
import type { EpochMs } from "../../lib/model/time.js";
import { Branch } from "../../lib/replay/branch.js";
import type { StepOperation } from "../../lib/replay/operation.js";
import { Scope } from "../../lib/replay/path.js";
import { UndoStack } from "../../lib/replay/undo-stack.js";
import { NOON } from "../builders.js";

const AN_HOUR = 3_600_000;

/** Suspended since an hour ago, released, with nothing in its inbox and nothing due. */
export function anExecution(state: Partial<Head> = {}): Head {
  return {
    executionId: "order-1",
    workflow: "order-saga",
    definition: "0123456789abcdef",
    status: "suspended",
    createdAt: NOON - AN_HOUR,
    startAt: NOON - AN_HOUR,
    input: { inline: null },
    flags: [],
    epoch: 1,
    slot: 1,
    inboxSeq: 0,
    inbox: [],
    inboxItems: 0,
    waits: [],
    waitCount: 0,
    createToken: "created",
    ...state,
  };
}

export const heldBy = (owner: string, until: EpochMs): Lease => ({ owner, token: `${owner}/1`, until });

export const aMessage = (id: string, at: EpochMs = NOON): EventMessage => ({
  kind: "event",
  id,
  at,
  name: "payment.completed",
  data: null,
});

/** Asked for, never begun, with everything before it durable. */
export function aStep(state: Partial<StepOperation> = {}): StepOperation {
  return {
    kind: "step",
    path: "step:reserve",
    label: 'step "reserve"',
    name: "reserve",
    work: { kind: "body", run: () => undefined },
    branch: new Branch(new Scope(""), new UndoStack()),
    retry: STEP_RETRY,
    atMostOnce: false,
    attempts: 0,
    begun: false,
    interrupted: false,
    after: 0,
    detached: false,
    ends: { promise: Promise.resolve(), resolve: () => {}, reject: () => {} },
    ...state,
  };
}
