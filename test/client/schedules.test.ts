/** `client.schedules`, kept in the local cloud's Scheduler, which refuses what AWS's does. */
import { GetScheduleCommand } from "@aws-sdk/client-scheduler";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectionFrom } from "../../lib/aws/connection.js";
import { createAwsOutside } from "../../lib/aws/outside.js";
import { scheduleKeeper } from "../../lib/aws/schedule-keeper.js";
import {
  app,
  DurableClient,
  type Firing,
  InvalidInputError,
  NoClientSchedulesError,
  PayloadTooLargeError,
  ScheduleNotFoundError,
  UnreadableScheduleError,
  workflow,
} from "../../lib/index.js";
import { LARGEST_BODY_BYTES } from "../../lib/model/firing.js";
import type { ScheduleKeeper } from "../../lib/runtime/outside.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";
import { eventually, type TestCloud as LocalCloud, testCloud } from "../local/harness.js";

/** Ten minutes pass in a second. */
const TIME_SCALE = 600;
const MINUTE = 60_000;

const TARGET = {
  group: "clients",
  queueArn: "arn:aws:sqs:us-east-1:000000000000:starts",
  roleArn: "arn:aws:iam::000000000000:role/scheduler",
  dlqArn: "arn:aws:sqs:us-east-1:000000000000:starts-dead",
};
const Fired = z.object({ schedule: z.string(), scheduledAt: z.string() });
const fired = workflow("fired", { input: Fired }, async () => "fired");
const nothing = workflow("nothing", { input: z.null() }, async () => "nothing");
const shop = app({ workflows: [fired, nothing] });

/** It comes round in a far year. */
const expression = "cron(0 9 1 1 ? 2099)";

let local: LocalCloud;
let keeper: ScheduleKeeper;
let client: DurableClient;
beforeAll(async () => {
  local = await testCloud(
    { Group: { Type: "AWS::Scheduler::ScheduleGroup", Properties: { Name: TARGET.group } } },
    { timeScale: TIME_SCALE },
  );
  keeper = keeperAt(() => local.cloud.now());
  client = clientOf(keeper);
});
afterAll(() => local.stop());

const clientOf = (schedules: ScheduleKeeper) =>
  new DurableClient({
    outside: { ...new TestCloud({ app: shop, store: createMemoryStore() }).client(), schedules },
  });
const keeperAt = (now: () => number) => scheduleKeeper(TARGET, connectionFrom(local.cloud.environment), now);

describe("an input", () => {
  test("of null is null, to the schema and to the executions", async () => {
    const put = { id: "null", workflow: nothing, input: null, expression };
    expect(await client.schedules.put(put)).toMatchObject({ workflow: "nothing", input: null });
    expect((await client.schedules.get("null")).input).toBeNull();
    await expect(
      // @ts-expect-error: null is no Firing
      client.schedules.put({ id: "not-fired", workflow: fired, input: null, expression }),
    ).rejects.toBeInstanceOf(InvalidInputError);
    expect(await keeper.get("not-fired")).toBeUndefined();
  });

  test("that is left out is a firing, to the schema", async () => {
    expect(await client.schedules.put({ id: "fired", workflow: fired, expression })).not.toHaveProperty(
      "input",
    );
    await expect(
      client.schedules.put({ id: "not-null", workflow: nothing, expression }),
    ).rejects.toBeInstanceOf(InvalidInputError);
  });
});

test("what Scheduler would not take as a message is refused, and so by the local one", async () => {
  const wide = workflow("wide", async (_, text: string) => text);
  const fits = "x".repeat(LARGEST_BODY_BYTES - 200);
  await client.schedules.put({ id: "fits", workflow: wide, expression, input: fits });
  // An ä has two bytes, and a < is written as six.
  for (const input of ["x".repeat(LARGEST_BODY_BYTES), "ä".repeat(140_000), "<".repeat(50_000)])
    await expect(client.schedules.put({ id: "wide", workflow: wide, expression, input })).rejects.toThrow(
      PayloadTooLargeError,
    );
  expect(await keeper.get("wide")).toBeUndefined();
  const kept = await keeper.get("fits");
  if (kept === undefined) throw new Error("it was not put");
  const over = { ...kept, body: "x".repeat(LARGEST_BODY_BYTES + 1) };
  await expect(keeper.put(over)).rejects.toMatchObject({ name: "ValidationException" });
  await keeper.put({ ...kept, body: "x".repeat(LARGEST_BODY_BYTES) });
  await keeper.delete("fits");
});

