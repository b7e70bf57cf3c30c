/**
 * Least privilege, held from both sides: every function of a deployment is taken through all that it can do, in processes of its own and against real
 * tables, queues and schedules, and a simulator of IAM judges what was called by what the synthesized roles say. A call that no permission allows fails
 * here, and so does a permission that no call needs. What AWS itself does under a role, and nothing here can show, is listed with its reason.
 */
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connection, clientSettings } from "../../lib/aws/connection.js";
import { type EventQueue, eventQueue } from "../../lib/aws/event-queue.js";
import { invokeStart } from "../../lib/aws/invoke-start.js";
import { type AwsOutside, eventQueueUrls } from "../../lib/aws/outside.js";
import type { Staged } from "../../lib/client/index.js";
import { DurableClient, workflow } from "../../lib/index.js";
import { callbackToken } from "../../lib/model/callback-token.js";
import { shardOf } from "../../lib/model/ids.js";
import type { Outgoing } from "../../lib/model/outgoing.js";
import { payloadMark } from "../../lib/model/value.js";
import { putAway, putPayload } from "../../lib/runtime/values/payloads.js";
import { stagedId } from "../../lib/store/outbox.js";
import { type ClosedSettlement, INDEX_SHARDS } from "../../lib/store/ports.js";
import { incompressible } from "../setup/text.js";
import {
  commit,
  continued,
  execution,
  outgoing,
  owned,
  settlementOf,
  stepCompleted,
} from "../store/builders.js";
import { batchOf, busEvent } from "./deployment.js";
import { echo, Paid, Shipped } from "./recorded/app.js";
import { denied, unneeded } from "./recorded/policies.js";
import { type FunctionId, type Grantee, openWorld, type World } from "./recorded/world.js";
import { newImagesOf } from "./stream.js";

let world: World;
beforeAll(async () => {
  world = await openWorld();
}, 180_000);
afterAll(() => world.stop());

// ---------------------------------------------------------------- what AWS does itself

/** Lambda writes the function's log, and feeds it from its queue. */
const logs = (name: FunctionId): string[] =>
  ["CreateLogStream", "PutLogEvents"].map((action) => `logs:${action} on the log of ${name}`);
const consumes = (queue: string): string[] =>
  ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"].map((action) => `sqs:${action} on ${queue}`);

/** S3 tells only those who may list a bucket that an object is not there; no call has this name. */
const toldOfMissing = "s3:ListBucket on the payload bucket";

const AWS_DOES: Readonly<Record<FunctionId, readonly string[]>> = {
  Start: [...logs("Start"), ...consumes("the start queue"), toldOfMissing],
  Worker: [...logs("Worker"), ...consumes("the wake queue"), toldOfMissing],
  Deliver: [...logs("Deliver"), ...consumes("the deliver queue"), toldOfMissing],
  Relay: [
    ...logs("Relay"),
    ...["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map(
      (action) => `dynamodb:${action} on the stream`,
    ),
    // Records that the function was never able to take.
    "sqs:SendMessage on the relay's dead-letter queue",
    toldOfMissing,
  ],
  // It lists the bucket itself, to delete what an execution has there.
  Audit: logs("Audit"),
};

/** What the resources of the list above are called in it. */
function readably(line: string): string {
  const nameOf = (url: string | undefined) => url?.split("/").at(-1) ?? "?";
  const { names } = world;
  const known: readonly (readonly [string | RegExp, string])[] = [
    [/arn:aws:logs:\S*-Orders([A-Z][a-z]+)Logs\S*/, "the log of $1"],
    [/arn:aws:sqs:\S*RelayDlq\S*/, "the relay's dead-letter queue"],
    [/arn:aws:dynamodb:\S*\/stream\/\S*/, "the stream"],
    [`arn:aws:sqs:us-east-1:000000000000:${nameOf(names.startQueueUrl)}`, "the start queue"],
    [`arn:aws:sqs:us-east-1:000000000000:${nameOf(names.wakeQueueUrl)}`, "the wake queue"],
    [`arn:aws:sqs:us-east-1:000000000000:${nameOf(names.deliverQueueUrl)}`, "the deliver queue"],
    [`arn:aws:s3:::${names.payloadBucket}`, "the payload bucket"],
  ];
  return known.reduce((told, [found, called]) => told.replace(found, called), line);
}

