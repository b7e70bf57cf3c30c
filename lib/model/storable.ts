/**
 * What fits into storage. A value that does not is the failure of whoever made it (the step, the workflow, the send), raised where it can
 * be caught and recorded, never by the write that would have held it.
 */
import { PayloadTooLargeError } from "./errors.js";
import { type Encoded, encode, encodeThrown } from "./value.js";

/**
 * In bytes of JSON, of one input, result, output, error or message. Storage would take more; a function's memory holds each value several
 * times over (as an object, as text, compressed), beside all others of its execution's history.
 */
export const LARGEST_VALUE_BYTES = 32_000_000;

/** In bytes of JSON, of what must stand in a commit itself: an outgoing event. A DynamoDB item holds 400 KB, and a commit holds more than it. */
export const LARGEST_IN_COMMIT_BYTES = 290_000;

/** The size that a value has as JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}

/** The stored form of a value. Throws `UnencodableValueError` or `PayloadTooLargeError`, naming `what`. */
export function storable(value: unknown, what: string): Encoded {
  const encoded = encode(value);
  checkSize(encoded, what, LARGEST_VALUE_BYTES);
  return encoded;
}

/** Throws `PayloadTooLargeError`, naming `what`, for what does not fit into a commit and can't be put away. */
export function checkStorable(value: unknown, what: string): void {
  checkSize(value, what, LARGEST_IN_COMMIT_BYTES);
}

/** The stored form of what was thrown. An error must never be lost over its size, so a large one is cut to its name and message. */
export function storableError(error: unknown): Encoded {
  const encoded = encodeThrown(error);
  if (jsonBytes(encoded) <= LARGEST_VALUE_BYTES) return encoded;
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  const short = new Error(`${message.slice(0, 1_000)}… (cut: the whole error was too large to store)`);
  short.name = name.slice(0, 100);
  return encodeThrown(short);
}

function checkSize(value: unknown, what: string, limit: number): void {
  const bytes = jsonBytes(value);
  if (bytes > limit) throw new PayloadTooLargeError(what, bytes, limit);
}
