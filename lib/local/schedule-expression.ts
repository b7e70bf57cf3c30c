/**
 * `at(…)`, `rate(…)` and `cron(…)`: the schedules of EventBridge Scheduler and of scheduled rules, as
 * pure functions from an instant to the next one. UTC only.
 */
import { createHash } from "node:crypto";
import { type CronFields, nextCron, parseCron } from "./cron.js";

const MINUTE_MS = 60_000;

export type ScheduleExpression =
  | { readonly kind: "at"; readonly atMs: number }
  | { readonly kind: "rate"; readonly everyMs: number }
  | { readonly kind: "cron"; readonly fields: CronFields };

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 24 * 60 * MINUTE_MS,
};

/** Parses an expression, or says in a sentence why it cannot. */
export const parseExpression = (
  text: string,
): ScheduleExpression | { readonly kind: "invalid"; readonly reason: string } => {
  const invalid = (reason: string) => ({ kind: "invalid", reason }) as const;
  const match = /^(at|rate|cron)\((.*)\)$/.exec(text);
  const inside = match?.[2] ?? "";
  switch (match?.[1]) {
    case "at": {
      if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(inside))
        return invalid("at() takes yyyy-mm-ddThh:mm:ss");
      const atMs = Date.parse(`${inside}Z`);
      return Number.isNaN(atMs) ? invalid(`${inside} is no date`) : { kind: "at", atMs };
    }
    case "rate": {
      const [, count = "", unit = "", plural = ""] = /^(\d+) (minute|hour|day)(s?)$/.exec(inside) ?? [];
      const unitMs = UNIT_MS[unit];
      if (unitMs === undefined || Number(count) < 1)
        return invalid('rate() takes a number from 1 and a unit, such as "5 minutes"');
      if ((Number(count) === 1) === (plural === "s"))
        return invalid(`"${count} ${unit}${plural}" mixes singular and plural`);
      return { kind: "rate", everyMs: Number(count) * unitMs };
    }
    case "cron": {
      const fields = parseCron(inside);
      return typeof fields === "string" ? invalid(fields) : { kind: "cron", fields };
    }
    default:
      return invalid("it must be at(…), rate(…) or cron(…)");
  }
};

/**
 * When a schedule fires next after an instant; `undefined` when never again. AWS fires at some point
 * within the minute, and so do we: where in the minute is a hash of the schedule's name, so that a run
 * can be repeated, and so that nobody comes to rely on the full minute.
 */
export const nextFireMs = (
  expression: ScheduleExpression,
  schedule: { readonly name: string; readonly createdAtMs: number },
  afterMs: number,
): number | undefined => {
  switch (expression.kind) {
    case "at":
      return Math.floor(expression.atMs / MINUTE_MS) * MINUTE_MS + withinMinuteMs(schedule.name);
    case "rate": {
      const rounds = Math.floor((afterMs - schedule.createdAtMs) / expression.everyMs) + 1;
      return schedule.createdAtMs + Math.max(1, rounds) * expression.everyMs;
    }
    case "cron":
      return nextCron(expression.fields, afterMs);
  }
};

const withinMinuteMs = (name: string): number =>
  createHash("sha256").update(name).digest().readUInt32BE(0) % MINUTE_MS;
