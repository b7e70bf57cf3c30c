/** A schedule as somebody wrote it, in a request or a template, judged and turned into our own. */
import { LARGEST_BODY_BYTES } from "../../model/firing.js";
import { instantOf, isTimeZone } from "../../model/time-zone.js";
import { Fields, type JsonObject } from "../json.js";
import { parseExpression } from "../schedule-expression.js";
import type { SavedSchedule, Schedule } from "./schedules.js";

/** What `CreateSchedule` refuses, and why. */
export class ScheduleRefused extends Error {
  override readonly name = "ScheduleRefused";
}

const TARGET_KNOWN = ["Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"];

const OLDEST_START_MS = 5 * 60_000;

export const readSchedule = (
  id: { readonly group: string; readonly name: string },
  input: Fields,
  nowMs: number,
  origin: Schedule["origin"],
): Schedule => {
  if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(id.name))
    throw new ScheduleRefused(`The name "${id.name}" must have 1 to 64 of the characters 0-9 a-z A-Z - _ .`);
  const text = input.require("ScheduleExpression", input.string("ScheduleExpression"));
  const expression = parseExpression(text);
  if (expression.kind === "invalid")
    throw new ScheduleRefused(`Invalid Schedule Expression ${text}: ${expression.reason}.`);
  const zone = input.string("ScheduleExpressionTimezone") ?? "UTC";
  if (!isTimeZone(zone)) throw new ScheduleRefused(`"${zone}" is no time zone of the IANA's.`);
  if (expression.kind === "at") checkComing(text, instantOf(zone, expression.wallMs), nowMs);
  const window = input.require("FlexibleTimeWindow", input.object("FlexibleTimeWindow"));
  checkWindow(window);
  const target = input.require("Target", input.object("Target"));
  const unknown = Object.keys(target.value).filter((key) => !TARGET_KNOWN.includes(key));
  if (unknown.length > 0)
    throw new ScheduleRefused(`The local Scheduler does not know Target.${unknown.join(", Target.")}.`);
  const message = target.string("Input") ?? "{}";
  if (Buffer.byteLength(message) > LARGEST_BODY_BYTES)
    throw new ScheduleRefused(
      `Target.Input must have at most ${LARGEST_BODY_BYTES} bytes, and has ${Buffer.byteLength(message)}.`,
    );
  target.require("RoleArn", target.string("RoleArn"));
  const startMs = instant(input, "StartDate");
  if (startMs !== undefined && startMs < nowMs - OLDEST_START_MS)
    throw new ScheduleRefused("The StartDate you specify cannot be earlier than 5 minutes ago.");
  const endMs = instant(input, "EndDate");
  if (startMs !== undefined && endMs !== undefined && endMs < startMs)
    throw new ScheduleRefused("EndDate must not be before StartDate.");
  const deadLetterArn = target.object("DeadLetterConfig")?.string("Arn");
  return {
    ...id,
    expression,
    zone,
    definition: definitionOf(input.value),
    targetArn: target.require("Arn", target.string("Arn")),
    input: message,
    enabled: oneOf(input, "State", ["ENABLED", "DISABLED"], "ENABLED") === "ENABLED",
    deleteAfterwards: oneOf(input, "ActionAfterCompletion", ["NONE", "DELETE"], "NONE") === "DELETE",
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    origin,
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    ...(startMs === undefined ? {} : { startMs }),
    ...(endMs === undefined ? {} : { endMs }),
  };
};

/** A schedule as it was saved. Its time may have passed while we were stopped: then it is due now. */
export const restoreSchedule = (saved: SavedSchedule): Schedule => {
  const fields = new Fields(saved.definition, (message) => new ScheduleRefused(message));
  return { ...readSchedule(saved, fields, 0, saved.origin), ...saved };
};

const checkComing = (text: string, atMs: number | undefined, nowMs: number): void => {
  if (atMs === undefined)
    throw new ScheduleRefused(`Invalid Schedule Expression ${text}: clocks skip this time there.`);
  // The minute counts: a schedule for the minute that has begun still fires within it.
  if (Math.floor(atMs / 60_000) < Math.floor(nowMs / 60_000))
    throw new ScheduleRefused(
      `Invalid Schedule Expression ${text}: the time is in the past (it is ${new Date(nowMs).toISOString()}).`,
    );
};

const checkWindow = (window: Fields): void => {
  const mode = window.require("Mode", window.string("Mode"));
  const minutes = window.number("MaximumWindowInMinutes");
  if (mode === "OFF" && minutes === undefined) return;
  if (mode === "FLEXIBLE" && minutes !== undefined && minutes >= 1 && minutes <= 1440) return;
  throw new ScheduleRefused(
    "FlexibleTimeWindow must be OFF without a MaximumWindowInMinutes, or FLEXIBLE with one from 1 to 1440.",
  );
};

const oneOf = (input: Fields, key: string, allowed: readonly string[], otherwise: string): string => {
  const value = input.string(key) ?? otherwise;
  if (allowed.includes(value)) return value;
  throw new ScheduleRefused(`${key} must be one of ${allowed.join(", ")}, and was "${value}".`);
};

/** Seconds since 1970 on the wire, a date in a template. */
const instant = (input: Fields, key: string): number | undefined => {
  const value = input.get(key);
  if (value === undefined) return undefined;
  const ms =
    typeof value === "number" ? value * 1000 : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new ScheduleRefused(`${key} must be a date, and was ${JSON.stringify(value)}.`);
  return ms;
};

const ECHOED = [
  "ScheduleExpression",
  "ScheduleExpressionTimezone",
  "FlexibleTimeWindow",
  "Target",
  "State",
  "ActionAfterCompletion",
  "Description",
  "StartDate",
  "EndDate",
];

const definitionOf = (input: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(input).filter(([key]) => ECHOED.includes(key)));