test("a schedule is paused and resumed after its start, which Scheduler would refuse by then", async () => {
  const id = "started";
  const startAt = new Date(local.cloud.now() + 20 * MINUTE);
  await client.schedules.put({ id, workflow: fired, expression, startAt });
  // Whole seconds are what Scheduler keeps.
  const kept = (await client.schedules.get(id)).startAt?.getTime() ?? 0;
  expect(Math.abs(kept - startAt.getTime())).toBeLessThan(1_000);
  await client.schedules.pause(id);
  expect(await client.schedules.get(id)).toMatchObject({ paused: true, startAt: new Date(kept) });
  await eventually(() => expect(local.cloud.now()).toBeGreaterThan(kept + 6 * MINUTE), 30_000);

  const before = await keeper.get(id);
  if (before === undefined) throw new Error("the schedule is gone");
  await expect(keeperAt(() => 0).put({ ...before, paused: false })).rejects.toMatchObject({
    name: "ValidationException",
  });
  await client.schedules.resume(id);
  const resumed = await client.schedules.get(id);
  expect(resumed).toMatchObject({ paused: false, expression });
  expect(resumed).not.toHaveProperty("startAt");
  await client.schedules.pause(id);
  expect(await client.schedules.get(id)).toMatchObject({ paused: true });
});

test("what is over, or would be before its start, is refused", async () => {
  const over = (year: number) => ({ id: "over", workflow: fired, expression: `cron(0 9 1 1 ? ${year})` });
  await expect(client.schedules.put(over(2020))).rejects.toThrow(InvalidInputError);
  await expect(client.schedules.put(over(2020))).rejects.toThrow("no minute from 20");
  const startAt = new Date("2098-06-01T00:00:00Z");
  await expect(client.schedules.put({ ...over(2098), startAt })).rejects.toThrow(
    `from ${startAt.toISOString()} on`,
  );
  expect(await keeper.get("over")).toBeUndefined();
  await client.schedules.put({ ...over(2099), startAt });
});

describe("a rate", () => {
  const DAY = 24 * 60 * MINUTE;
  const changedAt = async (Name: string) =>
    (await local.scheduler.send(new GetScheduleCommand({ GroupName: TARGET.group, Name })))
      .LastModificationDate;
  const weekly = { workflow: fired, expression: "rate(7 days)", overlap: "allow" } as const;

  test.each<[string, { startAt?: number; endAt?: number; input?: Firing }]>([
    ["without a start", {}],
    [
      "with a start, an end and an input",
      { startAt: 1, endAt: 100, input: { schedule: "s", scheduledAt: "t" } },
    ],
    ["with a start that is past", { startAt: -3 }],
  ])(
    "%s that is put again as it is is not written: its beat would move",
    async (what, { startAt, endAt, ...more }) => {
      const id = what.replaceAll(/\W/g, "-");
      const day = (days: number | undefined) => new Date(local.cloud.now() + (days ?? 0) * DAY);
      const put = {
        ...{ id, ...weekly, ...more },
        ...(startAt === undefined ? {} : { startAt: day(startAt) }),
        ...(endAt === undefined ? {} : { endAt: day(endAt) }),
      };
      await client.schedules.put(put);
      const written = await changedAt(id);
      await client.schedules.put(put);
      // Its start is past by then.
      const later = clientOf(keeperAt(() => local.cloud.now() + 20 * DAY));
      await later.schedules.put(put);
      const { startAt: _, ...unbounded } = put;
      await later.schedules.put(unbounded);
      await client.schedules.resume(id);
      expect(await changedAt(id)).toEqual(written);
      await client.schedules.put({ ...put, overlap: "skip" });
      expect(await changedAt(id)).not.toEqual(written);
    },
  );

  test("keeps its beat when it is paused, resumed and changed after its start", async () => {
    const startAt = new Date(Math.floor(local.cloud.now() / 1_000) * 1_000 + DAY);
    const beat = (weeks: number) => new Date(startAt.getTime() + weeks * 7 * DAY);
    const asOf = (days: number) => clientOf(keeperAt(() => startAt.getTime() + days * DAY)).schedules;
    await client.schedules.put({ id: "beat", ...weekly, startAt });
    await asOf(10).pause("beat");
    await asOf(30).resume("beat");
    expect(await client.schedules.get("beat")).toMatchObject({ paused: false, startAt: beat(5) });
    await asOf(36).put({ id: "beat", ...weekly, overlap: "skip", startAt });
    expect(await client.schedules.get("beat")).toMatchObject({ overlap: "skip", startAt: beat(6) });
    // None is left before its end.
    await asOf(36).put({ id: "beat", ...weekly, startAt, endAt: beat(5.5) });
    expect(await client.schedules.get("beat")).not.toHaveProperty("startAt");
  });
});

