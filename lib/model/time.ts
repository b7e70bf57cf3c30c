/**
 * Instants and durations. Users write durations as `"90s"` or `{ hours: 2 }`, never as bare numbers, whose unit nobody can see;
 * inside the engine an instant is `EpochMs` and a length of time is plain milliseconds with `Ms` in its name.
 */
import { InvalidDurationError } from "./errors.js";

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

type Unit = "ms" | "s" | "m" | "h" | "d" | "w";

/** `"250ms"`, `"90s"`, `"15m"`, `"2h"`, `"3d"`, `"1w"`, or an object whose fields are added up. */
export type Duration =
  | `${number}${Unit}`
  | {
      readonly weeks?: number;
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

const UNIT_MS: Record<Unit, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const FIELD_MS: Record<string, number> = {
  weeks: UNIT_MS.w,
  days: UNIT_MS.d,
  hours: UNIT_MS.h,
  minutes: UNIT_MS.m,
  seconds: UNIT_MS.s,
  milliseconds: UNIT_MS.ms,
};

/** The longest sleep and the longest wait timeout: one leap year. EventBridge Scheduler itself has no such limit; a typo has. */
export const LONGEST_DURATION_MS = 366 * UNIT_MS.d;

/** The longest lookback of a wait. Recent events are kept for a day more, so that a slow worker still finds all of its lookback. */
export const LONGEST_LOOKBACK_MS = UNIT_MS.d;

/** For how long recent events are kept: the longest lookback and a day more (PROTOCOL A5). */
export const RECENT_KEPT_MS = LONGEST_LOOKBACK_MS + 24 * 60 * 60 * 1_000;

/** The last instant of which a `Date` can be made, and the first is as far from 1970. */
const LAST_INSTANT_MS = 8_640_000_000_000_000;

/** Whether it can be a time: what `Date` makes text of. */
export function isInstant(found: unknown): found is EpochMs {
  return typeof found === "number" && Math.abs(found) <= LAST_INSTANT_MS;
}

/** A duration in milliseconds, rounded to whole ones. Throws {@link InvalidDurationError}. */
export function durationMs(duration: Duration): number {
  const ms = Math.round(typeof duration === "string" ? fromText(duration) : fromFields(duration));
  if (ms > LONGEST_DURATION_MS) throw new InvalidDurationError(duration, "it is longer than 366 days");
  return ms;
}

function fromText(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  if (!match) throw new InvalidDurationError(text, "it is not a number with a unit");
  return Number(match[1]) * UNIT_MS[match[2] as Unit];
}

function fromFields(fields: unknown): number {
  if (fields === null || typeof fields !== "object") {
    throw new InvalidDurationError(fields, "it is neither text nor an object of units");
  }
  if (Object.keys(fields).length === 0) throw new InvalidDurationError(fields, "it names no unit");
  let ms = 0;
  for (const [name, count] of Object.entries(fields)) {
    const unitMs = Object.hasOwn(FIELD_MS, name) ? FIELD_MS[name] : undefined;
    if (unitMs === undefined) throw new InvalidDurationError(fields, `it has no unit called "${name}"`);
    if (typeof count !== "number" || !Number.isFinite(count) || count < 0) {
      throw new InvalidDurationError(fields, `"${name}" is not a number from 0 upward`);
    }
    ms += count * unitMs;
  }
  return ms;
}
