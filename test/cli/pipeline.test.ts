/** `holdfast pipeline` against a real table and queue of the local cloud. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorker } from "../../functions/worker.js";
import { writeLocalFile } from "../../lib/cli/local-file.js";
import { app, workflow } from "../../lib/index.js";
import { pipeline } from "../../lib/pipeline/pipeline.js";
import { startExecution } from "../../lib/runtime/start.js";
import { batchOf, type Deployment, invocation, openDeployment } from "../functions/deployment.js";
import { broken, stage, waiting } from "../pipeline/bench.js";
import { type Run, runCommand } from "./run.js";

const release = pipeline({
  application: "shop",
  name: "release",
  stages: [
    stage([], "build"),
    waiting([], "judge", { requisites: ["build"] }),
    stage([], "deploy", { requisites: ["judge"] }),
  ],
});
const fails = pipeline({
  application: "shop",
  name: "fails",
  stages: [broken([], "test"), stage([], "tell", { requisites: ["test"] })],
});
const single = pipeline({
  application: "shop",
  name: "single",
  concurrency: { limit: 1 },
  stages: [waiting([], "judge")],
});
const plain = workflow("plain", async (ctx) => ctx.waitForSignal("go"));
const parks = workflow("parks", async (ctx) => ctx.waitForSignal("slot"));
const shop = app({ workflows: [release, fails, single, plain, parks] });

let deployment: Deployment;
let stateDir: string;
beforeAll(async () => {
  deployment = await openDeployment();
  stateDir = mkdtempSync(join(tmpdir(), "holdfast-pipeline-"));
  const { environment, stacks } = deployment.cloud.cloud;
  writeLocalFile(stateDir, { pid: process.pid, environment, stacks: stacks.map(({ name }) => name) });
  for (const [name, id] of [
    ["release", "r-1"],
    ["release", "r-2"],
    ["release", "r-3"],
    ["fails", "f-1"],
    ["plain", "p-1"],
    ["parks", "car-1"],
    ["single", "s-1"],
  ] as const)
    await startExecution(deployment.outside, shop, { workflow: name, input: { version: 7 }, id });
  await work();
});
afterAll(async () => {
  rmSync(stateDir, { recursive: true, force: true });
  await deployment.cloud.stop();
});

async function work(): Promise<void> {
  const worker = createWorker(shop, () => deployment.outside);
  for (const wake of await deployment.wakes()) await worker(batchOf(wake), invocation());
}

const holdfast = (args: readonly string[], width?: number): Promise<Run> =>
  runCommand(["pipeline", ...args, "--state-dir", stateDir], width);

/** One that is answered by a turn. */
async function asked(args: readonly string[]): Promise<Run> {
  let isDone = false;
  const run = holdfast(args).finally(() => {
    isDone = true;
  });
  while (!isDone) await work();
  return run;
}

