/** Events of a history, in a few words. */
import type { HistoryEntry } from "../client/types.js";
import type { Message } from "../model/message.js";
import { SealedValueError } from "../model/sealed-error.js";
import { decode, type Encoded } from "../model/value.js";
import { shownInstant, shownValue } from "./format.js";

const SEALED = "(sealed)";

/** What an event says beyond its type and its operation, in a few words. */
export function detailOf(event: HistoryEntry["event"]): string {
  switch (event.type) {
    case "ExecutionStarted":
      return decoded(event.input) === undefined ? "" : stored(event.input);
    case "StepStarted":
      return attempt(event.attempt);
    case "StepCompleted":
      return [
        event.result === undefined ? "" : stored(event.result),
        event.attempt > 1 ? attempt(event.attempt) : "",
      ]
        .filter((part) => part !== "")
        .join(", ");
    case "StepAttemptFailed":
      return `${error(event.error)}, ${attempt(event.attempt)}, again at ${shownInstant(event.retryAt)}`;
    case "StepFailed":
      return `${error(event.error)}, ${attempt(event.attempt)}`;
    case "StepHeartbeat":
      return stored(event.details);
    case "EventReceived":
    case "SignalReceived":
    case "CallbackReceived":
    case "ChildEnded":
    case "UpdateReceived":
      return event.message === undefined ? event.messageId : message(event.message);
    case "MessageBuffered":
      return message(event.message);
    case "MessagesInherited":
      return `${event.carried.length} unread, ${event.consumed.length} consumed`;
    case "EventSent":
      return `${event.name}, id ${event.eventId}`;
    case "SignalSent":
      return `${event.name}, to ${event.to}`;
    case "ChildRequested":
      return event.childId;
    case "ChildRefused":
    case "CompensationStarted":
      return error(event.error);
    case "CallbackHeartbeat":
      return shownInstant(event.heartbeatAt);
    case "CancelRequested":
    case "ExecutionPaused":
    case "ExecutionResumed":
    case "ExecutionRedriven":
    case "ExecutionTerminated":
    case "ExecutionStalled":
      return event.reason ?? "";
    case "ChangePatched":
      return event.change;
    case "LeaseTaken":
      return `epoch ${event.epoch}${event.failed === true ? ", after a turn that failed" : ""}`;
    case "ExecutionContinued":
      return stored(event.input);
    case "ExecutionCompleted":
    case "ExecutionFailed":
    case "ExecutionCancelled":
      return event.compensation === undefined || event.compensation === "none"
        ? ""
        : `compensation ${event.compensation}`;
    case "TimerFired":
    case "WaitTimedOut":
    case "ChildAbandoned":
    case "UpdateAnswered":
    case "DeadlinePassed":
      return "";
  }
}

/** What a message says, in a few words. */
function message(said: Message): string {
  switch (said.kind) {
    case "event":
    case "signal":
    case "update":
      return `${said.name}, ${stored(said.data)}`;
    case "callback":
    case "child":
      if (said.error !== undefined) return error(said.error);
      return said.result === undefined ? "" : stored(said.result);
    default:
      return said.kind;
  }
}

/** What an app has sealed, and nothing here opens, is no reason to show nothing of the rest. */
export function decoded(value: Encoded): unknown {
  try {
    return decode(value);
  } catch (error) {
    if (error instanceof SealedValueError) return error;
    throw error;
  }
}

function stored(value: Encoded): string {
  const found = decoded(value);
  return found instanceof SealedValueError ? SEALED : shownValue(found);
}

function error(value: Encoded): string {
  const thrown = decoded(value);
  if (thrown instanceof SealedValueError) return SEALED;
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : shownValue(thrown);
}

function attempt(number: number): string {
  return `attempt ${number}`;
}
