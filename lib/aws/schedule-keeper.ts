/** Schedules of clients, in EventBridge Scheduler: one for each id, in a group of their own. */
import {
  ConflictException,
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  ListSchedulesCommand,
  ResourceNotFoundException,
  SchedulerClient,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import type { EpochMs } from "../model/time.js";
import type { KeptSchedule, ScheduleKeeper } from "../runtime/outside.js";
import { type Connection, clientSettings } from "./connection.js";
import { RETRIES, type ScheduleTarget } from "./schedules.js";

/** @param now a start that is past is not sent again: Scheduler refuses one of more than five minutes ago, and what has started needs none */
export function scheduleKeeper(
  target: ScheduleTarget,
  connection: Connection,
  now: () => EpochMs,
  client: SchedulerClient = new SchedulerClient(clientSettings("scheduler", connection)),
): ScheduleKeeper {
  const GroupName = target.group;
  const inputOf = (schedule: KeptSchedule): CreateScheduleCommandInput => {
    const { startAt = 0, ...started } = schedule;
    return scheduleInput(target, startAt > now() ? schedule : started);
  };
  const update = async (input: CreateScheduleCommandInput): Promise<boolean> =>
    (await unlessMissing(client.send(new UpdateScheduleCommand(input)))) !== undefined;
  return {
    async put(schedule) {
      const input = inputOf(schedule);
      if (await update(input)) return;
      try {
        await client.send(new CreateScheduleCommand(input));
      } catch (error) {
        // Created by another since, or by a try before whose reply was lost.
        if (!(error instanceof ConflictException)) throw error;
        await client.send(new UpdateScheduleCommand(input));
      }
    },

    update: (schedule) => update(inputOf(schedule)),

    async get(id) {
      const found = await unlessMissing(client.send(new GetScheduleCommand({ GroupName, Name: id })));
      return found && keptSchedule(id, found);
    },

    async list({ limit, cursor }) {
      const { Schedules = [], NextToken } = await client.send(
        new ListSchedulesCommand({
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
      const answer = await unlessMissing(client.send(new DeleteScheduleCommand({ GroupName, Name: id })));
      return answer !== undefined;
    },
  };
}

/** An update replaces all there is: it is written as a whole. */
function scheduleInput(target: ScheduleTarget, schedule: KeptSchedule): CreateScheduleCommandInput {
  const { id, expression, timezone, startAt, endAt, paused, body } = schedule;
  return {
    Name: id,
    GroupName: target.group,
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timezone,
    FlexibleTimeWindow: { Mode: "OFF" },
    State: paused ? "DISABLED" : "ENABLED",
    ...(startAt === undefined ? {} : { StartDate: new Date(startAt) }),
    ...(endAt === undefined ? {} : { EndDate: new Date(endAt) }),
    Target: {
      Arn: target.queueArn,
      RoleArn: target.roleArn,
      Input: body,
      RetryPolicy: RETRIES,
      DeadLetterConfig: { Arn: target.dlqArn },
    },
  };
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
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