test.each(["pause", "resume"] as const)(
  "%s brings no schedule back that was deleted meanwhile",
  async (change) => {
    const id = `gone-${change}`;
    await client.schedules.put({ id, workflow: fired, expression, paused: change === "resume" });
    const late = clientOf({
      ...keeper,
      async get(asked) {
        const found = await keeper.get(asked);
        await keeper.delete(asked);
        return found;
      },
    });
    await expect(late.schedules[change](id)).rejects.toBeInstanceOf(ScheduleNotFoundError);
    expect(await keeper.get(id)).toBeUndefined();
  },
);

describe("a schedule in the group that no client has put", () => {
  const put = { id: "b-own", workflow: fired, expression };
  const body = (fields: object) => JSON.stringify({ holdfast: "firing", by: "client", ...fields });
  const told = { workflow: "fired", schedule: "a-foreign", overlap: "skip" };

  test.each([
    ["no JSON", "it has gone off", "is no JSON"],
    ["nothing of ours", '["hello"]', "is not a schedule's firing"],
    ["an overlap that there is not", body({ ...told, overlap: "queue" }), '"overlap" is "queue"'],
    ["another schedule", body({ ...told, schedule: "b-own" }), 'names the schedule "b-own"'],
    ["a declared schedule", body({ by: "workflow", workflow: "fired", schedule: "a-foreign" }), "declares"],
    ["an input that can't be read", body({ ...told, input: { $moon: 1 } }), "form that this release"],
  ])("with %s as its message is listed as unreadable, and hides no other", async (_, text, reason) => {
    await client.schedules.put(put);
    await keeper.put({ id: "a-foreign", expression, timezone: "UTC", paused: false, body: text });
    const { schedules, unreadable } = await client.schedules.list();
    expect(schedules).toContainEqual(await client.schedules.get("b-own"));
    expect(unreadable).toEqual([{ id: "a-foreign", expression, reason: expect.stringContaining(reason) }]);
    for (const call of ["get", "pause", "resume"] as const) {
      const refused = client.schedules[call]("a-foreign");
      await expect(refused).rejects.toBeInstanceOf(UnreadableScheduleError);
      await expect(refused).rejects.toThrow(/"a-foreign".*holdfast schedules delete a-foreign/);
    }
    expect(await keeper.get("a-foreign")).toMatchObject({ body: text, paused: false });
    expect(await client.schedules.delete("a-foreign")).toEqual({ deleted: true });
    expect(await client.schedules.list()).toMatchObject({ unreadable: [] });
  });
});

test("a start that is past when it is first put is left out, too", async () => {
  const startAt = new Date(local.cloud.now() - 24 * 60 * MINUTE);
  await client.schedules.put({ id: "late", workflow: fired, expression, startAt });
  expect(await client.schedules.get("late")).not.toHaveProperty("startAt");
});

test("a deployment without a group for them says how it gets one, whatever is asked", async () => {
  const { schedules } = new DurableClient({ outside: createAwsOutside({ names: {} }) });
  const wanted = { id: "nightly", workflow: "fired", expression };
  for (const call of [
    schedules.list(),
    schedules.get("nightly"),
    schedules.pause("nightly"),
    schedules.put(wanted),
  ]) {
    await expect(call).rejects.toThrow(NoClientSchedulesError);
    await expect(call).rejects.toThrow("clientSchedules: true");
  }
});
