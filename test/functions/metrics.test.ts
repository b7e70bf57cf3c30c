/** What the functions measure, told by the lines that they print: each fact once, by whoever recorded it, however often its message comes. */

import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createAudit } from "../../functions/audit.js";
import { createDeliver } from "../../functions/deliver.js";
import { createRelay } from "../../functions/relay.js";
import { createStart } from "../../functions/start.js";
import { createWorker } from "../../functions/worker.js";
import { connectionFrom } from "../../lib/aws/connection.js";
import { emfMeter } from "../../lib/aws/emf.js";
import type { AwsOutside } from "../../lib/aws/outside.js";
import { app, DurableClient, event, workflow } from "../../lib/index.js";
import { problemsOf } from "../aws/emf-spec.js";
import { commit, execution, lease, outgoing } from "../store/builders.js";
import { batchOf, busEvent, type Deployment, invocation, openDeployment } from "./deployment.js";
import { newImagesOf } from "./stream.js";

const Paid = event("paid", { schema: z.object({ order: z.string() }), key: ({ order }) => order });
const once = { retry: { maxAttempts: 1 } } as const;
const completes = workflow("completes", (ctx) => ctx.step("one", () => 1));
const fails = workflow("fails", (ctx) => ctx.step("one", () => Promise.reject(new RangeError("far")), once));
const wrong = workflow("wrong", async () => {
  await pause(1);
});
const waits = workflow("waits", (ctx, order: string) => ctx.waitForEvent(Paid, { key: order }));
const sends = workflow("sends", (ctx) => ctx.signal("closed", "too late"));
const shop = app({ workflows: [completes, fails, wrong, waits, sends], events: [Paid] });

let deployment: Deployment;
let outside: AwsOutside;
let client: DurableClient;
const lines: string[] = [];

beforeAll(async () => {
  deployment = await openDeployment();
  const now = () => deployment.outside.clock.now();
  const write = (line: string) => lines.push(line);
  outside = {
    ...deployment.outside,
    meter: emfMeter({ service: "orders", metering: "workflows", now, write }),
  };
  client = new DurableClient({ outside: deployment.outside });
});
afterAll(() => deployment.cloud.stop());
beforeEach(async () => {
  await deployment.wakes();
  lines.length = 0;
});

const starting = (payload: unknown) =>
  createStart(
    shop,
    () => outside,
    () => deployment.events("start"),
  )(payload, invocation());
const working = (wake: unknown, messages = 1) =>
  createWorker(shop, () => outside)(batchOf(...Array.from({ length: messages }, () => wake)), invocation());
const auditing = () =>
  createAudit(
    () => outside,
    () => ({ receive: async () => [], delete: async () => {} }),
    () => undefined,
    () => [],
  )({}, invocation());