/** Judges what somebody called by what their role says, from both sides. */
async function judge(caller: FunctionId | Grantee, role: string, awsDoes: readonly string[]): Promise<void> {
  const calls = world.recorder.of(caller);
  const statements = world.policies.get(role) ?? [];
  expect(calls.length).toBeGreaterThan(0);
  expect(statements.length).toBeGreaterThan(0);
  expect(await denied(statements, calls)).toEqual([]);
  expect((await unneeded(statements, calls)).map(readably).sort()).toEqual([...awsDoes].sort());
}

const judgeFunction = (name: FunctionId) => judge(name, `Orders${name}Role`, AWS_DOES[name]);

// ---------------------------------------------------------------- what runs

/** Longer than what a head or its inbox takes in: it becomes an item of its own. */
const LONG = "x".repeat(5_000);

/** Longer than what an item takes in: it becomes an object. The bus would still carry it. */
const HUGE = incompressible(200_000);

const MINUTE = 60_000;
const DAY = 86_400_000;

const start = (payload: unknown) => world.invoke("Start", payload);
const work = (...wakes: readonly unknown[]) => world.invoke("Worker", batchOf(...wakes));
const deliver = (...events: readonly unknown[]) => world.invoke("Deliver", batchOf(...events));
const wake = (executionId: string, reason = "message") => ({ executionId, reason });
const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));

/** The test's own way, on a clock that is behind. */
const earlier = (ms: number): AwsOutside => ({
  ...world.outside,
  clock: { ...world.outside.clock, now: () => Date.now() - ms },
});

const sqs = () => new SQSClient(clientSettings("sqs", world.connection));
const events = (which: "deliver" | "start"): EventQueue =>
  eventQueue(eventQueueUrls(world.names, which), world.connection);
const statusOf = async (id: string) => (await world.outside.store.readHead(id))?.status;

/** What an execution sends: of every kind, for targets that are called after the test. */
const messages = (prefix: string, at = Date.now()): Outgoing[] => {
  const signal = (id: string, data: string, to = `${prefix}-target`): Outgoing => ({
    kind: "signal",
    id,
    at,
    to,
    message: { kind: "signal", id, at, name: "approve", data },
  });
  const starting = { kind: "start", at, workflow: "echo", definition: "d", input: { text: LONG } } as const;
  return [
    outgoing(`${prefix}-event`),
    signal(`${prefix}-small`, "yes"),
    signal(`${prefix}-large`, LONG),
    signal(`${prefix}-huge`, HUGE),
    signal(`${prefix}-forwarded`, "yes", `${prefix}-continued`),
    { ...starting, id: `${prefix}-start-1`, executionId: `${prefix}-new` },
    { ...starting, id: `${prefix}-start-2`, executionId: `${prefix}-taken` },
  ];
};

/** The user's own transaction: made by nobody's function. */
const transact = ({ items }: Staged) =>
  world.documents.send(new TransactWriteCommand({ TransactItems: [...items] }));

/** An event for one execution alone, which goes into its inbox whatever it waits for. */
const paidFor = (id: string, note: string, eventId: string) => ({
  ...Object(busEvent("payment.completed", { order: id, note }, eventId)),
  resources: [`holdfast:execution:${id}`],
});

/** An execution that ended a day ago, with something of everything that can belong to one. */
const ended = async (
  id: string,
  fields: Partial<ClosedSettlement> = {},
  createdAt = Date.now() - 2 * DAY,
): Promise<void> => {
  const { store } = world.outside;
  const head = await owned(store, id, { createdAt });
  await putPayload(store, id, "result", HUGE);
  await store.appendCommit(commit(id, 1, { outgoing: [outgoing(`${id}-event`)] }), Date.now());
  const published = [{ state: "published", tries: 1 }] as const;
  await store.markOutbox({ executionId: id, slot: 1, version: 0, states: published });
  await store.appendCommit(commit(id, 2));
  const wait = { name: "payment.completed", key: "x", executionId: id, op: "wait:1" };
  await store.putWait({ ...wait, createdAt: Date.now(), epoch: 1 });
  const settlement = { status: "terminated", closedAt: Date.now() - DAY, ...fields } as const;
  await store.settle(settlementOf(head, settlement, { slot: 2, waits: [wait] }));
};

