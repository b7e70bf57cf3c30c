/**
 * What an event's message says beside the event itself. Its body is always the event as EventBridge sent it, so that people and their tools
 * find it as it was; what a delivery leaves for the next one, and why an event is dead, stand in message attributes.
 */
import type { DeadReason } from "../decide/dead-letter.js";
import { LONGEST_EXECUTION_ID } from "../model/ids.js";
import { type EpochMs, isInstant } from "../model/time.js";
import { type DeliveryPart, MalformedBusEventError } from "../runtime/bus/bus-event.js";
import type { DeadLetter } from "./event-queue.js";

/** Text by name. */
export type Attributes = Readonly<Record<string, string>>;

const AFTER = "holdfast.after";
const EXECUTIONS = "holdfast.executions";
const SINCE = "holdfast.since";
const REDRIVES = "holdfast.redrives";
const REASON = "holdfast.reason";
const MESSAGE = "holdfast.message";
const AT = "holdfast.at";
const BY = "holdfast.by";

/** In bytes: a reason is for a person's eyes, and takes its room from the event. */
const LONGEST_MESSAGE_BYTES = 1_024;

const MOST_EXECUTIONS = 100;

/** Why, when and by whom an event was given up. */
export interface Verdict extends DeadReason {
  /** ISO time; absent where somebody else wrote the attributes. */
  readonly at?: string;
  readonly by?: string;
}

export function partAttributes(part: DeliveryPart): Attributes {
  return "after" in part ? { [AFTER]: part.after } : { [EXECUTIONS]: JSON.stringify(part.executions) };
}

/** Throws {@link MalformedBusEventError}. What the cursor says is checked by the listing that made it. */
export function partOf(attributes: Attributes): DeliveryPart | undefined {
  const { [AFTER]: after, [EXECUTIONS]: executions } = attributes;
  if (after !== undefined && executions !== undefined)
    throw new MalformedBusEventError(`its message has both "${AFTER}" and "${EXECUTIONS}"`);
  if (after !== undefined) return { after };
  if (executions === undefined) return undefined;
  const ids = idsIn(executions);
  if (ids === undefined)
    throw new MalformedBusEventError(`"${EXECUTIONS}" of its message is no list of execution ids`);
  return { executions: ids };
}

function idsIn(text: string): string[] | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (!Array.isArray(found) || found.length === 0 || found.length > MOST_EXECUTIONS) return undefined;
    const ids = found.filter(
      (id): id is string => typeof id === "string" && id !== "" && id.length <= LONGEST_EXECUTION_ID,
    );
    return ids.length === found.length ? ids : undefined;
  } catch {
    return undefined;
  }
}

/** What stays with the event wherever it goes: which part of its waits a message is for, and since when it is being delivered. */
const LASTING: readonly string[] = [AFTER, EXECUTIONS, SINCE];

/** Since when the event is being delivered. Undefined for one that has just come, or that nobody could have taken yet. */
export function sinceOf(attributes: Attributes): EpochMs | undefined {
  const at = Date.parse(attributes[SINCE] ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/**
 * The attributes of the event when it is handed on.
 * @param sentAt when the message was sent that the delivery has
 */
export function handedOn(
  part: DeliveryPart,
  attributes: Attributes,
  sentAt: EpochMs | undefined,
): Attributes {
  return { ...only(begun(attributes, sentAt), [SINCE]), ...partAttributes(part) };
}

/** The attributes of a dead event when it is sent back. One with a reason was refused before anybody could take it: it is news to all. */
export function sentBack({ attributes, sentAt }: Pick<DeadLetter, "attributes" | "sentAt">): Attributes {
  return only(verdictOf(attributes) === undefined ? begun(attributes, sentAt) : attributes, LASTING);
}

function begun(attributes: Attributes, sentAt: EpochMs | undefined): Attributes {
  return !isInstant(sentAt) ? attributes : { [SINCE]: new Date(sentAt).toISOString(), ...attributes };
}

/** How often the audit has sent the event back from the dead-letter queue. */
export function redrivesOf(attributes: Attributes): number {
  const count = Number(attributes[REDRIVES] ?? 0);
  return Number.isInteger(count) && count > 0 ? count : 0;
}

/** The attributes of the event when the audit sends it back once more. */
export function redriven(letter: Pick<DeadLetter, "attributes" | "sentAt">): Attributes {
  return { ...sentBack(letter), [REDRIVES]: String(redrivesOf(letter.attributes) + 1) };
}

/** The attributes of the event in the dead-letter queue. */
export function condemned(attributes: Attributes, { code, message, at, by }: Required<Verdict>): Attributes {
  return {
    ...only(attributes, [...LASTING, REDRIVES]),
    [REASON]: code,
    [MESSAGE]: sendable(message) || code,
    [AT]: at,
    [BY]: by,
  };
}

/** Undefined for an event that nobody has given a reason: its receives ran out. */
export function verdictOf(attributes: Attributes): Verdict | undefined {
  const { [REASON]: code, [MESSAGE]: message = "", [AT]: at, [BY]: by } = attributes;
  if (code === undefined) return undefined;
  return { code, message, ...(at === undefined ? {} : { at }), ...(by === undefined ? {} : { by }) };
}

function only(attributes: Attributes, names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes(name)));
}

/** Of the characters that SQS takes, and no longer than there is room for. */
function sendable(text: string): string {
  const clean = text.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
  if (Buffer.byteLength(clean) <= LONGEST_MESSAGE_BYTES) return clean;
  let cut = "";
  let left = LONGEST_MESSAGE_BYTES - Buffer.byteLength("…");
  for (const character of clean) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    cut += character;
  }
  return `${cut}…`;
}
