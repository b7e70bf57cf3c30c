/** What can happen to an execution, as the history event that says so. Its time and digest are added when it is recorded. */
import { decideRetry } from "../../decide/retry.js";
import { checkActions } from "../../model/check-actions.js";
import { CancelledError } from "../../model/errors.js";
import { type HistoryEvent, isNotedEvent, type ReceivedEvent } from "../../model/history-event.js";
import { digest } from "../../model/ids.js";
import type {
  AwaitedMessage,
  CancelMessage,
  PauseMessage,
  RedriveMessage,
  ResumeMessage,
} from "../../model/message.js";
import type { Outgoing } from "../../model/outgoing.js";
import { storable, storableError } from "../../model/storable.js";
import type { EpochMs } from "../../model/time.js";
import type { TransactionAction } from "../../model/transaction.js";
import type { ReceivingOperation } from "../../replay/operation.js";
import type { ImmediateOperation } from "./agenda.js";
import type { FinishedAttempt } from "./bodies.js";
import type { Gathered } from "./transaction.js";

export type Unstamped = HistoryEvent extends infer Each
  ? Each extends HistoryEvent
    ? Omit<Each, "at" | "asked">
    : never
  : never;

export interface Happening {
  readonly event: Unstamped;
  /** Rides in the same commit. */
  readonly outgoing?: readonly Outgoing[];
  /** The event only happens if these writes do: it is recorded together with them, before the code hears of it. */
  readonly transaction?: {
    readonly actions: readonly TransactionAction[];
    readonly attempt: FinishedAttempt;
  };
}

/** The event as it is recorded. */
export function stamp(event: Unstamped, at: EpochMs, asked: string | undefined): HistoryEvent {
  const recorded = { ...event, at } as HistoryEvent;
  if (asked === undefined || isNotedEvent(recorded) || recorded.type === "ExecutionTerminated")
    return recorded;
  return { ...recorded, asked };
}

/**
 * An operation that needs nothing from outside is answered at once.
 * @param nth orders what the execution sends at one instant
 */
export function answered(
  operation: ImmediateOperation,
  executionId: string,
  at: EpochMs,
  nth: number,
): Happening {
  const { path: op } = operation;
  if (operation.kind === "undo")
    return { event: { type: "CompensationStarted", op, error: operation.error } };
  // Stable over retries and replays, so that whoever receives the message twice can know.
  const id = digest(`${executionId}\n${op}`, 22);
  if (operation.kind === "signal") {
    const { to, name, data } = operation;
    const message = { kind: "signal", id, at, nth, name, data } as const;
    return {
      event: { type: "SignalSent", op, to, name },
      outgoing: [{ kind: "signal", id, at, to, message }],
    };
  }
  const { event: name, detail, expiresAfterMs } = operation;
  const expiresAt = expiresAfterMs === undefined ? {} : { expiresAt: at + expiresAfterMs };
  return {
    event: { type: "EventSent", op, eventId: id, name },
    outgoing: [{ kind: "event", id, name, detail, at, ...expiresAt }],
  };
}

/** A message ends the operation that waits for it. `whole` when it comes with the event, and not from the buffer. */
export function received(
  { path: op }: ReceivingOperation,
  message: AwaitedMessage,
  whole: boolean,
): Omit<ReceivedEvent, "at" | "asked"> {
  const type = (
    {
      event: "EventReceived",
      signal: "SignalReceived",
      callback: "CallbackReceived",
      child: "ChildEnded",
    } as const
  )[message.kind];
  return { type, op, messageId: message.id, ...(whole ? { message } : {}) };
}

/** An attempt ended: well, finally, or to be tried again. What can't be stored is the step's own failure (I4). */
export function attemptEnded({ step, attempt, end, at }: FinishedAttempt, random: number): Happening {
  const { path: op } = step;
  let error: unknown;
  if (end.ok) {
    try {
      const result = resultOf(step.label, end.value);
      if (end.transaction === undefined) return { event: { type: "StepCompleted", op, attempt, ...result } };
      error = new CancelledError(`${step.label} was not committed, since nobody waits for it`);
    } catch (unstorable) {
      error = unstorable;
    }
  } else {
    error = end.error;
  }
  const retry = decideRetry({ error, attempt, policy: step.retry, detached: step.detached, now: at, random });
  const stored = storableError(error);
  return retry.do === "fail"
    ? { event: { type: "StepFailed", op, attempt, error: stored } }
    : { event: { type: "StepAttemptFailed", op, attempt, error: stored, retryAt: retry.at } };
}

/**
 * The body of a transaction has gathered its writes: its completion is to be recorded with them.
 * @throws for a result that can't be stored, and for writes that no table would take: before anything is called
 */
export function transactionReady(
  finished: FinishedAttempt,
  value: unknown,
  { actions, outgoing }: Gathered,
): Happening {
  const { step, attempt } = finished;
  const result = resultOf(step.label, value);
  checkActions(actions);
  return {
    event: { type: "StepCompleted", op: step.path, attempt, ...result },
    outgoing,
    transaction: { actions, attempt: finished },
  };
}

/** Absent for `undefined`, the commonest result of all. */
function resultOf(label: string, value: unknown) {
  return value === undefined ? {} : { result: storable(value, `The result of ${label}`) };
}

export function cancelRequested(message: CancelMessage): Happening {
  return { event: { type: "CancelRequested", ...whoAndWhy(message) } };
}

export function controlled(
  type: "ExecutionPaused" | "ExecutionResumed" | "ExecutionRedriven",
  message: PauseMessage | ResumeMessage | RedriveMessage,
): Happening {
  const voided = message.kind === "redrive" && message.voided !== undefined ? { voided: message.voided } : {};
  return { event: { type, ...whoAndWhy(message), ...voided } };
}

export function whoAndWhy({
  id: messageId,
  by,
  reason,
}: CancelMessage | PauseMessage | ResumeMessage | RedriveMessage) {
  return {
    messageId,
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  };
}
