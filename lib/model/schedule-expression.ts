/** `rate(…)` and `cron(…)`: when something comes round, as EventBridge Scheduler reads it. */
import { type CronFields, nextCron, parseCron } from "./cron.js";
import { shown } from "./shown.js";
import type { EpochMs } from "./time.js";
import { isTimeZone } from "./time-zone.js";

export type Recurrence =
  | { readonly kind: "rate"; readonly everyMs: number }
  | { readonly kind: "cron"; readonly fields: CronFields };

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** The recurrence, or in a sentence's part why the text is none. */
export function parseRecurrence(text: unknown): Recurrence | string {
  if (typeof text !== "string") return `it is ${text === null ? "null" : typeof text}, and no text`;
  const [, kind, inside = ""] = /^(rate|cron)\((.*)\)$/.exec(text) ?? [];
  if (kind === "rate") return parseRate(inside);
  if (kind !== "cron") return "it is neither rate(…) nor cron(…)";
  const fields = parseCron(inside);
  return typeof fields === "string" ? fields : { kind, fields };
}

/** Singular for one and plural for more: what both EventBridge Scheduler and the rules of EventBridge take. */
function parseRate(inside: string): Recurrence | string {
  const [, digits = "", unit = "", plural = ""] = /^(\d{1,9}) (minute|hour|day)(s?)$/.exec(inside) ?? [];
  const unitMs = UNIT_MS[unit];
  const count = Number(digits);
  if (unitMs === undefined || count < 1)
    return "rate() takes a whole number from 1 and minutes, hours or days, such as rate(5 minutes)";
  if ((count === 1) === (plural === "s"))
    return `"${digits} ${unit}${plural}" mixes singular and plural: write rate(${count} ${unit}${count === 1 ? "" : "s"})`;
  return { kind: "rate", everyMs: count * unitMs };
}

/**
 * Why nothing would ever come of it, in a sentence's part; undefined for a schedule that means something.
 * @param from the first instant that counts: where there is a clock, what is over means nothing any more
 */
export function whyNoRecurrence(
  expression: unknown,
  timezone: unknown = "UTC",
  from: EpochMs = 0,
): string | undefined {
  const parsed = parseRecurrence(expression);
  if (typeof parsed === "string") return parsed;
  if (!isTimeZone(timezone))
    return `${shown(timezone)} is no time zone: expected an IANA name as it is spelled there, such as "Europe/Vienna" or "UTC"`;
  if (parsed.kind === "rate" || nextCron(parsed.fields, timezone, from - 1) !== undefined) return undefined;
  return from === 0
    ? "it names no minute of any year"
    : `it names no minute from ${new Date(from).toISOString()} on`;
}

/**
 * When it comes round next after an instant; undefined when never again.
 * @param anchor from when a rate is reckoned: it comes round then, and every so often after it
 */
export function nextOf(
  recurrence: Recurrence,
  zone: string,
  anchor: EpochMs,
  after: EpochMs,
): EpochMs | undefined {
  if (recurrence.kind === "cron") return nextCron(recurrence.fields, zone, after);
  const rounds = Math.floor((after - anchor) / recurrence.everyMs) + 1;
  return anchor + Math.max(0, rounds) * recurrence.everyMs;
}
