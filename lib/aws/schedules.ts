/** Far wakes: one-shot schedules straight into the wake queue, which delete themselves. */
import type { CreateScheduleCommandInput, SchedulerClient } from "@aws-sdk/client-scheduler";
import { digest } from "../model/ids.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import type { Wakes } from "../runtime/outside.js";
import { type Connection, clientSettings } from "./connection.js";
import { once } from "./once.js";

export interface ScheduleTarget {
  readonly group: string;
  readonly queueArn: string;
  /** The role that Scheduler sends under. */
  readonly roleArn: string;
  /** Where a wake ends that could not be sent within a day. */
  readonly dlqArn: string;
}

/** A day, and Scheduler's own largest number: a queue that is out of reach for longer is found by the audit. */
export const RETRIES = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 };

/** Fewer than other services get: the queue carries what Scheduler does not take, and a turn that waits for it holds its lease. */
const TRIES = 2;

export function createScheduleParams(
  target: ScheduleTarget,
  wake: Wake,
  at: EpochMs,
): CreateScheduleCommandInput {
  return {
    Name: scheduleName(wake),
    GroupName: target.group,
    ScheduleExpression: `at(${new Date(at).toISOString().slice(0, 19)})`,
    ScheduleExpressionTimezone: "UTC",
    FlexibleTimeWindow: { Mode: "OFF" },
    ActionAfterCompletion: "DELETE",
    Target: {
      Arn: target.queueArn,
      RoleArn: target.roleArn,
      Input: JSON.stringify(wake),
      RetryPolicy: RETRIES,
      DeadLetterConfig: { Arn: target.dlqArn },
    },
  };
}

/** A hash: a repeat is the same schedule, and no id of a user's meets the service's rules for names (64 of A-Z a-z 0-9 - _ .). */
export function scheduleName(wake: Wake): string {
  return `wake-${digest(`${wake.executionId}\n${wake.dueAt ?? 0}\n${wake.reason}`, 43)}`;
}

export function schedules(
  target: ScheduleTarget,
  connection: Connection,
  given?: SchedulerClient,
): Wakes["schedule"] {
  const open = once(async () => {
    const scheduler = await import("./holdfast-part-scheduler.js");
    const settings = { ...clientSettings("scheduler", connection), maxAttempts: TRIES };
    return { scheduler, client: given ?? new scheduler.SchedulerClient(settings) };
  });
  return async (wake, at) => {
    const { client, scheduler } = await open();
    try {
      await client.send(new scheduler.CreateScheduleCommand(createScheduleParams(target, wake, at)));
      return "created";
    } catch (error) {
      // The schedule of an earlier try, or of a settlement before this one: the same wake at the same time.
      if (error instanceof scheduler.ConflictException) return "existed";
      throw error;
    }
  };
}
