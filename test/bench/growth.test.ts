/** The arithmetic and the tables of the growth's section. */
import { expect, it } from "vitest";
import { growth, growthOf } from "./growth/section.js";
import { asMarkdown } from "./render.js";

const cost = (what: string, ms: number, reads: number) => ({
  what,
  ms,
  reads,
  writes: 1,
  indexWrites: 2,
  calls: 1,
});

const measured = [
  { open: 100, costs: [cost("a start", 4, 0), cost("a run of the audit", 100, 112)] },
  { open: 10_000, costs: [cost("a start", 5, 0), cost("a run of the audit", 400, 956)] },
];

it("compares each size with the smallest", () => {
  const [start, audit] = growthOf(measured);
  expect(start?.sizes.map(({ open, times }) => [open, times])).toEqual([
    [100, 1],
    [10_000, 1.25],
  ]);
  expect(audit?.sizes.at(-1)).toEqual({
    open: 10_000,
    writes: 1,
    indexWrites: 2,
    reads: 956,
    calls: 1,
    ms: 400,
    times: 4,
  });
});

it("says one figure where all sizes have it, and each where they differ", () => {
  const text = asMarkdown(growth.report(growthOf(measured)));
  expect(text).toContain("| Beside 100, 10,000 open |");
  expect(text).toContain("| a start | 3 | 2 | 0 | 1 |");
  expect(text).toContain("| a run of the audit | 3 | 2 | 112, 956 | 1 |");
  expect(text).toContain("| a start | 4.0 | 5.0 | 1.25 |");
});

it("refuses sizes at which not the same was measured", () => {
  const less = [measured[0], { open: 10_000, costs: [] }].flatMap((one) => (one === undefined ? [] : [one]));
  expect(() => growthOf(less)).toThrow(/not measured beside 10000/);
});
