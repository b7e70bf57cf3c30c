/**
 * What a deployment costs in which nothing happens, for 30 days: read from the template that the construct makes of the example app, and
 * from a run of the audit whose calls are counted.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { DurableFunctions } from "holdfast/cdk";
import { CountedCloud } from "./cloud.js";
import { memoryGround } from "./ground.js";
import type { IdleLine } from "./idle.js";
import { dollarsOf, PRICES } from "./prices.js";
import { deployed } from "./workflows.js";

const SECONDS = 30 * 24 * 3_600;

/** Of Lambda, for each queue: it says neither how many look at an idle queue nor for how long. */
const POLLERS = 5;
const LONGEST_POLL_SECONDS = 20;

/** Of a run that finds nothing: the most of it is the start of the process. */
const AUDIT_SECONDS = 1;

/** Lambda's own three lines of an invocation. The audit that finds nothing writes none. */
const LOG_BYTES = 400;

const APP = fileURLToPath(new URL("../../../functions/workflows/index.ts", import.meta.url));

export async function idleLines(): Promise<readonly IdleLine[]> {
  const template = synthesized();
  refuseWhatIsNotPriced(template);
  const queues = queuesIn(template);
  const polls = (queues * POLLERS * SECONDS) / LONGEST_POLL_SECONDS;
  const { everySeconds, memoryMb } = auditIn(template);
  const runs = SECONDS / everySeconds;
  // All but the wake queue hold events.
  const audit = await auditRun(queues - 1);
  const alarms = propertiesOf(template, "AWS::CloudWatch::Alarm");
  // One over several metrics is billed for each of them.
  const alarmed = alarms.flatMap(
    ({ Metrics }) => Metrics?.filter(({ MetricStat }: Found) => MetricStat) ?? [true],
  );
  const dashboards = propertiesOf(template, "AWS::CloudWatch::Dashboard").length;
  return [
    {
      what: "Long polling of the queues by Lambda",
      arithmetic: `assumed: ${POLLERS} pollers for each queue, a receive each ${LONGEST_POLL_SECONDS} s; ${queues} queues: ${millions(polls).toFixed(2)} million requests`,
      dollars: millions(polls) * dollarsOf({ sqsRequests: 1 }),
    },
    {
      what: "Audit: tables",
      arithmetic: `${many(runs)} runs of ${audit.reads} read units`,
      dollars:
        millions(runs) * dollarsOf({ readUnits: audit.reads, writeUnits: audit.writes + audit.indexWrites }),
    },
    {
      what: "Audit: function, dead-letter queues",
      arithmetic: `${many(runs)} runs of ${AUDIT_SECONDS} s (assumed) at ${memoryMb} MB, ${audit.receives} receives each`,
      dollars:
        millions(runs) *
        dollarsOf({
          invocations: 1,
          gbSeconds: (AUDIT_SECONDS * memoryMb) / 1_024,
          sqsRequests: audit.receives,
        }),
    },
    {
      what: "Audit: logs",
      arithmetic: `${many(runs)} runs, Lambda's own lines of ${LOG_BYTES} bytes (assumed)`,
      dollars: ((runs * LOG_BYTES) / 1024 ** 3) * PRICES.logs.dollars,
    },
    {
      what: "The stream's polling by Lambda",
      arithmetic: "DynamoDB does not bill Lambda's reads of a stream",
      dollars: 0,
    },
    {
      what: "Storage, point-in-time recovery",
      arithmetic: `${PRICES.tableStorage.dollars} and ${PRICES.recovery.dollars} for each GB that is kept, in ${propertiesOf(template, TABLE).length} tables on demand`,
      dollars: 0,
    },
    {
      what: "Metrics of the functions",
      arithmetic: "billed by the hours in which something happened",
      dollars: 0,
    },
    {
      what: "Alarms",
      arithmetic: `${alarms.length}, over ${alarmed.length} metrics of ${PRICES.alarms.dollars}`,
      dollars: alarmed.length * PRICES.alarms.dollars,
      optional: true,
    },
    {
      what: "Dashboard",
      arithmetic: `${dashboards} of ${PRICES.dashboards.dollars}`,
      dollars: dashboards * PRICES.dashboards.dollars,
      optional: true,
    },
    {
      what: "A KMS key of yours",
      arithmetic: `${PRICES.keys.dollars} each; by default the keys are AWS's own, which cost nothing`,
      dollars: PRICES.keys.dollars,
      optional: true,
    },
  ];
}

