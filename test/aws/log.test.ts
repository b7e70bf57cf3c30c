import { expect, test } from "vitest";
import { jsonLog } from "../../lib/aws/log.js";

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
    time: "1970-01-01T00:00:00.000Z",
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

test.each([
  [undefined, ["info", "warn", "error"]],
  ["debug", ["debug", "info", "warn", "error"]],
  ["WARN", ["warn", "error"]],
  ["errror", ["info", "warn", "error"]],
])("level %s writes %j", (level, expected) => {
  const lines: string[] = [];
  const log = logTo(lines, level);
  for (const each of ["debug", "info", "warn", "error"] as const) log.write(each, each);
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(expected);
});
