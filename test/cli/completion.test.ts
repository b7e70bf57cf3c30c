/** What shells complete: read off the command's own tree, asked of a deployment, and in a real bash. */
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import picocolors from "picocolors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completionOf } from "../../lib/cli/completion/candidates.js";
import { SHELLS } from "../../lib/cli/completion/scripts.js";
import { createProgram } from "../../lib/cli/program.js";
import { app, workflow } from "../../lib/index.js";
import { type Ground, openGround } from "./ground.js";
import { runCommand } from "./run.js";

const program = createProgram({
  out: () => {},
  err: () => {},
  endWith: () => {},
  colors: picocolors.createColors(false),
  width: undefined,
});
const wordsFor = (...typed: string[]) => completionOf(program, typed).candidates.map(({ word }) => word);

describe("the tree knows", () => {
  test("commands, also by their beginnings, and those below them", () => {
    expect(wordsFor("re")).toEqual(["resume", "redrive", "replay"]);
    expect(wordsFor("")).toEqual(expect.arrayContaining(["init", "watch", "doctor", "purge", "completion"]));
    // What only shells call is for nobody's eyes.
    expect(wordsFor("comp")).toEqual(["completion"]);
    expect(wordsFor("schedules", "p")).toEqual(["put", "pause"]);
    expect(wordsFor("dlq", "")).toEqual(expect.arrayContaining(["show", "list", "retry", "delete"]));
  });

  test("options, and what may stand behind them", () => {
    expect(wordsFor("list", "--st")).toEqual(["--stack", "--state-dir", "--status"]);
    expect(wordsFor("list", "--status", "s")).toEqual(["suspended", "stalled"]);
    expect(wordsFor("list", "-s", "failed", "st")).toEqual(["stalled"]);
    expect(wordsFor("list", "--status=f")).toEqual(["--status=failed"]);
    expect(wordsFor("schedules", "put", "t-1", "--overlap", "")).toContain("skip");
    expect(wordsFor("completion", "")).toEqual([...SHELLS]);
    expect(wordsFor("show", "o-1", "--nothing")).toEqual([]);
  });

  test.each([
    [["show", "o"], "executions"],
    [["cancel", "o-1", "o"], "executions"],
    [["pipeline", "show", ""], "executions"],
    [["schedules", "pause", ""], "schedules"],
    [["start", ""], "workflows"],
    [["list", "--workflow", "or"], "workflows"],
    [["cancel", "-f", ""], "workflows"],
    [["list", "--workflow=or"], "workflows"],
    [["pipeline", "start", ""], "workflows"],
    [["start", "order", "--id", ""], undefined],
    [["replay", "--workflow", ""], undefined],
    [["send", ""], undefined],
  ])("of %j that the deployment is to be asked for %s", (typed, ask) =>
    expect(completionOf(program, typed).ask).toBe(ask),
  );

  test("which deployment was named before", () => {
    expect([...completionOf(program, ["show", "--aws", ""]).given]).toEqual([["--aws", ""]]);
    const { given } = completionOf(program, ["show", "--stack", "Shop", "--region=eu-central-1", ""]);
    expect(Object.fromEntries(given)).toEqual({ "--stack": "Shop", "--region": "eu-central-1" });
  });
});

describe("a shell's script", () => {
  test.each(SHELLS)("for %s names its shell and the command", async (shell) => {
    const { out, code } = await runCommand(["completion", shell]);
    expect(out).toContain(`holdfast completion ${shell}`);
    expect(code).toBe(0);
  });

  test("for another one is refused", async () =>
    expect((await runCommand(["completion", "csh"])).code).toBe(2));
});

describe("in a real bash", () => {
  const order = workflow("order", async (ctx) => ctx.waitForSignal("go"));
  let ground: Ground;
  let directory: string;
  beforeAll(async () => {
    ground = await openGround(app({ workflows: [order] }));
    await ground.start("order", "o:1", "o:2", "shop@eu=7", "p-1");
    directory = mkdtempSync(join(tmpdir(), "holdfast-completion-"));
    const main = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
    const tsx = fileURLToPath(new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url));
    const command = join(directory, "holdfast");
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" --import "${tsx}" "${main}" "$@"\n`);
    chmodSync(command, 0o755);
    writeFileSync(join(directory, "script.bash"), (await runCommand(["completion", "bash"])).out);
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await ground.close();
  });

  /** What bash would put in the place of what is typed since the last character that cuts words for it. */
  const completed = async (line: string, within = "30s"): Promise<string[]> => {
    const script = [
      `source "${directory}/script.bash"`,
      `COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}`,
      "_holdfast",
      // Of bash, not of this language.
      'printf "%s\\n" "$'.concat('{COMPREPLY[@]}"'),
    ].join("\n");
    const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", script], {
      env: { ...process.env, PATH: `${directory}:${process.env.PATH}`, HOLDFAST_COMPLETION_TIMEOUT: within },
    });
    return stdout.split("\n").filter((word) => word !== "");
  };

  test("it is there", () => {
    execFileSync("bash", ["-n", join(directory, "script.bash")]);
    const told = execFileSync("bash", ["-c", `source "${directory}/script.bash"; complete -p holdfast`]);
    expect(String(told)).toContain("-F _holdfast holdfast");
  });

  test("commands, options and choices", { timeout: 120_000 }, async () => {
    expect(await completed("holdfast can")).toEqual(["cancel"]);
    expect(await completed("holdfast list --dep")).toEqual(["--deployment"]);
    expect(await completed("holdfast list --status sus")).toEqual(["suspended"]);
    expect(await completed("holdfast schedules d")).toEqual(["delete"]);
  });

  test("ids and workflows of the deployment", { timeout: 180_000 }, async () => {
    const at = `--state-dir ${ground.stateDir}`;
    expect(await completed(`holdfast show ${at} p`)).toEqual(["p-1"]);
    // Bash itself keeps what stands before the last colon, or the like.
    expect((await completed(`holdfast cancel ${at} o:`)).sort()).toEqual(["1", "2"]);
    expect(await completed(`holdfast cancel ${at} shop@eu=`)).toEqual(["7"]);
    expect(await completed(`holdfast start ${at} or`)).toEqual(["order"]);
    expect(await completed(`holdfast list ${at} --workflow=or`)).toEqual(["order"]);
  });

  test("nothing where nobody answers", { timeout: 60_000 }, async () =>
    expect(await completed(`holdfast show --state-dir ${directory} --region nowhere-1 p`, "100ms")).toEqual(
      [],
    ),
  );
});