describe("show", () => {
  test("draws the stages, and says what would let it go on", async () => {
    const { out, code } = await holdfast(["show", "r-1"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^execution r-1\npipeline {2}release, of application shop\nstatus {4}RUNNING, /);
    expect(out).toMatch(
      /\ntrigger {3}\{"version":7\}\nnow {7}It waits for signal "stage judge"\.\nfreed by /,
    );
    const picture = out.slice(out.indexOf("\n\n") + 2).replaceAll(/ +\d+(ms|s)$/gm, "");
    expect(picture.split("\n")).toEqual([
      "✓ build   SUCCEEDED",
      "◐ judge   SUSPENDED",
      "│   waits for a signal: holdfast pipeline signal r-1 judge --name …",
      "○ deploy  NOT_STARTED",
    ]);
  });

  test("of one that waits for a place says so, and who has it, to those who ask for its execution as well", async () => {
    await startExecution(deployment.outside, shop, { workflow: "single", input: {}, id: "s-2" });
    while ((await holdfast(["show", "s-2"])).out.includes("NOT_STARTED,")) await work();
    for (let round = 0; round < 4; round++) await work();
    const { out } = await holdfast(["show", "s-2"]);
    expect(out).toMatch(/\nstatus {4}BUFFERED, /);
    expect(out).toContain(
      "It waits for a place: as many executions of this pipeline run as its concurrency lets.",
    );
    const execution = await runCommand(["show", "s-2", "--state-dir", stateDir]);
    expect(execution.out).toContain("holdfast pipeline list --pipeline single --status RUNNING");
    expect(execution.out).toMatch(/\ntry +holdfast pipeline show s-2 /);
    expect(execution.out).not.toContain("holdfast signal");
    // Any workflow may have a signal of that name.
    const parked = await runCommand(["show", "car-1", "--state-dir", stateDir]);
    expect(parked.out).toContain("holdfast signal car-1 slot");
  });

  test("says what failed, and how to go on from there", async () => {
    const { out } = await holdfast(["show", "f-1"]);
    expect(out).toMatch(/\nstatus {4}TERMINAL, /);
    expect(out).toContain('error     PipelineFailedError: Pipeline "fails" ended TERMINAL');
    expect(out).toContain("holdfast pipeline restart f-1");
    expect(out).toContain("TypeError: it broke");
  });

  test("fits the terminal, and prints all of it as JSON", async () => {
    const { out } = await holdfast(["show", "r-1"], 60);
    const picture = stripVTControlCharacters(out.slice(out.indexOf("\n\n") + 2)).split("\n");
    expect(Math.max(...picture.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(JSON.parse((await holdfast(["show", "r-1", "--json"])).out)).toMatchObject({
      executionId: "r-1",
      status: "RUNNING",
      stages: [{ refId: "build" }, { refId: "judge", status: "SUSPENDED" }, { refId: "deploy" }],
    });
  });

  test("says so of what is no pipeline, and of what is not there", async () => {
    expect(await holdfast(["show", "p-1"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("holdfast show p-1"),
    });
    expect((await holdfast(["show", "nobody"])).code).toBe(3);
  });
});

describe("list", () => {
  test("shows pipelines alone, newest first", async () => {
    const { out } = await holdfast(["list"]);
    expect(out.split("\n")[0]).toMatch(/^EXECUTION +PIPELINE +APPLICATION +STATUS +CREATED +ENDED$/);
    expect(out).toMatch(/r-1 +release +shop +RUNNING /);
    expect(out).toMatch(/f-1 +fails +shop +TERMINAL /);
    expect(out).not.toContain("p-1");
    const json = JSON.parse((await holdfast(["list", "-f", "fails", "-s", "TERMINAL", "--json"])).out);
    expect(json.pipelines).toMatchObject([{ executionId: "f-1", status: "TERMINAL" }]);
  });
});

describe("steering", () => {
  test("signals a stage, which goes on", async () => {
    expect(
      await holdfast(["signal", "r-1", "judge", "--name", "go", "--data", '{"by":"ada"}']),
    ).toMatchObject({
      code: 0,
      out: "signalled stage judge of r-1: go",
    });
    await work();
    expect((await holdfast(["show", "r-1"])).out).toMatch(/\nstatus {4}SUCCEEDED, /);
    expect(await holdfast(["signal", "r-2", "judje", "--name", "go"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("there are build, judge, deploy"),
    });
  });

  test("pauses, goes on, skips and cancels", async () => {
    expect((await holdfast(["pause", "r-2", "-r", "a freeze"])).out).toBe(
      "asked r-2 to pause; it was suspended",
    );
    await work();
    expect((await holdfast(["show", "r-2"])).out).toMatch(/\npaused {4}.*, by holdfast, a freeze\n/);
    expect((await holdfast(["resume", "r-2"])).out).toBe("asked r-2 to go on; it was paused");
    await work();
    expect((await asked(["skip", "r-2", "judge"])).out).toBe("stage judge is SKIPPED");
    expect((await holdfast(["show", "r-2"])).out).toContain("somebody asked for it: skip");
    expect((await asked(["cancel", "r-3", "--stage", "judge"])).out).toBe("stage judge is CANCELED");
    expect((await holdfast(["cancel", "r-3"])).code).toBe(4);
  });

  test("restarts one that has ended by starting its workflow by name", async () => {
    // No start function, which would know the code, is among these resources.
    const { err, code } = await holdfast(["restart", "f-1"]);
    expect(code).toBe(2);
    expect(err).toContain('no workflow "fails" in this app');
    expect(await holdfast(["restart", "f-1", "nothing"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("there are test, tell"),
    });
  });
});
