/**
 * Times of the week in which a stage may begin, by the clocks of a time zone. A window is open exactly while the clock on the wall shows one of
 * its times: where clocks are set forward, what they skip is not open; where they are set back, what they show twice is open twice.
 */
import type { EpochMs } from "../model/time.js";
import { isTimeZone, type WallMs, wallAt } from "../model/time-zone.js";
import type { PipelineIssue } from "./errors.js";

/** When a stage may begin. */
export interface ExecutionWindow {
  /** 1 is Sunday, 7 is Saturday, by the clock on the wall. None, or absent: every day. */
  readonly days?: readonly number[];
  /** None, or absent: all day. */
  readonly whitelist?: readonly HoursOfDay[];
  readonly jitter?: Jitter;
  /** An IANA name. Default: UTC. */
  readonly timezone?: string;
}

/**
 * From the first minute to the last one, both of them in it: 23:59 is the end of a day. One that ends before it begins goes across midnight; of
 * each of its two parts it counts on which day it lies.
 */
export interface HoursOfDay {
  readonly startHour: number;
  readonly startMin: number;
  readonly endHour: number;
  readonly endMin: number;
}

/** Stages that wait for the same window do not all begin at once: each waits a while longer, by chance. */
export interface Jitter {
  readonly enabled: boolean;
  /** In seconds. */
  readonly minDelay: number;
  readonly maxDelay: number;
  /** A pipeline that a person started does not wait longer. */
  readonly skipManual: boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A window opens once a week at least, unless its only time is one that clocks skip: then it does so a week later. */
const DAYS_SEARCHED = 16;

/** The longest that a jitter may be: a day, in seconds. */
const LONGEST_JITTER = 86_400;

const MOST_HOURS = 100;

/**
 * The first instant, from `now` on, at which the window is open: `now` itself while it is.
 * @throws RangeError for a window that never opens, or that has no time zone: {@link windowIssues} names what is wrong with it
 */
export function nextOpening(
  window: ExecutionWindow,
  now: EpochMs,
  timeZone: string = window.timezone ?? "UTC",
): EpochMs {
  const marks = startsOfDay(window);
  for (let day = 0; day < DAYS_SEARCHED; day += 1) {
    const from = now + day * DAY_MS;
    for (const segment of segmentsOf(timeZone, from, from + DAY_MS)) {
      const found = openingIn(window, marks, segment);
      if (found !== undefined) return found;
    }
  }
  throw new RangeError(`The window ${JSON.stringify(window)} never opens.`);
}

/**
 * When a stage begins that could begin now: when its window is open, and its jitter over. Where the jitter leads out of the window, at its next
 * opening.
 * @param chance what decides on the jitter: a random number from 0 to 1
 * @param isManual whether a person started the pipeline
 */
export function beginningIn(
  window: ExecutionWindow,
  now: EpochMs,
  chance: number,
  isManual: boolean,
  timeZone: string = window.timezone ?? "UTC",
): EpochMs {
  const opens = nextOpening(window, now, timeZone);
  return nextOpening(window, opens + jitterMs(window, chance, isManual), timeZone);
}

/** In whole seconds, both bounds included. */
function jitterMs({ jitter }: ExecutionWindow, chance: number, isManual: boolean): number {
  if (jitter === undefined || !jitter.enabled || (jitter.skipManual && isManual)) return 0;
  const { minDelay, maxDelay } = jitter;
  return Math.min(maxDelay, minDelay + Math.floor(chance * (maxDelay - minDelay + 1))) * 1_000;
}

/** What is wrong with the numbers and names of a window; paths begin at it. */
export function windowIssues({
  days = [],
  whitelist = [],
  jitter,
  timezone,
}: ExecutionWindow): PipelineIssue[] {
  const whole = (path: string, found: number, from: number, to: number): PipelineIssue[] =>
    Number.isInteger(found) && found >= from && found <= to
      ? []
      : [{ path, message: `expected a whole number from ${from} to ${to}, found ${found}` }];
  return [
    ...(days.length === 0 && whitelist.length === 0
      ? [{ path: "", message: "expected days, a whitelist of hours, or both, found neither" }]
      : []),
    ...days.flatMap((day, index) => whole(`days[${index}]`, day, 1, 7)),
    ...(whitelist.length > MOST_HOURS
      ? [{ path: "whitelist", message: `expected at most ${MOST_HOURS} entries, found ${whitelist.length}` }]
      : []),
    ...whitelist.flatMap(({ startHour, startMin, endHour, endMin }, index) => [
      ...whole(`whitelist[${index}].startHour`, startHour, 0, 23),
      ...whole(`whitelist[${index}].startMin`, startMin, 0, 59),
      ...whole(`whitelist[${index}].endHour`, endHour, 0, 23),
      ...whole(`whitelist[${index}].endMin`, endMin, 0, 59),
    ]),
    ...(jitter === undefined
      ? []
      : [
          ...whole("jitter.minDelay", jitter.minDelay, 0, LONGEST_JITTER),
          ...whole("jitter.maxDelay", jitter.maxDelay, 0, LONGEST_JITTER),
          ...(jitter.minDelay > jitter.maxDelay
            ? [
                {
                  path: "jitter",
                  message: `its minDelay ${jitter.minDelay} is more than its maxDelay ${jitter.maxDelay}`,
                },
              ]
            : []),
        ]),
    ...(timezone === undefined || isTimeZone(timezone)
      ? []
      : [
          {
            path: "timezone",
            message: `expected an IANA name such as "Europe/Vienna" or "UTC", found ${JSON.stringify(timezone)}`,
          },
        ]),
  ];
}

// ---------------------------------------------------------------- how it is found

/** A time in which a zone's clocks go on without being set. */
interface Segment {
  readonly from: EpochMs;
  /** Not in it. */
  readonly to: EpochMs;
  /** What the wall shows at an instant is so much more than the instant. */
  readonly offset: number;
}

/** Shorter than two days: in such a time no zone sets its clocks twice. */
function segmentsOf(zone: string, from: EpochMs, to: EpochMs): Segment[] {
  const offsetAt = (instant: EpochMs): number => wallAt(zone, instant) - instant;
  const before = offsetAt(from);
  const after = offsetAt(to);
  if (before === after) return [{ from, to, offset: before }];
  let [same, other] = [from, to];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(middle) === before) same = middle;
    else other = middle;
  }
  return [
    { from, to: other, offset: before },
    { from: other, to, offset: after },
  ];
}

