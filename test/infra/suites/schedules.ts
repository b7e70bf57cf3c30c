/** Schedules: those that workflows declare, and what clients need to keep their own. */
import { App, Stack } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { AccountPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { HoldfastConfigError } from "holdfast/cdk";
import { describe, expect, it } from "vitest";
import { Schedules } from "../../../lib/cdk/schedules.js";
import { fixture } from "../fixtures/index.js";
import { inWords, resource, resources, statementsOf, synthesize } from "../support.js";

describe("workflows that declare schedules", () => {
  const { template, durable } = synthesize({ app: fixture("recurring-app") });
  const schedules = Object.values(resources(template, "AWS::Scheduler::Schedule"));

  it("get one schedule each, in a group that is not the timers'", () => {
    expect(schedules.map(({ Properties }) => Properties.ScheduleExpression)).toEqual([
      "cron(0 2 * * ? *)",
      "rate(1 day)",
    ]);
    for (const { Properties } of schedules) {
      expect(inWords(Properties.GroupName)).toMatch(/^Shop-Orders-Schedules-Declared/);
      expect(Properties.FlexibleTimeWindow).toEqual({ Mode: "OFF" });
      expect(inWords(Properties.Target.Arn)).toBe("OrdersStartsEventsQueue.Arn");
      expect(inWords(Properties.Target.DeadLetterConfig.Arn)).toBe("OrdersStartsEventsDlq.Arn");
      expect(inWords(Properties.Target.RoleArn)).toBe("OrdersSchedulesRole.Arn");
    }
    expect(schedules[0]?.Properties.ScheduleExpressionTimezone).toBe("Europe/Vienna");
    expect(JSON.parse(schedules[0]?.Properties.Target.Input)).toEqual({
      holdfast: "firing",
      by: "workflow",
      workflow: "reports/nightly",
      schedule: "eu",
      scheduledAt: "<aws.scheduler.scheduled-time>",
    });
  });

  it("are there after the code that knows them, and after their role may send", () => {
    for (const { DependsOn } of schedules) {
      expect(DependsOn.map((id: string) => inWords({ Ref: id }))).toEqual(
        expect.arrayContaining([
          "OrdersStartFunction",
          "OrdersSchedulesDeclared",
          "OrdersSchedulesRole",
          "OrdersSchedulesRoleDefaultPolicy",
        ]),
      );
    }
  });

  it("send under a role that can do nothing else, and that only their group may take", () => {
    expect(statementsOf(template, "OrdersSchedulesRole")).toEqual([
      "sqs:SendMessage on OrdersStartsEventsDlq.Arn OrdersStartsEventsQueue.Arn",
    ]);
    const { AssumeRolePolicyDocument } = resource(
      template,
      "AWS::IAM::Role",
      "OrdersSchedulesRole",
    ).Properties;
    expect(inWords(AssumeRolePolicyDocument.Statement[0].Condition.ArnEquals["aws:SourceArn"])).toContain(
      "OrdersSchedulesDeclared.Arn",
    );
  });

  it("make no room for clients' schedules, and say so", () => {
    expect(Object.keys(resources(template, "AWS::Scheduler::ScheduleGroup")).sort()).toEqual([
      "OrdersSchedulesDeclared",
      "OrdersTimersGroup",
    ]);
    expect(Object.keys(template.toJSON().Outputs).filter((key) => key.includes("Firing"))).toEqual([]);
    expect(() => durable.grantSchedules(durable.worker)).toThrow(HoldfastConfigError);
  });
});

it("schedules of workflows whose names read alike with theirs are two", () => {
  const { template } = synthesize({ app: fixture("twin-schedules-app") });
  // By their whole ids: without the hash in them, the two read alike as well.
  const told = Object.values(template.findResources("AWS::Scheduler::Schedule")).map(({ Properties }) => {
    const { workflow, schedule } = JSON.parse(Properties.Target.Input);
    return `${workflow} ${schedule} ${Properties.ScheduleExpression}`;
  });
  expect(told.sort()).toEqual(["report daily-eu rate(1 day)", "report-daily eu rate(2 days)"]);
});

it("a schedule that is over is warned of, and no error: it keeps nobody from rolling back", () => {
  const stack = new Stack(new App(), "Over");
  const expressions = { over: "cron(0 0 1 1 ? 2020)", yearly: "cron(0 0 1 1 ? *)", often: "rate(1 day)" };
  const schedules = Object.entries(expressions).map(([name, expression]) => ({
    name,
    expression,
    timezone: "UTC",
  }));
  new Schedules(stack, "Schedules", {
    workflows: [{ name: "nightly", startOn: [], schedules }],
    queue: new Queue(stack, "Queue"),
    dlq: new Queue(stack, "Dlq"),
    forClients: false,
  });
  const warnings = Annotations.fromStack(stack).findWarning("*", Match.anyValue());
  expect(warnings.map(({ entry }) => entry.data)).toEqual([
    expect.stringMatching(/"over" of workflow "nightly" starts nothing.*no minute from 2/),
  ]);
});

describe("schedules of clients", () => {
  const { template } = synthesize({ clientSchedules: true }, (durable, stack) => {
    durable.grantSchedules(new Role(stack, "Keeper", { assumedBy: new AccountPrincipal(stack.account) }));
  });

  it("have a group of their own, whose names the outputs tell", () => {
    expect(Object.keys(resources(template, "AWS::Scheduler::ScheduleGroup")).sort()).toEqual([
      "OrdersSchedulesClients",
      "OrdersTimersGroup",
    ]);
    const { Outputs } = template.toJSON();
    const told = ["Group", "RoleArn", "QueueArn", "DlqArn"].map((name) =>
      inWords(Outputs[`OrdersHoldfastFiring${name}`].Value),
    );
    expect(told).toEqual([
      expect.stringMatching(/^Shop-Orders-Schedules-Clients/),
      "OrdersSchedulesRole.Arn",
      "OrdersStartsEventsQueue.Arn",
      "OrdersStartsEventsDlq.Arn",
    ]);
  });

  it("are kept by whoever is granted it, and by nobody else", () => {
    const group =
      "arn:AWS::Partition:scheduler:AWS::Region:AWS::AccountId:schedule/Shop-Orders-Schedules-Clients";
    expect(statementsOf(template, "Keeper")).toEqual([
      "dynamodb:GetItem on OrdersTablesDirectory.Arn",
      "iam:PassRole on OrdersSchedulesRole.Arn if StringEquals iam:PassedToService scheduler.amazonaws.com",
      expect.stringContaining(
        `scheduler:CreateSchedule scheduler:DeleteSchedule scheduler:GetSchedule scheduler:UpdateSchedule on ${group}`,
      ),
      "scheduler:ListSchedules on *",
    ]);
    expect(statementsOf(template, "OrdersWorkerRole").join()).not.toContain("UpdateSchedule");
  });
});