test("the start function makes every call that its role allows, and no other", async () => {
  await start({ workflow: "echo", id: "s-large", input: { text: LONG }, wait: true });
  await start({ workflow: "echo", id: "s-large", input: { text: LONG } });
  await start({ workflow: "echo", id: "s-huge", input: { text: HUGE }, wait: true });
  await start({ workflow: "echo", id: "s-huge", input: { text: HUGE } });
  expect(await statusOf("s-huge")).toBe("completed");
  await start({ workflow: "echo", id: "s-late", input: { text: "a" }, delay: { minutes: 20 } });
  await start({ workflow: "echo", id: "s-soon", input: { text: "a" }, delay: { minutes: 5 } });
  await start({ workflow: "fails", id: "s-fails", input: { because: LONG }, wait: true });
  await start({ workflow: "sleeper", id: "s-sleeps", wait: "1ms" });
  // Too large for the head, it comes while the first turn runs here.
  world.recorder.meanwhile(() => deliver(paidFor("s-order", LONG, "p-1")));
  await start({ workflow: "order", id: "s-order", input: { id: "s-order" }, wait: "1ms" });
  world.recorder.meanwhile(async () => undefined);
  await start(batchOf(busEvent("order.placed", { id: "s-placed" }, "placed-1"), "rubbish"));
  expect(await statusOf("s-order")).toBe("suspended");
  await start({ workflow: "books", id: "s-books", wait: true });
  expect(await statusOf("s-books")).toBe("completed");
  await judgeFunction("Start");
}, 120_000);

test("the worker makes every call that its role allows, and no other", async () => {
  const { store } = world.outside;
  await start({ workflow: "echo", id: "w-large", input: { text: LONG } });
  await work(wake("w-large", "start"), wake("w-nobody"), "rubbish");
  await start({ workflow: "echo", id: "w-huge", input: { text: HUGE } });
  await work(wake("w-huge", "start"));
  expect(await statusOf("w-huge")).toBe("completed");
  await start({ workflow: "sleeper", id: "w-sleeps" });
  await work(wake("w-sleeps", "start"));
  // Messages beside the head, a send, and the last of two waits that ends by its timeout.
  await start({ workflow: "order", id: "w-order", input: { id: "w-order", patience: "1s" } });
  await work(wake("w-order", "start"));
  await deliver(paidFor("w-order", LONG, "p-2"));
  await work(wake("w-order"));
  await pause(1_200);
  await work(wake("w-order", "timer"));
  expect(await statusOf("w-order")).toBe("completed");
  await work(wake("w-order"));
  await work(wake("w-sleeps", "timer"));
  await work({ ...wake("w-sleeps", "timer"), dueAt: Date.now() + 3 * MINUTE });
  // A process that dies in a step, and the redelivery that takes over.
  await start({ workflow: "dies", id: "w-dies" });
  await expect(work(wake("w-dies", "start"))).rejects.toThrow("Worker failed");
  await work(wake("w-dies", "start"));
  await start({ workflow: "books", id: "w-books" });
  await work(wake("w-books", "start"));
  expect(await statusOf("w-books")).toBe("completed");
  // What began on a published version ends there, whoever gets its wake.
  await start({ workflow: "keeps", id: "w-keeps" });
  await world.invoke("Worker", batchOf(wake("w-keeps", "start")), "1");
  await deliver(paidFor("w-keeps", "", "p-3"));
  await work(wake("w-keeps"));
  expect(await statusOf("w-keeps")).toBe("completed");
  // What the relay could not carry.
  await store.appendCommit(commit("w-sender", 1, { outgoing: messages("w") }), Date.now());
  await work({ ...wake("w-sender", "relay"), slot: 1 });
  expect((await store.readOutbox("w-sender", 1))?.states[0]).toEqual({ state: "published", tries: 1 });
  // What this app does not declare stalls.
  await store.createExecution(execution("w-stalls", { workflow: "gone" }));
  await work(wake("w-stalls", "start"));
  expect(await statusOf("w-stalls")).toBe("stalled");
  await judgeFunction("Worker");
}, 120_000);

