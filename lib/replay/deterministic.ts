/** Randomness that is the same on every replay (I9): a function of the execution's id and of the place in the code that asked. */
import { createHash } from "node:crypto";

function bytes(executionId: string, draw: string): Buffer {
  return createHash("sha256").update(`${executionId}\n${draw}`).digest();
}

/** From 0 (included) to 1 (excluded), in steps of 2^-53 like `Math.random`. */
export function randomFrom(executionId: string, draw: string): number {
  return Number(bytes(executionId, draw).readBigUInt64BE(0) >> 11n) / 2 ** 53;
}

/** A version 4 UUID (RFC 9562 §5.4): 122 bits of digest, with version and variant set. */
export function uuidFrom(executionId: string, draw: string): string {
  const raw = bytes(executionId, draw).subarray(0, 16);
  raw.writeUInt8((raw.readUInt8(6) & 0x0f) | 0x40, 6);
  raw.writeUInt8((raw.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = raw.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
