/** What `holdfast dev` shows of what functions print. */
import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { emfMeter } from "../../lib/aws/emf.js";
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

  test("is told to programs, all of it", () => {
    expect(told(true).map((line) => JSON.parse(line).text)).toEqual([
      expect.stringContaining("_aws"),
      "hello",
    ]);
  });
});
