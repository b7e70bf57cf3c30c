import { describe, expect, test } from "vitest";
import { emfMeter, isMetricLine, type Metering, meteringIn } from "../../lib/aws/emf.js";
import { METRIC_NAMES } from "../../lib/model/metrics.js";
import type { Meter } from "../../lib/runtime/outside.js";
import { problemsOf } from "./emf-spec.js";

const NOW = Date.parse("2026-11-02T09:30:00Z");

function meter(metering: Exclude<Metering, "off"> = "workflows"): { meter: Meter; lines: string[] } {
  const lines: string[] = [];
  const options = {
    service: "orders",
    metering,
    now: () => NOW + 0.25,
    write: (line: string) => lines.push(line),
  };
  return { meter: emfMeter(options), lines };
}

describe("a line of metrics", () => {
  test("is one document of the embedded metric format, and all of its line", () => {
    const { meter: own, lines } = meter();
    for (const name of METRIC_NAMES) own.note(name, 2, "order");
    for (const name of METRIC_NAMES) own.note(name, 3);
    own.tell();
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(/^\{.*\}\n$/);
      expect(problemsOf(line, NOW)).toEqual([]);
      expect(isMetricLine(line)).toBe(true);
    }
  });

  test("has the sum of counts, and the greatest age", () => {
    const { meter: own, lines } = meter();
    own.note("WakesLost", 1);
    own.note("WakesLost", 2);
    own.note("OldestDue", 400);
    own.note("OldestDue", 130);
    own.tell();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        _aws: {
          Timestamp: NOW,
          CloudWatchMetrics: [
            {
              Namespace: "Holdfast",
              Dimensions: [["Service"]],
              Metrics: [
                { Name: "WakesLost", Unit: "Count" },
                { Name: "OldestDue", Unit: "Seconds" },
              ],
            },
          ],
        },
        Service: "orders",
        WakesLost: 3,
        OldestDue: 400,
      },
    ]);
  });

  test("tells ends by workflow too, and everything else by service alone", () => {
    const { meter: own, lines } = meter();
    own.note("ExecutionsStarted", 1, "order");
    own.note("ExecutionsFailed", 1, "order");
    own.tell();
    expect(lines).toHaveLength(1);
    const { _aws, ...root } = JSON.parse(lines[0] ?? "");
    expect(root).toEqual({ Service: "orders", Workflow: "order", ExecutionsStarted: 1, ExecutionsFailed: 1 });
    expect(_aws.CloudWatchMetrics).toEqual([
      {
        Namespace: "Holdfast",
        Dimensions: [["Service"], ["Service", "Workflow"]],
        Metrics: [{ Name: "ExecutionsFailed", Unit: "Count" }],
      },
      {
        Namespace: "Holdfast",
        Dimensions: [["Service"]],
        Metrics: [{ Name: "ExecutionsStarted", Unit: "Count" }],
      },
    ]);
  });

  test("tells nothing by workflow where that was not wanted, and still names it", () => {
    const { meter: own, lines } = meter("service");
    own.note("ExecutionsFailed", 1, "order");
    own.tell();
    const { _aws, Workflow: workflow } = JSON.parse(lines[0] ?? "");
    expect(workflow).toBe("order");
    expect(_aws.CloudWatchMetrics).toMatchObject([{ Dimensions: [["Service"]] }]);
  });

  test("is there for each workflow that something happened to, once, and not where nothing happened", () => {
    const { meter: own, lines } = meter();
    own.tell();
    own.note("EventsRedriven", 0);
    own.note("OutgoingAge", -3);
    own.tell();
    expect(lines).toEqual([]);
    own.note("ExecutionsCompleted", 1, "order");
    own.note("ExecutionsCompleted", 1, "refund");
    own.note("ExecutionsCompleted", 1, "order");
    own.tell();
    own.tell();
    expect(
      lines.map((line) => JSON.parse(line)).map((root) => [root.Workflow, root.ExecutionsCompleted]),
    ).toEqual([
      ["order", 2],
      ["refund", 1],
    ]);
  });
});

test.each([
  [{}, "workflows"],
  [{ HOLDFAST_METRICS: "service" }, "service"],
  [{ HOLDFAST_METRICS: "off" }, "off"],
  [{ HOLDFAST_METRICS: "offf" }, "workflows"],
] as const)("what is measured with %j: %s", (variables, expected) => {
  expect(meteringIn(variables)).toBe(expected);
});

test.each([
  ["{", "the line is not one JSON value"],
  ["[]", "the root is not an object"],
  ['{"a":1}', "_aws is not an object"],
  [`{"_aws":{"Timestamp":${NOW},"CloudWatchMetrics":[]}}`, "there is no directive"],
  [document({ Dimensions: [["Service", "Workflow"]] }), "the root has no text for dimension Workflow"],
  [document({ Metrics: [{ Name: "Missing" }] }), "the root has no number for metric Missing"],
  [document({ Metrics: [{ Name: "Count", Unit: "Pieces" }] }), "unit Pieces"],
  [document({ Namespace: "AWS/Lambda" }), "Namespace"],
  [document({}, NOW - 15 * 86_400_000), "Timestamp is further away than CloudWatch takes it"],
])("the check itself refuses %s", (line, problem) => {
  expect(problemsOf(line, NOW)).toContain(problem);
});

function document(directive: object, at = NOW): string {
  const whole = { Namespace: "N", Dimensions: [["Service"]], Metrics: [{ Name: "Count", Unit: "Count" }] };
  const _aws = { Timestamp: at, CloudWatchMetrics: [{ ...whole, ...directive }] };
  return JSON.stringify({ _aws, Service: "orders", Count: 1 });
}
