/**
 * Large values: put away before the write that names them, brought back before anybody looks at them. In their place stands a mark with
 * the payload's name, which no value of a user's can be (`model/value.ts`). Sizes are decided in `decide/payload.ts`.
 *
 * A payload is named by its content. A repeat writes the same bytes under the same name, nobody can overwrite another's value, and what
 * comes back is known to be what was put away.
 */
import { HISTORY_VALUE_BYTES, ITEM_VALUE_BYTES, mayShrink, savesUnits } from "../../decide/payload.js";
import { compress, uncompress } from "../../model/compression.js";
import { CorruptHistoryError } from "../../model/errors.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { digest } from "../../model/ids.js";
import type { Message } from "../../model/message.js";
import { refuseSealed, SealedValueError } from "../../model/sealed-error.js";
import { readSealedMark, sealedBytesBy } from "../../model/sealed-mark.js";
import { changedValues, eventWith, messageWith, someValue } from "../../model/user-values.js";
import { type Encoded, payloadMark, payloadNamedBy } from "../../model/value.js";
import { type ExecutionStore, objectKey } from "../../store/ports.js";
import { persistently } from "../persistently.js";

/** Begins the names of those that are objects of the payload store. */
const OBJECT = "object/";

/** Payloads that are read at one time: a history with a thousand of them must not open a thousand connections. */
const AT_ONCE = 8;

const DIGEST_CHARACTERS = 16;

/** A value ready to be stored: where, under which name, as what. */
export interface Packed {
  readonly place: "item" | "object";
  /** By which the rest of the execution speaks of it. */
  readonly name: string;
  /** Of the item, or of the object below the execution's prefix. */
  readonly key: string;
  readonly content: string | Uint8Array;
}

/** @param what begins its name: which of the execution's values it is */
export function pack(what: string, value: Encoded): Packed {
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  const key = `${what}-${digest(json, DIGEST_CHARACTERS)}`;
  const compressed = mayShrink(bytes) ? compress(json) : undefined;
  const content = compressed !== undefined && savesUnits(bytes, compressed.length) ? compressed : json;
  if (sizeOf(content) <= ITEM_VALUE_BYTES) return { place: "item", name: key, key, content };
  return { place: "object", name: `${OBJECT}${key}`, key, content: compressed ?? compress(json) };
}

/**
 * Makes the value durable, as an item or an object of its own.
 * @returns its name
 */
export async function putPayload(
  store: ExecutionStore,
  executionId: string,
  what: string,
  value: Encoded,
): Promise<string> {
  const packed = pack(what, value);
  await putPacked(store, executionId, packed);
  return packed.name;
}

export async function putPacked(
  store: ExecutionStore,
  executionId: string,
  { place, key, content }: Packed,
): Promise<void> {
  if (place === "item") return persistently(() => store.putPayload(executionId, key, content));
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  await persistently(() => store.putObject(objectKey(executionId, key), bytes));
}

/** @throws CorruptHistoryError when it is gone, or is not what was put away */
export async function getPayload(store: ExecutionStore, executionId: string, name: string): Promise<Encoded> {
  const key = name.startsWith(OBJECT) ? objectKey(executionId, name.slice(OBJECT.length)) : undefined;
  const stored = await persistently<string | Uint8Array | undefined>(() =>
    key === undefined ? store.getPayload(executionId, name) : store.getObject(key),
  );
  const what = `its payload "${name}"${key === undefined ? "" : ` (the object "${key}" of the payload bucket)`}`;
  if (stored === undefined) throw new CorruptHistoryError(executionId, `${what} is gone`);
  const codec = sealedBytesBy(stored);
  if (codec !== undefined) throw new SealedValueError(codec);
  const json = textOf(stored);
  if (json === undefined || !name.endsWith(`-${digest(json, DIGEST_CHARACTERS)}`))
    throw new CorruptHistoryError(executionId, `${what} is not what was stored under that name`);
  return JSON.parse(json);
}

/** The events as they are stored: values too large for a commit are durable when this resolves, and marks stand for them. */
export async function putAway(
  store: ExecutionStore,
  executionId: string,
  events: readonly HistoryEvent[],
): Promise<HistoryEvent[]> {
  const change = changing(storing(store, executionId));
  return changedSome(
    events,
    // None of its values is larger than the whole of it.
    (event) => isLarge(event),
    (event) => changedValues(event, eventWith, change),
  );
}

/**
 * The events as they were added: the other way round.
 * @param lost what stands for a value that is gone or damaged, for those who only look; without it that is an error
 * @throws CorruptHistoryError
 */
