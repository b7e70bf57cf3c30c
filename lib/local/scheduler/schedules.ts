/**
 * EventBridge Scheduler's schedules: kept, fired at their time, deleted after it when they ask for it.
 *
 * | a schedule              | after it fired                                                 |
 * |-------------------------|----------------------------------------------------------------|
 * | at(…), DELETE           | is gone, and its name is free                                  |
 * | at(…), NONE             | stays, and never fires again                                   |
 * | rate(…), cron(…)        | fires again, until its end date                                |
 * | DISABLED                | never fires                                                    |
 * | overdue at a restart    | fires at once, and once: after more than an hour only the next |
 *
 * A rate is reckoned from its start date, or from its creation, and fires then for the first time. What has changed fires next when it is
 * due after the change. `<aws.scheduler.…>` in its input is replaced when it fires.
 */
import { createHash } from "node:crypto";
import { arn, parseArn } from "../arn.js";
import { type Clock, timerAt } from "../clock.js";
import type { JsonObject } from "../json.js";
import type { Notify } from "../notices.js";
import { fireMs, nextScheduledMs, type ScheduleExpression, type Timing } from "../schedule-expression.js";
import type { Queues } from "../sqs/queues.js";
import type { Targets } from "../targets.js";

export interface Schedule {
  readonly group: string;
  readonly name: string;
  readonly expression: ScheduleExpression;
  readonly zone: string;
  /** What the caller wrote, and gets back from `GetSchedule`. */
  readonly definition: JsonObject;
  readonly targetArn: string;
  readonly input: string;
  readonly deadLetterArn?: string;
  readonly enabled: boolean;
  readonly deleteAfterwards: boolean;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly lastFiredMs?: number;
  /** A schedule of the template lives and dies with the template. */
  readonly origin: "template" | "api";
}

/** What is written to disk: the caller's words, and what happened since. */
export type SavedSchedule = Pick<
  Schedule,
  "group" | "name" | "definition" | "createdAtMs" | "modifiedAtMs" | "lastFiredMs" | "origin"
>;

export interface SchedulesDeps {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly queues: Queues;
  readonly notify: Notify;
  readonly changed: () => void;
}

/** What was missed for longer than this is not made up for, one by one, by a machine that slept. */
const MADE_UP_MS = 3_600_000;

/** For when it is scheduled next; `undefined` when never again. */
export const scheduledMs = (schedule: Schedule): number | undefined => {
  const { enabled, expression, lastFiredMs, createdAtMs, modifiedAtMs, endMs } = schedule;
  if (!enabled || (expression.kind === "at" && lastFiredMs !== undefined)) return undefined;
  // One that fires once has neither a start nor an end.
  const startMs = expression.kind === "at" ? undefined : schedule.startMs;
  const beginsMs = Math.max(startMs ?? 0, modifiedAtMs);
  const next = nextScheduledMs(
    expression,
    timingOf(schedule, startMs ?? createdAtMs),
    lastFiredMs ?? beginsMs - 1,
  );
  const isOver = expression.kind !== "at" && next !== undefined && endMs !== undefined && next > endMs;
  return isOver ? undefined : next;
};

const timingOf = ({ name, zone }: Schedule, anchorMs: number): Timing => ({ name, zone, anchorMs });

/** When it fires next; `undefined` when never. */
export const dueMs = (schedule: Schedule): number | undefined => {
  const next = scheduledMs(schedule);
  return next === undefined ? undefined : fireMs(schedule.expression, schedule, next);
};

/** What is left of a schedule that fired for `scheduledForMs`; `undefined` when nothing. */
export const afterFiring = (
  schedule: Schedule,
  scheduledForMs: number,
  nowMs: number,
): Schedule | undefined => {
  const lastFiredMs = nowMs - scheduledForMs > MADE_UP_MS ? nowMs : scheduledForMs;
  const fired = { ...schedule, lastFiredMs };
  return schedule.deleteAfterwards && dueMs(fired) === undefined ? undefined : fired;
};

