/** Ids: what is allowed in those that users choose, and how those that we choose are made. */
import { createHash } from "node:crypto";
import { InvalidDefinitionError, InvalidInputError } from "./errors.js";
import { shown } from "./shown.js";

/** Long enough for any natural business key; short enough to keep heads at 1 KB and schedule payloads small. */
export const LONGEST_EXECUTION_ID = 200;

/** Printable ASCII without what keys, ARNs and shells give a meaning to. */
const EXECUTION_ID = /^[A-Za-z0-9][A-Za-z0-9._:@/+=-]*$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/;

/** Checks an execution id that a user chose. Throws {@link InvalidInputError}. */
export function checkExecutionId(id: unknown): string {
  if (typeof id === "string" && id.length <= LONGEST_EXECUTION_ID && EXECUTION_ID.test(id)) return id;
  throw new InvalidInputError("The execution id", [
    {
      path: "id",
      message: `expected 1 to ${LONGEST_EXECUTION_ID} characters of A-Z a-z 0-9 . _ : @ / + = - that begin with a letter or digit, found ${shown(id)}`,
    },
  ]);
}

/** Whether an execution can have the id. Those that the engine derives may begin with any character. */
export function mayBeExecutionId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.length <= LONGEST_EXECUTION_ID;
}

/** Checks the name of a workflow or an event. Event names are EventBridge detail-types, of at most 128 characters. */
export function checkName(kind: string, name: unknown): string {
  if (typeof name === "string" && name.length <= 128 && NAME.test(name)) return name;
  throw new InvalidDefinitionError(
    `${shown(name)} can't be the name of ${kind}: expected 1 to 128 characters of A-Z a-z 0-9 . _ : / - that begin with a letter or digit.`,
  );
}

/** A short digest of text: `length` characters of URL-safe base64, 6 bits each. */
export function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, length);
}

/** The id of a child that was given none. Readable where it fits: whose it is, and a digest of the operation's path, where it was asked for. */
export function derivedChildId(executionId: string, path: string): string {
  const id = `${executionId}/${digest(path, 10)}`;
  return id.length <= LONGEST_EXECUTION_ID ? id : `child-${digest(`${executionId}\n${path}`, 22)}`;
}

/** The shard of a key, from 0 to `shards - 1`, the same in every process. */
export function shardOf(key: string, shards: number): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % shards;
}

/** 256 bytes, as in AWS durable functions: names are in every history record, and some of them in keys. */
const LONGEST_OPERATION_NAME_BYTES = 256;

/** Checks the name of a step, a signal or anything else that workflow code names. Throws {@link InvalidDefinitionError}. */
export function checkOperationName(call: string, name: unknown): asserts name is string {
  if (isShortText(name, LONGEST_OPERATION_NAME_BYTES)) return;
  throw new InvalidDefinitionError(
    `${call} was given the name ${shown(name)}. Expected text of 1 to ${LONGEST_OPERATION_NAME_BYTES} bytes.`,
  );
}

/** Names what a user sends, so that a repeat is known. Part of a key, beside what the engine puts before it. */
const LONGEST_MESSAGE_ID_BYTES = 256;

/** Checks a message's id that a user chose. Throws {@link InvalidInputError}. */
export function checkMessageId(id: unknown): string {
  if (isShortText(id, LONGEST_MESSAGE_ID_BYTES)) return id;
  throw new InvalidInputError("The message's id", [
    {
      path: "id",
      message: `expected text of 1 to ${LONGEST_MESSAGE_ID_BYTES} bytes, found ${shown(id)}`,
    },
  ]);
}

/** Labels are in keys of indexes, and in every head. */
const LONGEST_LABEL_BYTES = 256;

/** Checks what an execution is to be listed by. Throws {@link InvalidInputError}. */
export function checkLabel(label: string, value: unknown): string {
  if (isShortText(value, LONGEST_LABEL_BYTES)) return value;
  throw new InvalidInputError(`The ${label}`, [
    {
      path: label,
      message: `expected text of 1 to ${LONGEST_LABEL_BYTES} bytes, found ${shown(value)}`,
    },
  ]);
}

export function isShortText(value: unknown, mostBytes: number): value is string {
  return typeof value === "string" && value !== "" && Buffer.byteLength(value) <= mostBytes;
}
