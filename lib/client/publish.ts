import type { AnyEventType } from "../define/event.js";
import { parse } from "../define/schema.js";
import { InvalidInputError, PayloadTooLargeError, PublishFailedError } from "../model/errors.js";
import { checkExecutionId, checkMessageId, checkName } from "../model/ids.js";
import { LARGEST_DETAIL_BYTES } from "../model/outgoing.js";
import { eventIdResource, targetResource } from "../runtime/bus/bus-event.js";
import type { BusEntry, Outside } from "../runtime/outside.js";
import { given, nameGiven } from "./given.js";
import type { PublishOptions } from "./types.js";

/** @returns the event's stable id */
export async function publishEvent(
  outside: Outside,
  event: AnyEventType | string,
  data: unknown,
  options: PublishOptions,
): Promise<string> {
  given("client.publish", options);
  const name = checkName("an event", nameGiven("event", event));
  // Only checked: what is published is what the publisher gave, and each receiver's schema makes of it what it needs.
  if (typeof event !== "string") await parse(event.schema, data, `The payload of event "${name}"`);
  const id = checkMessageId(options.id ?? outside.token());
  const entry: BusEntry = {
    name,
    detail: detailOf(name, data),
    at: outside.clock.now(),
    resources: [
      eventIdResource(id),
      ...(options.target === undefined ? [] : [targetResource(checkExecutionId(options.target))]),
    ],
  };
  const [outcome] = await outside.bus.publish([entry]);
  if (outcome?.ok !== true) throw new PublishFailedError(name, id, outcome?.error ?? "it gave no answer");
  return id;
}

/** The payload as the bus takes it. Throws `InvalidInputError`, `PayloadTooLargeError`. */
export function detailOf(name: string, data: unknown): string {
  const what = `The payload of event "${name}"`;
  const refused = (message: string) => new InvalidInputError(what, [{ path: "", message }]);
  const text = typeof data === "object" && data !== null && !Array.isArray(data) ? jsonOf(data) : undefined;
  if (text instanceof Error) throw refused(`it is no JSON: ${text.message}`);
  if (text === undefined)
    throw refused("expected an object: the bus takes nothing else as an event's detail");
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_DETAIL_BYTES) throw new PayloadTooLargeError(what, bytes, LARGEST_DETAIL_BYTES);
  return text;
}

function jsonOf(data: object): string | undefined | Error {
  try {
    return JSON.stringify(data);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
