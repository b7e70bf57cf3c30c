/** What user code sends, checked where it is sent. */
import { InvalidDefinitionError, PayloadTooLargeError } from "../model/errors.js";
import { checkExecutionId, checkOperationName } from "../model/ids.js";
import { LARGEST_DETAIL_BYTES, LARGEST_SIGNAL_BYTES } from "../model/outgoing.js";
import { checkStorable, jsonBytes, storable } from "../model/storable.js";
import { durationMs, type EpochMs } from "../model/time.js";
import type { Encoded } from "../model/value.js";
import type { SendOptions } from "./context.js";
import type { AnyEventType } from "./event.js";
import { parseSync } from "./schema.js";

/**
 * An event's payload as the bus takes it.
 * @throws InvalidDefinitionError, InvalidInputError, PayloadTooLargeError
 */
export function eventDetail(call: string, event: AnyEventType, data: unknown): string {
  if (event?.kind !== "event") {
    throw new InvalidDefinitionError(
      `${call} was given something that is no event. Expected what event(...) returns.`,
    );
  }
  const what = `The payload of event "${event.name}"`;
  // Only checked: what is published is what the sender gave, and each receiver's schema makes of it what it needs.
  parseSync(event.schema, data, what);
  const text = JSON.stringify(data);
  if (typeof data !== "object" || data === null || Array.isArray(data) || text === undefined) {
    throw new InvalidDefinitionError(
      `${what} is not an object. EventBridge takes only JSON objects as an event's detail.`,
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_DETAIL_BYTES) throw new PayloadTooLargeError(what, bytes, LARGEST_DETAIL_BYTES);
  // In the commit it stands as text within text, which escapes may make longer than the bus's own limit.
  checkStorable(text, what);
  return text;
}

/**
 * When an event that is sent at `at` is of no use any more, as a field for it.
 * @throws InvalidDurationError
 */
export function expiry(at: EpochMs, { expiresAfter }: SendOptions): { readonly expiresAt?: EpochMs } {
  return expiresAfter === undefined ? {} : { expiresAt: at + durationMs(expiresAfter) };
}

/**
 * A signal's data as it rides in the commit of the execution that sends it.
 * @throws InvalidInputError, InvalidDefinitionError, UnencodableValueError, PayloadTooLargeError
 */
export function outgoingSignalData(call: string, executionId: unknown, name: string, data: unknown): Encoded {
  const stored = signalData(call, executionId, name, data);
  const bytes = jsonBytes(stored);
  if (bytes <= LARGEST_SIGNAL_BYTES) return stored;
  throw new PayloadTooLargeError(`The data of signal "${name}"`, bytes, LARGEST_SIGNAL_BYTES);
}

/**
 * A signal's data in its stored form.
 * @throws InvalidInputError, InvalidDefinitionError, UnencodableValueError, PayloadTooLargeError
 */
export function signalData(call: string, executionId: unknown, name: unknown, data: unknown): Encoded {
  checkExecutionId(executionId);
  checkOperationName(call, name);
  return storable(data, `The data of signal "${name}"`);
}
