/** A bus event as a rule puts it into a queue: the whole event as the message's body; what a delivery left of it, in attributes. */
import { type BusEvent, MalformedBusEventError, readBusEvent } from "../runtime/bus/bus-event.js";
import { type Attributes, partOf, sinceOf } from "./event-attributes.js";

/** Throws {@link MalformedBusEventError}. */
export function parseBusMessage(body: string, attributes: Attributes, service: string): BusEvent {
  const part = partOf(attributes);
  const since = sinceOf(attributes);
  return {
    ...readBusEvent(jsonOf(body), service),
    ...(part === undefined ? {} : { part }),
    ...(since === undefined ? {} : { since }),
  };
}

/** Throws {@link MalformedBusEventError}. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new MalformedBusEventError("its message's body is no JSON");
  }
}
