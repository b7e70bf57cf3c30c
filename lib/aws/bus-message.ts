/** A bus event as a rule puts it into a queue: the whole event as the message's body. */
import { type BusEvent, MalformedBusEventError, readBusEvent } from "../runtime/bus/bus-event.js";

/** Throws {@link MalformedBusEventError}. */
export function parseBusMessage(body: string): BusEvent {
  return readBusEvent(jsonOf(body));
}

/** Throws {@link MalformedBusEventError}. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new MalformedBusEventError("its message's body is no JSON");
  }
}
