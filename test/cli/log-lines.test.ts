/** What `holdfast dev` shows of what functions print. */
import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { emfMeter } from "../../lib/aws/emf.js";
import { shownLogLine } from "../../lib/cli/dev/log-lines.js";
import { tellingOf } from "../../lib/cli/dev/telling.js";
import type { Terminal } from "../../lib/cli/terminal.js";

describe("what functions print", () => {
  const lineOf = (text: string) =>
    ({ functionName: "w", logicalId: "HoldfastWorkerFunction1A2B3C4D", stream: "stdout", text }) as const;
  const told = (json: boolean): string[] => {
    const lines: string[] = [];
    const noted: string[] = [];
    const options = { stateDir: ".", timeScale: 1, reload: false, json };
    const terminal: Terminal = {
      out: (line) => void lines.push(line),
      err: () => {},
      endWith: () => {},
      colors: picocolors.createColors(false),
      width: 100,
    };
    const telling = tellingOf(options, terminal);
    const write = (line: string) => noted.push(line.trimEnd());
    const meter = emfMeter({ service: "orders", metering: "workflows", now: () => 0, write });
    meter.note("ExecutionsFailed", 1, "order");
    meter.tell();
    for (const text of [...noted, "hello"]) telling.log(lineOf(text));
    return lines;
  };

  test("is shown, but for metrics", () => {
    expect(told(false)).toEqual(["worker   hello"]);
  });

  test("shows of an error that is logged without its message what it is, and not where it was thrown", () => {
    const entry = { timestamp: "2026-01-31T17:05:09.000Z", level: "error", message: "It is stalled." };
    const errors = [
      { name: "InvalidInputError", code: "INVALID_INPUT", at: ["accept (index.mjs:3:2149)"] },
      { name: "FencedError", code: "FENCED", message: "Another owner.", at: ["turn (index.mjs:3:1)"] },
      { name: "of a user's own fields" },
    ];
    expect(
      errors.map(
        (error) =>
          shownLogLine(lineOf(JSON.stringify({ ...entry, error })), picocolors.createColors(false)).split(
            "error=",
          )[1],
      ),
    ).toEqual(["InvalidInputError", "FencedError: Another owner.", '{"name":"of a user\'s own fields"}']);
  });

  test("is told to programs, all of it", () => {
    expect(told(true).map((line) => JSON.parse(line).text)).toEqual([
      expect.stringContaining("_aws"),
      "hello",
    ]);
  });
});