/** What the target gets: the input, with the keywords that EventBridge Scheduler replaces. */
export const inputFor = (schedule: Schedule, scheduledForMs: number): string => {
  const at = new Date(scheduledForMs).toISOString();
  const attributes: Readonly<Record<string, string>> = {
    "schedule-arn": arn.schedule(schedule.group, schedule.name),
    "scheduled-time": `${at.slice(0, 19)}Z`,
    "execution-id": createHash("sha256")
      .update(`${keyOf(schedule.group, schedule.name)} ${at}`)
      .digest("hex")
      .slice(0, 16),
    "attempt-number": "1",
  };
  return schedule.input.replaceAll(
    /<aws\.scheduler\.([a-z-]+)>/g,
    (found, name) => attributes[name] ?? found,
  );
};

export class Schedules {
  private readonly schedules = new Map<string, Schedule>();
  private readonly groups = new Set(["default"]);
  private readonly timers = new Map<string, { cancel(): void }>();
  private started = false;

  constructor(private readonly deps: SchedulesDeps) {}

  createGroup(name: string): void {
    this.groups.add(name);
  }

  hasGroup(name: string): boolean {
    return this.groups.has(name);
  }

  find(group: string, name: string): Schedule | undefined {
    return this.schedules.get(keyOf(group, name));
  }

  all(): readonly Schedule[] {
    return [...this.schedules.values()];
  }

  put(schedule: Schedule): void {
    this.schedules.set(keyOf(schedule.group, schedule.name), schedule);
    this.deps.changed();
    this.arm(schedule);
  }

  delete(group: string, name: string): boolean {
    const key = keyOf(group, name);
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
    const existed = this.schedules.delete(key);
    this.deps.changed();
    return existed;
  }

  /** Nothing fires before: its target might not exist yet. */
  start(saved: readonly Schedule[]): void {
    this.started = true;
    for (const schedule of saved) {
      const current = this.find(schedule.group, schedule.name);
      if (schedule.origin === "template" && current === undefined) continue;
      const { createdAtMs, lastFiredMs } = schedule;
      const kept = lastFiredMs === undefined ? { createdAtMs } : { createdAtMs, lastFiredMs };
      // What the template says now holds; what was saved of it is when it last fired.
      this.schedules.set(keyOf(schedule.group, schedule.name), { ...(current ?? schedule), ...kept });
    }
    for (const schedule of this.schedules.values()) this.arm(schedule);
  }

  save(): readonly SavedSchedule[] {
    return this.all().map(({ group, name, definition, createdAtMs, modifiedAtMs, lastFiredMs, origin }) => ({
      ...{ group, name, definition, createdAtMs, modifiedAtMs, origin },
      ...(lastFiredMs === undefined ? {} : { lastFiredMs }),
    }));
  }

  stop(): void {
    this.started = false;
    for (const timer of this.timers.values()) timer.cancel();
  }

  private arm(schedule: Schedule): void {
    const key = keyOf(schedule.group, schedule.name);
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
    const next = scheduledMs(schedule);
    if (next === undefined || !this.started) return;
    const due = fireMs(schedule.expression, schedule, next);
    this.timers.set(
      key,
      timerAt(this.deps.clock, due, () => this.fire(schedule, next)),
    );
  }

  private fire(schedule: Schedule, scheduledForMs: number): void {
    const input = inputFor(schedule, scheduledForMs);
    const reason = this.deps.targets.deliver(schedule.targetArn, input);
    if (reason !== undefined) this.undeliverable(schedule, input, reason);
    const left = afterFiring(schedule, scheduledForMs, this.deps.clock.now());
    if (left === undefined) this.delete(schedule.group, schedule.name);
    else this.put(left);
  }

  private undeliverable(schedule: Schedule, input: string, reason: string): void {
    const dead = parseArn(schedule.deadLetterArn ?? "");
    const queue = dead.kind === "queue" ? this.deps.queues.find(dead.name) : undefined;
    const fate = queue === undefined ? "was dropped" : `went to the dead-letter queue ${queue.name}`;
    this.deps.notify(
      "warning",
      `What the schedule ${schedule.group}/${schedule.name} sends ${fate}: ${reason}.`,
    );
    if (queue !== undefined) this.deps.queues.send(queue, input);
  }
}

const keyOf = (group: string, name: string): string => `${group}/${name}`;
