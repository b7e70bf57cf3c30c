import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  ResourceNotFoundException,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fields, type JsonObject } from "../../lib/local/json.js";
import { nextFireMs, parseExpression } from "../../lib/local/schedule-expression.js";
import { readSchedule } from "../../lib/local/scheduler/read-schedule.js";
import { afterFiring, dueMs, type Schedule, scheduledMs } from "../../lib/local/scheduler/schedules.js";
import { eventually, type TestCloud, testCloud } from "./harness.js";

let t: TestCloud;

beforeAll(async () => {
  t = await testCloud(
    {
      Wakes: { Type: "AWS::SQS::Queue", Properties: { QueueName: "wakes" } },
      Ticks: { Type: "AWS::SQS::Queue", Properties: { QueueName: "ticks" } },
      Timers: { Type: "AWS::Scheduler::ScheduleGroup", Properties: { Name: "timers" } },
      Tick: {
        Type: "AWS::Scheduler::Schedule",
        Properties: {
          ScheduleExpression: "rate(1 minute)",
          FlexibleTimeWindow: { Mode: "OFF" },
          Target: {
            Arn: { "Fn::GetAtt": ["Ticks", "Arn"] },
            RoleArn: { "Fn::GetAtt": ["Role", "Arn"] },
            Input: "tick",
          },
        },
      },
    },
    { timeScale: 60 },
  );
});
afterAll(() => t.stop());

const at = (inMs: number): string => `at(${new Date(t.cloud.now() + inMs).toISOString().slice(0, 19)})`;
const input = (name: string, more: object = {}) => ({
  Name: name,
  GroupName: "timers",
  ScheduleExpression: at(90_000),
  FlexibleTimeWindow: { Mode: "OFF" as const },
  ActionAfterCompletion: "DELETE" as const,
  Target: {
    Arn: "arn:aws:sqs:us-east-1:000000000000:wakes",
    RoleArn: "arn:aws:iam::000000000000:role/scheduler",
    Input: JSON.stringify({ name }),
  },
  ...more,
});
const received = async (queue: string): Promise<string[]> => {
  const QueueUrl = `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/${queue}`;
  const answer = await t.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  for (const { ReceiptHandle } of answer.Messages ?? [])
    await t.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return (answer.Messages ?? []).map((message) => message.Body ?? "");
};

