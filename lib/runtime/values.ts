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
  if (Buffer.byteLength(JSON.stringify(value)) <= INLINE_BYTES) return { inline: value };
  // Named by its content: a second start under the same id can't overwrite what the first one stored.
  const payload = `${name}-${digest(JSON.stringify(value), 16)}`;
  await persistently(() => store.putPayload(executionId, payload, value));
  return { payload };
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
