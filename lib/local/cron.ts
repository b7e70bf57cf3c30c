/**
 * AWS's `cron(minutes hours day-of-month month day-of-week year)`, in UTC. Known are `*`, `?`, numbers,
 * names, lists, ranges and steps; `L`, `W` and `#` are refused, rather than fired at another time.
 */

type Field = ReadonlySet<number> | "any";

export interface CronFields {
  readonly minutes: Field;
  readonly hours: Field;
  readonly daysOfMonth: Field;
  readonly months: Field;
  /** 1 is Sunday. */
  readonly daysOfWeek: Field;
  readonly years: Field;
}

const MONTHS: readonly string[] = [
  "JAN",
  "FEB",
  "MAR",
  "APR",
  "MAY",
  "JUN",
  "JUL",
  "AUG",
  "SEP",
  "OCT",
  "NOV",
  "DEC",
];
const DAYS: readonly string[] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface Limit {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const LIMITS: readonly Limit[] = [
  { name: "minutes", min: 0, max: 59, names: [] },
  { name: "hours", min: 0, max: 23, names: [] },
  { name: "day-of-month", min: 1, max: 31, names: [] },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day-of-week", min: 1, max: 7, names: DAYS },
  { name: "year", min: 1970, max: 2199, names: [] },
];

/** The fields, or the reason why they are not understood. */
export const parseCron = (text: string): CronFields | string => {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 6) return `cron() takes six fields, and "${text}" has ${parts.length}`;
  const fields: Field[] = [];
  for (const [index, limit] of LIMITS.entries()) {
    const part = parts[index] ?? "";
    const field = parseField(part, limit);
    if (field === undefined)
      return `the ${limit.name} field "${part}" is not understood (L, W and # are not supported locally)`;
    fields.push(field);
  }
  const [
    minutes = "any",
    hours = "any",
    daysOfMonth = "any",
    months = "any",
    daysOfWeek = "any",
    years = "any",
  ] = fields;
  if ((parts[2] === "?") === (parts[4] === "?"))
    return 'exactly one of day-of-month and day-of-week must be "?"';
  return { minutes, hours, daysOfMonth, months, daysOfWeek, years };
};

const parseField = (text: string, limit: Limit): Field | undefined => {
  if (text === "*" || text === "?") return "any";
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [, range = "", step = "1"] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const [from = "", to] = range === "*" ? [String(limit.min), String(limit.max)] : range.split("-");
    const first = parseValue(from, limit);
    // `5/10` means from 5 to the end, in tens.
    const last = to === undefined ? (part.includes("/") ? limit.max : first) : parseValue(to, limit);
    if (first === undefined || last === undefined || first > last || Number(step) < 1) return undefined;
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  return values;
};

const parseValue = (text: string, limit: Limit): number | undefined => {
  const named = limit.names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + 1 : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= limit.min && value <= limit.max ? value : undefined;
};

/** The search ends here: a cron expression that names no day in this time names none at all. */
const SEARCH_DAYS_MAX = 366 * 9;
const DAY_MS = 24 * 60 * 60 * 1000;

export const nextCron = (fields: CronFields, afterMs: number): number | undefined => {
  const startMinute = Math.floor(afterMs / 60_000) * 60_000 + 60_000;
  let dayMs = Math.floor(startMinute / DAY_MS) * DAY_MS;
  for (let days = 0; days < SEARCH_DAYS_MAX; days += 1, dayMs += DAY_MS) {
    const day = new Date(dayMs);
    if (!isDay(fields, day)) continue;
    for (let hour = 0; hour < 24; hour += 1) {
      if (!has(fields.hours, hour)) continue;
      for (let minute = 0; minute < 60; minute += 1) {
        const atMs = dayMs + (hour * 60 + minute) * 60_000;
        if (atMs >= startMinute && has(fields.minutes, minute)) return atMs;
      }
    }
  }
  return undefined;
};

const isDay = (fields: CronFields, day: Date): boolean =>
  has(fields.years, day.getUTCFullYear()) &&
  has(fields.months, day.getUTCMonth() + 1) &&
  has(fields.daysOfMonth, day.getUTCDate()) &&
  has(fields.daysOfWeek, day.getUTCDay() + 1);

const has = (field: Field, value: number): boolean => field === "any" || field.has(value);
