/** Arming a far wake by what Scheduler may answer: whatever it is, something carries the wake. */
import {
  ConflictException,
  CreateScheduleCommand,
  InternalServerException,
  ResourceNotFoundException,
  SchedulerClient,
  ServiceQuotaExceededException,
  ThrottlingException,
  ValidationException,
} from "@aws-sdk/client-scheduler";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { schedules } from "../../lib/aws/schedules.js";
import type { Wake } from "../../lib/model/wake.js";
import { arm } from "../../lib/runtime/arm.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { noting } from "../runtime/outsides.js";
import { T0 } from "../store/builders.js";

const MINUTE = 60_000;
const target = { group: "timers", queueArn: "arn:queue", roleArn: "arn:role", dlqArn: "arn:dlq" };
const scheduler = mockClient(SchedulerClient);

beforeEach(() => void scheduler.reset());
afterEach(() => void scheduler.reset());

interface Sent {
  readonly wake: Wake;
  readonly delaySeconds: number;
}

/** Arms a wake that is due after so many minutes. Gives what was sent to the queue, and what was logged. */
async function armFor(minutes: number): Promise<{ sent: Sent[]; wake: Wake; logged: readonly unknown[] }> {
  const sent: Sent[] = [];
  const client = new SchedulerClient({ region: "us-east-1" });
  const { outside, logged } = noting(createMemoryStore(), {
    wakes: {
      send: async (wake, delaySeconds) => void sent.push({ wake, delaySeconds }),
      schedule: schedules(target, {}, client),
    },
  });
  const wake: Wake = { executionId: "x-1", reason: "timer", dueAt: T0 + minutes * MINUTE };
  await arm(outside, wake);
  return { sent, wake, logged };
}

const about = { $metadata: {}, message: "no", Message: "no" };

describe("a wake that is hours ahead", () => {
  test("is carried by its schedule alone", async () => {
    scheduler.on(CreateScheduleCommand).resolves({});
    expect(await armFor(120)).toMatchObject({ sent: [], logged: [] });
    expect(scheduler.calls()).toHaveLength(1);
  });

  test.each([
    ["is throttled", new ThrottlingException(about)],
    ["has no room for more", new ServiceQuotaExceededException(about)],
    ["fails", new InternalServerException(about)],
    ["says that its time has passed", new ValidationException(about)],
    ["has no such group", new ResourceNotFoundException(about)],
    ["can't be reached", new Error("socket hang up")],
  ])("hops through the queue when Scheduler %s", async (_, error) => {
    scheduler.on(CreateScheduleCommand).rejects(error);
    const { sent, wake, logged } = await armFor(120);
    expect(sent).toEqual([{ wake, delaySeconds: 900 }]);
    expect(logged).toHaveLength(1);
  });

  test("is carried by the schedule of an earlier try, when there is one that can't have fired yet", async () => {
    scheduler.on(CreateScheduleCommand).rejects(new ConflictException(about));
    expect(await armFor(120)).toMatchObject({ sent: [], logged: [] });
  });

  test("hops through the queue when the schedule that is there may have fired, by a clock that may be behind", async () => {
    scheduler.on(CreateScheduleCommand).rejects(new ConflictException(about));
    const { sent, wake } = await armFor(15.1);
    expect(sent).toEqual([{ wake, delaySeconds: 900 }]);
  });
});
