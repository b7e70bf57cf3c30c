/**
 * The mark in the place of a value that a codec has sealed (`store/sealed/boxes.ts`): `{ "$sealed": [0, codec, box] }` of the first value of a write, `{ "$sealed": [place] }`
 * of those that lie in the same box. No value of a user's is encoded so (`value.ts`).
 */
import type { Encoded } from "./value.js";

export interface SealedMark {
  readonly index: number;
  readonly box?: SealedBox;
  /** Why it could not be opened. Never stored. */
  readonly why?: string;
}

export interface SealedBox {
  /** The id of the codec. */
  readonly codec: string;
  /** In base64. */
  readonly content: string;
}

/** Undefined for a value that is here. */
export function readSealedMark(value: Encoded): SealedMark | undefined {
  if (typeof value !== "object" || value === null || !("$sealed" in value) || Object.keys(value).length !== 1)
    return undefined;
  const { $sealed: mark } = value;
  if (!Array.isArray(mark) || ![1, 3, 4].includes(mark.length)) return undefined;
  const [index, codec, content, why] = mark;
  if (typeof index !== "number" || !Number.isInteger(index)) return undefined;
  if (mark.length === 1) return { index };
  if (typeof codec !== "string" || typeof content !== "string") return undefined;
  return { index, box: { codec, content }, ...(typeof why === "string" ? { why } : {}) };
}

/** The same mark, for whoever comes upon it, with the reason why it is still one. */
export function unopened(value: Encoded, why: string): Encoded {
  const box = readSealedMark(value)?.box;
  return box === undefined ? value : { $sealed: [0, box.codec, box.content, why] };
}

/** Begins a sealed payload, which is bytes: then the length of the codec's id, the id, and what it sealed. */
export const SEALED_BYTES = Uint8Array.from([0, 0x48, 0x46, 0x53, 0x31]);

/** The id of the codec that sealed a payload; undefined for one that is not sealed. */
export function sealedBytesBy(stored: string | Uint8Array): string | undefined {
  if (!(stored instanceof Uint8Array) || !SEALED_BYTES.every((byte, at) => stored[at] === byte))
    return undefined;
  const from = SEALED_BYTES.length + 1;
  return Buffer.from(stored.subarray(from, from + (stored[SEALED_BYTES.length] ?? 0))).toString();
}

/** Begins the text of an event's payload that is sealed: the mark's JSON follows. No JSON begins so. */
export const SEALED_TEXT = "sealed:";
