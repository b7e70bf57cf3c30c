/** What an event's type makes of its payload. */
import type { AnyEventType } from "../../define/event.js";
import { parse } from "../../define/schema.js";
import { InvalidInputError } from "../../model/errors.js";
import { shown } from "../../model/shown.js";
import { textOf } from "../../model/value.js";
import type { BusEvent } from "./bus-event.js";

export interface Payload {
  readonly data: unknown;
  readonly key?: string;
}

/** Throws `InvalidInputError` for a payload that does not fit the schema, or of which no key can be made. */
export async function readPayload(type: AnyEventType, event: BusEvent): Promise<Payload> {
  const what = `Event "${event.name}"`;
  const data = await parse(type.schema, event.detail, what);
  if (type.key === undefined) return { data };
  const refuse = (message: string) => new InvalidInputError(what, [{ path: "key", message }]);
  let key: unknown;
  try {
    key = type.key(data);
  } catch (error) {
    throw refuse(`its key can't be made of this payload: ${textOf(error)}`);
  }
  if (typeof key !== "string") throw refuse(`its key is ${shown(key)}, and must be text`);
  return { data, key };
}