test("deliver makes every call that its role allows, and no other", async () => {
  const { store } = world.outside;
  await start({ workflow: "order", id: "d-order", input: { id: "d-order" }, wait: "1ms" });
  const large = payloadMark(await putPayload(store, "d-continued", "input", HUGE));
  await continued(store, "d-continued", "d-continued:run2", large);
  await deliver(
    paidFor("d-continued", "", "d-0"),
    busEvent("payment.completed", { order: "d-order" }, "d-1"),
    busEvent("payment.completed", { order: "d-order", note: LONG }, "d-2"),
    paidFor("d-order", HUGE, "d-7"),
    busEvent("order.shipped", { order: "d-order" }, "d-3"),
    paidFor("d-nobody", "", "d-4"),
    busEvent("order.lost", {}, "d-5"),
    "rubbish",
  );
  // Of two that wait, one can't take it just now: the event is handed on for it alone.
  for (const executionId of ["s-order", "d-order"])
    await store.putWait({
      name: "payment.completed",
      key: "d-both",
      executionId,
      op: "wait:9",
      createdAt: Date.now(),
      epoch: 1,
    });
  const allowAgain = world.recorder.refuse(
    "Deliver",
    ({ action }, body) => action === "dynamodb:UpdateItem" && body.includes("s-order"),
  );
  await deliver(busEvent("payment.completed", { order: "d-both" }, "d-8"));
  allowAgain();
  // Waits that were left behind by an execution that is closed, and by one that is gone.
  for (const executionId of ["s-fails", "d-gone"])
    await store.putWait({
      name: "payment.completed",
      key: "d-left",
      executionId,
      op: "wait:1",
      createdAt: Date.now(),
      epoch: 1,
    });
  await deliver(busEvent("payment.completed", { order: "d-left" }, "d-6"));
  expect(await store.findWaits({ name: "payment.completed", key: "d-left", limit: 9 })).toEqual({
    items: [],
  });
  await judgeFunction("Deliver");
}, 120_000);

test("the relay makes every call that its role allows, and no other", async () => {
  // An event; signals and starts, small ones and large ones, for who is there and who is not; what a user's own transaction staged.
  const { store } = world.outside;
  await store.createExecution(execution("r-target"));
  const large = payloadMark(await putPayload(store, "r-continued", "input", HUGE));
  await continued(store, "r-continued", "r-continued:run2", large);
  const payload = await putPayload(store, "r-taken", "input", { text: LONG });
  await store.createExecution(execution("r-taken", { workflow: "echo", input: { payload } }));
  await store.appendCommit(commit("r-sender", 1, { outgoing: messages("r") }), Date.now());
  const client = new DurableClient({ outside: world.outside });
  await transact(await client.outbox.stage(Shipped, { order: "r-1" }, { id: "r-staged" }));
  await transact(await client.outbox.startInTransaction(echo, { text: LONG }, { id: "r-started" }));
  const streams = new DynamoDBStreamsClient(clientSettings("dynamodb", world.connection));
  const images = await newImagesOf(streams, world.names.executionsTable ?? "");
  const marked = images.filter((image) => "ob" in Object(image));
  const records = { Records: marked.map((NewImage) => ({ dynamodb: { NewImage } })) };
  await world.invoke("Relay", records);
  const allowAgain = world.recorder.refuse("Relay", ({ action }) => action === "events:PutEvents");
  await world.invoke("Relay", records);
  allowAgain();
  const { inbox = [] } = (await store.readHead("r-target")) ?? {};
  expect([...inbox, ...(await store.loadMessages("r-target"))].map((message) => message.id).sort()).toEqual([
    "r-huge",
    "r-large",
    "r-small",
  ]);
  expect(await statusOf("r-new")).toBe("running");
  expect((await store.readHead("r-continued:run2"))?.inbox).toMatchObject([{ id: "r-forwarded" }]);
  expect(await store.readOutbox("r-started", 0)).toBeUndefined();
  expect(await store.readOutbox(stagedId("r-staged"), 1)).toBeUndefined();
  await judgeFunction("Relay");
}, 120_000);