describe("the Scheduler", () => {
  test("fires a one-shot schedule within its minute, into the queue, and then deletes it", async () => {
    const schedule = input("once");
    await t.scheduler.send(new CreateScheduleCommand(schedule));
    const found = await t.scheduler.send(new GetScheduleCommand({ Name: "once", GroupName: "timers" }));
    expect(found).toMatchObject({
      Name: "once",
      GroupName: "timers",
      State: "ENABLED",
      Target: schedule.Target,
    });
    expect(await received("wakes")).toEqual(['{"name":"once"}']);
    const minute = Date.parse(`${schedule.ScheduleExpression.slice(3, 19)}:00Z`);
    expect(t.cloud.now()).toBeGreaterThanOrEqual(minute);
    await eventually(async () =>
      expect(
        t.scheduler.send(new GetScheduleCommand({ Name: "once", GroupName: "timers" })),
      ).rejects.toBeInstanceOf(ResourceNotFoundException),
    );
  });

  test("refuses a name that is taken, and keeps the first", async () => {
    await t.scheduler.send(new CreateScheduleCommand(input("twice", { ScheduleExpression: at(9e7) })));
    await expect(t.scheduler.send(new CreateScheduleCommand(input("twice")))).rejects.toBeInstanceOf(
      ConflictException,
    );
    await t.scheduler.send(
      new UpdateScheduleCommand(input("twice", { ScheduleExpression: "rate(5 hours)" })),
    );
    const { Schedules: listed } = await t.scheduler.send(new ListSchedulesCommand({ GroupName: "timers" }));
    expect(listed?.map((schedule) => schedule.Name)).toEqual(["twice"]);
    await t.scheduler.send(new DeleteScheduleCommand({ Name: "twice", GroupName: "timers" }));
    await expect(
      t.scheduler.send(new DeleteScheduleCommand({ Name: "twice", GroupName: "timers" })),
    ).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  test.each([
    ["a time in the past", { ScheduleExpression: "at(2020-01-01T00:00:00)" }],
    ["a time with milliseconds", { ScheduleExpression: "at(2099-01-01T00:00:00.000)" }],
    ["a singular that should be a plural", { ScheduleExpression: "rate(5 minute)" }],
    [
      "a window that is not flexible",
      { FlexibleTimeWindow: { Mode: "OFF" as const, MaximumWindowInMinutes: 5 } },
    ],
    ["a name with a slash's cousin", { Name: "a#b" }],
    ["a time zone that there is not", { ScheduleExpressionTimezone: "Europe/Wien" }],
    [
      "an end before the start",
      { ScheduleExpression: "rate(1 day)", StartDate: new Date(2e12), EndDate: new Date(1e12) },
    ],
    [
      "a time that clocks skip",
      { ScheduleExpression: "at(2099-03-29T02:30:00)", ScheduleExpressionTimezone: "Europe/Vienna" },
    ],
  ])("refuses %s", async (_what, more) => {
    await expect(t.scheduler.send(new CreateScheduleCommand(input("bad", more)))).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("refuses a group that does not exist", async () => {
    await expect(
      t.scheduler.send(new CreateScheduleCommand(input("x", { GroupName: "nobody" }))),
    ).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  test("replaces the keywords of its input, a rate's first time being its start date", async () => {
    const start = Math.ceil(t.cloud.now() / 1_000) * 1_000 + 30_000;
    await t.scheduler.send(
      new CreateScheduleCommand(
        input("told", {
          ActionAfterCompletion: "NONE",
          ScheduleExpression: "rate(1 minute)",
          StartDate: new Date(start),
          EndDate: new Date(start + 90_000),
          Target: {
            ...input("told").Target,
            Input:
              '["<aws.scheduler.schedule-arn>","<aws.scheduler.scheduled-time>","<aws.scheduler.attempt-number>","<aws.other>"]',
          },
        }),
      ),
    );
    const arn = "arn:aws:scheduler:us-east-1:000000000000:schedule/timers/told";
    for (const at of [start, start + 60_000])
      expect(await received("wakes")).toEqual([
        JSON.stringify([arn, `${new Date(at).toISOString().slice(0, 19)}Z`, "1", "<aws.other>"]),
      ]);
    // Its end has come; it stays, and can be looked at.
    expect(
      await t.scheduler.send(new GetScheduleCommand({ Name: "told", GroupName: "timers" })),
    ).toMatchObject({
      StartDate: new Date(start),
      EndDate: new Date(start + 90_000),
      ScheduleExpressionTimezone: "UTC",
    });
  });

  test("a disabled schedule fires once it is enabled, and not for what it missed", async () => {
    const often = { ScheduleExpression: "rate(1 minute)", State: "DISABLED" as const };
    await t.scheduler.send(new CreateScheduleCommand(input("off", often)));
    const { CreationDate: created } = await t.scheduler.send(
      new GetScheduleCommand({ Name: "off", GroupName: "timers" }),
    );
    await new Promise((wake) => setTimeout(wake, 1_200));
    await t.scheduler.send(new UpdateScheduleCommand(input("off", { ...often, State: "ENABLED" })));
    expect(await received("wakes")).toEqual(['{"name":"off"}']);
    await t.scheduler.send(new DeleteScheduleCommand({ Name: "off", GroupName: "timers" }));
    expect(created?.getTime()).toBeLessThan(t.cloud.now() - 60_000);
  });

  test("fires the template's rate schedules again and again", async () => {
    expect(await received("ticks")).toEqual(["tick"]);
    expect(await received("ticks")).toEqual(["tick"]);
  });
});

describe("when a schedule is due", () => {
  const created = Date.parse("2026-03-28T10:07:30Z");
  const schedule = (definition: JsonObject): Schedule =>
    readSchedule(
      { group: "g", name: "n" },
      new Fields(
        { FlexibleTimeWindow: { Mode: "OFF" }, Target: { Arn: "a", RoleArn: "r" }, ...definition },
        (message) => new Error(message),
      ),
      created,
      "api",
    );
  const shown = (at: number | undefined) => at && new Date(at).toISOString();

  test("in its time zone, where a time that clocks skip is skipped", () => {
    const daily = schedule({
      ScheduleExpression: "cron(30 2 * * ? *)",
      ScheduleExpressionTimezone: "Europe/Vienna",
    });
    expect(shown(scheduledMs(daily))).toBe("2026-03-30T00:30:00.000Z");
    const once = schedule({
      ScheduleExpression: "at(2026-03-30T02:30:00)",
      ScheduleExpressionTimezone: "Europe/Vienna",
    });
    expect(shown(scheduledMs(once))).toBe("2026-03-30T00:30:00.000Z");
  });

  test("a rate at its creation, and every so often after it", () => {
    const rate = schedule({ ScheduleExpression: "rate(10 minutes)" });
    expect(dueMs(rate)).toBe(created);
    expect(shown(dueMs({ ...rate, lastFiredMs: created }))).toBe("2026-03-28T10:17:30.000Z");
    expect(shown(dueMs({ ...rate, modifiedAtMs: created + 1 }))).toBe("2026-03-28T10:17:30.000Z");
  });

  test("between its start and its end", () => {
    const dates = { StartDate: "2026-03-29T00:00:00Z", EndDate: "2026-03-29T02:00:00Z" };
    const hourly = schedule({ ScheduleExpression: "cron(0 * * * ? *)", ...dates });
    const times = [scheduledMs(hourly)];
    while (times.at(-1) !== undefined) times.push(scheduledMs({ ...hourly, lastFiredMs: times.at(-1) ?? 0 }));
    expect(times.map(shown)).toEqual([
      "2026-03-29T00:00:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-29T02:00:00.000Z",
      undefined,
    ]);
    expect(shown(dueMs(schedule({ ScheduleExpression: "rate(1 hour)", ...dates })))).toBe(
      "2026-03-29T00:00:00.000Z",
    );
  });

  test("what was missed for a night is made up for once, what was missed for a while, time by time", () => {
    const rate = schedule({ ScheduleExpression: "rate(1 minute)" });
    const next = (late: number) => shown(dueMs(afterFiring(rate, created, created + late) ?? rate));
    expect(next(8 * 3_600_000)).toBe("2026-03-28T18:08:30.000Z");
    expect(next(5 * 60_000)).toBe("2026-03-28T10:08:30.000Z");
  });
});

describe("a schedule expression", () => {
  const after = Date.parse("2030-01-31T10:07:30Z");
  test.each([
    ["rate(5 minutes)", "2030-01-31T10:12:30.000Z"],
    ["cron(0/15 * * * ? *)", "2030-01-31T10:15:00.000Z"],
    ["cron(0 9 ? * MON-FRI *)", "2030-02-01T09:00:00.000Z"],
    ["cron(30 0 1,15 * ? *)", "2030-02-01T00:30:00.000Z"],
    ["cron(0 0 29 FEB ? *)", "2032-02-29T00:00:00.000Z"],
  ])("%s fires next at %s", (text, expected) => {
    const expression = parseExpression(text);
    if (expression.kind === "invalid") throw new Error(expression.reason);
    const next = nextFireMs(expression, { name: "x", createdAtMs: after }, after);
    expect(next === undefined ? next : new Date(next).toISOString()).toBe(expected);
  });

  test("at() fires at the same point of its minute every time", () => {
    const expression = parseExpression("at(2030-01-31T10:08:45)");
    if (expression.kind === "invalid") throw new Error(expression.reason);
    const fire = (name: string): number => nextFireMs(expression, { name, createdAtMs: 0 }, after) ?? 0;
    expect(fire("a")).toBe(fire("a"));
    for (const name of ["a", "b", "c"]) expect(new Date(fire(name)).toISOString()).toMatch(/T10:08:/);
  });

  test.each(["cron(0 9 * * * *)", "cron(* * *)", "rate(0 minutes)", "rate(1 minutes)", "every day"])(
    "%s is refused",
    (text) => {
      expect(parseExpression(text).kind).toBe("invalid");
    },
  );
});
