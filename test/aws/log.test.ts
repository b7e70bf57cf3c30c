import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
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

describe("what JSON can't say costs neither the line nor the fields beside it", () => {
  const said = (fields: Record<string, unknown>, options: Parameters<typeof jsonLog>[0] = {}) => {
    const lines: string[] = [];
    jsonLog({ ...options, write: (line) => lines.push(line) }).write("info", "odd", fields);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    const { timestamp: _, level: __, message, ...rest } = JSON.parse(lines[0] ?? "");
    expect(message).toBe("odd");
    return rest;
  };

  test("a thing in itself, and not where it only stands twice", () => {
    const order: Record<string, unknown> = { id: "o-1" };
    order.lines = [{ order }];
    const twice = { n: 1 };
    expect(said({ executionId: "e-1", order, list: [twice, twice], twice })).toEqual({
      executionId: "e-1",
      order: { id: "o-1", lines: [{ order: "[circular]" }] },
      list: [{ n: 1 }, { n: 1 }],
      twice: { n: 1 },
    });
  });

  test("an error that is its own cause, and one of several", () => {
    const error: Error = new Error("round");
    error.cause = error;
    const all = new AggregateError([new RangeError("first")], "all");
    expect(said({ error, all })).toMatchObject({
      error: { message: "round", cause: "[circular]" },
      all: { message: "all", errors: [{ name: "RangeError", message: "first" }] },
    });
  });

  test("getters that throw, a thing without a prototype, one that goes too deep", () => {
    const thrower = {
      get secretOf(): string {
        throw new RangeError("canary");
      },
    };
    const error = Object.defineProperty(new Error("x"), "message", { get: () => thrower.secretOf });
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    const bare = Object.assign(Object.create(null), { n: 1n });
    expect(said({ executionId: "e-1", thrower, error, deep, bare })).toEqual({
      executionId: "e-1",
      thrower: "[unloggable: RangeError]",
      error: "[unloggable: RangeError]",
      deep: "[unloggable: RangeError]",
      bare: { n: "1" },
    });
  });

  test("fields that are too long for a line are cut, the longest first, and hide what they hid", () => {
    const rows = Array.from({ length: 10_000 }, () => ({ token: "t-1", text: "ü\n" }));
    const fields = said({ executionId: "e-1", rows, note: "n".repeat(30_000) });
    expect(fields).toMatchObject({ executionId: "e-1", note: "n".repeat(30_000) });
    expect(fields.rows).toMatch(/^\[\{"token":"\[redacted\]".{900,1000} \[cut from \d{6} characters\]$/s);
    const lines: string[] = [];
    logTo(lines).write("info", "ü".repeat(300_000), { a: "€".repeat(200_000), b: "€".repeat(59_000) });
    expect(Buffer.byteLength(lines[0] ?? "")).toBeLessThan(256 * 1_024);
    expect(JSON.parse(lines[0] ?? "").message).toMatch(/^ü{20000} \[cut from 300000 characters\]$/);
  });

  test("a name to hide that would hide the line's own", () => {
    const lines: string[] = [];
    const log = jsonLog({
      redact: ["message", "level", "timestamp", "-"],
      write: (line) => lines.push(line),
    });
    log.write("info", "seen", { inner: { message: "hidden" } });
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-/),
      level: "info",
      message: "seen",
      inner: { message: "[redacted]" },
    });
  });
});

test("a line that JSON can't say does not say why in the words of what it was given", () => {
  const lines: string[] = [];
  const field = {
    toJSON: () => {
      throw new Error("canary");
    },
  };
  jsonLog({ write: (line) => lines.push(line) }).write("info", "odd", { field });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: "odd", field: "[unloggable: Error]" });
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
