/** The runbook is read when something burns: each command in it must be one that the command takes. Nothing is reached: no region is configured here. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EXIT } from "../../lib/cli/exit.js";
import { runCommand } from "../cli/run.js";
import { commandsIn, wordsOf } from "./commands.js";

const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
/** Those that read files of the reader's: the parser alone is of interest. */
const OF_FILES = new Set(["replay"]);

const directory = mkdtempSync(join(tmpdir(), "holdfast-runbook-"));
beforeAll(() => {
  const nowhere = join(directory, "nowhere");
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, nowhere);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const unique = [...new Map(commandsIn(runbook).map((words) => [words.join(" "), words])).entries()];

describe("the runbook's commands", () => {
  test("are found", () => {
    expect(unique.map(([line]) => line)).toEqual(
      expect.arrayContaining([
        "list --status stalled",
        "redrive o-1",
        "dead-letters retry --all",
        "list --due-before 2026-11-23T15:00:00Z",
      ]),
    );
  });

  test.each(unique.filter(([, [name = ""]]) => !OF_FILES.has(name)))("npx holdfast %s", async (_, words) => {
    const { code, err } = await runCommand([...words, "--aws"]);
    // It comes as far as to ask which region is meant.
    expect(err).toMatch(/region/i);
    expect(code).toBe(EXIT.error);
  });

  test.each(unique.filter(([, [name = ""]]) => OF_FILES.has(name)))("npx holdfast %s", async (_, words) => {
    const app = join(directory, "app.mjs");
    writeFileSync(app, "export default 1;\n");
    const { err } = await runCommand(words.map((word) => (word.endsWith(".ts") ? app : word)));
    expect(err).toContain("stalled.json");
  });

  test("are split as a shell would", () => {
    expect(wordsOf(`history <id> --json > x.json`)).toEqual(["history", "o-1", "--json"]);
    expect(wordsOf(`list --due-before "$(date -u +%FT%TZ)"   # late`)).toEqual([
      "list",
      "--due-before",
      "2026-11-23T15:00:00Z",
    ]);
  });

  test.each([["list --statuss stalled"], ["redrive"], ["list --status lost"]])(
    "would be refused: %s",
    async (line) => {
      expect((await runCommand([...wordsOf(line), "--aws"])).code).toBe(EXIT.usage);
    },
  );
});