function streamSettings() {
  const { region, credentials, endpoints } = connectionFrom(deployment.cloud.cloud.environment);
  return {
    region: region ?? "",
    endpoint: endpoints?.dynamodb ?? "",
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** What the lines say, without what is the same in all of them: each is what CloudWatch takes. */
function told(): unknown[] {
  return lines.map((line) => {
    expect(problemsOf(line, Date.now())).toEqual([]);
    const { _aws, Service, ...rest } = JSON.parse(line);
    expect(Service).toBe("orders");
    return rest;
  });
}

describe("an execution", () => {
  test("that completes where it is started is told in one line", async () => {
    await starting({ workflow: "completes", id: "m-1", wait: true });
    expect(told()).toEqual([{ Workflow: "completes", ExecutionsStarted: 1, ExecutionsCompleted: 1 }]);
  });

  test("that fails is told once, however often its wake comes", async () => {
    await starting({ workflow: "fails", id: "m-2" });
    expect(told()).toEqual([]);
    const [wake] = await deployment.wakes();
    await working(wake);
    await working(wake);
    await working({ ...wake, reason: "audit" });
    expect(told()).toEqual([{ Workflow: "fails", ExecutionsStarted: 1, ExecutionsFailed: 1 }]);
  });

  test("that stalls is told, and when it is redriven and stalls again, once more", async () => {
    await starting({ workflow: "wrong", id: "m-3", wait: true });
    await working({ executionId: "m-3", reason: "audit" });
    expect(told()).toEqual([{ Workflow: "wrong", ExecutionsStarted: 1, ExecutionsStalled: 1 }]);
    lines.length = 0;
    await client.redrive("m-3");
    await working({ executionId: "m-3", reason: "message" });
    expect(told()).toEqual([{ Workflow: "wrong", ExecutionsStalled: 1 }]);
    lines.length = 0;
    // It stands until a person acts, and so does what is told of it.
    await auditing();
    await auditing();
    expect(told()).toEqual([{ StalledNow: 1 }, { StalledNow: 1 }]);
    await client.terminate("m-3");
    lines.length = 0;
    await auditing();
    expect(told()).toEqual([]);
  });

  test("that is cancelled is told", async () => {
    await starting({ workflow: "waits", input: "o-4", id: "m-4", wait: "1ms" });
    await client.cancel("m-4");
    await working({ executionId: "m-4", reason: "message" });
    expect(told()).toEqual([
      { Workflow: "waits", ExecutionsStarted: 1 },
      { Workflow: "waits", ExecutionsCancelled: 1 },
    ]);
  });

  test("whose owner died is told of at once by who takes it over, before anything else of the turn", async () => {
    await outside.store.createExecution(execution("m-5", { workflow: "completes" }));
    const head = await outside.store.readHead("m-5");
    const leased = await outside.store.acquireLease({
      executionId: "m-5",
      seen: { epoch: head?.epoch ?? 0 },
      owner: "dead",
      token: "lease-of-the-dead",
      until: Date.now() - 1,
    });
    expect(leased.acquired).toBe(true);
    await working({ executionId: "m-5", reason: "start" });
    expect(told()).toEqual([
      { Workflow: "completes", LeaseTakeovers: 1 },
      { Workflow: "completes", ExecutionsCompleted: 1 },
    ]);
  });

  test("whose turn failed for an outage is no takeover", async () => {
    await starting({ workflow: "completes", id: "m-6" });
    const [wake] = await deployment.wakes();
    const { store } = outside;
    const out = Object.assign(new Error("later"), { name: "ThrottlingException", $retryable: {} });
    const refusing = { ...store, settle: () => Promise.reject(out) };
    const answer = await createWorker(shop, () => ({ ...outside, store: refusing }))(
      batchOf(wake),
      invocation(),
    );
    expect(answer.batchItemFailures).toHaveLength(1);
    await working(wake);
    expect(told()).toEqual([
      { Workflow: "completes", ExecutionsStarted: 1, TurnsFailed: 1 },
      { Workflow: "completes", ExecutionsCompleted: 1 },
    ]);
  });
});

describe("an outgoing message", () => {
  test("that nobody will ever get is told once, by whoever gives it up", async () => {
    await starting({ workflow: "completes", id: "closed", wait: true });
    await starting({ workflow: "sends", id: "m-7", wait: true });
    lines.length = 0;
    const streams = new DynamoDBStreamsClient(streamSettings());
    const images = await newImagesOf(streams, "Executions");
    const records = { Records: images.map((NewImage) => ({ dynamodb: { NewImage } })) };
    const relay = createRelay(() => outside);
    await relay(records, invocation());
    await relay(records, invocation());
    expect(told()).toEqual([{ OutgoingInvalid: 1 }]);
  });

  test("that is late is told with its age, by whoever tries", async () => {
    const at = Date.now() - 600_000;
    const late = outgoing("late");
    await outside.store.createExecution(execution("m-8", { startAt: Date.now() }));
    await outside.store.appendCommit(commit("m-8", 1, { outgoing: [{ ...late, at }] }), at);
    await auditing();
    const [line] = told();
    expect(line).toEqual({ OutgoingAge: expect.closeTo(600, -2) });
  });
});

test("an event that no repeat can help is told once, by whoever buries it", async () => {
  const queueOf = () => deployment.events("deliver");
  const deliver = createDeliver(shop, () => outside, queueOf);
  await deliver(
    batchOf(busEvent("paid", { order: 7 }), busEvent("paid", { order: "o-1" }, "e-2")),
    invocation(),
  );
  expect(told()).toEqual([{ EventsBuried: 1 }]);
});

describe("the audit", () => {
  test("says nothing where it finds nothing", async () => {
    await auditing();
    expect(told()).toEqual([]);
  });

  test("tells of what nothing would have woken, and how late it came", async () => {
    const startAt = Date.now() - 300_000;
    await outside.store.createExecution(
      execution("m-9", { workflow: "completes", createdAt: startAt, startAt }),
    );
    await auditing();
    expect(told()).toEqual([{ WakesLost: 1, OldestDue: expect.closeTo(300, -1) }]);
    lines.length = 0;
    const [wake] = await deployment.wakes();
    await working(wake);
    expect(told()).toEqual([{ Workflow: "completes", ExecutionsStarted: 1, ExecutionsCompleted: 1 }]);
  });

  test("tells of closing duties that nobody did", async () => {
    const ended = Date.now() - 300_000;
    await outside.store.createExecution(execution("m-10", { workflow: "completes", startAt: ended }));
    const head = await outside.store.readHead("m-10");
    await outside.store.acquireLease({
      executionId: "m-10",
      seen: { epoch: head?.epoch ?? 0 },
      ...lease("lease"),
    });
    await outside.store.settle({
      executionId: "m-10",
      from: "running",
      epoch: 1,
      leaseToken: "lease",
      slot: 0,
      settlement: { status: "completed", closedAt: ended, duties: ["waits"] },
      waits: [],
      waitCount: 0,
      drained: [],
      token: "settled",
    });
    await auditing();
    expect(told()).toEqual([{ DutiesOverdue: 1, OldestDue: expect.closeTo(300, -1) }]);
    await working({ executionId: "m-10", reason: "audit" });
  });

  test("tells of wakes that it took out of the dead-letter queue", async () => {
    const letters = [{ id: "w-1", body: '{"executionId":"gone","reason":"timer"}', receipt: "r" }];
    const audit = createAudit(
      () => outside,
      () => ({ receive: async () => letters.splice(0), delete: async () => {} }),
      () => undefined,
      () => [],
    );
    await audit({}, invocation());
    expect(told()).toEqual([{ WakesRescued: 1 }]);
  });
});
