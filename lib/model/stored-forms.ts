/** The forms of what is stored as JSON: messages, history events, and what an execution sends. */
import {
  anyText,
  type Check,
  count,
  flag,
  listOf,
  oneOf,
  oneOfForms,
  optional,
  record,
  text,
  time,
  tuple,
  value,
} from "./forms.js";
import type { HistoryEvent } from "./history-event.js";
import { LIFECYCLE_KINDS } from "./lifecycle.js";
import type { Message } from "./message.js";
import type { OutboxState, Outgoing } from "./outgoing.js";
import { isClosed, STATUSES } from "./status.js";

const ended = { result: optional(value), error: optional(value) };
const asked = { by: optional(anyText), reason: optional(anyText) };
const named = { name: anyText, data: value };

const MESSAGES: Readonly<Record<Message["kind"], Readonly<Record<string, Check>>>> = {
  event: { ...named, key: optional(anyText) },
  signal: named,
  callback: { op: text, ...ended },
  heartbeat: { op: text, until: time },
  child: { op: text, childId: text, status: oneOf(STATUSES.filter(isClosed)), ...ended },
  update: named,
  cancel: asked,
  pause: asked,
  resume: asked,
  redrive: { ...asked, voided: optional(listOf(count)) },
};

/** A message without its id, which a head's inbox has as the name of the attribute. */
export const messageContent: Check = oneOfForms(
  "kind",
  records(MESSAGES, { at: time, nth: optional(count) }),
);

export const message: Check = oneOfForms(
  "kind",
  records(MESSAGES, { id: text, at: time, nth: optional(count) }),
);

const op = { op: text };
const controlled = { messageId: text, ...asked };
const received = { ...op, messageId: text, message: optional(message) };
const closing = { unread: optional(listOf(anyText)) };
const outcome = oneOf(["none", "complete", "incomplete"]);

const EVENTS: Readonly<Record<HistoryEvent["type"], Readonly<Record<string, Check>>>> = {
  StepStarted: { ...op, attempt: count },
  StepAttemptFailed: { ...op, attempt: count, error: value, retryAt: time },
  StepCompleted: { ...op, attempt: count },
  StepFailed: { ...op, attempt: count, error: value },
  TimerFired: op,
  EventReceived: received,
  SignalReceived: received,
  CallbackReceived: received,
  ChildEnded: received,
  ChildRefused: { ...op, error: value },
  ChildRequested: {
    ...op,
    childId: text,
    workflow: text,
    onParentClose: oneOf(["cancel", "abandon", "terminate"]),
  },
  ChildAbandoned: op,
  WaitTimedOut: op,
  CallbackHeartbeat: { ...op, messageId: text, heartbeatAt: time },
  StepHeartbeat: { ...op, details: value },
  EventSent: { ...op, eventId: text, name: anyText },
  SignalSent: { ...op, to: text, name: anyText },
  MessageBuffered: { message },
  UpdateReceived: { messageId: text, message: optional(message) },
  UpdateAnswered: { ...op, messageId: text },
  CancelRequested: { messageId: text, ...asked },
  DeadlinePassed: {},
  ExecutionPaused: controlled,
  ExecutionResumed: controlled,
  ExecutionRedriven: { ...controlled, voided: optional(listOf(count)) },
  CompensationStarted: { ...op, error: value },
  MessagesInherited: {
    carried: listOf(message),
    consumed: listOf(record({ id: text, at: time })),
    paused: optional(flag),
  },
  ChangePatched: { change: anyText },
  ExecutionStalled: { reason: anyText },
  LeaseTaken: { epoch: count, failed: optional(flag) },
  ExecutionCompleted: { ...closing, compensation: optional(outcome) },
  ExecutionFailed: { ...closing, compensation: outcome },
  ExecutionCancelled: { ...closing, compensation: outcome },
  ExecutionTerminated: asked,
  ExecutionContinued: { input: value },
};

export const historyEvents: Check = listOf(
  oneOfForms("type", records(EVENTS, { at: time, asked: optional(anyText) })),
);

const OUTGOING: Readonly<Record<Outgoing["kind"], Readonly<Record<string, Check>>>> = {
  event: { name: text, detail: text, expiresAt: optional(time) },
  signal: { to: text, message },
  start: {
    executionId: text,
    workflow: text,
    version: optional(anyText),
    definition: anyText,
    input: value,
    timeoutMs: optional(count),
    lifecycleEvents: optional(listOf(oneOf(LIFECYCLE_KINDS))),
  },
};

export const outgoingMessages: Check = listOf(oneOfForms("kind", records(OUTGOING, { id: text, at: time })));

const STATES: readonly OutboxState[] = [
  ...(["pending", "processing", "published", "failed", "invalid", "expired", "dead"] as const),
];

export const outboxStates: Check = listOf(
  record({ state: oneOf(STATES), tries: count, lastError: optional(anyText), claim: optional(anyText) }),
);

/** As a head names what stands in the directory: operation, event, key. */
export const standingWaits: Check = listOf(tuple(text, anyText, optional(anyText)));

/** As a head names what its code has asked for; what may follow the first is told by its type. */
export const outstandingOperations: Check = listOf(tuple(text));

export const engineFlags: Check = listOf(count);

export const stall: Check = record({ error: value, at: time });

function records(
  forms: Readonly<Record<string, Readonly<Record<string, Check>>>>,
  common: Readonly<Record<string, Check>>,
): Record<string, Check> {
  return Object.fromEntries(
    Object.entries(forms).map(([name, fields]) => [name, record({ ...common, ...fields })]),
  );
}