test("the audit makes every call that its role allows, and no other", async () => {
  const { names, outside } = world;
  const then = earlier(30 * MINUTE);
  // One shard with more than a page, so that a cursor is saved; one execution whose worker died and whose wake came back too often; an
  // event that no relay took.
  const ids = Array.from({ length: 400 }, (_, index) => `a-${index}`);
  const crowd = ids.filter((id) => shardOf(id, INDEX_SHARDS) === 0).slice(0, 30);
  await Promise.all(crowd.map((id) => outside.store.createExecution(execution(id))));
  await outside.store.createExecution(execution("a-target"));
  const at = then.clock.now();
  await outside.store.appendCommit(commit("a-sender", 1, { outgoing: messages("a", at) }), at);
  await transact(
    await new DurableClient({ outside: then }).outbox.stage(Shipped, { order: "a-1" }, { id: "a-staged" }),
  );
  const lease = { owner: "m-9", token: "t", until: Date.now() - 10 * MINUTE };
  await outside.store.createExecution(execution("a-dies", { lease }));
  // Its history holds a large value, which is looked at before it is stalled.
  const told = await putAway(outside.store, "a-dies", [stepCompleted("step:huge", HUGE)]);
  await outside.store.appendCommit(commit("a-dies", 1, { epoch: 1, events: told }));
  for (const dead of [wake("a-0"), { ...wake("a-dies"), rescues: 2, epoch: 0 }])
    await sqs().send(
      new SendMessageCommand({ QueueUrl: names.wakeDlqUrl ?? "", MessageBody: JSON.stringify(dead) }),
    );
  // Events that an outage killed, and one that it killed too often.
  for (const which of ["deliver", "start"] as const) {
    await events(which).bury({ body: "an event", attributes: {} });
    await events(which).bury({ body: "another", attributes: { "holdfast.redrives": "10" } });
  }
  // One that ended long ago, with something of everything.
  await outside.store.setCurrentDefinition({ workflow: "order-saga", hash: "h", since: 0, revision: 1 });
  await ended("a-old", { closedAt: Date.now() - 40 * DAY }, Date.now() - 41 * DAY);
  await world.invoke("Audit", {});
  expect(await statusOf("a-dies")).toBe("stalled");
  expect(await statusOf("a-old")).toBeUndefined();
  await judgeFunction("Audit");
}, 120_000);

const judgeGrantee = (name: Grantee, awsDoes: readonly string[] = []) => judge(name, name, awsDoes);

const clientOf = (name: Grantee, ...workflows: (typeof echo)[]) =>
  new DurableClient({ outside: world.outsideOf(name), workflows });

test("the judge finds a permission that is missing, and one that nothing needs", async () => {
  const calls = world.recorder.of("Worker");
  const statements = world.policies.get("OrdersWorkerRole") ?? [];
  const without = statements.filter(({ actions }) => !actions.includes("iam:PassRole"));
  const missing = await denied(without, calls);
  expect(missing.map(({ action }) => action)).toEqual(["iam:PassRole"]);
  const passed = missing.map((call) => ({
    ...call,
    context: { "iam:PassedToService": "lambda.amazonaws.com" },
  }));
  expect(await denied(statements, passed)).toEqual(passed);
  const scans = {
    effect: "Allow",
    actions: ["dynamodb:Scan", "sqs:*"],
    resources: ["*"],
    condition: undefined,
  } as const;
  const more = await unneeded([...statements, scans], calls);
  expect(more).toEqual(expect.arrayContaining(["dynamodb:Scan on *", "sqs:* on *"]));
});

test("who may start invokes the start function", async () => {
  const connection: Connection = world.connectionOf("Starter");
  const request = { workflow: "echo", input: { text: "a" }, id: "g-started" };
  await invokeStart(world.names.startFunction ?? "", request, connection);
  await judgeGrantee("Starter");
});

