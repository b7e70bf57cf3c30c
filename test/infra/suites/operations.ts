/** Alarms, the dashboard, and what the functions are told to measure. */
import { readFileSync } from "node:fs";
import { Duration } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";
import { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { type DurableFunctions, type DurableFunctionsProps, HoldfastConfigError } from "holdfast/cdk";
import { describe, expect, it, vi } from "vitest";
import { EXIT } from "../../../lib/cli/exit.js";
import { METRIC_NAMES } from "../../../lib/model/metrics.js";
import { runCommand } from "../../cli/run.js";
import { wordsOf } from "../../docs/commands.js";
import { fixture } from "../fixtures/index.js";
import { inWords, resource, resources, synthesize } from "../support.js";

const somebody = { bind: () => ({ alarmActionArn: "arn:of:somebody" }) };
const watching = { alarmActions: [somebody], dashboard: true } as const;
const alarmThresholds = {
  setAside: 1,
  oldestMessage: Duration.minutes(2),
  relayBehind: Duration.minutes(3),
  stalled: 4,
  failed: 50,
  takeovers: 6,
  outgoingLost: 7,
  outgoingLate: Duration.seconds(8),
  lost: 9,
  errors: 10,
  throttled: 11,
};
// Few, since each takes seconds: they differ in several things at once.
const whole = synthesize(watching);
const tuned = synthesize({
  ...watching,
  alarmThresholds,
  auditEvery: Duration.minutes(60),
  workerTimeout: Duration.seconds(10),
});
const unmeasured = synthesize({ ...watching, metrics: false });
const bySums = synthesize({ dashboard: true, metrics: "service" });
const quiet = synthesize({ ...watching, app: fixture("quiet-app"), auditEvery: Duration.minutes(1) });

/** As the runbook names them. */
function namesOf(durable: DurableFunctions): string[] {
  return durable.node
    .findAll()
    .filter((construct) => construct instanceof Alarm)
    .map(({ node }) => node.id);
}

type Shown = Readonly<Record<string, unknown>>;

function alarmsOf(template: Template): Shown[] {
  return Object.values(resources(template, "AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties);
}

function alarm(template: Template, name: string) {
  return resource(template, "AWS::CloudWatch::Alarm", `OrdersAlarms${name}`).Properties;
}

/** All that an alarm looks at: `name of dimension values`. */
function metricsOf({ Metrics, MetricName, Dimensions }: Shown): string[] {
  const parts: unknown = Metrics;
  const words = (name: unknown, dimensions: unknown): string =>
    `${String(name)} of ${Array.isArray(dimensions) ? dimensions.map(({ Value }) => inWords(Value)).join("/") : "nothing"}`;
  if (!Array.isArray(parts)) return [words(MetricName, Dimensions)];
  return parts.flatMap(({ MetricStat: stat }) =>
    stat === undefined ? [] : [words(stat.Metric.MetricName, stat.Metric.Dimensions)],
  );
}

describe("the alarms", () => {
  it("are for those who ask for them", () => {
    bySums.template.resourceCountIs("AWS::CloudWatch::Alarm", 0);
  });

  it("take silence for health, but that of the audit", () => {
    for (const shown of alarmsOf(whole.template)) {
      const isSilence = String(shown.AlarmDescription).startsWith("The audit does not run");
      expect(shown.TreatMissingData).toBe(isSilence ? "breaching" : "notBreaching");
      expect(shown.ComparisonOperator).toBe(isSilence ? "LessThanThreshold" : "GreaterThanThreshold");
      expect(shown.AlarmActions).toEqual(["arn:of:somebody"]);
    }
  });

  it("watch every dead-letter queue, and the age of what waits in every other", () => {
    const watched = alarmsOf(whole.template).flatMap(metricsOf);
    for (const queue of Object.keys(resources(whole.template, "AWS::SQS::Queue")))
      expect(watched).toContain(
        queue.endsWith("Dlq")
          ? `ApproximateNumberOfMessagesVisible of ${queue}.QueueName`
          : `ApproximateAgeOfOldestMessage of ${queue}.QueueName`,
      );
  });

  it("watch every function for errors, throttles, dropped invocations and time that runs out", () => {
    const watched = alarmsOf(whole.template).flatMap(metricsOf);
    for (const name of Object.keys(resources(whole.template, "AWS::Lambda::Function")))
      for (const metric of ["Errors", "Throttles", "RecursiveInvocationsDropped", "Duration"])
        expect(watched).toContain(`${metric} of ${name}`);
  });

  it.each([
    ["Stalled", ["StalledNow"], 0, 600, 1],
    ["Failed", ["ExecutionsFailed"], 10, 300, 1],
    ["Takeovers", ["LeaseTakeovers"], 5, 900, 1],
    ["OutgoingLost", ["OutgoingDead", "OutgoingInvalid"], 0, 300, 1],
    ["OutgoingLate", ["OutgoingAge"], 900, 300, 1],
    ["WakesLost", ["WakesLost"], 0, 300, 3],
    ["DutiesOverdue", ["DutiesOverdue"], 0, 300, 3],
  ])("%s looks at %j, of this service, above %i", (name, metrics, threshold, seconds, periods) => {
    const shown = alarm(whole.template, name);
    expect(metricsOf(shown)).toEqual(metrics.map((metric) => `${metric} of ${whole.durable.serviceName}`));
    expect([shown.Threshold, shown.EvaluationPeriods]).toEqual([threshold, periods]);
    expect(shown.Period ?? shown.Metrics.at(-1).MetricStat.Period).toBe(seconds);
    expect(JSON.stringify(shown)).toContain('"Namespace":"Holdfast"');
  });

  it("watch the tables and their indexes in one, of ten metrics at most", () => {
    const shown = metricsOf(alarm(whole.template, "TablesThrottled"));
    expect(shown).toContain("WriteThrottleEvents of OrdersTablesExecutions");
    expect(shown).toContain("ReadThrottleEvents of OrdersTablesDirectory");
    expect(shown.filter((each) => /byStatus|byWorkflow|outboxPending/.test(each))).toHaveLength(3);
    expect(shown.length).toBeLessThanOrEqual(10);
  });

  it("have the period of the audit where they are about its runs", () => {
    for (const name of ["AuditSilent", "Errorsaudit", "WakesLost", "DutiesOverdue"])
      expect([
        name,
        alarm(tuned.template, name).Period,
        alarm(tuned.template, name).EvaluationPeriods,
      ]).toEqual([name, 3_600, 3]);
    expect(alarm(quiet.template, "AuditSilent").Period).toBe(300);
  });

  it("leave the functions the time in which they end by themselves", () => {
    // 9 of 10 seconds, and 285 of the audit's 290.
    expect(alarm(tuned.template, "NearTimeoutworker").Threshold).toBe(9_000);
    expect(alarm(whole.template, "NearTimeoutaudit").Threshold).toBe(285_000);
  });

  it("go off where they are told to", () => {
    const thresholds = Object.fromEntries(
      Object.entries(resources(tuned.template, "AWS::CloudWatch::Alarm")).map(([name, { Properties }]) => [
        name.replace("OrdersAlarms", ""),
        Properties.Threshold,
      ]),
    );
    expect(thresholds).toMatchObject({
      SetAsidewakes: 1,
      SetAsidestarts: 1,
      // And the quarter of an hour that a wake may be sent ahead of its time: an age counts from the sending.
      OldestWake: 120 + 900,
      OldestEventdeliveries: 120,
      RelayBehind: 180_000,
      Stalled: 4,
      Failed: 50,
      Takeovers: 6,
      OutgoingLost: 7,
      OutgoingLate: 8,
      WakesLost: 9,
      DutiesOverdue: 9,
      Errorsworker: 10,
      Errorsaudit: 0,
      TablesThrottled: 11,
      FunctionsThrottled: 11,
    });
  });

  it.each<[string, Partial<DurableFunctionsProps>, string]>([
    ["of alarms that nobody asked for", { alarmThresholds: { failed: 3 } }, "no alarms"],
    ["below zero", { alarmActions: [], alarmThresholds: { failed: -1 } }, "`failed`"],
    ["in parts", { alarmActions: [], alarmThresholds: { errors: 0.5 } }, "`errors`"],
  ])("refuse a threshold %s", (_, props, named) => {
    expect(() => synthesize(props)).toThrow(HoldfastConfigError);
    expect(() => synthesize(props)).toThrow(named);
  });

  it("are fewer for an app without events, and where nothing is measured", () => {
    expect(namesOf(quiet.durable).filter((name) => /deliveries|starts/.test(name))).toEqual([]);
    const measured = [
      "Stalled",
      "Failed",
      "Takeovers",
      "OutgoingLost",
      "OutgoingLate",
      "WakesLost",
      "DutiesOverdue",
    ];
    expect(
      namesOf(whole.durable)
        .filter((name) => !namesOf(unmeasured.durable).includes(name))
        .sort(),
    ).toEqual(measured.sort());
    expect(JSON.stringify(unmeasured.template.toJSON())).not.toContain('"Namespace":"Holdfast"');
  });
});

describe("the functions", () => {
  it.each([
    ["by default", undefined, whole],
    ['with "service"', "service", bySums],
    ["with false", "off", unmeasured],
  ])("are told what to measure, %s: %s", (_, expected, { template }) => {
    for (const { Properties } of Object.values(resources(template, "AWS::Lambda::Function")))
      expect(Properties.Environment.Variables.HOLDFAST_METRICS).toBe(expected);
  });
});

describe("the dashboard", () => {
  const bodyOf = (template: Template): string => {
    const [{ Properties } = { Properties: undefined }] = Object.values(
      resources(template, "AWS::CloudWatch::Dashboard"),
    );
    return inWords(Properties.DashboardBody);
  };

  it("begins with health, and goes on with flow, latency and cost", () => {
    const { widgets } = JSON.parse(bodyOf(whole.template));
    const titles = widgets.flatMap(
      ({ properties }: { properties: { markdown?: string } }) => properties.markdown ?? [],
    );
    expect(titles).toEqual(["# Health", "# Flow", "# Latency", "# Cost"]);
    expect(widgets[1]).toMatchObject({ type: "alarm", properties: { title: "Alarms" } });
    expect(widgets[1].properties.alarms).toHaveLength(namesOf(whole.durable).length);
  });

  it.each([
    ["by default", whole],
    ["with sums only", bySums],
    ["where nothing is measured", unmeasured],
  ])("has rows of 24 columns, without gaps: %s", (_, { template }) => {
    const { widgets } = JSON.parse(bodyOf(template));
    const rows = new Map<number, number>();
    for (const { y, width } of widgets) rows.set(y, (rows.get(y) ?? 0) + width);
    expect([...rows.values()].filter((width) => width !== 24)).toEqual([]);
  });

  it("shows all that the functions measure", () => {
    const body = bodyOf(whole.template);
    expect(
      METRIC_NAMES.filter((name) => !body.includes(`"${name}"`) && !body.includes(`\\"${name}\\"`)),
    ).toEqual([]);
  });

  it("shows no alarms where there are none, nothing by workflow where that is not told, nothing of ours where nothing is measured", () => {
    expect(bodyOf(bySums.template)).not.toContain('"alarm"');
    expect(bodyOf(whole.template)).toContain("SEARCH(");
    expect(bodyOf(bySums.template)).not.toContain("SEARCH(");
    const bare = bodyOf(unmeasured.template);
    expect(METRIC_NAMES.filter((name) => bare.includes(name))).toEqual([]);
  });
});

describe("the runbook", () => {
  const runbook = readFileSync(new URL("../../../docs/runbook.md", import.meta.url), "utf8");
  const entries = [...runbook.matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
  const named = (shown: Shown): string | undefined =>
    /then at "(\S+)" in/.exec(String(shown.AlarmDescription))?.[1];

  it("has an entry for every alarm, and an alarm for every entry", () => {
    const wanted = new Set(alarmsOf(whole.template).map(named));
    expect([...wanted].sort()).toEqual([...entries].sort());
    for (const name of namesOf(whole.durable)) {
      const its = name.startsWith("SetAside") ? name : name.replace(/-.*/, "");
      expect(entries).toContain(its);
      // One that stands for several names each of them.
      if (its !== name) expect(runbook).toContain(`\`${name}\``);
    }
  });

  it("says what they cost: a tenth of a dollar for each metric that one of them looks at", () => {
    const count = (template: Template) => alarmsOf(template).flatMap(metricsOf).length;
    const [, metrics, without, dollars] =
      /one of them looks at: (\d+) in all \((\d+) with `metrics: false`\) \| ([\d.]+) \|/.exec(runbook) ?? [];
    expect([Number(metrics), Number(without)]).toEqual([count(whole.template), count(unmeasured.template)]);
    expect(Number(dollars)).toBeCloseTo(count(whole.template) / 10);
  });

  it("is told where the deployment is: the alarms' own commands name stack and construct, and are ones that the command takes", async () => {
    vi.stubEnv("AWS_REGION", undefined);
    vi.stubEnv("AWS_DEFAULT_REGION", undefined);
    vi.stubEnv("AWS_CONFIG_FILE", fixture("missing"));
    for (const shown of alarmsOf(whole.template)) {
      const [, command = ""] = /Look: npx holdfast (.+), then at /.exec(String(shown.AlarmDescription)) ?? [];
      expect(command).toMatch(/ --stack Shop --deployment Orders$/);
      // It comes as far as to ask which region is meant.
      const { code, err } = await runCommand([...wordsOf(command), "--aws"]);
      expect([command, code, err]).toEqual([command, EXIT.error, expect.stringMatching(/region/i)]);
      expect(String(shown.AlarmDescription).length).toBeLessThanOrEqual(1_024);
    }
    vi.unstubAllEnvs();
  });
});
