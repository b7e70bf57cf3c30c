/** How an operation that waits for a message ends: with what it is told, or with why it waits no longer. */
import { ChildFailedError, WaitTimeoutError } from "../model/errors.js";
import type { ReceivedEvent, WaitTimedOut } from "../model/history-event.js";
import { decode, type Encoded, type ErrorClasses } from "../model/value.js";
import type { BufferedMessage } from "./mailbox.js";
import type { Operation, WaitOperation } from "./operation.js";

export type Ended =
  | { readonly value: (classes: ErrorClasses) => unknown }
  | { readonly error: (classes: ErrorClasses) => unknown };

/** Undefined when such an operation can't end so. */
export function endOf(
  event: ReceivedEvent | WaitTimedOut,
  operation: Operation | undefined,
  message: BufferedMessage | undefined,
): Ended | undefined {
  if (event.type === "WaitTimedOut")
    return operation?.kind === "wait" ? { error: () => timedOut(operation, event.at) } : undefined;
  switch (message?.kind) {
    case "event":
    case "signal":
      return { value: (classes) => decode(message.data, classes) };
    case "callback":
      return message.error === undefined ? given(message.result) : failed(message.error);
    case "child": {
      if (operation?.kind !== "child") return undefined;
      const { error, status } = message;
      if (error === undefined) return given(message.result);
      return {
        error: (classes) =>
          new ChildFailedError(operation.workflow.name, operation.childId, status, {
            cause: decode(error, classes),
          }),
      };
    }
    default:
      return undefined;
  }
}

function given(result: Encoded | undefined): Ended {
  return { value: (classes) => (result === undefined ? undefined : decode(result, classes)) };
}

function failed(error: Encoded): Ended {
  return { error: (classes) => decode(error, classes) };
}

function timedOut(wait: WaitOperation, at: number): WaitTimeoutError {
  const { awaited, deadline, timeoutMs = 0, heartbeatMs = 0 } = wait;
  const key = awaited.kind === "event" && awaited.key !== undefined ? ` with key "${awaited.key}"` : "";
  const what = `${awaited.kind} "${awaited.name}"${key}`;
  return deadline !== undefined && at >= deadline
    ? new WaitTimeoutError(what, timeoutMs)
    : new WaitTimeoutError(`sign of life of ${what}`, heartbeatMs);
}
