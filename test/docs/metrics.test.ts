/** The documents' table of metrics is all of them, with the units that they have. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METRIC_NAMES, metricOf } from "../../lib/model/metrics.js";

const text = readFileSync(new URL("../../docs/observability.md", import.meta.url), "utf8");

test("every metric is in the table once, with its unit and whether it is told by workflow", () => {
  const rows = [...text.matchAll(/^\| (`[A-Z].*?) \| (Count|Seconds) \| (W?) ?\|/gm)];
  const told = rows.flatMap(([, names = "", unit, workflow]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => ({ name, unit, byWorkflow: workflow === "W" })),
  );
  const known = METRIC_NAMES.map((name) => {
    const { unit, byWorkflow = false } = metricOf(name);
    return { name, unit, byWorkflow };
  });
  const byName = (one: { name?: string | undefined }, other: { name?: string | undefined }) =>
    String(one.name).localeCompare(String(other.name));
  expect(told.sort(byName)).toEqual(known.sort(byName));
});

test("what they cost at most is counted", () => {
  const [, count, most] =
    /each of the (\d+) had a datapoint in every hour of the month, they would cost ([\d.]+)/.exec(text) ?? [];
  expect(Number(count)).toBe(METRIC_NAMES.length);
  expect(Number(most)).toBeCloseTo(METRIC_NAMES.length * 0.3);
});
