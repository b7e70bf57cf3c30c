/**
 * The entries of a `PutEvents` call: which are good, and what a good one looks like to a rule.
 *
 * | entry                                   | result                                        |
 * |-----------------------------------------|-----------------------------------------------|
 * | Source, DetailType or Detail is missing | that entry: InvalidArgument                   |
 * | Detail is not a JSON object             | that entry: MalformedDetail                   |
 * | an unknown bus                          | that entry: as on AWS, accepted and dropped   |
 * | more than 10 entries, or none           | the whole call: ValidationException           |
 * | more than 256 KB in all                 | the whole call: ValidationException           |
 */

import { ACCOUNT, REGION } from "../arn.js";
import { ApiError } from "../http.js";
import { Fields, isObject, type JsonObject, tryParseJson } from "../json.js";

const ENTRIES_MAX = 10;
/** Of one entry, and of the entries of a call together. */
const CALL_BYTES_MAX = 256 * 1024;

export interface EventEnvelope extends JsonObject {
  readonly id: string;
}

export type Entry =
  | { readonly ok: true; readonly bus: string; readonly event: EventEnvelope }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Judges a whole call; the id and the time of each accepted entry are given by the caller. */
export const readEntries = (input: JsonObject, newId: () => string, nowMs: number): Entry[] => {
  const entries = new Fields(input, validation).objects("Entries");
  if (entries.length < 1 || entries.length > ENTRIES_MAX)
    throw validation(
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${ENTRIES_MAX}; it has ${entries.length}.`,
    );
  const total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (total > CALL_BYTES_MAX)
    throw validation(
      `Total size of the entries in the request is over the limit: ${total} bytes of ${CALL_BYTES_MAX}.`,
    );
  return entries.map((entry) => readEntry(entry, newId, nowMs));
};

const readEntry = (entry: Fields, newId: () => string, nowMs: number): Entry => {
  const source = entry.string("Source");
  const detailType = entry.string("DetailType");
  const text = entry.string("Detail");
  for (const [name, value] of Object.entries({ Source: source, DetailType: detailType, Detail: text })) {
    if (value === undefined || value === "")
      return {
        ok: false,
        code: "InvalidArgument",
        message: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      };
  }
  const detail = tryParseJson(text ?? "");
  if (!isObject(detail)) return { ok: false, code: "MalformedDetail", message: "Detail is malformed." };
  const timeMs = (entry.number("Time") ?? nowMs / 1000) * 1000;
  const bus = entry.string("EventBusName") ?? "default";
  return {
    ok: true,
    bus: bus.split("/").at(-1) ?? bus,
    event: {
      version: "0",
      id: newId(),
      "detail-type": detailType ?? "",
      source: source ?? "",
      account: ACCOUNT,
      time: new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, "Z"),
      region: REGION,
      resources: entry.strings("Resources"),
      detail,
    },
  };
};

/** As AWS counts: 14 bytes for a time, and the UTF-8 bytes of the rest. */
const sizeOf = (entry: Fields): number =>
  (entry.has("Time") ? 14 : 0) +
  ["Source", "DetailType", "Detail"].reduce(
    (sum, key) => sum + Buffer.byteLength(entry.string(key) ?? ""),
    0,
  ) +
  entry.strings("Resources").reduce((sum, resource) => sum + Buffer.byteLength(resource), 0);

const validation = (message: string): ApiError => new ApiError("ValidationException", message);
