/**
 * Least privilege, held from both sides: every function is taken through all that it can do, on real tables and queues, and the calls that
 * it made are exactly those that its synthesized role allows. A permission that no call needs fails here by name, and so does a call that
 * no permission allows. What Lambda itself does in a function's name (reading its stream, consuming its queue) is listed apart.
 */
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { Duration } from "aws-cdk-lib";
import { AccountPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createAudit } from "../../functions/audit.js";
import { createDeliver } from "../../functions/deliver.js";
import { createRelay } from "../../functions/relay.js";
import { createStart } from "../../functions/start.js";
import { createWorker } from "../../functions/worker.js";
import { connectionFrom } from "../../lib/aws/connection.js";
import { deadWakes } from "../../lib/aws/dead-wakes.js";
import { type Names, RESOURCE_NAMES, VARIABLES } from "../../lib/aws/environment.js";
import { type EventQueue, eventQueue } from "../../lib/aws/event-queue.js";
import type { LambdaContext } from "../../lib/aws/lambda-context.js";
import { type AwsOutside, createAwsOutside, eventQueuesIn, eventQueueUrls } from "../../lib/aws/outside.js";
import { readRetention } from "../../lib/aws/retention.js";
import type { Staged } from "../../lib/client/index.js";
import { app, DurableClient, event, workflow } from "../../lib/index.js";
import { callbackToken } from "../../lib/model/callback-token.js";
import { shardOf } from "../../lib/model/ids.js";
import type { Outgoing } from "../../lib/model/outgoing.js";
import { payloadMark } from "../../lib/model/value.js";
import { putAway, putPayload } from "../../lib/runtime/values/payloads.js";
import { stagedId } from "../../lib/store/outbox.js";
import { type ClosedSettlement, INDEX_SHARDS } from "../../lib/store/ports.js";
import { permittedTo, resource, synthesize } from "../infra/support.js";
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
import { type Calls, recordCalls } from "./calls.js";
import { batchOf, busEvent, type Deployment, invocation, openDeployment } from "./deployment.js";
import { newImagesOf } from "./stream.js";

// ---------------------------------------------------------------- what the roles say

const ARCHIVE = { bucketName: "archive", bucketArn: "arn:aws:s3:::archive" };

const { template } = synthesize({ retention: Duration.days(30), archive: ARCHIVE }, (durable, stack) => {
  durable.grantClient(new Role(stack, "Client", { assumedBy: new AccountPrincipal(stack.account) }));
  durable.grantDelete(new Role(stack, "Deleter", { assumedBy: new AccountPrincipal(stack.account) }));
});

