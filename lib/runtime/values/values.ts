/** Inputs, outputs and errors of executions: in the head while they are small, a payload of their own when they are not. */
import { HEAD_VALUE_BYTES } from "../../decide/payload.js";
import type { StoredValue } from "../../model/head.js";
import { refuseSealed } from "../../model/sealed-error.js";
import { jsonBytes } from "../../model/storable.js";
import type { Encoded } from "../../model/value.js";
import type { ExecutionStore } from "../../store/ports.js";
import { getPayload, pack, putPayload } from "./payloads.js";

export async function storeValue(
  store: ExecutionStore,
  executionId: string,
  name: string,
  value: Encoded,
): Promise<StoredValue> {
  if (jsonBytes(value) <= HEAD_VALUE_BYTES) return { inline: value };
  return { payload: await putPayload(store, executionId, name, value) };
}

/** Whether it stands there already: payloads are named by their content. */
export function isStoredAs(stored: StoredValue | undefined, name: string, value: Encoded): boolean {
  if (stored === undefined) return false;
  if ("inline" in stored) return JSON.stringify(stored.inline) === JSON.stringify(value);
  return stored.payload === pack(name, value).name;
}

/** @throws CorruptHistoryError when its payload is gone, or is not what was stored */
export async function loadValue(
  store: ExecutionStore,
  executionId: string,
  stored: StoredValue,
): Promise<Encoded> {
  if (!("inline" in stored)) return getPayload(store, executionId, stored.payload);
  refuseSealed(stored.inline);
  return stored.inline;
}
