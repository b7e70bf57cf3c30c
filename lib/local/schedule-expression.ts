/**
 * `at(…)`, `rate(…)` and `cron(…)`: the schedules of EventBridge Scheduler and of scheduled rules, as
 * pure functions from an instant to the next one.
 */
import { createHash } from "node:crypto";
import { nextOf, parseRecurrence, type Recurrence } from "../model/schedule-expression.js";
import { instantOf } from "../model/time-zone.js";

const MINUTE_MS = 60_000;

/** `wallMs` is what a clock in the schedule's time zone shows. */
export type ScheduleExpression = { readonly kind: "at"; readonly wallMs: number } | Recurrence;

/** Parses an expression, or says in a sentence why it cannot. */
export const parseExpression = (
  text: string,
): ScheduleExpression | { readonly kind: "invalid"; readonly reason: string } => {
  const invalid = (reason: string) => ({ kind: "invalid", reason }) as const;
  const [, inside] = /^at\((.*)\)$/.exec(text) ?? [];
  if (inside === undefined) {
    const recurrence = parseRecurrence(text);
    return typeof recurrence === "string" ? invalid(recurrence) : recurrence;
  }
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(inside)) return invalid("at() takes yyyy-mm-ddThh:mm:ss");
  const wallMs = Date.parse(`${inside}Z`);
  return Number.isNaN(wallMs) ? invalid(`${inside} is no date`) : { kind: "at", wallMs };
};

export interface Timing {
  readonly name: string;
  readonly zone: string;
  /** From when a rate is reckoned: it fires then, and every so often after it. */
  readonly anchorMs: number;
}

/** When a schedule is to fire next after an instant; `undefined` when never again. For at(), which fires once: when. */
export const nextScheduledMs = (
  expression: ScheduleExpression,
  { zone, anchorMs }: Timing,
  afterMs: number,
): number | undefined =>
  expression.kind === "at" ? instantOf(zone, expression.wallMs) : nextOf(expression, zone, anchorMs, afterMs);

/**
 * When what is scheduled for `scheduledMs` does fire. AWS fires at() at some point within the minute, and so do we: where in
 * the minute is a hash of the schedule's name, so that a run can be repeated, and so that nobody comes to rely on the full
 * minute.
 */
export const fireMs = (
  expression: ScheduleExpression,
  { name }: Pick<Timing, "name">,
  scheduledMs: number,
): number =>
  expression.kind === "at"
    ? Math.floor(scheduledMs / MINUTE_MS) * MINUTE_MS + withinMinuteMs(name)
    : scheduledMs;

/** When a scheduled rule fires next, in UTC: for a rate not before its first time has passed. */
export const nextFireMs = (
  expression: ScheduleExpression,
  rule: { readonly name: string; readonly createdAtMs: number },
  afterMs: number,
): number | undefined => {
  const timing = { name: rule.name, zone: "UTC", anchorMs: rule.createdAtMs };
  const nextMs = nextScheduledMs(expression, timing, afterMs);
  return nextMs === undefined ? undefined : fireMs(expression, timing, nextMs);
};

const withinMinuteMs = (name: string): number =>
  createHash("sha256").update(name).digest().readUInt32BE(0) % MINUTE_MS;