/** What each resource of the template is called in the deployment that the functions run against here. */
const CALLED: readonly (readonly [RegExp, string])[] = [
  [/^OrdersTablesExecutions\.Arn/, "Executions"],
  [/^OrdersTablesDirectory\.Arn/, "Directory"],
  [/^OrdersTablesPayloads\.Arn/, "payloads"],
  [/^arn:aws:s3:::archive\/_archive\//, "archive/"],
  [/^OrdersWakeQueue\.Arn$/, "wake"],
  [/^OrdersWakeDlq\.Arn$/, "dead"],
  [/^OrdersDeliveriesEventsQueue\.Arn$/, "deliveries"],
  [/^OrdersDeliveriesEventsDlq\.Arn$/, "deliveries-dead"],
  [/^OrdersStartsEventsQueue\.Arn$/, "starts"],
  [/^OrdersStartsEventsDlq\.Arn$/, "starts-dead"],
  [/^OrdersBus\.Arn$/, "bus"],
  [/^arn:.*:schedule\/Shop-Orders-Timers-Group-[0-9A-F]{8}\/\*$/, "timers"],
  [/^OrdersTimersRole\.Arn$/, "arn:aws:iam::000000000000:role/scheduler"],
];

const consumes = (queue: string) =>
  ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"].map((action) => `sqs:${action} on ${queue}`);

/** What S3 looks for before it tells that an object is missing; no call has this name. */
const toldOfMissing = "s3:ListBucket on payloads";

/** What Lambda and S3 themselves do under a role, beside its log. */
const OTHERS_DO: Readonly<Record<string, readonly string[]>> = {
  Start: [...consumes("starts"), toldOfMissing],
  Worker: [...consumes("wake"), toldOfMissing],
  Deliver: [...consumes("deliveries"), toldOfMissing],
  Relay: [
    toldOfMissing,
    ...["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map(
      (action) => `dynamodb:${action} on OrdersTablesExecutions.StreamArn`,
    ),
    // Records that the function was never able to take.
    "sqs:SendMessage on OrdersRelayDlq.Arn",
  ],
  // It lists the bucket itself, to delete what an execution has there.
  Audit: [],
};

/** What the role allows to the code that runs under it. */
function allowed(role: string): string[] {
  return permittedTo(template, role)
    .filter((line) => !line.startsWith("logs:"))
    .map((line) => {
      const [action = "", on = ""] = line.split(" on ");
      const [pattern, called] = CALLED.find(([known]) => known.test(on)) ?? [];
      return pattern === undefined ? line : `${action} on ${on.replace(pattern, called ?? "")}`;
    })
    .sort();
}

// ---------------------------------------------------------------- what runs

const Paid = event("payment.completed", {
  schema: z.object({ order: z.string(), note: z.string().default("") }),
  key: ({ order }) => order,
});
const Shipped = event<{ order: string }>("order.shipped");
const Placed = event("order.placed", { schema: z.object({ id: z.string() }), key: ({ id }) => id });

/** Longer than what a head or its inbox takes in: it becomes an item of its own. */
const LONG = "x".repeat(5_000);

/** Longer than what an item takes in: it becomes an object. The bus would still carry it. */
const HUGE = incompressible(200_000);

/** What happens while a step's body runs: an event that comes during the turn. */
let during: () => Promise<unknown> = async () => undefined;

const order = workflow("order", { startOn: Placed }, async (ctx, { id }) => {
  const paid = ctx.waitForEvent(Paid, { key: id, timeout: "2d" });
  const shipped = ctx.waitForEvent(Shipped, { timeout: "10m" }).catch(() => undefined);
  await ctx.step("meanwhile", () => during());
  const { note } = await paid;
  await ctx.sendEvent(Shipped, { order: id });
  await shipped;
  return note;
});
const echo = workflow<{ text: string }, string>("echo", async (ctx, { text }) =>
  ctx.step("echo", () => `${text}${text}`),
);
const fails = workflow("fails", async (ctx) =>
  ctx.step("fail", () => Promise.reject(new Error(LONG)), { retry: { maxAttempts: 1 } }),
);
const sleeper = workflow("sleeper", async (ctx) => {
  await ctx.sleep("5m");
  await ctx.sleep("3d");
});
const sender = workflow("sender", async (ctx) => {
  await ctx.sendEvent(Shipped, { order: ctx.executionId });
  await ctx.sleep("1h");
});
const shop = app({ workflows: [order, echo, fails, sleeper, sender], events: [Paid, Shipped] });

const MINUTE = 60_000;
const DAY = 86_400_000;

let deployment: Deployment;
let calls: Calls;
beforeAll(async () => {
  deployment = await openDeployment();
  calls = recordCalls();
});
afterAll(async () => {
  calls.stop();
  await deployment.cloud.stop();
});

const variablesOf = (name: string): Record<string, string> =>
  resource(template, "AWS::Lambda::Function", `Orders${name}Function`).Properties.Environment.Variables;

/** What a function's own environment describes in the template: a name that it is not told fails where it is needed. */
function outsideOf(name: string): AwsOutside {
  return createAwsOutside({ names: namesOf(name), connection: connection(), log: { write: () => {} } });
}

function namesOf(name: string): Names {
  const told = RESOURCE_NAMES.filter((key) => VARIABLES[key] in variablesOf(name));
  return Object.fromEntries(told.map((key) => [key, deployment.names[key] ?? "unknown"]));
}

function eventsOf(name: string, which: "deliver" | "start"): EventQueue {
  return eventQueue(eventQueueUrls(namesOf(name), which), connection());
}

const connection = () => connectionFrom(deployment.cloud.cloud.environment);
const later = (outside: AwsOutside, ms: number): AwsOutside => ({
  ...outside,
  clock: {
    ...outside.clock,
    now: () => Date.now() + ms,
    sleep: (wait, signal) => outside.clock.sleep(wait, signal),
  },
});

const start = (payload: unknown) =>
  calls.as("Start", () =>
    createStart(
      shop,
      () => outsideOf("Start"),
      () => eventsOf("Start", "start"),
    )(payload, invocation()),
  );
const work = (wakes: readonly unknown[], outside = outsideOf("Worker")) =>
  calls.as("Worker", () => createWorker(shop, () => outside)(batchOf(...wakes), invocation()));
const deliverIn = (context: LambdaContext, ...events: unknown[]) =>
  calls.as("Deliver", () =>
    createDeliver(
      shop,
      () => outsideOf("Deliver"),
      () => eventsOf("Deliver", "deliver"),
    )(batchOf(...events), context),
  );
const deliver = (...events: unknown[]) => deliverIn(invocation(), ...events);
const wake = (executionId: string, reason = "message") => ({ executionId, reason });

/** What an execution sends: of every kind, for targets that are called after the test. */
const messages = (prefix: string): Outgoing[] => {
  const at = Date.now();
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
  deployment.documents.send(new TransactWriteCommand({ TransactItems: [...items] }));

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
  const { store } = deployment.outside;
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
const s3 = (): S3Client => {
  const { region = "", endpoints, credentials } = connection();
  return new S3Client({
    region,
    endpoint: endpoints?.s3 ?? "",
    ...(credentials === undefined ? {} : { credentials }),
  });
};

const statusOf = async (id: string) => (await deployment.outside.store.readHead(id))?.status;

test("the start function makes every call that its role allows, and no other", async () => {
  await start({ workflow: "echo", id: "s-large", input: { text: LONG }, wait: true });
  await start({ workflow: "echo", id: "s-large", input: { text: LONG } });
  await start({ workflow: "echo", id: "s-huge", input: { text: HUGE }, wait: true });
  await start({ workflow: "echo", id: "s-huge", input: { text: HUGE } });
  expect(await statusOf("s-huge")).toBe("completed");
  await start({ workflow: "echo", id: "s-late", input: { text: "a" }, delay: { minutes: 20 } });
  await start({ workflow: "echo", id: "s-soon", input: { text: "a" }, delay: { minutes: 5 } });
  await start({ workflow: "fails", id: "s-fails", wait: true });
  await start({ workflow: "sleeper", id: "s-sleeps", wait: "1ms" });
  // Too large for the head, it comes while the first turn runs here.
  during = () => deliver(paidFor("s-order", LONG, "p-1"));
  await start({ workflow: "order", id: "s-order", input: { id: "s-order" }, wait: "1ms" });
  during = async () => undefined;
  await start(batchOf(busEvent("order.placed", { id: "s-placed" }, "placed-1"), "rubbish"));
  expect(await statusOf("s-order")).toBe("suspended");
  expect([...calls.of("Start"), ...(OTHERS_DO.Start ?? [])].sort()).toEqual(allowed("OrdersStartRole"));
});

test("the worker makes every call that its role allows, and no other", async () => {
  const { store } = deployment.outside;
  await start({ workflow: "echo", id: "w-large", input: { text: LONG } });
  await work([wake("w-large", "start"), wake("w-nobody"), "rubbish"]);
  await start({ workflow: "echo", id: "w-huge", input: { text: HUGE } });
  await work([wake("w-huge", "start")]);
  expect(await statusOf("w-huge")).toBe("completed");
  await start({ workflow: "sleeper", id: "w-sleeps" });
  await work([wake("w-sleeps", "start")]);
  await work([wake("w-sleeps", "timer")], later(outsideOf("Worker"), 6 * MINUTE));
  await work([{ ...wake("w-sleeps", "timer"), dueAt: Date.now() + 3 * MINUTE }]);
  // Messages beside the head, a send, and the last of two waits that ends by its timeout.
  await start({ workflow: "order", id: "w-order", input: { id: "w-order" } });
  await work([wake("w-order", "start")]);
  await deliver(paidFor("w-order", LONG, "p-2"));
  await work([wake("w-order")]);
  await work([wake("w-order", "timer")], later(outsideOf("Worker"), 11 * MINUTE));
  expect(await statusOf("w-order")).toBe("completed");
  await work([wake("w-order")]);
  // A turn that dies before it settles, and the redelivery that takes over.
  await start({ workflow: "fails", id: "w-dies" });
  const dying = outsideOf("Worker");
  const settle = () => Promise.reject(new Error("the process ends here"));
  await work([wake("w-dies", "start")], { ...dying, store: { ...dying.store, settle } });
  await work([wake("w-dies", "start")]);
  expect(await statusOf("w-dies")).toBe("failed");
  // What the relay could not carry.
  await store.appendCommit(commit("w-sender", 1, { outgoing: messages("w") }), Date.now());
  await work([{ ...wake("w-sender", "relay"), slot: 1 }]);
  expect((await store.readOutbox("w-sender", 1))?.states[0]).toEqual({ state: "published", tries: 1 });
  // What this app does not declare stalls.
  await store.createExecution(execution("w-stalls", { workflow: "gone" }));
  await work([wake("w-stalls", "start")]);
  expect(await statusOf("w-stalls")).toBe("stalled");
  expect([...calls.of("Worker"), ...(OTHERS_DO.Worker ?? [])].sort()).toEqual(allowed("OrdersWorkerRole"));
});

test("deliver makes every call that its role allows, and no other", async () => {
  const { store } = deployment.outside;
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
  // More waits than there is time for.
  for (let op = 0; op < 101; op++)
    await store.putWait({
      name: "payment.completed",
      key: "d-crowd",
      executionId: "d-order",
      op: `${op}`,
      createdAt: Date.now(),
      epoch: 1,
    });
  await deliverIn(invocation(1), busEvent("payment.completed", { order: "d-crowd" }, "d-8"));
  expect(await deployment.drain("deliveries")).toHaveLength(1);
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
  expect([...calls.of("Deliver"), ...(OTHERS_DO.Deliver ?? [])].sort()).toEqual(allowed("OrdersDeliverRole"));
});

test("the relay makes every call that its role allows, and no other", async () => {
  const { region = "", endpoints, credentials } = connection();
  const streams = new DynamoDBStreamsClient({
    region,
    endpoint: endpoints?.dynamodb ?? "",
    ...(credentials === undefined ? {} : { credentials }),
  });
  // An event; signals and starts, small ones and large ones, for who is there and who is not; what a user's own transaction staged.
  const { store } = deployment.outside;
  await store.createExecution(execution("r-target"));
  const large = payloadMark(await putPayload(store, "r-continued", "input", HUGE));
  await continued(store, "r-continued", "r-continued:run2", large);
  const payload = await putPayload(store, "r-taken", "input", { text: LONG });
  await store.createExecution(execution("r-taken", { workflow: "echo", input: { payload } }));
  await store.appendCommit(commit("r-sender", 1, { outgoing: messages("r") }), Date.now());
  const client = new DurableClient({ outside: deployment.outside });
  await transact(await client.outbox.stage(Shipped, { order: "r-1" }, { id: "r-staged" }));
  await transact(await client.outbox.startInTransaction(echo, { text: LONG }, { id: "r-started" }));
  const images = await newImagesOf(streams, "Executions");
  const records = { Records: images.map((NewImage) => ({ dynamodb: { NewImage } })) };
  const outside = outsideOf("Relay");
  const down: AwsOutside = { ...outside, bus: { publish: () => Promise.reject(new Error("no bus")) } };
  for (const each of [outside, down])
    await calls.as("Relay", () => createRelay(() => each)(records, invocation()));
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
  expect([...calls.of("Relay"), ...(OTHERS_DO.Relay ?? [])].sort()).toEqual(allowed("OrdersRelayRole"));
});

test("the audit makes every call that its role allows, and no other", async () => {
  const { cloud, names, outside } = deployment;
  // One shard with more than a page, so that a cursor is saved; one execution whose worker died and whose wake came back too often; an
  // event that no relay took.
  const ids = Array.from({ length: 400 }, (_, index) => `a-${index}`);
  const crowd = ids.filter((id) => shardOf(id, INDEX_SHARDS) === 0).slice(0, 30);
  await Promise.all(crowd.map((id) => outside.store.createExecution(execution(id))));
  await outside.store.createExecution(execution("a-target"));
  await outside.store.appendCommit(commit("a-sender", 1, { outgoing: messages("a") }), Date.now());
  await transact(
    await new DurableClient({ outside }).outbox.stage(Shipped, { order: "a-1" }, { id: "a-staged" }),
  );
  const lease = { owner: "m-9", token: "t", until: Date.now() - 10 * MINUTE };
  await outside.store.createExecution(execution("a-dies", { lease }));
  // Its history holds a large value, which is looked at before it is stalled.
  const events = await putAway(outside.store, "a-dies", [stepCompleted("step:huge", HUGE)]);
  await outside.store.appendCommit(commit("a-dies", 1, { epoch: 1, events }));
  for (const dead of [wake("a-0"), { ...wake("a-dies"), rescues: 2, epoch: 0 }])
    await cloud.sqs.send(
      new SendMessageCommand({ QueueUrl: names.wakeDlqUrl ?? "", MessageBody: JSON.stringify(dead) }),
    );
  // Events that an outage killed, and one that it killed too often.
  for (const which of ["deliver", "start"] as const) {
    const queue = deployment.events(which);
    await queue.bury({ body: "an event", attributes: {} });
    await queue.bury({ body: "another", attributes: { "holdfast.redrives": "10" } });
  }
  // One that ended long ago, with something of everything.
  await outside.store.setCurrentDefinition({ workflow: "order-saga", hash: "h", since: 0, revision: 1 });
  await ended("a-old", { closedAt: Date.now() - 40 * DAY }, Date.now() - 41 * DAY);
  await s3().send(new CreateBucketCommand({ Bucket: ARCHIVE.bucketName }));
  const audit = createAudit(
    () => later(outsideOf("Audit"), 30 * MINUTE),
    () => deadWakes(names.wakeDlqUrl ?? "", connection()),
    () => readRetention(variablesOf("Audit"), connection()),
    () => eventQueuesIn(namesOf("Audit")).map((which) => eventsOf("Audit", which)),
  );
  const report = await calls.as("Audit", () => audit({}, invocation()));
  expect(report.rescued).toBe(2);
  expect(report.redriven).toBe(2);
  expect(report.woken).toBeGreaterThan(25);
  expect(report.relayed).toBeGreaterThan(0);
  expect(report.deleted).toBe(1);
  expect(await statusOf("a-dies")).toBe("stalled");
  expect([...calls.of("Audit"), ...(OTHERS_DO.Audit ?? [])].sort()).toEqual(allowed("OrdersAuditRole"));
});

test("the client makes every call that its grant allows, and no other", async () => {
  // A process of its own, with code that nobody has started yet.
  const outside = { ...deployment.outside, store: { ...deployment.outside.store } };
  const client = new DurableClient({ outside, workflows: [echo] });
  const other = workflow("other", async (ctx) => ctx.step("other", () => 1));
  const { store } = deployment.outside;
  const large = payloadMark(await putPayload(store, "c-continued", "input", HUGE));
  await continued(store, "c-continued", "c-continued:run2", large);
  await calls.as("Client", async () => {
    await client.start(other, undefined, { id: "c-other", delay: "20m" });
    await client.start(echo, { text: LONG }, { id: "c-late", delay: "20m" });
    await client.start(echo, { text: LONG }, { id: "c-late", delay: "20m" });
    await client.start(echo, { text: HUGE }, { id: "c-huge", delay: "20m" });
    await client.describe("c-huge");
    await client.describe("s-fails");
    await client.result("s-large");
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
    await client.cancel("c-late", { reason: LONG });
    await client.redrive("w-stalls");
    await client.publish(Paid, { order: "c-1" });
    for (const data of ["", LONG, HUGE]) await client.signal("c-late", "approve", data);
    const token = callbackToken({ executionId: "c-late", op: "callback:a", heartbeatMs: 60_000 });
    await client.heartbeatCallback(token);
    await client.completeCallback(token, HUGE);
    await client.failCallback(token, new Error(LONG));
    await expect(client.update("c-late", "approve", LONG, { id: "u", timeout: "1ms" })).rejects.toThrow();
    await client.signal("c-continued", "approve");
  });
  expect([...calls.of("Client"), toldOfMissing].sort()).toEqual(allowed("Client"));
});

test("who deletes makes every call that the grant allows, and no other", async () => {
  await ended("x-whole");
  await ended("x-untold", { duties: ["children"] });
  const client = new DurableClient({ outside: deployment.outside });
  await calls.as("Deleter", async () => {
    expect(await client.delete("x-whole")).toEqual({ deleted: "all" });
    await expect(client.delete("x-untold")).rejects.toMatchObject({ refusal: "duties" });
  });
  expect(calls.of("Deleter")).toEqual(allowed("Deleter"));
});
