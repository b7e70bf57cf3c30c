/**
 * Boxes: all values of one write, sealed together. In the place of each value stands a mark, `{ "$sealed": [place] }`, which says where in the box it
 * is; the first of them, `{ "$sealed": [0, codec, box] }`, holds the box. No value of a user's can be such a mark (`model/value.ts`).
 *
 * What is sealed is compressed first, so that what was near to a limit stays below it: as base64 of a sealed text, it grows by a tenth at most.
 */
import type { PayloadCodec, SealedPlace } from "../../model/codec.js";
import { compress, uncompress } from "../../model/compression.js";
import type { Encoded } from "../../model/value.js";

/** The first byte of what is sealed. */
const PLAIN = 0;
const COMPRESSED = 1;
const BYTES = 2;

/** Begins a sealed payload, which is bytes: then the length of the codec's id, the id, and what it sealed. */
const MAGIC = Uint8Array.from([0, 0x48, 0x46, 0x53, 0x31]);

export async function sealValues(
  codec: PayloadCodec,
  place: SealedPlace,
  values: readonly Encoded[],
): Promise<Encoded[]> {
  if (values.length === 0) return [];
  const box = await codec.seal(contentOf(JSON.stringify(values)), place);
  return values.map((_, index) => ({
    $sealed: index === 0 ? [0, codec.id, Buffer.from(box).toString("base64")] : [index],
  }));
}

/** What is not sealed is as it was: the engine's own words, and what was stored before there was a codec. */
export async function openValues(
  codec: PayloadCodec,
  place: SealedPlace,
  values: readonly Encoded[],
): Promise<Encoded[]> {
  const opened: Encoded[] = [];
  let box: readonly Encoded[] = [];
  for (const value of values) {
    const mark = readMark(value);
    if (mark?.box !== undefined) box = await openBox(codec, place, mark.box);
    const kept = mark === undefined ? value : box[mark.index];
    opened.push(kept === undefined ? value : kept);
  }
  return opened;
}

async function openBox(codec: PayloadCodec, place: SealedPlace, box: SealedBox): Promise<readonly Encoded[]> {
  const content = await codec.open(Buffer.from(box.content, "base64"), place, box.codec);
  return JSON.parse(textOf(content));
}

/** Text or bytes as an item or an object of their own. */
export async function sealPayload(
  codec: PayloadCodec,
  place: SealedPlace,
  content: string | Uint8Array,
): Promise<Uint8Array> {
  const plain = typeof content === "string" ? contentOf(content) : withKind(BYTES, content);
  const id = Buffer.from(codec.id);
  return Buffer.concat([MAGIC, Uint8Array.of(id.length), id, await codec.seal(plain, place)]);
}

export async function openPayload<Content extends string | Uint8Array | undefined>(
  codec: PayloadCodec,
  place: SealedPlace,
  stored: Content,
): Promise<Content | string | Uint8Array> {
  if (!(stored instanceof Uint8Array) || !MAGIC.every((byte, at) => stored[at] === byte)) return stored;
  const from = MAGIC.length + 1;
  const to = from + (stored[MAGIC.length] ?? 0);
  const id = Buffer.from(stored.subarray(from, to)).toString();
  const content = await codec.open(stored.subarray(to), place, id);
  return content[0] === BYTES ? content.subarray(1) : textOf(content);
}

/** An archived execution of an app with a codec: the compressed lines of JSON that it is. What is not sealed is as it was. */
export async function openArchive(content: Uint8Array, codec: PayloadCodec): Promise<Uint8Array> {
  const opened = await openPayload(codec, {}, content);
  return typeof opened === "string" ? Buffer.from(opened) : opened;
}

interface SealedBox {
  readonly codec: string;
  /** In base64. */
  readonly content: string;
}

function readMark(value: Encoded): { readonly index: number; readonly box?: SealedBox } | undefined {
  if (typeof value !== "object" || value === null || !("$sealed" in value)) return undefined;
  const { $sealed: mark } = value;
  if (!Array.isArray(mark)) return undefined;
  const [index, codec, content] = mark;
  if (typeof index !== "number") return undefined;
  return typeof codec === "string" && typeof content === "string"
    ? { index, box: { codec, content } }
    : { index };
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
