/** What an idle deployment costs: computed from the construct's template, and shown by the pages. */
import { beforeAll, expect, it, vi } from "vitest";
import { textOf } from "../docs/pages.js";
import { type IdleLine, idle, sumOf } from "./ledger/idle.js";
import { idleLines } from "./ledger/idle-lines.js";
import { pageSection } from "./page.js";
import { asMarkdown } from "./render.js";

// A template takes a few seconds, and more where the machine has much else to do.
vi.setConfig({ hookTimeout: 120_000 });

let lines: readonly IdleLine[] = [];
beforeAll(async () => {
  lines = await idleLines();
});

it("has the queues, the audit's rate and its memory from the template", () => {
  const month = 30 * 24 * 3_600;
  const dollarsFor = (what: string) => lines.find((line) => line.what === what)?.dollars;
  expect(dollarsFor("Long polling of the queues by Lambda")).toBeCloseTo(
    ((3 * 5 * month) / 20 / 1e6) * 0.4,
    6,
  );
  const runs = month / 300;
  expect(dollarsFor("Audit: tables")).toBeCloseTo((runs / 1e6) * 20 * 0.125, 6);
  expect(dollarsFor("Audit: function, dead-letter queues")).toBeCloseTo(
    (runs / 1e6) * (0.2 + 0.25 * 13.3334 + 5 * 0.4),
    6,
  );
});

it("leaves out of the sum what nobody has who does not ask", () => {
  const asked = lines.filter(({ optional }) => optional).map(({ what }) => what);
  expect(asked).toEqual(["Alarms", "Dashboard", "A KMS key of yours"]);
  expect(sumOf(lines)).toBeLessThan(1);
});

it("is what docs/performance.md shows", () => {
  expect(pageSection("idle")).toBe(asMarkdown(idle.report(lines)));
});

it.each(["README.md", "docs/cost.md"])("%s says its sum", (page) => {
  const said = /idle deployment costs about ([\d.]+) dollars for 30 days/.exec(textOf(page))?.[1];
  expect(said).toBe(sumOf(lines).toFixed(2));
});
