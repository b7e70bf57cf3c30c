/** Schedules of clients, in EventBridge Scheduler: one for each id, in a group of their own. */
import { isDeepStrictEqual } from "node:util";
import type { CreateScheduleCommandInput, GetScheduleCommandOutput } from "@aws-sdk/client-scheduler";
import { nextOf, parseRecurrence } from "../model/schedule-expression.js";
import type { EpochMs } from "../model/time.js";
import type { KeptSchedule, ScheduleKeeper } from "../runtime/outside.js";
import { type Connection, clientSettings } from "./connection.js";
import { once } from "./once.js";
import { RETRIES, type ScheduleTarget } from "./schedules.js";

/** @param now against which a start is past: see {@link startOf} */
export function scheduleKeeper(
  target: ScheduleTarget,
  connection: Connection,
  now: () => EpochMs,
): ScheduleKeeper {
  const open = once(async () => {
    const scheduler = await import("./holdfast-part-scheduler.js");
    return { scheduler, client: new scheduler.SchedulerClient(clientSettings("scheduler", connection)) };
  });
  const GroupName = target.group;
  const read = async (id: string): Promise<GetScheduleCommandOutput | undefined> => {
    const { client, scheduler } = await open();
    return unlessMissing(client.send(new scheduler.GetScheduleCommand({ GroupName, Name: id })));
  };
  const update = async (input: CreateScheduleCommandInput): Promise<boolean> => {
    const { client, scheduler } = await open();
    return (await unlessMissing(client.send(new scheduler.UpdateScheduleCommand(input)))) !== undefined;
  };
  return {
    async put(schedule) {
      const { client, scheduler } = await open();
      const at = now();
      const input = scheduleInput(target, schedule, at);
      const found = await read(schedule.id);
      if (found !== undefined && isSame(schedule, input, found, at)) return;
      if (found !== undefined && (await update(input))) return;
      try {
        await client.send(new scheduler.CreateScheduleCommand(input));
      } catch (error) {
        // Created by another since, or by a try before whose reply was lost.
        if (!(error instanceof scheduler.ConflictException)) throw error;
        await client.send(new scheduler.UpdateScheduleCommand(input));
      }
    },

    update: (schedule) => update(scheduleInput(target, schedule, now())),

    async get(id) {
      const found = await read(id);
      return found && keptSchedule(id, found);
    },

    async list({ limit, cursor }) {
      const { client, scheduler } = await open();
      const { Schedules = [], NextToken } = await client.send(
        new scheduler.ListSchedulesCommand({
          GroupName,
          MaxResults: limit,
          ...(cursor === undefined ? {} : { NextToken: cursor }),
        }),
      );
      return {
        items: Schedules.flatMap(({ Name }) => (Name === undefined ? [] : [Name])),
        ...(NextToken === undefined ? {} : { cursor: NextToken }),
      };
    },

    async delete(id) {
      const { client, scheduler } = await open();
      const answer = await unlessMissing(
        client.send(new scheduler.DeleteScheduleCommand({ GroupName, Name: id })),
      );
      return answer !== undefined;
    },
  };
}

/** An update replaces all there is: it is written as a whole. */
function scheduleInput(
  target: ScheduleTarget,
  schedule: KeptSchedule,
  now: EpochMs,
): CreateScheduleCommandInput {
  const { id, expression, timezone, endAt, paused, body } = schedule;
  const startAt = startOf(schedule, now);
  return {
    Name: id,
    GroupName: target.group,
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timezone,
    FlexibleTimeWindow: { Mode: "OFF" },
    State: paused ? "DISABLED" : "ENABLED",
    ...(startAt === undefined ? {} : { StartDate: new Date(startAt) }),
    ...(endAt === undefined ? {} : { EndDate: new Date(wholeSeconds(endAt)) }),
    Target: {
      Arn: target.queueArn,
      RoleArn: target.roleArn,
      Input: body,
      RetryPolicy: RETRIES,
      DeadLetterConfig: { Arn: target.dlqArn },
    },
  };
}

/**
 * The start to be sent. Scheduler refuses one of more than five minutes ago. A cron expression needs none by then; a rate is given its next
 * beat: without a start it would be reckoned anew.
 */
function startOf({ expression, timezone, startAt, endAt }: KeptSchedule, now: EpochMs): EpochMs | undefined {
  if (startAt === undefined) return undefined;
  const start = wholeSeconds(startAt);
  if (start > now) return start;
  const recurrence = parseRecurrence(expression);
  if (typeof recurrence === "string" || recurrence.kind === "cron") return undefined;
  const next = nextOf(recurrence, timezone, start, now);
  return endAt !== undefined && next !== undefined && next > endAt ? undefined : next;
}

/** Whether what is there is what is to be written. Every write may move a rate's beat, so a repeat must be none. */
function isSame(
  schedule: KeptSchedule,
  wanted: CreateScheduleCommandInput,
  found: GetScheduleCommandOutput,
  now: EpochMs,
): boolean {
  const there = keptSchedule(schedule.id, found);
  const isPast = schedule.startAt === undefined && (there.startAt ?? 0) <= now;
  const startsSame = isPast || startOf(schedule, now) === startOf(there, now);
  return (
    startsSame &&
    wanted.EndDate?.getTime() === there.endAt &&
    COMPARED.every((field) => isDeepStrictEqual(wanted[field], found[field]))
  );
}

const COMPARED = [
  "ScheduleExpression",
  "ScheduleExpressionTimezone",
  "FlexibleTimeWindow",
  "State",
  "Target",
] as const;

/** As Scheduler keeps them. */
function wholeSeconds(at: EpochMs): EpochMs {
  return Math.floor(at / 1_000) * 1_000;
}

function keptSchedule(id: string, found: GetScheduleCommandOutput): KeptSchedule {
  const { StartDate, EndDate } = found;
  return {
    id,
    expression: found.ScheduleExpression ?? "",
    timezone: found.ScheduleExpressionTimezone ?? "UTC",
    ...(StartDate === undefined ? {} : { startAt: StartDate.getTime() }),
    ...(EndDate === undefined ? {} : { endAt: EndDate.getTime() }),
    paused: found.State === "DISABLED",
    body: found.Target?.Input ?? "",
  };
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
