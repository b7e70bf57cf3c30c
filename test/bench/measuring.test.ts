/** What is made of measurements: arithmetic and text. Measuring is the command's. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bareHandler } from "./cold-start/bare.js";
import { figuresOf } from "./overhead/section.js";
import { asMarkdown, asText, withSection } from "./render.js";
import { replaysOf } from "./replay/durable-sdk.js";
import { SECTIONS } from "./sections.js";
import { shownSpread, spreadOf } from "./spread.js";

describe("a spread", () => {
  it("is the middle, and the least and the most", () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3, all: [3, 1, 2] });
    expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5);
    expect(shownSpread(spreadOf([1.234, 1.1, 2]))).toBe("1.23 (1.10 to 2.00)");
  });

  it("of nothing is an error", () => {
    expect(() => spreadOf([])).toThrow("no measurements");
  });
});

describe("what a step adds", () => {
  const measured = {
    engine: [220, 330, 210],
    raw: [200, 300, 200],
    engineCpu: [50, 60, 70],
    rawCpu: [40, 40, 40],
    itemBytes: 223,
    inMemory: [{ steps: 100, ms: [5, 6, 7] }],
  };

  it("is compared pair by pair, and not middle by middle", () => {
    const { ratio, ratios } = figuresOf(measured, 100, "v24.1.0");
    expect(ratios.all).toEqual([1.1, 1.1, 1.05]);
    expect(ratio).toBe(1.1);
  });

  it("is told of one step, in milliseconds, and of processors and memory in microseconds", () => {
    const { step, raw, stepCpuUs, rawCpuUs, inMemory } = figuresOf(measured, 100, "v24.1.0");
    expect([step.median, raw.median]).toEqual([2.2, 2]);
    expect([stepCpuUs, rawCpuUs]).toEqual([600, 400]);
    expect(inMemory).toMatchObject([{ steps: 100, us: { median: 60 } }]);
  });
});

it("a replay is warm in the later half of a process's rounds, and first in each process once", () => {
  const replays = (...ms: number[]) => ({ node: "v24.1.0", replays: [{ steps: 1_000, ms }] });
  const { first, ms } = replaysOf(1_000, [replays(90, 50, 5, 3), replays(70, 50, 7, 5)]);
  expect(first).toMatchObject({ median: 80, least: 70, most: 90 });
  expect(ms).toMatchObject({ median: 5, least: 4, most: 6 });
});

describe("a bare handler", () => {
  it("makes the calls in their order, by the clients that they need and no others", () => {
    const code = bareHandler([
      "DynamoDB_20120810.GetItem",
      "AmazonSQS.SendMessage",
      "DynamoDB_20120810.GetItem",
    ]);
    const sent = [...code.matchAll(/await (\w+)\.send\(new (\w+)\(/g)].map(([, client, command]) => [
      client,
      command,
    ]);
    expect(sent).toEqual([
      ["dynamodb", "GetCommand"],
      ["sqs", "SendMessageCommand"],
      ["dynamodb", "GetCommand"],
    ]);
    expect(code).not.toContain("client-eventbridge");
  });

  it("of a call that it does not know is an error, and no cheaper handler", () => {
    expect(() => bareHandler(["DynamoDB_20120810.ExecuteStatement"])).toThrow("knows no call");
  });
});

describe("a report", () => {
  const parts = ["Words.", { titles: ["What", "ms"], rows: [["a | b", 1_234.5]] }];

  it("is a table for a terminal, and one for the page", () => {
    expect(asText(parts)).toContain("1,234.5");
    expect(asMarkdown(parts)).toBe("Words.\n\n| What | ms |\n| --- | --- |\n| a \\| b | 1,234.5 |");
  });

  it("stands between its marks, and leaves the rest of the page alone", () => {
    const page = "before\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nafter";
    expect(withSection(page, "x", "new")).toBe("before\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nafter");
    expect(() => withSection(page, "y", "new")).toThrow("bench:y");
  });
});

it("the page has a place for each section", () => {
  const page = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
  for (const { key } of SECTIONS) expect(() => withSection(page, key, "")).not.toThrow();
});
