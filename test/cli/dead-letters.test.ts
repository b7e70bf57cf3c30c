/** `holdfast dead-letters` against real queues of the local cloud. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeliver } from "../../functions/deliver.js";
import { connectionFrom } from "../../lib/aws/connection.js";
import { deadLetterQueues, sendSetAsideBack } from "../../lib/aws/dead-letters.js";
import type { EventQueue } from "../../lib/aws/event-queue.js";
import { writeLocalFile } from "../../lib/cli/local-file.js";
import { app, DurableClient, event, workflow } from "../../lib/index.js";
import { batchOf, busEvent, type Deployment, invocation, openDeployment } from "../functions/deployment.js";
import { runCommand } from "./run.js";

const Paid = event<{ order: string }>("paid", { key: ({ order }) => order });
const idle = workflow("idle", async () => "idle");
const shop = app({ workflows: [idle], events: [Paid] });

let deployment: Deployment;
let stateDir: string;
beforeAll(async () => {
  deployment = await openDeployment();
  stateDir = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  const { environment, stacks } = deployment.cloud.cloud;
  writeLocalFile(stateDir, { environment, stacks: stacks.map(({ name }) => name), pid: process.pid });
});
afterAll(async () => {
  await deployment.cloud.stop();
  rmSync(stateDir, { recursive: true });
});

const run = (...args: string[]) => runCommand(["dead-letters", ...args, "--state-dir", stateDir]);
const listed = async () => JSON.parse((await run("list", "--json")).out).deadLetters;

test("dead events are listed with their reasons, looked at again at once, and sent back as they came", async () => {
  expect(await run("list")).toMatchObject({ out: "", err: "No dead letter was found.", code: 0 });
  const deliver = createDeliver(
    shop,
    () => deployment.outside,
    () => deployment.events("deliver"),
  );
  const lost = busEvent("lost", { a: 1 }, "e-1");
  const odd = busEvent("paid", { order: 7 }, "e-2");
  await deliver(batchOf(lost, odd), invocation());
  await deployment.events("start").bury({ body: "an outage's", attributes: {} });
  for (let look = 0; look < 2; look++)
    expect(await listed()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          queue: "deliver",
          event: "lost",
          eventId: "e-1",
          reason: expect.objectContaining({ code: "UNKNOWN_EVENT", by: "deliver" }),
          body: JSON.stringify(lost),
        }),
        expect.objectContaining({
          event: "paid",
          reason: expect.objectContaining({ code: "INVALID_INPUT" }),
        }),
        expect.objectContaining({ queue: "start", body: "an outage's" }),
      ]),
    );
  const table = await run("list");
  expect(table.out).toContain("UNKNOWN_EVENT");
  expect(table.out).toContain("its receives ran out");

  const [{ id }] = (await listed()).filter(({ event: name }: { event?: string }) => name === "lost");
  const one = await run("retry", id, "nobody");
  expect(one).toMatchObject({ out: "1 dead letter went back.", code: 1 });
  expect(one.err).toContain("Not found now: nobody.");
  expect(await deployment.drain("deliveries")).toEqual([JSON.stringify(lost)]);
  expect(await run("retry", "--all")).toMatchObject({ out: "2 dead letters went back.", code: 0 });
  expect(await deployment.drain("deliveries")).toEqual([JSON.stringify(odd)]);
  expect(await deployment.drain("starts")).toEqual(["an outage's"]);
  expect(await listed()).toEqual([]);
});

test("all are sent back once, also when they die again at once", async () => {
  const queue = deployment.events("deliver");
  const bodies = ["a", "b", "c"];
  for (const body of bodies) await queue.bury({ body, attributes: {} });
  const sent: string[] = [];
  const deadly: EventQueue = {
    ...queue,
    async send(letter) {
      sent.push(letter.body);
      await queue.bury(letter);
    },
  };
  const { gone, failure } = await sendSetAsideBack(new Map([["deliver", deadly]]), { limit: 30 });
  expect(failure).toBeUndefined();
  expect(sent.sort()).toEqual(bodies);
  expect(gone).toHaveLength(3);
  // They lie there still, and whoever asks again sends them again.
  expect(await run("retry", "--all")).toMatchObject({ out: "3 dead letters went back.", code: 0 });
  expect((await deployment.drain("deliveries")).sort()).toEqual(bodies);
});

test("a retry that breaks off says which events went back before", async () => {
  const queue = deployment.events("deliver");
  for (const body of ["a", "b", "c"]) await queue.bury({ body, attributes: {} });
  let sends = 0;
  const failing: EventQueue = {
    ...queue,
    async send(letter) {
      if (++sends === 3) throw new Error("throttled");
      await queue.send(letter);
    },
  };
  const { gone, failure } = await sendSetAsideBack(new Map([["deliver", failing]]), { limit: 30 });
  expect(failure).toEqual({ error: new Error("throttled") });
  expect(await deployment.drain("deliveries")).toEqual(gone.map(({ body }) => body));
  expect(gone).toHaveLength(2);
  expect(await run("retry", "--all")).toMatchObject({ out: "1 dead letter went back.", code: 0 });
  await deployment.drain("deliveries");
});

test.each([
  ["a workflow's", { by: "workflow", schedule: "default" }, "nightly@2026-01-31T08:00:00Z"],
  ["a workflow's of several", { by: "workflow", schedule: "eu" }, "nightly@eu@2026-01-31T08:00:00Z"],
  ["a client's", { by: "client", schedule: "t-1", overlap: "skip" }, "nightly+t-1@2026-01-31T08:00:00Z"],
])("a firing of %s schedule is listed as what it was to start", async (_, schedule, shown) => {
  const firing = {
    holdfast: "firing",
    workflow: "nightly",
    scheduledAt: "2026-01-31T08:00:00Z",
    ...schedule,
  };
  await deployment.events("start").bury({ body: JSON.stringify(firing), attributes: {} });
  expect(await listed()).toMatchObject([{ queue: "start", event: shown }]);
  expect((await run("list")).out).toContain(shown);
  expect(await run("retry", "--all")).toMatchObject({ code: 0 });
  expect(await deployment.drain("starts")).toEqual([JSON.stringify(firing)]);
});

test.each([["retry"], ["retry", "some-id", "--all"]])(
  "%s is refused without saying which",
  async (...args) => {
    expect(await run(...args)).toMatchObject({
      code: 2,
      err: expect.stringContaining("Which dead letters?"),
    });
  },
);

const person = (answer: boolean) => ({ confirm: async () => answer });

test("all queues are counted, with the oldest and the reasons; dlq is the same, and 1 says that something lies there", async () => {
  const empty = await run("show");
  expect(empty.code).toBe(0);
  expect(empty.out).toMatch(/^deliver +0/m);
  await deployment.events("deliver").bury({ body: "{}", attributes: { "holdfast.reason": "UNKNOWN_EVENT" } });
  await deployment.events("deliver").bury({ body: "{}", attributes: {} });
  const { out, code } = await runCommand(["dlq", "--state-dir", stateDir]);
  expect(out).toMatch(/^deliver +2 +\d{4}-.* (UNKNOWN_EVENT 1, none 1|none 1, UNKNOWN_EVENT 1)/m);
  expect(out).toMatch(/^start +0/m);
  expect(code).toBe(1);
  const told = JSON.parse((await run("show", "--json")).out);
  expect(told.queues).toContainEqual(expect.objectContaining({ queue: "deliver", count: 2 }));
});

test("are deleted by id, or all of a queue by who says yes", async () => {
  await deployment.events("start").bury({ body: "kept", attributes: {} });
  const [{ id }] = (await listed()).filter(({ queue }: { queue: string }) => queue === "deliver");
  expect(await run("delete", id)).toMatchObject({ out: "1 dead letter deleted.", code: 0 });
  expect(await run("delete", "--all", "--queue", "deliver")).toMatchObject({
    code: 2,
    err: expect.stringContaining("Nobody is here to say yes"),
  });
  const words = ["dead-letters", "delete", "--all", "--queue", "deliver", "--state-dir", stateDir];
  expect(await runCommand(words, undefined, person(false))).toMatchObject({
    code: 1,
    err: "Nothing was done.",
  });
  expect(await runCommand(words, undefined, person(true))).toMatchObject({ out: "1 dead letter deleted." });
  expect(await listed()).toMatchObject([{ queue: "start", body: "kept" }]);
  expect(await run("delete", "--all", "--yes")).toMatchObject({ out: "1 dead letter deleted." });
  expect(await listed()).toEqual([]);
});

test("dead wakes go back as they came; what the relay failed on never does", async () => {
  const { names, outside } = deployment;
  const connection = connectionFrom(deployment.cloud.cloud.environment);
  const queues = deadLetterQueues({ ...names, relayDlqUrl: names.wakeDlqUrl ?? "" }, connection);
  const wake = JSON.stringify({ executionId: "o-1", reason: "timer" });
  await deployment.eventsOf("dead").bury({ body: wake, attributes: {} });
  const client = new DurableClient({ outside: { ...outside, deadLetters: queues } });
  const [letter] = await client.deadLetters.list({ queues: ["wakes"] });
  expect(letter).toMatchObject({ queue: "wakes", executionId: "o-1", body: wake });
  const refused = await client.deadLetters.retry([letter?.id ?? ""], { queues: ["relay"] });
  expect(refused.failure?.error).toMatchObject({ code: "NOT_SENT_BACK" });
  expect((await client.deadLetters.retry("all", { queues: ["relay"] })).gone).toEqual([]);
  expect((await client.deadLetters.retry("all", { queues: ["wakes"] })).gone).toHaveLength(1);
  expect(await deployment.wakes()).toEqual([{ executionId: "o-1", reason: "timer" }]);
});

test("of a wake that Scheduler could not hand over, what it was to hand over goes back", async () => {
  const { names } = deployment;
  const queues = deadLetterQueues(names, connectionFrom(deployment.cloud.cloud.environment));
  const wake = JSON.stringify({ executionId: "o-2", reason: "timer" });
  const call = JSON.stringify({ MessageBody: wake, QueueUrl: names.wakeQueueUrl });
  for (const body of [wake, call])
    await deployment.eventsOf("dead").bury({ body, attributes: { ERROR_CODE: "QueueDoesNotExist" } });
  expect(await queues.list({ queues: ["timers"], limit: 5 })).toMatchObject([
    { queue: "timers", reason: { code: "QueueDoesNotExist" } },
    { queue: "timers" },
  ]);
  // Both say the same: it is sent once, and the other one with the next retry.
  expect((await queues.sendBack({ queues: ["timers"], limit: 5 })).gone).toHaveLength(1);
  expect((await queues.sendBack({ queues: ["timers"], limit: 5 })).gone).toHaveLength(1);
  const sent = await deployment.wakes();
  expect(sent).toEqual([JSON.parse(wake), JSON.parse(wake)]);
});

test("a client that knows no queues, and a queue that there is none of, are told so", async () => {
  const { deadLetters: _none, ...outside } = deployment.outside;
  await expect(new DurableClient({ outside }).deadLetters.count()).rejects.toThrow(
    /expected a client that knows/,
  );
  const client = new DurableClient({ outside: deployment.outside });
  // @ts-expect-error: there is no queue of this name
  await expect(client.deadLetters.list({ queues: ["letters"] })).rejects.toThrow(/found "letters"/);
  await expect(client.deadLetters.list({ limit: 0 })).rejects.toThrow(/from 1 to 1000/);
});
