import { Duration, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { EventBus } from "aws-cdk-lib/aws-events";
import { DurableFunctions, type DurableFunctionsProps, DurableTables, outputFields } from "holdfast/cdk";
import { describe, expect, it } from "vitest";
import { fixture } from "../fixtures/index.js";
import { inWords, resource, resources, synthesize, temporaryApp } from "../support.js";

const { template, durable } = synthesize();

/** The same deployment with every number changed. */
const { template: tuned } = synthesize({
  workerTimeout: Duration.seconds(5),
  startTimeout: Duration.seconds(20),
  wakeVisibilityMargin: Duration.seconds(1),
  auditEvery: Duration.minutes(1),
  maxConcurrency: 7,
  logLevel: "debug",
  redact: ["iban", "card"],
  memorySize: 1024,
  serviceMemorySize: 128,
  environment: { STOCK_TABLE: "stock", NODE_OPTIONS: "--import ./first.mjs" },
  bundling: { sourceMap: true },
});

const lambda = (name: string, from = template) =>
  resource(from, "AWS::Lambda::Function", `Orders${name}Function`).Properties;
const queue = (name: string, from = template) =>
  resource(from, "AWS::SQS::Queue", `Orders${name}`).Properties;
const feed = (name: string, from = template) =>
  resource(from, "AWS::Lambda::EventSourceMapping", `Orders${name}Feed`).Properties;

describe("the functions", () => {
  it("are five, on ARM and a version of Node that the template names plainly", () => {
    const functions = resources(template, "AWS::Lambda::Function");
    expect(Object.keys(functions).sort()).toEqual(
      ["Audit", "Deliver", "Relay", "Start", "Worker"].map((name) => `Orders${name}Function`),
    );
    for (const { Properties } of Object.values(functions)) {
      expect(Properties.Runtime).toBe("nodejs24.x");
      expect(Properties.Architectures).toEqual(["arm64"]);
      expect(Properties.Handler).toBe("index.handler");
      expect(Properties.TracingConfig).toBeUndefined();
      expect(Properties.LoggingConfig.LogGroup).toBeDefined();
    }
  });

  it("forget their logs after a month", () => {
    for (const { Properties } of Object.values(resources(template, "AWS::Logs::LogGroup"))) {
      expect(Properties.RetentionInDays).toBe(30);
    }
  });

  it("may be reached in a loop, except for the audit, which only a clock reaches", () => {
    for (const name of ["Start", "Worker", "Deliver", "Relay"])
      expect(lambda(name).RecursiveLoop).toBe("Allow");
    expect(lambda("Audit").RecursiveLoop).toBeUndefined();
  });

  it("have Node use the source maps, beside what else it is told", () => {
    const { NODE_OPTIONS: told } = lambda("Worker", tuned).Environment.Variables;
    expect(told).toBe("--import ./first.mjs --enable-source-maps");
    expect(lambda("Relay", tuned).Environment.Variables.NODE_OPTIONS).toBeUndefined();
  });

  it("have memory by whose code they run", () => {
    for (const name of ["Start", "Worker", "Deliver"]) expect(lambda(name, tuned).MemorySize).toBe(1024);
    for (const name of ["Relay", "Audit"]) expect(lambda(name, tuned).MemorySize).toBe(128);
  });

  it("are told what they use, and nothing else", () => {
    const base = ["HOLDFAST_EXECUTIONS_TABLE", "HOLDFAST_SERVICE"];
    const wakes = ["HOLDFAST_WAKE_QUEUE_URL"];
    const directory = ["HOLDFAST_DIRECTORY_TABLE"];
    const payloads = ["HOLDFAST_PAYLOAD_BUCKET"];
    const bus = ["HOLDFAST_BUS_NAME"];
    const timers = [
      "HOLDFAST_SCHEDULE_DLQ_ARN",
      "HOLDFAST_SCHEDULE_GROUP",
      "HOLDFAST_SCHEDULE_ROLE_ARN",
      "HOLDFAST_WAKE_QUEUE_ARN",
    ];
    const told = (name: string) => Object.keys(lambda(name).Environment.Variables).sort();
    const events = (consumer: string) => ["DLQ", "QUEUE"].map((of) => `HOLDFAST_${consumer}_${of}_URL`);
    expect(told("Start")).toEqual(
      [...base, ...directory, ...payloads, ...wakes, ...timers, "HOLDFAST_START_DLQ_URL"].sort(),
    );
    expect(told("Worker")).toEqual([...base, ...directory, ...payloads, ...wakes, ...timers, ...bus].sort());
    expect(told("Deliver")).toEqual(
      [...base, ...directory, ...payloads, ...wakes, ...events("DELIVER")].sort(),
    );
    expect(told("Relay")).toEqual([...base, ...payloads, ...wakes, ...bus].sort());
    expect(told("Audit")).toEqual(
      [
        ...base,
        ...directory,
        ...payloads,
        ...wakes,
        ...bus,
        ...events("DELIVER"),
        ...events("START"),
        "HOLDFAST_WAKE_DLQ_URL",
      ].sort(),
    );
  });

  it("are told of retention, and of the archive, where they delete executions", { timeout: 120_000 }, () => {
    const variables = (props: Partial<DurableFunctionsProps>) => {
      const { template } = synthesize({ retention: Duration.days(30), ...props });
      const { Environment } = resource(template, "AWS::Lambda::Function", "OrdersAuditFunction").Properties;
      const { HOLDFAST_RETENTION_SECONDS: seconds, HOLDFAST_ARCHIVE_BUCKET: archive } = Environment.Variables;
      return [seconds, archive === undefined ? undefined : inWords(archive)];
    };
    expect(variables({})).toEqual(["2592000", undefined]);
    expect(variables({ archive: true })).toEqual(["2592000", "OrdersTablesPayloads"]);
    const theirs = { bucketName: "theirs", bucketArn: "arn:aws:s3:::theirs" };
    expect(variables({ archive: theirs })).toEqual(["2592000", "theirs"]);
  });

  it("log as much as is asked for", () => {
    for (const name of ["Start", "Worker", "Deliver", "Relay", "Audit"]) {
      expect(lambda(name, tuned).Environment.Variables.HOLDFAST_LOG_LEVEL).toBe("debug");
    }
  });

  it("that have a log of the user's are told what it hides", () => {
    const hidden = ["Start", "Worker", "Deliver", "Relay", "Audit"].filter(
      (name) => lambda(name, tuned).Environment.Variables.HOLDFAST_LOG_REDACT === "iban,card",
    );
    expect(hidden).toEqual(["Start", "Worker"]);
    expect(lambda("Worker").Environment.Variables.HOLDFAST_LOG_REDACT).toBeUndefined();
  });

  it("that run the user's code get the user's environment", () => {
    for (const name of ["Start", "Worker", "Deliver"]) {
      expect(lambda(name, tuned).Environment.Variables.STOCK_TABLE).toBe("stock");
    }
    for (const name of ["Relay", "Audit"])
      expect(lambda(name, tuned).Environment.Variables.STOCK_TABLE).toBeUndefined();
  });
});

describe("the queues", () => {
  it("are encrypted, refuse plain HTTP, and keep what they hold for 14 days", () => {
    const queues = resources(template, "AWS::SQS::Queue");
    for (const { Properties } of Object.values(queues)) {
      expect(Properties.SqsManagedSseEnabled).toBe(true);
      expect(Properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
      expect(Properties.FifoQueue).toBeUndefined();
    }
    const policies = Object.values(resources(template, "AWS::SQS::QueuePolicy"));
    expect(policies).toHaveLength(Object.keys(queues).length);
    for (const policy of policies) {
      expect(policy.Properties.PolicyDocument.Statement[0]).toMatchObject({
        Effect: "Deny",
        Action: "sqs:*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      });
    }
  });

  it.each([
    ["WakeQueue", "OrdersWakeDlq"],
    ["DeliveriesEventsQueue", "OrdersDeliveriesEventsDlq"],
    ["StartsEventsQueue", "OrdersStartsEventsDlq"],
  ])("%s sets aside in %s what failed ten times", (name, dlq) => {
    const { deadLetterTargetArn, maxReceiveCount } = queue(name).RedrivePolicy;
    expect(inWords(deadLetterTargetArn)).toBe(`${dlq}.Arn`);
    expect(maxReceiveCount).toBe(10);
  });

  it.each([
    ["WakeQueue", "Worker"],
    ["DeliveriesEventsQueue", "Deliver"],
    ["StartsEventsQueue", "Start"],
  ])("%s hides a message for 30 seconds longer than %s may run", (name, consumer) => {
    expect(queue(name).VisibilityTimeout).toBe(lambda(consumer).Timeout + 30);
  });

  it("follow the timeouts and the margin that the user sets", () => {
    expect(lambda("Worker", tuned).Timeout).toBe(5);
    expect(queue("WakeQueue", tuned).VisibilityTimeout).toBe(6);
    expect(lambda("Start", tuned).Timeout).toBe(20);
    expect(queue("StartsEventsQueue", tuned).VisibilityTimeout).toBe(21);
  });
});

describe("what feeds the functions", () => {
  it.each([
    ["Worker", "OrdersWakeQueue.Arn", 1],
    ["Deliver", "OrdersDeliveriesEventsQueue.Arn", 10],
    ["Start", "OrdersStartsEventsQueue.Arn", 1],
  ])("%s: %s, %d at a time, failures reported by message", (name, source, batchSize) => {
    expect(inWords(feed(name).EventSourceArn)).toBe(source);
    expect(feed(name)).toMatchObject({
      BatchSize: batchSize,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    expect(feed(name).ScalingConfig).toBeUndefined();
  });

  it("can be held to a number of turns at once", () => {
    expect(feed("Worker", tuned).ScalingConfig).toEqual({ MaximumConcurrency: 7 });
    expect(feed("Deliver", tuned).ScalingConfig).toBeUndefined();
  });

  it("the relay: inserts that leave something to do, from the oldest on, with an end to the retries", () => {
    const relay = feed("Relay");
    expect(inWords(relay.EventSourceArn)).toBe("OrdersTablesExecutions.StreamArn");
    expect(relay).toMatchObject({
      StartingPosition: "TRIM_HORIZON",
      BatchSize: 100,
      MaximumRetryAttempts: 5,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    expect(inWords(relay.DestinationConfig.OnFailure.Destination)).toBe("OrdersRelayDlq.Arn");
    const patterns = relay.FilterCriteria.Filters.map((filter: { Pattern: string }) =>
      JSON.parse(filter.Pattern),
    );
    expect(patterns).toEqual([
      { eventName: ["INSERT"], dynamodb: { NewImage: { ob: { S: [{ exists: true }] } } } },
    ]);
  });

  it("the audit: a clock, one run at a time, over before the next", () => {
    const { ScheduleExpression, Targets } = resource(
      template,
      "AWS::Events::Rule",
      "OrdersAuditSchedule",
    ).Properties;
    expect(ScheduleExpression).toBe("rate(5 minutes)");
    expect(inWords(Targets[0].Arn)).toBe("OrdersAuditFunction.Arn");
    expect(Targets[0].RetryPolicy.MaximumRetryAttempts).toBe(0);
    expect(lambda("Audit")).toMatchObject({ Timeout: 290 });
    const invoke = Object.values(resources(template, "AWS::Lambda::EventInvokeConfig"));
    expect(invoke.map(({ Properties }) => Properties.MaximumRetryAttempts)).toEqual([0]);
  });

  it("the audit, every minute ", () => {
    expect(resource(tuned, "AWS::Events::Rule", "OrdersAuditSchedule").Properties.ScheduleExpression).toBe(
      "rate(1 minute)",
    );
    expect(lambda("Audit", tuned).Timeout).toBe(50);
  });
});

describe("the events", () => {
  const rule = (name: string) => resource(template, "AWS::Events::Rule", name).Properties;

  it("are those that the app declares", () => {
    expect(durable.manifest).toEqual({
      workflows: [
        { name: "order", version: "2", startOn: ["order.placed"] },
        { name: "refund", startOn: [] },
      ],
      events: [{ name: "payment.completed" }, { name: "order.placed" }],
    });
  });

  it.each([
    ["OrdersDeliveriesRulepaymentcompleted", "payment.completed", "OrdersDeliveriesEvents"],
    ["OrdersDeliveriesRuleorderplaced", "order.placed", "OrdersDeliveriesEvents"],
    ["OrdersStartsRuleorderplaced", "order.placed", "OrdersStartsEvents"],
  ])("%s takes %s from the bus to %s, with a dead-letter queue", (name, type, target) => {
    const { EventPattern, EventBusName, Targets } = rule(name);
    expect(EventPattern).toEqual({ "detail-type": [type] });
    expect(inWords(EventBusName)).toBe("OrdersBus");
    expect(Targets).toHaveLength(1);
    expect(inWords(Targets[0].Arn)).toBe(`${target}Queue.Arn`);
    expect(inWords(Targets[0].DeadLetterConfig.Arn)).toBe(`${target}Dlq.Arn`);
  });

  it.each([
    ["OrdersDeliveriesRulepaymentcompleted", "OrdersDeliverFunction"],
    ["OrdersStartsRuleorderplaced", "OrdersStartFunction"],
  ])("%s is made only once %s has its new code", (name, consumer) => {
    const { DependsOn } = resource(template, "AWS::Events::Rule", name);
    expect(DependsOn.map((id: string) => id.replace(/[0-9A-F]{8}$/, ""))).toContain(consumer);
  });

  it("have no rule beyond these and the audit's", () => {
    expect(Object.keys(resources(template, "AWS::Events::Rule"))).toHaveLength(4);
  });

  it.each(["Queue", "Dlq"])("are let into the %s from its own rules only", (which) => {
    const policy = resource(template, "AWS::SQS::QueuePolicy", `OrdersDeliveriesEvents${which}Policy`);
    const [, allow, ...rest] = policy.Properties.PolicyDocument.Statement;
    expect(rest).toEqual([]);
    expect(allow).toMatchObject({
      Action: "sqs:SendMessage",
      Principal: { Service: "events.amazonaws.com" },
    });
    expect(allow.Condition.ArnLike["aws:SourceArn"].map(inWords)).toEqual([
      "OrdersDeliveriesRuleorderplaced.Arn",
      "OrdersDeliveriesRulepaymentcompleted.Arn",
    ]);
  });

  it("need neither queues nor rules where the app declares none", () => {
    const quiet = synthesize({ app: fixture("quiet-app") });
    expect(quiet.durable.deliverRoutes).toBeUndefined();
    expect(quiet.durable.startRoutes).toBeUndefined();
    expect(Object.keys(resources(quiet.template, "AWS::Lambda::EventSourceMapping")).sort()).toEqual([
      "OrdersRelayFeed",
      "OrdersWorkerFeed",
    ]);
  });
});

describe("what watches it", () => {
  it("is there for those who ask for it", () => {
    template.resourceCountIs("AWS::CloudWatch::Alarm", 0);
    template.resourceCountIs("AWS::CloudWatch::Dashboard", 0);
  });
});

describe("beside what is there already", () => {
  const app = temporaryApp();
  const storage = new Stack(app, "Storage");
  const tables = new DurableTables(storage, "Tables");
  const shop = new Stack(app, "Shop");
  const eventBus = new EventBus(shop, "Common");
  new DurableFunctions(shop, "Orders", { app: fixture("app"), tables, eventBus });
  new DurableFunctions(shop, "Returns", {
    app: fixture("quiet-app"),
    tables: new DurableTables(storage, "ReturnsTables"),
    eventBus,
    serviceName: "returns",
  });
  const both = Template.fromStack(shop);

  it("uses the tables and the bus that it is given", () => {
    both.resourceCountIs("AWS::DynamoDB::GlobalTable", 0);
    both.resourceCountIs("AWS::Events::EventBus", 1);
    const imported = lambda("Worker", both).Environment.Variables.HOLDFAST_EXECUTIONS_TABLE;
    expect(inWords(imported)).toMatch(/^Fn::ImportValue Storage:ExportsOutputRefTablesExecutions/);
  });

  it("stands beside another deployment, each with outputs of its own", () => {
    const keys = Object.keys(both.toJSON().Outputs);
    expect(keys.sort()).toEqual(
      ["Orders", "Returns"]
        .flatMap((id) => outputFields.map((field) => `${id}Holdfast${field}`))
        // It declares no events, and so has no queues for any; neither keeps schedules for clients, or versions.
        .filter((key) => !/^ReturnsHoldfast(Deliver|Start)(Queue|Dlq)Url$|HoldfastFiring|Version$/.test(key))
        .sort(),
    );
    expect(both.toJSON().Outputs.OrdersHoldfastService.Value).toMatch(/^Shop-Orders-[0-9A-F]{8}$/);
    expect(both.toJSON().Outputs.ReturnsHoldfastService.Value).toBe("returns");
  });
});
