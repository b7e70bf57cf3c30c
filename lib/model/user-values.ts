/** Where users' values stand in what is recorded: in history events, messages, and what is sent. */
import type { HistoryEvent } from "./history-event.js";
import type { Message } from "./message.js";
import type { Outgoing, OutgoingWake } from "./outgoing.js";
import { SEALED_TEXT } from "./sealed-mark.js";
import type { Encoded } from "./value.js";

/** @param what it is: `result`, `error`, `data`, `details`, `input` */
export type ChangeValue = (value: Encoded, what: string) => Encoded;

/** The event with each value of a user's changed, in their order. */
export function eventWith(event: HistoryEvent, change: ChangeValue): HistoryEvent {
  if ("error" in event) return having(event, "error", change(event.error, "error"));
  if ("result" in event && event.result !== undefined)
    return having(event, "result", change(event.result, "result"));
  if ("message" in event && event.message !== undefined)
    return having(event, "message", messageWith(event.message, change));
  if ("details" in event) return having(event, "details", change(event.details, "details"));
  if (event.type === "MessagesInherited")
    return { ...event, carried: event.carried.map((message) => messageWith(message, change)) };
  if (event.type === "ExecutionContinued") return { ...event, input: change(event.input, "input") };
  return event;
}

export function messageWith(message: Message, change: ChangeValue): Message {
  switch (message.kind) {
    case "event":
    case "signal":
    case "update":
      return having(message, "data", change(message.data, "data"));
    case "callback":
    case "child":
      if (message.error !== undefined) return having(message, "error", change(message.error, "error"));
      if (message.result !== undefined) return having(message, "result", change(message.result, "result"));
      return message;
    default:
      return message;
  }
}

/** An event's payload is JSON text, and is changed as such; what is no text then is a mark. */
export function outgoingWith(message: Outgoing, change: ChangeValue): Outgoing;
export function outgoingWith(message: Outgoing | OutgoingWake, change: ChangeValue): Outgoing | OutgoingWake;
export function outgoingWith(message: Outgoing | OutgoingWake, change: ChangeValue): Outgoing | OutgoingWake {
  switch (message.kind) {
    case "event": {
      const isSealed = message.detail.startsWith(SEALED_TEXT);
      const held: Encoded = isSealed ? JSON.parse(message.detail.slice(SEALED_TEXT.length)) : message.detail;
      const changed = change(held, "detail");
      const detail = typeof changed === "string" ? changed : SEALED_TEXT + JSON.stringify(changed);
      return { ...message, detail };
    }
    case "signal": {
      const { data } = message.message;
      return { ...message, message: { ...message.message, data: change(data, "data") } };
    }
    case "start":
      return { ...message, input: change(message.input, "input") };
    case "wake":
      return message;
  }
}

/**
 * The same for a change that takes its time: of all values that `walk` comes to, at once.
 * @param walk calls its second argument for each value, in an order that depends on the first alone
 */
export async function changedValues<Holder>(
  holder: Holder,
  walk: (holder: Holder, change: ChangeValue) => Holder,
  changeAll: (values: readonly Encoded[], whats: readonly string[]) => Promise<readonly Encoded[]>,
): Promise<Holder> {
  const values: Encoded[] = [];
  const whats: string[] = [];
  walk(holder, (value, what) => {
    values.push(value);
    whats.push(what);
    return value;
  });
  if (values.length === 0) return holder;
  const changed = await changeAll(values, whats);
  let next = 0;
  return walk(holder, (value) => {
    const one = changed[next++];
    return one === undefined ? value : one;
  });
}

/** Whether one of its values is such a one. */
export function someValue<Holder>(
  holder: Holder,
  walk: (holder: Holder, change: ChangeValue) => Holder,
  isOne: (value: Encoded) => boolean,
): boolean {
  let found = false;
  walk(holder, (value) => {
    found ||= isOne(value);
    return value;
  });
  return found;
}

/** The same object where nothing is another: most histories are only looked through, and a copy costs more than the look. */
function having<Holder, Key extends keyof Holder>(holder: Holder, key: Key, value: Holder[Key]): Holder {
  return holder[key] === value ? holder : { ...holder, [key]: value };
}
