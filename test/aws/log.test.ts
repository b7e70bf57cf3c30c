import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { jsonLog, logLevelIn } from "../../lib/aws/log.js";
import { redactedIn } from "../../lib/aws/redact.js";

const logTo = (lines: string[], level?: string) =>
  jsonLog({ level, now: () => 0, write: (line) => lines.push(line) });

test("one JSON object a line, with the error's name, message, stack and cause", () => {
  const lines: string[] = [];
  logTo(lines).write("error", "It failed.\nBadly.", {
    error: new RangeError("far", { cause: new TypeError("why") }),
    big: 3n,
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "error",
    timestamp: "1970-01-01T00:00:00.000Z",
    message: "It failed.\nBadly.",
    error: { name: "RangeError", message: "far", stack: expect.any(String), cause: { name: "TypeError" } },
    big: "3",
  });
});

test("a field can't replace the message, and one that JSON can't say does not cost the line", () => {
  const lines: string[] = [];
  const log = logTo(lines);
  log.write("info", "mine", { message: "theirs" });
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  log.write("info", "round", { cycle });
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(["mine", "round"]);
});

test("fields that are named like secrets are hidden wherever they stand, and so are those that the deployment names", () => {
  const lines: string[] = [];
  const log = jsonLog({
    redact: redactedIn({ HOLDFAST_LOG_REDACT: "iban, card-number,," }),
    write: (line) => lines.push(line),
  });
  log.write("info", "paid", {
    order: "o-1",
    token: "t-1",
    tokens: 3,
    request: {
      headers: { Authorization: "Bearer x", "X-Api-Key": "k", accept: "*" },
      body: [{ IBAN: "AT" }],
    },
    cardNumber: { digits: "4711" },
    password: undefined,
    error: Object.assign(new Error("refused"), { clientSecret: "s" }),
  });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    order: "o-1",
    token: "[redacted]",
    tokens: 3,
    request: {
      headers: { Authorization: "[redacted]", "X-Api-Key": "[redacted]", accept: "*" },
      body: [{ IBAN: "[redacted]" }],
    },
    cardNumber: "[redacted]",
    error: { message: "refused", clientSecret: "[redacted]" },
  });
  expect(lines[0]).not.toContain("password");
});

test("a line that JSON can't say does not say why in the words of what it was given", () => {
  const lines: string[] = [];
  const field = {
    toJSON: () => {
      throw new Error("canary");
    },
  };
  jsonLog({ write: (line) => lines.push(line) }).write("info", "odd", { field });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: "odd", unloggable: "Error" });
  expect(lines[0]).not.toContain("canary");
});

test.each([
  [undefined, ["info", "warn", "error"]],
  ["debug", ["debug", "info", "warn", "error"]],
  ["WARN", ["warn", "error"]],
  ["errror", ["info", "warn", "error"]],
  ["TRACE", ["debug", "info", "warn", "error"]],
  ["FATAL", ["error"]],
])("level %s writes %j", (level, expected) => {
  const lines: string[] = [];
  const log = logTo(lines, level);
  for (const each of ["debug", "info", "warn", "error"] as const) log.write(each, each);
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(expected);
});

test("the level is the deployment's own, or else the one that the function's logging configuration asks for", () => {
  expect(logLevelIn({ HOLDFAST_LOG_LEVEL: "debug", AWS_LAMBDA_LOG_LEVEL: "ERROR" })).toBe("debug");
  expect(logLevelIn({ AWS_LAMBDA_LOG_LEVEL: "WARN" })).toBe("WARN");
  expect(logLevelIn({})).toBeUndefined();
});

test("a runtime that wraps the console's lines gets ours as they are, with the level and the timestamp that it filters by", () => {
  const bundle = [
    // As Lambda's runtime does where the function's log format is JSON.
    'console.log = console.info = (line) => process.stdout.write(JSON.stringify({ wrapped: line }) + "\\n");',
    `const { jsonLog } = await import(${JSON.stringify(new URL("../../lib/aws/log.ts", import.meta.url).href)});`,
    'jsonLog().write("info", "mine", { n: 1 });',
    'console.info("theirs");',
  ].join("\n");
  const printed = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", bundle], {
    encoding: "utf8",
  });
  const [mine = "", theirs = ""] = printed.trim().split("\n");
  expect(JSON.parse(mine)).toEqual({ timestamp: expect.any(String), level: "info", message: "mine", n: 1 });
  expect(Object.keys(JSON.parse(mine)).slice(0, 3)).toEqual(["timestamp", "level", "message"]);
  expect(new Date(JSON.parse(mine).timestamp).toISOString()).toBe(JSON.parse(mine).timestamp);
  expect(JSON.parse(theirs)).toEqual({ wrapped: "theirs" });
});