/** With alarms and a dashboard, which nobody has who does not ask. */
function synthesized(): Template {
  const outdir = mkdtempSync(join(tmpdir(), "idle-"));
  try {
    const stack = new Stack(new App({ outdir, analyticsReporting: false }), "Idle");
    new DurableFunctions(stack, "Holdfast", {
      app: APP,
      alarmActions: [new SnsAction(new Topic(stack, "Told"))],
      dashboard: true,
    });
    return Template.fromStack(stack);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

type Found = ReturnType<Template["findResources"]>[string];

const TABLE = "AWS::DynamoDB::GlobalTable";

const propertiesOf = (template: Template, type: string): Found[] =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties);

/** What of a template costs nothing while nothing happens, or has a line. */
const PRICED = [
  TABLE,
  "AWS::CloudWatch::Alarm",
  "AWS::CloudWatch::Dashboard",
  "AWS::Events::EventBus",
  "AWS::Events::Rule",
  "AWS::IAM::Policy",
  "AWS::IAM::Role",
  "AWS::Lambda::EventInvokeConfig",
  "AWS::Lambda::EventSourceMapping",
  "AWS::Lambda::Function",
  "AWS::Lambda::Permission",
  "AWS::Logs::LogGroup",
  "AWS::S3::Bucket",
  "AWS::S3::BucketPolicy",
  "AWS::SNS::Topic",
  "AWS::SQS::Queue",
  "AWS::SQS::QueuePolicy",
  "AWS::Scheduler::ScheduleGroup",
];

/** So that nothing is added to the construct whose price is forgotten here. */
function refuseWhatIsNotPriced(template: Template): void {
  const resources: Record<string, Found> = template.toJSON().Resources;
  for (const [id, { Type, Properties }] of Object.entries(resources)) {
    if (!PRICED.includes(Type))
      throw new Error(`What does an idle ${Type} cost (${id})? Give it a line, or say that it is free.`);
    if (Type === TABLE && Properties.BillingMode !== "PAY_PER_REQUEST")
      throw new Error(`${id} has provisioned capacity, which is billed by the hour and has no line.`);
    if (Properties?.ProvisionedPollerConfig !== undefined)
      throw new Error(`${id} has provisioned pollers, which are billed by the hour and have no line.`);
  }
}

/** How many queues Lambda polls. */
function queuesIn(template: Template): number {
  const queues = Object.keys(template.findResources("AWS::SQS::Queue"));
  return propertiesOf(template, "AWS::Lambda::EventSourceMapping").filter(({ EventSourceArn }) =>
    queues.includes(EventSourceArn["Fn::GetAtt"][0]),
  ).length;
}

function auditIn(template: Template): { readonly everySeconds: number; readonly memoryMb: number } {
  const [rule] = propertiesOf(template, "AWS::Events::Rule").filter(
    ({ ScheduleExpression }) => ScheduleExpression,
  );
  const minutes = Number(/^rate\((\d+) minutes?\)$/.exec(rule?.ScheduleExpression)?.[1]);
  const audit = template.findResources("AWS::Lambda::Function")[rule?.Targets[0].Arn["Fn::GetAtt"][0]];
  return { everySeconds: minutes * 60, memoryMb: audit?.Properties.MemorySize };
}

/** The second one: the first has no cursors yet. */
async function auditRun(eventQueues: number) {
  const cloud = new CountedCloud(deployed, memoryGround());
  await cloud.audit(eventQueues);
  return cloud.audit(eventQueues);
}

const millions = (count: number): number => count / 1_000_000;

const many = (count: number): string => count.toLocaleString("en-US");
