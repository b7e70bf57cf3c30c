/** A bus event as a rule puts it into a queue: the whole event as the message's body. */
import { type BusEvent, MalformedBusEventError, readBusEvent } from "../runtime/bus/bus-event.js";

/** Throws {@link MalformedBusEventError}. */
export function parseBusMessage(body: string): BusEvent {
  let found: unknown;
  try {
    found = JSON.parse(body);
  } catch {
    throw new MalformedBusEventError("its message's body is no JSON");
  }
  return readBusEvent(found);
}
