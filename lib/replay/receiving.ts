/** How an operation that waits for a message ends: with what it is told, or with why it waits no longer. */
import { ChildFailedError, WaitTimeoutError } from "../model/errors.js";
import type { ReceivedEvent, WaitTimedOut } from "../model/history-event.js";
import type { Encoded } from "../model/value.js";
import type { BufferedMessage } from "./mailbox.js";
import type { Operation, WaitOperation } from "./operation.js";

type Decode = (value: Encoded) => unknown;

export type Ended =
  | { readonly value: (decode: Decode) => unknown }
  | { readonly error: (decode: Decode) => unknown };

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
      return { value: (decode) => decode(message.data) };
    case "callback":
      return message.error === undefined ? given(message.result) : failed(message.error);
    case "child": {
      if (operation?.kind !== "child") return undefined;
      const { error, status } = message;
      if (error === undefined) return given(message.result);
      return {
        error: (decode) =>
          new ChildFailedError(operation.workflow.name, operation.childId, status, {
            cause: decode(error),
          }),
      };
    }
    default:
      return undefined;
  }
}

function given(result: Encoded | undefined): Ended {
  return { value: (decode) => (result === undefined ? undefined : decode(result)) };
}

function failed(error: Encoded): Ended {
  return { error: (decode) => decode(error) };
}

function timedOut(wait: WaitOperation, at: number): WaitTimeoutError {
  const { awaited, deadline, timeoutMs = 0, heartbeatMs = 0 } = wait;
  const key = awaited.kind === "event" && awaited.key !== undefined ? ` with key "${awaited.key}"` : "";
  const what = `${awaited.kind} "${awaited.name}"${key}`;
  return deadline !== undefined && at >= deadline
    ? new WaitTimeoutError(what, timeoutMs)
    : new WaitTimeoutError(`sign of life of ${what}`, heartbeatMs);
}
