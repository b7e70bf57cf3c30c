/**
 * AWS's `cron(minutes hours day-of-month month day-of-week [year])`: which minutes it names, on the clocks of a time zone.
 *
 * | in                         | means                                                            |
 * |----------------------------|------------------------------------------------------------------|
 * | any field                  | `*` all, `a-b` a range, `a,b` a list, `a/n` every n-th from a on |
 * | day-of-month, day-of-week  | `?` in one of them: the other one decides                        |
 * | day-of-month               | `L` the last day; `15W` the weekday nearest to the 15th          |
 * | day-of-week, 1 is Sunday   | `L` Saturday; `6L` the last Friday; `3#2` the second Tuesday      |
 */
import type { EpochMs } from "./time.js";
import { instantOf, type WallMs, wallAt } from "./time-zone.js";

export interface CronFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number>;
  /** Whether any of its rules names the day. */
  readonly days: readonly DayRule[];
}

/** A day, told from its month: its date, how many days the month has, and what weekday the first one is (0 is Sunday). */
interface Day {
  readonly date: number;
  readonly last: number;
  readonly firstWeekday: number;
}

type DayRule = (day: Day) => boolean;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MINUTES: Field = { name: "minutes", min: 0, max: 59, names: [] };
const HOURS: Field = { name: "hours", min: 0, max: 23, names: [] };
const DATES: Field = { name: "day-of-month", min: 1, max: 31, names: [] };
const MONTHS: Field = {
  name: "month",
  min: 1,
  max: 12,
  names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
const WEEKDAYS: Field = {
  name: "day-of-week",
  min: 1,
  max: 7,
  names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};
const YEARS: Field = { name: "year", min: 1970, max: 2199, names: [] };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A fifth Friday of February comes once in 28 years, or in 40 around 2100: what names no minute in this many of its years names none. */
const YEARS_SEARCHED = 41;

/** The fields, or in a sentence's part why they are not understood. */
export function parseCron(text: string): CronFields | string {
  const parts = text.trim().split(/\s+/);
  const [minutes = "", hours = "", dates = "", months = "", weekdays = "", years = "*"] = parts;
  if (parts.length < 5 || parts.length > 6)
    return `cron() takes five fields or six (minutes hours day-of-month month day-of-week year), and has ${text.trim() === "" ? 0 : parts.length}`;
  if ((dates === "?") === (weekdays === "?"))
    return 'exactly one of day-of-month and day-of-week must be "?"';
  const fields = {
    minutes: valuesOf(minutes, MINUTES),
    hours: valuesOf(hours, HOURS),
    months: valuesOf(months, MONTHS),
    years: valuesOf(years, YEARS),
    days: dates === "?" ? rulesOf(weekdays, WEEKDAYS, weekdayRule) : rulesOf(dates, DATES, dateRule),
  };
  const { minutes: m, hours: h, months: mo, years: y, days: d } = fields;
  if (typeof m === "string") return m;
  if (typeof h === "string") return h;
  if (typeof mo === "string") return mo;
  if (typeof y === "string") return y;
  if (typeof d === "string") return d;
  return { minutes: m, hours: h, months: mo, years: y, days: d };
}

/**
 * The first minute after an instant that the expression names; undefined when there is none. A time that clocks skip when they are set forward
 * is skipped; one that they show twice when they are set back counts once, the first time.
 */
export function nextCron(fields: CronFields, zone: string, after: EpochMs): EpochMs | undefined {
  const from = wallAt(zone, after);
  for (const midnight of daysFrom(fields, from)) {
    for (const hour of fields.hours) {
      for (const minute of fields.minutes) {
        const wall = midnight + hour * HOUR_MS + minute * MINUTE_MS;
        // Clocks are set by at most a few hours: what is this long past on the wall is past.
        if (wall < from - 3 * HOUR_MS) continue;
        const instant = instantOf(zone, wall);
        if (instant !== undefined && instant > after) return instant;
      }
    }
  }
  return undefined;
}

/** The midnights of the days that the fields name, from the one before `from` on: clocks that were set back may show it again. */
function* daysFrom(fields: CronFields, from: WallMs): Generator<WallMs> {
  const first = Math.floor(from / DAY_MS) * DAY_MS - DAY_MS;
  const start = new Date(first).getUTCFullYear();
  const years = [...fields.years].filter((year) => year >= start).slice(0, YEARS_SEARCHED);
  for (const year of years) {
    for (const month of fields.months) {
      const firstMidnight = Date.UTC(year, month - 1, 1);
      const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
      if (firstMidnight + last * DAY_MS <= first) continue;
      const firstWeekday = new Date(firstMidnight).getUTCDay();
      for (let date = 1; date <= last; date += 1) {
        const midnight = firstMidnight + (date - 1) * DAY_MS;
        if (midnight >= first && fields.days.some((names) => names({ date, last, firstWeekday })))
          yield midnight;
      }
    }
  }
}

/** In rising order. */
function valuesOf(text: string, field: Field): ReadonlySet<number> | string {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const found = rangeOf(part, field);
    if (found === undefined) return notUnderstood(text, field);
    for (const value of found) values.add(value);
  }
  return new Set([...values].sort((one, other) => one - other));
}

