/** Whatever a history event or a message holds of a user's can be put away: a new field has to be known where that is done. */
import { expectTypeOf, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import type { Message } from "../../lib/model/message.js";
import type { Encoded } from "../../lib/model/value.js";

/** The names of the fields that hold a value. */
type ValuesOf<Each> = Each extends unknown
  ? { [Name in keyof Each]-?: Encoded extends Each[Name] ? Name : never }[keyof Each]
  : never;

it("every value of a history event is one that lib/runtime/values/payloads.ts puts away and brings back", () => {
  expectTypeOf<ValuesOf<HistoryEvent>>().toEqualTypeOf<"error" | "result" | "details" | "input">();
});

it("so is every value of a message", () => {
  expectTypeOf<ValuesOf<Message>>().toEqualTypeOf<"data" | "error" | "result">();
  expectTypeOf<Extract<Message, { data: Encoded }>["kind"]>().toEqualTypeOf<"event" | "signal" | "update">();
});
