/** `holdfast schedules`, against the local cloud's Scheduler. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateScheduleCommand } from "@aws-sdk/client-scheduler";
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
  expect(await schedules("list")).toMatchObject({ out: "", err: expect.stringContaining("no schedules") });
});

test("lists one that can't be read beside the others, and says what to do with it", async () => {
  await schedules("put", "t-2", "-w", "nightly", "-e", "rate(1 day)", "--paused");
  const Arn = "arn:aws:sqs:us-east-1:000000000000:events";
  await deployment.cloud.scheduler.send(
    new CreateScheduleCommand({
      ...{ Name: "a-0", GroupName: "timers", ScheduleExpression: "rate(2 days)", State: "DISABLED" },
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn, RoleArn: "arn:aws:iam::000000000000:role/scheduler", Input: "gone off" },
    }),
  );
  const listed = JSON.parse((await schedules("list", "--json")).out);
  expect(listed).toEqual([
    expect.objectContaining({ id: "t-2", workflow: "nightly" }),
    { id: "a-0", expression: "rate(2 days)", unreadable: "its message is no JSON" },
  ]);
  const { out } = await schedules("list");
  expect(out).toMatch(/^SCHEDULE +WORKFLOW +EXPRESSION +ZONE +OVERLAP +STATE$/m);
  expect(out).toMatch(/^t-2 +nightly +rate\(1 day\) +UTC +skip +paused$/m);
  expect(out).toMatch(/^a-0 +\? +rate\(2 days\) +unreadable: its message is no JSON$/m);
  const shown = await schedules("show", "a-0");
  expect([shown.code, shown.err]).toEqual([1, expect.stringContaining("holdfast schedules delete a-0")]);
  for (const id of ["a-0", "t-2"]) expect((await schedules("delete", id)).code).toBe(0);
});

test("says what is wrong", async () => {
  const bad = await schedules("put", "t-1", "-w", "nightly", "-e", "every day");
  expect([bad.code, bad.err]).toEqual([2, expect.stringContaining("neither rate")]);
  const none = await schedules("show", "t-9");
  expect(none.err).toContain('no schedule "t-9"');
  expect(none.code).toBe(3);
});

test("shows from when and until when it starts, and says of one that is over that it is", async () => {
  const put = ["put", "t-3", "-w", "nightly", "-e", "rate(1 day)", "--start-at", "2020-01-01"];
  const over = await schedules(...put, "--end-at", "2020-01-31 17:05");
  expect(over.out).toBe(
    "t-3  nightly  rate(1 day)  UTC  skip  not before 2020-01-01 00:00:00  until 2020-01-31 17:05:00",
  );
  expect([over.code, over.err]).toEqual([0, expect.stringContaining("Its end is past")]);
  expect((await schedules("show", "t-3")).err).toContain("Its end is past");
  const open = await schedules(...put, "--end-at", "2099-01-31");
  expect(open.err).not.toContain("Its end is past");
  await schedules("delete", "t-3");
});

test("one that is not there to be deleted ends with 3, as for every other command", async () => {
  expect(await schedules("delete", "t-9")).toEqual({ out: "", err: "there is no schedule t-9", code: 3 });
  const told = await schedules("delete", "t-9", "--json");
  expect([JSON.parse(told.out), told.code]).toEqual([{ id: "t-9", deleted: false }, 3]);
});