export async function bringBack(
  store: ExecutionStore,
  executionId: string,
  events: readonly HistoryEvent[],
  lost?: (error: CorruptHistoryError | SealedValueError) => Encoded,
): Promise<HistoryEvent[]> {
  const load = loading(store, executionId);
  const change: Change =
    lost === undefined ? load : (value, what) => unlessLost(() => load(value, what), lost);
  return changedSome(
    events,
    (event) => someValue(event, eventWith, isMark),
    (event) => changedValues(event, eventWith, changing(change)),
  );
}

/** Reads a value; of one that is gone or damaged, what `lost` makes of the error that says so. */
export async function unlessLost<T, Lost>(
  read: () => Promise<T>,
  lost: (error: CorruptHistoryError | SealedValueError) => Lost,
): Promise<T | Lost> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CorruptHistoryError || error instanceof SealedValueError) return lost(error);
    throw error;
  }
}

/** The value, or a mark in its place once it is durable elsewhere. */
export function putAwayValue(
  store: ExecutionStore,
  executionId: string,
  what: string,
  value: Encoded,
): Promise<Encoded> {
  return storing(store, executionId)(value, what);
}

/** @throws CorruptHistoryError */
export function bringBackValue(store: ExecutionStore, executionId: string, value: Encoded): Promise<Encoded> {
  return loading(store, executionId)(value, "");
}

/** The message as the inbox keeps it. */
export async function putAwayMessage(
  store: ExecutionStore,
  executionId: string,
  message: Message,
): Promise<Message> {
  return changedValues(message, messageWith, changing(storing(store, executionId)));
}

/** Messages as their senders meant them. */
export async function bringBackMessages(
  store: ExecutionStore,
  executionId: string,
  messages: readonly Message[],
): Promise<Message[]> {
  const change = changing(loading(store, executionId));
  return changedSome(
    messages,
    (message) => someValue(message, messageWith, isMark),
    (message) => changedValues(message, messageWith, change),
  );
}

/** Whether a message's content has to be put away before it is sent. */
export function isLargeMessage(message: Message): boolean {
  const content = "data" in message ? message.data : "error" in message ? message.error : undefined;
  const result = "result" in message ? message.result : undefined;
  return [content, result].some((value) => value !== undefined && isLarge(value));
}

type Change = (value: Encoded, what: string) => Promise<Encoded>;

function storing(store: ExecutionStore, executionId: string): Change {
  return async (value, what) =>
    isLarge(value) ? payloadMark(await putPayload(store, executionId, what, value)) : value;
}

function loading(store: ExecutionStore, executionId: string): Change {
  return async (value) => {
    refuseSealed(value);
    const name = payloadNamedBy(value);
    return name === undefined ? value : getPayload(store, executionId, name);
  };
}

/** Of what holds values, each of them, a few at one time. */
function changing(change: Change) {
  return (values: readonly Encoded[], whats: readonly string[]): Promise<Encoded[]> =>
    inTurns(
      values.map((value, index) => ({ value, what: whats[index] ?? "" })),
      ({ value, what }) => change(value, what),
    );
}

function isLarge(value: Encoded | HistoryEvent): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > HISTORY_VALUE_BYTES;
}

/** Something stands in the value's place. */
function isMark(value: Encoded): boolean {
  return payloadNamedBy(value) !== undefined || readSealedMark(value) !== undefined;
}

/** With those changed that have to be. Of a history of thousands, mostly none has, and nothing is waited for. */
async function changedSome<Item>(
  items: readonly Item[],
  hasTo: (item: Item) => boolean,
  change: (item: Item) => Promise<Item>,
): Promise<Item[]> {
  const changed = [...items];
  const some = items.flatMap((item, index) => (hasTo(item) ? [{ item, index }] : []));
  await inTurns(some, async ({ item, index }) => {
    changed[index] = await change(item);
  });
  return changed;
}

/** In their order, a few at one time. */
async function inTurns<Item, Done>(
  items: readonly Item[],
  work: (item: Item) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = new Array(items.length);
  const left = items.entries();
  const worker = async (): Promise<void> => {
    // One iterator for all: each takes the next.
    for (const [index, item] of left) done[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return done;
}

function sizeOf(stored: string | Uint8Array): number {
  return typeof stored === "string" ? Buffer.byteLength(stored) : stored.length;
}

/** Undefined for bytes that nobody here has compressed. */
function textOf(stored: string | Uint8Array): string | undefined {
  if (typeof stored === "string") return stored;
  try {
    return uncompress(stored);
  } catch {
    return undefined;
  }
}
