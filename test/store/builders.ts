/** What the store's tests write, with every field that a test does not speak of already filled in. */
import type { Head } from "../../lib/model/head.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import type { EventMessage, RedriveMessage } from "../../lib/model/message.js";
import type { OutgoingEvent } from "../../lib/model/outgoing.js";
import type { Encoded } from "../../lib/model/value.js";
import type {
  ClosedSettlement,
  Commit,
  NewExecution,
  RecentEvent,
  Settlement,
  SettleRequest,
  Store,
} from "../../lib/store/ports.js";

export const T0 = Date.UTC(2026, 0, 1);

export function execution(executionId: string, fields: Partial<NewExecution> = {}): NewExecution {
  return {
    executionId,
    workflow: "order-saga",
    definition: "d41d8cd98f00",
    createdAt: T0,
    startAt: T0,
    input: { inline: { id: 1 } },
    flags: [],
    createToken: `create-${executionId}`,
    ...fields,
  };
}

export function lease(token: string, owner = `owner-${token}`) {
  return { owner, token, until: T0 + 60_000 };
}

export function stepCompleted(op: string, result = "ok"): HistoryEvent {
  return { type: "StepCompleted", at: T0, op, attempt: 1, result };
}

export function commit(executionId: string, slot: number, fields: Partial<Commit> = {}): Commit {
  return {
    executionId,
    slot,
    epoch: 1,
    token: `commit-${slot}`,
    events: [stepCompleted(`step/${slot}`)],
    outgoing: [],
    ...fields,
  };
}

export function outgoing(id: string): OutgoingEvent {
  return { kind: "event", id, name: "order.shipped", detail: JSON.stringify({ orderId: 1 }), at: T0 };
}

export function message(id: string, fields: Partial<EventMessage> = {}): EventMessage {
  return { id, at: T0, kind: "event", name: "payment.completed", data: null, ...fields };
}

export function redrive(id: string, fields: Partial<RedriveMessage> = {}): RedriveMessage {
  return { id, at: T0, kind: "redrive", by: "ada", ...fields };
}

/** A message of about this many bytes. */
export function largeMessage(id: string, bytes: number): EventMessage {
  return message(id, { data: "x".repeat(bytes) });
}

export function recentEvent(id: string, fields: Partial<RecentEvent> = {}): RecentEvent {
  return { id, name: "payment.completed", key: "order-1", data: { id }, recordedAt: T0, ...fields };
}

/** A settlement by the owner that `head` names, which saw all of its inbox. */
export function settlementOf(
  head: Head,
  settlement: Settlement,
  fields: Partial<SettleRequest> = {},
): SettleRequest {
  return {
    executionId: head.executionId,
    from: head.status,
    epoch: head.epoch,
    leaseToken: head.lease?.token ?? "none",
    inboxSeq: head.inboxSeq,
    slot: head.slot,
    settlement,
    waits: [],
    waitCount: fields.waits?.length ?? 0,
    drained: [],
    token: `settle-${head.epoch}`,
    ...fields,
  };
}

export const SUSPENDED: Settlement = { status: "suspended" };
export const COMPLETED: ClosedSettlement = {
  status: "completed",
  closedAt: T0 + 1_000,
  output: { inline: "done" },
};
export const FAILED: ClosedSettlement = {
  status: "failed",
  closedAt: T0 + 1_000,
  error: { inline: "boom" },
  compensation: "none",
};
export const STALLED: Settlement = {
  status: "stalled",
  error: { name: "NonDeterminismError" },
  at: T0 + 1_000,
};

/** Creates an execution that its creator owns, and gives its head. */
export async function owned(
  store: Store,
  executionId: string,
  fields: Partial<NewExecution> = {},
): Promise<Head> {
  const created = await store.createExecution(execution(executionId, { lease: lease("first"), ...fields }));
  return created.head;
}

/** Creates an execution that has continued as another, which is not there yet. */
export async function continued(
  store: Store,
  executionId: string,
  continuedTo: string,
  input: Encoded = { goes: "on" },
): Promise<void> {
  const head = await owned(store, executionId);
  const events: HistoryEvent[] = [{ type: "ExecutionContinued", at: T0, asked: "", input }];
  const settlement = { status: "continued", closedAt: T0, continuedTo, duties: ["successor"] } as const;
  await store.settle(settlementOf(head, settlement, { tail: { slot: 1, events } }));
}

/** Creates an execution and settles it at once. */
export async function settled(
  store: Store,
  executionId: string,
  settlement: Settlement,
  fields: Partial<NewExecution> = {},
) {
  const head = await owned(store, executionId, fields);
  const answer = await store.settle(settlementOf(head, settlement));
  if (!answer.settled) throw new Error(`The builder could not settle ${executionId}.`);
}
