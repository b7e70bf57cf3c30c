/** `holdfast schedules`, against the local cloud's Scheduler. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeLocalFile } from "../../lib/cli/local-file.js";
import { type Deployment, openDeployment } from "../functions/deployment.js";
import { type Run, runCommand } from "./run.js";

let deployment: Deployment;
let stateDir: string;
beforeAll(async () => {
  deployment = await openDeployment();
  stateDir = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  const { environment, stacks } = deployment.cloud.cloud;
  writeLocalFile(stateDir, { pid: process.pid, environment, stacks: stacks.map(({ name }) => name) });
});
afterAll(async () => {
  await deployment.cloud.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const schedules = (...words: string[]): Promise<Run> =>
  runCommand(["schedules", ...words, "--state-dir", stateDir]);

test("puts, shows, lists, pauses, resumes and deletes", async () => {
  const put = await schedules(
    ...["put", "t-1", "-w", "nightly", "-e", "cron(0 9 ? * MON *)", "--timezone", "Europe/Vienna"],
    ...["--overlap", "allow", "--input", '{"tenant":"one"}', "--start-at", "2099-01-01T00:00Z", "--json"],
  );
  const kept = {
    ...{ id: "t-1", workflow: "nightly", expression: "cron(0 9 ? * MON *)", timezone: "Europe/Vienna" },
    ...{ overlap: "allow", paused: false, input: { tenant: "one" }, startAt: "2099-01-01T00:00:00.000Z" },
  };
  expect(JSON.parse(put.out)).toEqual(kept);
  // Nobody has started it, so its name may be wrong.
  expect(put.err).toContain('No execution of "nightly" was ever started here');
  expect(JSON.parse((await schedules("list", "--json")).out)).toEqual([kept]);
  expect((await schedules("pause", "t-1")).out).toContain("paused schedule t-1");
  expect((await schedules("show", "t-1")).out).toContain("paused\nit has not come round yet");
  expect(JSON.parse((await schedules("resume", "t-1", "--json")).out)).toEqual({ id: "t-1", resumed: true });
  expect(JSON.parse((await schedules("delete", "t-1", "--json")).out)).toEqual({ id: "t-1", deleted: true });
  expect((await schedules("list")).out).toContain("no schedules");
});

test("says what is wrong", async () => {
  const bad = await schedules("put", "t-1", "-w", "nightly", "-e", "every day");
  expect([bad.code, bad.err]).toEqual([2, expect.stringContaining("neither rate")]);
  const none = await schedules("show", "t-9");
  expect(none.err).toContain('no schedule "t-9"');
  expect(none.code).toBe(3);
});
