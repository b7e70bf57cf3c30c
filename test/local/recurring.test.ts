/** Recurring starts as they are deployed: the construct's schedules, the queue, the bundled start function, and schedules of clients. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App, Duration, Stack } from "aws-cdk-lib";
import { DurableFunctions } from "holdfast/cdk";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import {
  DurableClient,
  InvalidInputError,
  ScheduleNotFoundError,
  UnknownWorkflowError,
} from "../../lib/index.js";
import { type LocalCloudCore, startCloud } from "../../lib/local/cloud.js";
import { slow, told } from "./apps/recurring.js";
import { eventually } from "./harness.js";

/** A minute passes in two seconds. */
const TIME_SCALE = 30;

const templates = mkdtempSync(join(tmpdir(), "recurring-"));
let cloud: LocalCloudCore;
let client: DurableClient;
beforeAll(async () => {
  const cdk = new App({ outdir: templates, analyticsReporting: false });
  new DurableFunctions(new Stack(cdk, "Recurring"), "Holdfast", {
    app: fileURLToPath(new URL("./apps/recurring.ts", import.meta.url)),
    clientSchedules: true,
    auditEvery: Duration.days(1),
  });
  cdk.synth();
  cloud = await startCloud({
    templates,
    inMemory: true,
    timeScale: TIME_SCALE,
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
  });
  client = await DurableClient.fromStack("Recurring", { environment: cloud.environment });
}, 120_000);
afterAll(async () => {
  await cloud.stop();
  rmSync(templates, { recursive: true, force: true });
});

const executions = async (workflow: string) => {
  const { executions: found } = await client.list({ workflow, limit: 100 });
  return [...found].reverse();
};
const minuteOf = (id: string) => Date.parse(id.slice(id.lastIndexOf("@") + 1)) / 60_000;

it("workflows start every minute: all, unless the one before is open, or in its place", {
  timeout: 120_000,
}, async () => {
  await eventually(async () => expect((await executions("slow")).length).toBeGreaterThanOrEqual(3), 60_000);
  // On a slow machine one may come late, or after the next: none is left out.
  await eventually(async () => {
    const minutes = (await executions("tick")).map(({ executionId }) => minuteOf(executionId));
    const [first = 0, ...others] = minutes.sort((one, other) => one - other).slice(0, 4);
    expect(others).toEqual([first + 1, first + 2, first + 3]);
  }, 60_000);
  const [tick] = await executions("tick");
  const id = tick?.executionId ?? "";
  expect(await client.result(id)).toBe(new Date(minuteOf(id) * 60_000).toISOString());

  // It takes a minute and a half: of three firings at most two start it.
  const slows = (await executions("slow")).map(({ executionId }) => minuteOf(executionId));
  for (const [index, minute] of slows.slice(1).entries())
    expect(minute - (slows[index] ?? 0)).toBeGreaterThanOrEqual(2);

  await eventually(async () => {
    const all = await executions("newest");
    expect(all.length).toBeGreaterThanOrEqual(3);
    expect(all[0]?.executionId).toMatch(/^newest@only@/);
    expect(all.slice(0, -1).map(({ status }) => status)).toEqual(all.slice(0, -1).map(() => "cancelled"));
  });
});

it("clients keep schedules of their own", { timeout: 120_000 }, async () => {
  const { schedules } = client;
  const id = "tenant-7";
  const put = { id, workflow: told, input: { tenant: "seven" }, expression: "rate(1 minute)" };
  const kept = {
    id,
    workflow: "told",
    input: put.input,
    expression: put.expression,
    timezone: "UTC",
    overlap: "skip",
  };
  expect(await schedules.put(put)).toEqual({ ...kept, paused: false });
  await eventually(async () => expect((await executions("told")).length).toBeGreaterThanOrEqual(2), 30_000);
  const [first] = await executions("told");
  expect(first?.executionId).toMatch(/^told\+tenant-7@/);
  expect(await client.result(first?.executionId ?? "")).toBe("seven");
  expect(await schedules.get(id)).toMatchObject({ ...kept, last: { skipped: 0 } });

  await schedules.pause(id);
  expect(await schedules.get(id)).toMatchObject({ paused: true });
  await schedules.resume(id);
  const changed = {
    ...put,
    expression: "cron(0 9 ? * MON *)",
    timezone: "Europe/Vienna",
    overlap: "allow",
  } as const;
  const startAt = new Date("2099-01-01T00:00:00Z");
  await schedules.put({ ...changed, startAt, paused: true });
  await schedules.put({ id: "a-second", workflow: "slow", expression: "rate(5 days)", startAt });
  expect((await schedules.list()).schedules).toEqual([
    {
      ...{ id: "a-second", workflow: "slow", expression: "rate(5 days)" },
      ...{ timezone: "UTC", overlap: "skip" },
      startAt,
      paused: false,
    },
    {
      ...kept,
      expression: changed.expression,
      timezone: "Europe/Vienna",
      overlap: "allow",
      startAt,
      paused: true,
    },
  ]);

  expect(await schedules.delete(id)).toEqual({ deleted: true });
  expect(await schedules.delete(id)).toEqual({ deleted: false });
  for (const call of [schedules.get(id), schedules.pause(id), schedules.resume(id)])
    await expect(call).rejects.toBeInstanceOf(ScheduleNotFoundError);
  await expect(schedules.put({ ...put, id: "a/b" })).rejects.toBeInstanceOf(InvalidInputError);
  await expect(schedules.put({ ...put, expression: "at(2099-01-01T00:00:00)" })).rejects.toThrow(
    /neither rate/,
  );
  await expect(schedules.put({ ...put, timezone: "Mars" })).rejects.toThrow(/no time zone/);
  const knowing = await DurableClient.fromStack("Recurring", {
    environment: cloud.environment,
    workflows: [slow],
  });
  await expect(knowing.schedules.put({ ...put, workflow: "sloow" })).rejects.toBeInstanceOf(
    UnknownWorkflowError,
  );
});
