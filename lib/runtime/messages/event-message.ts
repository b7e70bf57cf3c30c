/** An event that deliver has recorded, as the message that an execution gets: from its inbox, or by looking back. */
import { type EventMessage, eventMessageId } from "../../model/message.js";
import type { RecentEvent } from "../../store/ports.js";

export function eventMessage({ id, name, key, data, recordedAt }: RecentEvent): EventMessage {
  return {
    kind: "event",
    id: eventMessageId(name, id),
    at: recordedAt,
    name,
    ...(key === undefined ? {} : { key }),
    data,
  };
}
