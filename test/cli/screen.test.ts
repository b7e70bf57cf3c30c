import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import picocolors from "picocolors";
import { describe, expect, test, vi } from "vitest";
import { shortName, shownLogLine } from "../../lib/cli/dev/log-lines.js";
import { SynthesisError, synthesize } from "../../lib/cli/dev/synthesize.js";
import { messageOf } from "../../lib/cli/exit.js";
import { readLocalFile, removeLocalFile, writeLocalFile } from "../../lib/cli/local-file.js";
import { processTerminal } from "../../lib/cli/terminal.js";

const plainColors = picocolors.createColors(false);
const lineOf = (text: string) =>
  shownLogLine(
    { functionName: "f", logicalId: "HoldfastWorkerFunction1A2B3C4D", stream: "stdout", text },
    plainColors,
  );

describe("what functions log", () => {
  test.each([
    ["HoldfastWorkerFunction1A2B3C4D", "worker"],
    ["OrdersHoldfastStartFunction", "start"],
    ["Mailer", "mailer"],
  ])("%s is called %s", (logicalId, name) => expect(shortName(logicalId)).toBe(name));

  test("our lines are sentences with fields", () => {
    const error = { name: "RangeError", message: "far", stack: "RangeError: far\n    at x" };
    const line = lineOf(
      JSON.stringify({
        executionId: "o-1",
        n: 2,
        error,
        level: "error",
        timestamp: "2026-01-01T00:00:00Z",
        message: "Lost.",
      }),
    );
    expect(line).toMatch(/^worker {3}\d\d:\d\d:\d\d Lost\. executionId=o-1 n=2 error=RangeError: far$/);
  });

  test.each(["hello", "{not json", '{"a":1}'])("%s stays as it came", (text) =>
    expect(lineOf(text)).toBe(`worker   ${text}`),
  );
});

test("what goes to no terminal has no colours, whatever the results go to", () => {
  const written: string[] = [];
  const write = vi
    .spyOn(process.stderr, "write")
    .mockImplementation((text) => written.push(String(text)) > 0);
  processTerminal().err(picocolors.createColors(true).red("error"));
  write.mockRestore();
  expect(written).toEqual(["error\n"]);
});

describe("the local cloud's file", () => {
  test("counts only while its process lives", () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-local-"));
    const content = { pid: process.pid, environment: { AWS_REGION: "us-east-1" }, stacks: ["S"] };
    expect(readLocalFile(directory)).toBeUndefined();
    writeLocalFile(directory, content);
    expect(readLocalFile(directory)).toEqual(content);
    // The largest process id that Linux gives out is below this.
    writeLocalFile(directory, { ...content, pid: 2 ** 22 + 1 });
    expect(readLocalFile(directory)).toBeUndefined();
    writeFileSync(join(directory, "local.json"), "{");
    expect(readLocalFile(directory)).toBeUndefined();
    removeLocalFile(directory);
    rmSync(directory, { recursive: true });
  });
});

describe("synthesis", () => {
  test("that fails says what is wrong and where in the project, and not how its dependencies found it", () => {
    const printed = [
      ...[
        "One stack.",
        "file:///p/node_modules/holdfast/dist/lib/cdk/bundle.js:109",
        "    return new HoldfastConfigError({",
      ],
      ...[
        "           ^",
        "",
        "HoldfastConfigError: The app could not be bundled.",
        "  found:    workflows/a.ts:1:0: no",
      ],
      ...[
        "    at build (file:///p/node_modules/holdfast/dist/lib/cdk/bundle.js:87:39)",
        "    at <anonymous> (/p/infra/app.ts:9:1)",
      ],
      ...["    at async loadESM (node:internal/process/esm_loader:28:7)", "", "Node.js v20.20.2", ""],
    ].join("\n");
    expect(new SynthesisError("npx app", "ended with exit code 1", printed).message).toBe(
      [
        ...["The CDK app did not synthesize: `npx app` ended with exit code 1.", "One stack."],
        ...["HoldfastConfigError: The app could not be bundled.", "  found:    workflows/a.ts:1:0: no"],
        "    at <anonymous> (/p/infra/app.ts:9:1)",
      ].join("\n"),
    );
    const own = "/p/infra/app.ts:5\nconst x = ;\n          ^\n\nSyntaxError: Unexpected token ';'";
    expect(new SynthesisError("npx app", "ended", own).message).toContain(own);
  });

  test("runs the app's command with the CDK's variables, and says what it printed when it fails", async () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-synth-"));
    const out = join(directory, "cdk.out");
    const script = (body: string) => {
      const file = join(directory, "app.cjs");
      writeFileSync(file, `const fs = require("node:fs"); const out = process.env.CDK_OUTDIR; ${body}`);
      return `"${process.execPath}" "${file}"`;
    };
    await synthesize(
      script(`fs.mkdirSync(out); fs.writeFileSync(out + "/manifest.json", process.env.CDK_CONTEXT_JSON);`),
      out,
    );
    expect(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"))).toMatchObject({
      "aws:cdk:enable-asset-metadata": true,
    });
    await expect(synthesize(script(`console.error("no such table"); process.exit(7);`), out)).rejects.toThrow(
      /ended with exit code 7\.\nno such table/,
    );
    await expect(synthesize(script(""), out)).rejects.toThrow("left no templates behind");
    rmSync(directory, { recursive: true });
  });
});

test("an SDK's error says what to do about it", () => {
  const error = Object.assign(new Error("Could not load credentials from any providers"), {
    name: "CredentialsProviderError",
  });
  expect(messageOf(error)).toContain("Sign in to AWS first");
});