/** Where nothing is open at its beginning, it opens at midnight or as one of its hours begins. */
function openingIn(
  window: ExecutionWindow,
  marks: readonly number[],
  { from, to, offset }: Segment,
): EpochMs | undefined {
  const first = from + offset;
  const midnight = Math.floor(first / DAY_MS) * DAY_MS;
  const walls = [midnight, midnight + DAY_MS].flatMap((day) =>
    marks.map((minute) => day + minute * MINUTE_MS),
  );
  const opening = [first, ...walls].find(
    (wall) => wall >= first && wall - offset < to && isOpen(window, wall),
  );
  return opening === undefined ? undefined : opening - offset;
}

/** Minutes of the day at which it may open, in rising order. */
function startsOfDay({ whitelist = [] }: ExecutionWindow): number[] {
  const starts = whitelist.map(({ startHour, startMin }) => startHour * 60 + startMin);
  return [...new Set([0, ...starts])].sort((one, other) => one - other);
}

function isOpen({ days = [], whitelist = [] }: ExecutionWindow, wall: WallMs): boolean {
  if (days.length > 0 && !days.includes(new Date(wall).getUTCDay() + 1)) return false;
  const minute = Math.floor((wall - Math.floor(wall / DAY_MS) * DAY_MS) / MINUTE_MS);
  return whitelist.length === 0 || whitelist.some((hours) => holds(hours, minute));
}

function holds({ startHour, startMin, endHour, endMin }: HoursOfDay, minute: number): boolean {
  const start = startHour * 60 + startMin;
  const end = endHour * 60 + endMin;
  return start <= end ? start <= minute && minute <= end : start <= minute || minute <= end;
}
