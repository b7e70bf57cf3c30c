/** What can happen to an execution, as the history event that says so. Its time and digest are added when it is recorded. */
import { decideRetry } from "../decide/retry.js";
import { PayloadTooLargeError } from "../model/errors.js";
import { type HistoryEvent, isNotedEvent } from "../model/history-event.js";
import { digest } from "../model/ids.js";
import type { CancelMessage } from "../model/message.js";
import type { OutgoingEvent } from "../model/outgoing.js";
import type { EpochMs } from "../model/time.js";
import { type Encoded, encode, encodeThrown } from "../model/value.js";
import type { SendOperation, StepOperation, UndoOperation } from "../replay/operation.js";
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

/** In bytes of JSON: a step's result must fit a commit, with what surrounds it. */
const LARGEST_RESULT_BYTES = 290_000;

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
      const result = storable(step, end.value);
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

/** Absent for `undefined`, the commonest result of all. */
function storable(step: StepOperation, value: unknown): Encoded | undefined {
  if (value === undefined) return undefined;
  const encoded = encode(value);
  const bytes = Buffer.byteLength(JSON.stringify(encoded));
  if (bytes > LARGEST_RESULT_BYTES) {
    throw new PayloadTooLargeError(`The result of step "${step.name}"`, bytes, LARGEST_RESULT_BYTES);
  }
  return encoded;
}

/** An error must never be lost over its size. */
function storableError(error: unknown): Encoded {
  const encoded = encodeThrown(error);
  if (Buffer.byteLength(JSON.stringify(encoded)) <= LARGEST_RESULT_BYTES) return encoded;
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  const short = new Error(`${message.slice(0, 1_000)}… (cut: the whole error was too large to store)`);
  short.name = name;
  return encodeThrown(short);
}
