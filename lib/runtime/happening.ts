/** What can happen to an execution, as the history event that says so. Its time and digest are added when it is recorded. */
import { decideRetry } from "../decide/retry.js";
import { type HistoryEvent, isNotedEvent } from "../model/history-event.js";
import { digest } from "../model/ids.js";
import type { CancelMessage } from "../model/message.js";
import type { OutgoingEvent } from "../model/outgoing.js";
import { storable, storableError } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import type { SendOperation, UndoOperation } from "../replay/operation.js";
import type { FinishedAttempt } from "./bodies.js";

type Unstamped = HistoryEvent extends infer Each
  ? Each extends HistoryEvent
    ? Omit<Each, "at" | "asked">
    : never
  : never;

export interface Happening {
  readonly event: Unstamped;
  /** Rides in the same commit. */
  readonly outgoing?: OutgoingEvent;
}

/** The event as it is recorded. */
export function stamp(event: Unstamped, at: EpochMs, asked: string | undefined): HistoryEvent {
  const recorded = { ...event, at } as HistoryEvent;
  return asked === undefined || isNotedEvent(recorded) ? recorded : { ...recorded, asked };
}

/** An operation that needs nothing from outside is answered at once. */
export function answered(
  operation: SendOperation | UndoOperation,
  executionId: string,
  at: EpochMs,
): Happening {
  if (operation.kind === "undo") {
    return { event: { type: "CompensationStarted", op: operation.path, error: operation.error } };
  }
  // Stable over retries and replays, so that whoever receives the event twice can know.
  const eventId = digest(`${executionId}\n${operation.path}`, 22);
  const { path: op, event: name, detail } = operation;
  return { event: { type: "EventSent", op, eventId, name }, outgoing: { id: eventId, name, detail, at } };
}

/** An attempt ended: well, finally, or to be tried again. What can't be stored is the step's own failure (I4). */
export function attemptEnded({ step, attempt, end, at }: FinishedAttempt, random: number): Happening {
  const { path: op } = step;
  let error: unknown;
  if (end.ok) {
    try {
      const { value } = end;
      // Absent for `undefined`, the commonest result of all.
      const result = value === undefined ? undefined : storable(value, `The result of step "${step.name}"`);
      return { event: { type: "StepCompleted", op, attempt, ...(result === undefined ? {} : { result }) } };
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

export function cancelRequested({ id: messageId, by, reason }: CancelMessage): Happening {
  return {
    event: {
      type: "CancelRequested",
      messageId,
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    },
  };
}
