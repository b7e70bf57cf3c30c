/** Ids: what is allowed in those that users choose, and how those that we choose are made. */
import { createHash } from "node:crypto";
import { InvalidDefinitionError, InvalidInputError } from "./errors.js";

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
      message: `expected 1 to ${LONGEST_EXECUTION_ID} characters of A-Z a-z 0-9 . _ : @ / + = - that begin with a letter or digit, found ${JSON.stringify(id)}`,
    },
  ]);
}

/** Checks the name of a workflow or an event. Event names are EventBridge detail-types, of at most 128 characters. */
export function checkName(kind: string, name: unknown): string {
  if (typeof name === "string" && name.length <= 128 && NAME.test(name)) return name;
  throw new InvalidDefinitionError(
    `${JSON.stringify(name)} can't be the name of ${kind}: expected 1 to 128 characters of A-Z a-z 0-9 . _ : / - that begin with a letter or digit.`,
  );
}

/** A short digest of text: `length` characters of URL-safe base64, 6 bits each. */
export function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, length);
}

/** The shard of a key, from 0 to `shards - 1`, the same in every process. */
export function shardOf(key: string, shards: number): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % shards;
}
