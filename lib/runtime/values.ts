/** Inputs, outputs and errors of executions: in the head while they are small, in an item of their own when they are not. */
import { CorruptHistoryError } from "../model/errors.js";
import type { StoredValue } from "../model/head.js";
import { digest } from "../model/ids.js";
import type { Encoded } from "../model/value.js";
import type { ExecutionStore } from "../store/ports.js";
import { persistently } from "./persistently.js";

/**
 * In bytes of JSON. A head is written by every lease and settlement, each at one unit per KB: with its ids, marks and tail it has about
 * this much to spare.
 */
const INLINE_BYTES = 200;

export async function storeValue(
  store: ExecutionStore,
  executionId: string,
  name: string,
  value: Encoded,
): Promise<StoredValue> {
  const placed = placeValue(name, value);
  if ("payload" in placed) await persistently(() => store.putPayload(executionId, placed.payload, value));
  return placed;
}

/** Where the value belongs. A payload is named by its content: a second start under the same id can't overwrite what the first one stored. */
export function placeValue(name: string, value: Encoded): StoredValue {
  const json = JSON.stringify(value);
  return Buffer.byteLength(json) <= INLINE_BYTES
    ? { inline: value }
    : { payload: `${name}-${digest(json, 16)}` };
}

export async function loadValue(
  store: ExecutionStore,
  executionId: string,
  stored: StoredValue,
): Promise<Encoded> {
  if ("inline" in stored) return stored.inline;
  const value = await persistently(() => store.getPayload(executionId, stored.payload));
  if (value === undefined)
    throw new CorruptHistoryError(executionId, `its payload "${stored.payload}" is gone`);
  return value;
}
