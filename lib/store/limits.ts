/** What one stored item can hold, and the sizes by which both stores decide. Sizes are bytes of UTF-8, as DynamoDB counts them. */
import { PayloadTooLargeError } from "../model/errors.js";
import { STATE_BYTES } from "../model/outgoing.js";
import type { Commit } from "./ports.js";

/**
 * DynamoDB refuses items above 400 KiB, their keys and attribute names included. Values of their own stop at 350 KiB, which
 * leaves room for the longest key.
 */
export const LARGEST_PAYLOAD_BYTES = 350 * 1024;

/** A commit, a message or a recent event: the item limit less 10 KiB for keys, tokens and marks. */
export const LARGEST_RECORD_BYTES = 390 * 1024;

export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Throws {@link PayloadTooLargeError} when the parts together do not fit. `what` begins a sentence. */
export function checkSize(what: string, limit: number, ...parts: readonly string[]): void {
  const bytes = parts.reduce((sum, part) => sum + utf8Bytes(part), 0);
  if (bytes > limit) throw new PayloadTooLargeError(what, bytes, limit);
}

/** For its events, its outgoing messages, and where those will stand. Throws {@link PayloadTooLargeError}. */
export function checkCommitSize({ executionId, slot, events, outgoing }: Commit): void {
  const bytes =
    utf8Bytes(JSON.stringify(events)) + utf8Bytes(JSON.stringify(outgoing)) + outgoing.length * STATE_BYTES;
  if (bytes > LARGEST_RECORD_BYTES)
    throw new PayloadTooLargeError(
      `Commit ${slot} of execution "${executionId}"`,
      bytes,
      LARGEST_RECORD_BYTES,
    );
}

export function checkPayloadSize(name: string, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? utf8Bytes(content) : content.length;
  if (bytes > LARGEST_PAYLOAD_BYTES)
    throw new PayloadTooLargeError(`The value "${name}"`, bytes, LARGEST_PAYLOAD_BYTES);
}