test("who may wake sends a wake", async () => {
  await world.outsideOf("Waker").wakes.send({ executionId: "g-started", reason: "message" }, 0);
  await judgeGrantee("Waker");
});

test("who may read reads everything", async () => {
  await look(clientOf("Reader"));
  await judgeGrantee("Reader");
}, 60_000);

test("who may signal tells executions something, in every size, and wherever they went on", async () => {
  const { store } = world.outside;
  await store.createExecution(execution("g-told", { workflow: "echo", input: { inline: { text: "a" } } }));
  const large = payloadMark(await putPayload(store, "g-continued", "input", HUGE));
  await continued(store, "g-continued", "g-continued:run2", large);
  await tell(clientOf("Signaler"), "g-told", "g-continued");
  await judgeGrantee("Signaler", [toldOfMissing]);
}, 60_000);

test("the client makes every call that its grant allows, and no other", async () => {
  const client = clientOf("Client", echo);
  const other = workflow("other", async (ctx) => ctx.step("other", () => 1));
  const { store } = world.outside;
  const large = payloadMark(await putPayload(store, "c-continued", "input", HUGE));
  await continued(store, "c-continued", "c-continued:run2", large);
  // A process of its own, with code that nobody has started yet.
  await client.start(other, undefined, { id: "c-other", delay: "20m" });
  await client.start(echo, { text: LONG }, { id: "c-late", delay: "20m" });
  await client.start(echo, { text: LONG }, { id: "c-late", delay: "20m" });
  await client.start(echo, { text: HUGE }, { id: "c-huge", delay: "20m" });
  await look(client);
  await client.cancel("c-late", { reason: LONG });
  await client.redrive("w-stalls");
  await client.publish(Paid, { order: "c-1" });
  await tell(client, "c-late", "c-continued");
  await judgeGrantee("Client");
}, 60_000);

/** Everything that a client can look at. */
async function look(client: DurableClient): Promise<void> {
  await client.describe("s-huge");
  await client.describe("s-fails");
  await client.result("s-huge");
  await client.history("s-large");
  await client.list({ workflow: "echo" });
  await client.list({ application: "shop" });
  await client.list({ pipelineConfigId: "p-1" });
  await client.list({ status: "failed" });
  await client.list({ status: "stalled" });
  await client.list();
  await client.definitions("echo");
  await client.definition("echo");
  await client.outbox.list();
  await client.health();
  await client.waiting(Paid);
  await client.count({ workflow: "echo" });
}

/** Everything that a client can say to an execution, and to one that went on as another. */
async function tell(client: DurableClient, id: string, wentOn: string): Promise<void> {
  for (const data of ["", LONG, HUGE]) await client.signal(id, "approve", data);
  const token = callbackToken({ executionId: id, op: "callback:a", heartbeatMs: 60_000 });
  await client.heartbeatCallback(token);
  await client.completeCallback(token, HUGE);
  await client.failCallback(token, new Error(LONG));
  await expect(client.update(id, "approve", LONG, { id: "u", timeout: "1ms" })).rejects.toThrow();
  await client.signal(wentOn, "approve");
}

test("who deletes makes every call that the grant allows, and no other", async () => {
  await ended("x-whole");
  await ended("x-untold", { duties: ["children"] });
  const client = clientOf("Deleter");
  expect(await client.delete("x-whole")).toEqual({ deleted: "all" });
  await expect(client.delete("x-untold")).rejects.toMatchObject({ refusal: "duties" });
  await judgeGrantee("Deleter");
}, 60_000);

test("who keeps schedules makes every call that the grant allows, and no other", async () => {
  const { schedules } = clientOf("Keeper", echo);
  await schedules.put({ id: "daily", workflow: echo, expression: "rate(1 day)", input: { text: "a" } });
  await schedules.put({ id: "daily", workflow: echo, expression: "rate(2 days)", input: { text: "a" } });
  await schedules.get("daily");
  await schedules.pause("daily");
  await schedules.resume("daily");
  await schedules.list();
  await schedules.delete("daily");
  await judgeGrantee("Keeper");
}, 60_000);
