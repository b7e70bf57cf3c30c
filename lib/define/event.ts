/** `event(...)`: a declared bus event, the contract between those who publish it and the workflows that wait for it. */
import { InvalidDefinitionError } from "../model/errors.js";
import { checkName } from "../model/ids.js";
import { checkSchema, type Schema } from "./schema.js";

/** A declared event. `Input` is what may be published, `Data` what a waiting workflow receives (the schema's output). */
export interface EventType<Input = unknown, Data = Input> {
  readonly kind: "event";
  /** The bus's `detail-type`. */
  readonly name: string;
  readonly schema?: Schema<Input, Data>;
  /** The correlation key of a payload: a wait names the key that it wants. Without it, every waiting execution gets every event. */
  // A method, so that an event whose payload has more than is needed still fits where less is asked for.
  key?(data: Data): string;
}

/** What an event's payload is, and what its waits are told apart by. */
export interface EventOptions<Input, Data> {
  /** What the payload must look like; an event that does not fit goes to the dead-letter queue with the reason. */
  readonly schema?: Schema<Input, Data>;
  /** The key of a payload: such an event reaches the waits for its key alone. Without it, an event reaches every execution that waits for it. */
  readonly key?: (data: NoInfer<Data>) => string;
}

/**
 * Declares an event.
 * @param name 1 to 128 characters of A-Z a-z 0-9 . _ : / -; it is the `detail-type` on the bus.
 * @throws InvalidDefinitionError
 */
export function event<Input = unknown, Data = Input>(
  name: string,
  options: EventOptions<Input, Data> = {},
): EventType<Input, Data> {
  checkName("an event", name);
  if (typeof options !== "object" || options === null) {
    throw new InvalidDefinitionError(
      `The options of event "${name}" are ${String(options)}. Expected event(name, { schema, key }) or event(name).`,
    );
  }
  checkSchema(options.schema, `The schema of event "${name}"`);
  if (options.key !== undefined && typeof options.key !== "function") {
    throw new InvalidDefinitionError(
      `The key of event "${name}" is not a function. Expected (data) => string.`,
    );
  }
  return {
    kind: "event",
    name,
    ...(options.schema === undefined ? {} : { schema: options.schema }),
    ...(options.key === undefined ? {} : { key: options.key }),
  };
}

/** Any declared event, whatever its payload: for lists and look-ups. */
// biome-ignore lint/suspicious/noExplicitAny: payload types differ per event, and functions of them are contravariant
export type AnyEventType = EventType<any, any>;
