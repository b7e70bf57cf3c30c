/**
 * Boxes: all values of one write, sealed together. In the place of each value stands a mark, `{ "$sealed": [place] }`, which says where in the box it
 * is; the first of them, `{ "$sealed": [0, codec, box] }`, holds the box. No value of a user's can be such a mark (`model/value.ts`).
 *
 * What is sealed is compressed first, so that what was near to a limit stays below it: as base64 of a sealed text, it grows by a tenth at most.
 */
import type { PayloadCodec, SealedPlace } from "../../model/codec.js";
import { compress, uncompress } from "../../model/compression.js";
import { CodecError, SealedValueError } from "../../model/sealed-error.js";
import {
  readSealedMark,
  SEALED_BYTES,
  type SealedBox,
  sealedBytesBy,
  unopened,
} from "../../model/sealed-mark.js";
import type { Encoded } from "../../model/value.js";

/** The first byte of what is sealed. */
const PLAIN = 0;
const COMPRESSED = 1;
const BYTES = 2;

/** What is sealed already, since nobody could open it, stays as it is. */
export async function sealValues(
  codec: PayloadCodec,
  place: SealedPlace,
  values: readonly Encoded[],
): Promise<Encoded[]> {
  const open = values.filter((value) => readSealedMark(value) === undefined);
  if (open.length === 0) return [...values];
  const box = await codec.seal(contentOf(JSON.stringify(open)), place);
  let next = 0;
  return values.map((value) => {
    if (readSealedMark(value) !== undefined) return value;
    const index = next++;
    return { $sealed: index === 0 ? [0, codec.id, Buffer.from(box).toString("base64")] : [index] };
  });
}

/**
 * What is not sealed is as it was: the engine's own words, and what was stored before there was a codec. What the codec does not open stays sealed, with the
 * reason, for whoever wants to use it.
 */
export async function openValues(
  codec: PayloadCodec,
  place: SealedPlace,
  values: readonly Encoded[],
): Promise<Encoded[]> {
  const opened: Encoded[] = [];
  let box: readonly Encoded[] | { readonly why: string } = [];
  for (const value of values) {
    const mark = readSealedMark(value);
    if (mark?.box !== undefined) box = await openBox(codec, place, mark.box);
    if (mark === undefined) opened.push(value);
    else if ("why" in box) opened.push(unopened(value, box.why));
    else {
      const kept = box[mark.index];
      opened.push(kept === undefined ? value : kept);
    }
  }
  return opened;
}

async function openBox(
  codec: PayloadCodec,
  place: SealedPlace,
  box: SealedBox,
): Promise<readonly Encoded[] | { readonly why: string }> {
  try {
    const content = await codec.open(Buffer.from(box.content, "base64"), place, box.codec);
    return JSON.parse(textOf(content));
  } catch (error) {
    if (error instanceof CodecError) throw error;
    return { why: String(error) };
  }
}

/** Text or bytes as an item or an object of their own. */
export async function sealPayload(
  codec: PayloadCodec,
  place: SealedPlace,
  content: string | Uint8Array,
): Promise<Uint8Array> {
  const plain = typeof content === "string" ? contentOf(content) : withKind(BYTES, content);
  const id = Buffer.from(codec.id);
  return Buffer.concat([SEALED_BYTES, Uint8Array.of(id.length), id, await codec.seal(plain, place)]);
}

/** What the codec does not open stays sealed. */
export async function openPayload<Content extends string | Uint8Array | undefined>(
  codec: PayloadCodec,
  place: SealedPlace,
  stored: Content,
): Promise<Content | string | Uint8Array> {
  const id = stored === undefined ? undefined : sealedBytesBy(stored);
  if (id === undefined || !(stored instanceof Uint8Array)) return stored;
  try {
    const sealed = stored.subarray(SEALED_BYTES.length + 1 + Buffer.byteLength(id));
    const content = await codec.open(sealed, place, id);
    return content[0] === BYTES ? content.subarray(1) : textOf(content);
  } catch (error) {
    if (error instanceof CodecError) throw error;
    return stored;
  }
}

/** An archived execution of an app with a codec: the compressed lines of JSON that it is. What is not sealed is as it was. */
export async function openArchive(content: Uint8Array, codec: PayloadCodec): Promise<Uint8Array> {
  const opened = await openPayload(codec, {}, content);
  const id = sealedBytesBy(opened);
  if (id !== undefined) throw new SealedValueError(id);
  return typeof opened === "string" ? Buffer.from(opened) : opened;
}

function contentOf(text: string): Uint8Array {
  const compressed = compress(text);
  return compressed.length < Buffer.byteLength(text)
    ? withKind(COMPRESSED, compressed)
    : withKind(PLAIN, Buffer.from(text));
}

function textOf(content: Uint8Array): string {
  const rest = content.subarray(1);
  return content[0] === COMPRESSED ? uncompress(rest) : Buffer.from(rest).toString();
}

function withKind(kind: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(kind), bytes]);
}
