/**
 * EventBridge Scheduler's schedules: kept, fired at their time, deleted after it when they ask for it.
 *
 * | a schedule              | after it fired                                                 |
 * |-------------------------|----------------------------------------------------------------|
 * | at(…), DELETE           | is gone, and its name is free                                  |
 * | at(…), NONE             | stays, and never fires again                                   |
 * | rate(…), cron(…)        | fires again, until its end date                                |
 * | DISABLED                | never fires                                                    |
 * | overdue at a restart    | fires at once                                                  |
 */
import { parseArn } from "../arn.js";
import { type Clock, timerAt } from "../clock.js";
import type { JsonObject } from "../json.js";
import type { Notify } from "../notices.js";
import { nextFireMs, type ScheduleExpression } from "../schedule-expression.js";
import type { Queues } from "../sqs/queues.js";
import type { Targets } from "../targets.js";

export interface Schedule {
  readonly group: string;
  readonly name: string;
  readonly expression: ScheduleExpression;
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

/** When it fires next; `undefined` when never. */
export const dueMs = (schedule: Schedule): number | undefined => {
  if (!schedule.enabled) return undefined;
  if (schedule.expression.kind === "at" && schedule.lastFiredMs !== undefined) return undefined;
  const afterMs = Math.max(schedule.lastFiredMs ?? schedule.createdAtMs, (schedule.startMs ?? 0) - 1);
  const next = nextFireMs(schedule.expression, schedule, afterMs);
  return next === undefined || (schedule.endMs !== undefined && next > schedule.endMs) ? undefined : next;
};

/** What is left of a schedule that fired; `undefined` when nothing. */
export const afterFiring = (schedule: Schedule, firedMs: number): Schedule | undefined => {
  const fired = { ...schedule, lastFiredMs: firedMs };
  return schedule.deleteAfterwards && dueMs(fired) === undefined ? undefined : fired;
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
    const due = dueMs(schedule);
    if (due === undefined || !this.started) return;
    this.timers.set(
      key,
      timerAt(this.deps.clock, due, () => this.fire(schedule, due)),
    );
  }

  private fire(schedule: Schedule, due: number): void {
    const reason = this.deps.targets.deliver(schedule.targetArn, schedule.input);
    if (reason !== undefined) this.undeliverable(schedule, reason);
    const left = afterFiring(schedule, due);
    if (left === undefined) this.delete(schedule.group, schedule.name);
    else this.put(left);
  }

  private undeliverable(schedule: Schedule, reason: string): void {
    const dead = parseArn(schedule.deadLetterArn ?? "");
    const queue = dead.kind === "queue" ? this.deps.queues.find(dead.name) : undefined;
    const fate = queue === undefined ? "was dropped" : `went to the dead-letter queue ${queue.name}`;
    this.deps.notify(
      "warning",
      `What the schedule ${schedule.group}/${schedule.name} sends ${fate}: ${reason}.`,
    );
    if (queue !== undefined) this.deps.queues.send(queue, schedule.input);
  }
}

const keyOf = (group: string, name: string): string => `${group}/${name}`;
