/** `npm run verify:aws` where there are no credentials: what the local cloud can show holds, and the rest is said to be skipped. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, it } from "vitest";
import { type Check, hold } from "./check.js";
import { CHECKS } from "./checks.js";
import type { Ground } from "./ground.js";
import { chosen, type Outcome, report, runCheck, whySkipped } from "./run.js";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** As on a machine that knows no AWS account. */
async function verify(
  ...args: readonly string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const { PATH = "" } = process.env;
  const script = process.env.npm_execpath ?? "npm";
  const [command, ...first] = script.endsWith(".js") ? [process.execPath, script] : [script];
  const child = spawn(command ?? "npm", [...first, "run", "--silent", "verify:aws", "--", ...args], {
    cwd: project,
    env: {
      PATH,
      HOME: "/nonexistent",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_ENDPOINT_URL_DYNAMODB: inject("dynamodbEndpoint"),
    },
  });
  const ended = new Promise<number | null>((end) => child.on("close", end));
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}

describe("npm run verify:aws, without credentials", () => {
  it("runs in the local cloud what that can show, says what it skips, and ends well", async () => {
    // A few: all of them take minutes, and are the command's own to run.
    const only = ["saga", "denials"];
    const { code, out, err } = await verify("--json", "--only", only.join(","));
    expect(out, err).toMatch(/^\{/);
    const { where, outcomes }: { where: string; outcomes: Outcome[] } = JSON.parse(out);
    expect(where).toBe("local");
    expect(outcomes.map(({ id, end }) => [id, end])).toEqual(
      only.map((id) => [id, id === "denials" ? "skipped" : "held"]),
    );
    expect(outcomes.at(-1)?.found).toContain("needs AWS");
    expect(code).toBe(0);
  }, 300_000);

  it("refuses a check that is not there, by the names of those that are", async () => {
    const { code, err } = await verify("--only", "sagas");
    expect(err).toContain('There is no check "sagas". There are: saga, ');
    expect(code).not.toBe(0);
  }, 120_000);
});

describe("the checks", () => {
  const check = (run: Check["run"]): Check => ({ id: "x", title: "X", needs: "anywhere", minutes: 1, run });
  // biome-ignore lint/suspicious/noExplicitAny: these checks look at nothing
  const nowhere: Ground = {} as any;

  it("have ids of their own", () => {
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
    expect(chosen(CHECKS, []).length).toBe(CHECKS.length);
    // It looks at what the other one leaves.
    expect(chosen(CHECKS, ["delete"]).map(({ id }) => id)).toEqual(["large-value", "delete"]);
  });

  it("hold, do not hold, or fail, and one that fails keeps none of the others", async () => {
    const ends = await Promise.all([
      runCheck(
        check(async () => "seen"),
        nowhere,
      ),
      runCheck(
        check(async () => {
          hold(false, "two");
          return "one";
        }),
        nowhere,
      ),
      runCheck(
        check(() => Promise.reject(new TypeError("broken"))),
        nowhere,
      ),
    ]);
    expect(ends.map(({ end, found }) => [end, found])).toEqual([
      ["held", "seen"],
      ["not held", "two"],
      ["failed", "TypeError: broken"],
    ]);
    expect(report("local", ends)).toMatch(/1 held, 2 did not, 0 skipped\.$/);
  });

  it("are skipped where they can't run, and on AWS where they take long and nobody asked", () => {
    const long: Check = { ...check(async () => ""), minutes: 90 };
    const aws: Check = { ...long, needs: "aws" };
    const asked = { slow: false, named: false };
    expect(whySkipped(aws, "local", { ...asked, named: true })).toContain("needs AWS");
    expect(whySkipped(long, "local", asked)).toBeUndefined();
    expect(whySkipped(long, "aws", asked)).toContain("--slow");
    expect(whySkipped(long, "aws", { ...asked, named: true })).toBeUndefined();
    expect(whySkipped(long, "aws", { ...asked, slow: true })).toBeUndefined();
  });
});
