/** What lies in the queue that leads to the start function: bus events, as rules put them there, and firings, as schedules do. */
import { type FiringMessage, readFiring, saysFiring } from "../model/firing.js";
import { type BusEvent, readBusEvent } from "../runtime/bus/bus-event.js";
import { jsonOf } from "./bus-message.js";

export type StartMessage =
  | { readonly kind: "event"; readonly event: BusEvent }
  | { readonly kind: "firing"; readonly firing: FiringMessage };

/** @throws MalformedBusEventError, MalformedFiringError */
export function parseStartMessage(body: string, service: string): StartMessage {
  const found = jsonOf(body);
  return saysFiring(found)
    ? { kind: "firing", firing: readFiring(found) }
    : { kind: "event", event: readBusEvent(found, service) };
}