function rulesOf(
  text: string,
  field: Field,
  special: (part: string) => DayRule | undefined,
): readonly DayRule[] | string {
  const parts = text.split(",");
  if (parts.length > 1 && text.includes("#"))
    return `the ${field.name} field "${text}" may name one day only, since it has a #`;
  const rules: DayRule[] = [];
  for (const part of parts) {
    const values = rangeOf(part, field);
    const rule = values === undefined ? special(part) : plainRule(new Set(values), field);
    if (rule === undefined) return notUnderstood(text, field);
    rules.push(rule);
  }
  return rules;
}

function notUnderstood(text: string, { name, min, max }: Field): string {
  return `the ${name} field "${text}" is not understood (its values are ${min} to ${max})`;
}

function plainRule(values: ReadonlySet<number>, field: Field): DayRule {
  return field === DATES ? ({ date }) => values.has(date) : (day) => values.has(weekdayOf(day, day.date));
}

function dateRule(part: string): DayRule | undefined {
  if (part === "L") return ({ date, last }) => date === last;
  const [, digits = ""] = /^(\d{1,2})W$/.exec(part) ?? [];
  const wanted = numberIn(digits, DATES);
  return wanted === undefined ? undefined : (day) => day.date === nearestWeekday(day, wanted);
}

function weekdayRule(part: string): DayRule | undefined {
  if (part === "L") return (day) => weekdayOf(day, day.date) === 7;
  const [, name = "", nth] = /^(\w+?)(?:L|#([1-5]))$/.exec(part) ?? [];
  const wanted = numberIn(name, WEEKDAYS);
  if (wanted === undefined) return undefined;
  const isOne = (day: Day) => weekdayOf(day, day.date) === wanted;
  return nth === undefined
    ? (day) => isOne(day) && day.date > day.last - 7
    : (day) => isOne(day) && Math.ceil(day.date / 7) === Number(nth);
}

/** 1 is Sunday. */
function weekdayOf({ firstWeekday }: Day, date: number): number {
  return ((firstWeekday + date - 1) % 7) + 1;
}

/** Monday to Friday, in the same month. A month that does not have the day has none. */
function nearestWeekday(day: Day, wanted: number): number | undefined {
  if (wanted > day.last) return undefined;
  const weekday = weekdayOf(day, wanted);
  if (weekday === 7) return wanted === 1 ? 3 : wanted - 1;
  if (weekday === 1) return wanted === day.last ? wanted - 2 : wanted + 1;
  return wanted;
}

/** `*`, `5`, `1-5`, `MON-FRI`, `0/15`, `10-50/20`. A step without an end goes to the field's. */
function rangeOf(part: string, field: Field): readonly number[] | undefined {
  const [, range, step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
  if (range === undefined) return undefined;
  const [from = "", to, more] = range === "*" ? [String(field.min), String(field.max)] : range.split("-");
  const first = numberIn(from, field);
  const last = to !== undefined ? numberIn(to, field) : step === undefined ? first : field.max;
  const by = Number(step ?? 1);
  if (first === undefined || last === undefined || first > last || by < 1 || more !== undefined)
    return undefined;
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, index) => first + index * by);
}

function numberIn(text: string, { min, max, names }: Field): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + 1 : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
