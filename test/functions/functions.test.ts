import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createAudit } from "../../functions/audit.js";
import { createDeliver } from "../../functions/deliver.js";
import { createRelay } from "../../functions/relay.js";
import { createStart } from "../../functions/start.js";
import { createWorker } from "../../functions/worker.js";
import { connectionFrom } from "../../lib/aws/connection.js";
import { deadWakes } from "../../lib/aws/dead-wakes.js";
import { app, event, type Firing, InvalidInputError, workflow } from "../../lib/index.js";
import { firingBody } from "../../lib/model/firing.js";
import { eventMessageId } from "../../lib/model/message.js";
import { executionIdFor } from "../../lib/runtime/start.js";
import { eventually } from "../local/harness.js";
import { execution } from "../store/builders.js";
import { batchOf, busEvent, type Deployment, invocation, openDeployment } from "./deployment.js";
import { newImagesOf } from "./stream.js";

const Placed = event("order.placed", { schema: z.object({ id: z.string() }), key: ({ id }) => id });
const Paid = event("payment.completed", {
  schema: z.object({ order: z.string(), amount: z.number() }),
  key: ({ order }) => order,
});
const Shipped = event<{ order: string }>("order.shipped");

const double = workflow("double", { input: z.object({ n: z.number() }) }, async (ctx, { n }) =>
  ctx.step("double", () => 2 * n),
);
const fails = workflow("fails", async (ctx) =>
  ctx.step("fail", () => Promise.reject(new RangeError("too far")), { retry: { maxAttempts: 1 } }),
);
const order = workflow("order", { startOn: Placed }, async (ctx, { id }) => {
  const paid = await ctx.waitForEvent(Paid, { key: id });
  await ctx.sendEvent(Shipped, { order: id });
  return paid.amount;
});
const sleeper = workflow("sleeper", async (ctx) => {
  await ctx.sleep("3d");
  return "awake";
});
const ticking = workflow(
  "ticking",
  { schedule: "rate(1 minute)" },
  async (_, { scheduledAt }: Firing) => scheduledAt,
);
const shop = app({ workflows: [double, fails, order, sleeper, ticking], events: [Paid] });

let deployment: Deployment;
beforeAll(async () => {
  deployment = await openDeployment();
});
afterAll(() => deployment.cloud.stop());
beforeEach(async () => {
  await deployment.wakes();
  await deployment.drain("events");
  deployment.logged.length = 0;
});

const start = (payload: unknown, context = invocation()) =>
  createStart(
    shop,
    () => deployment.outside,
    () => deployment.events("start"),
  )(payload, context);
const work = (...wakes: unknown[]) =>
  createWorker(shop, () => deployment.outside)(batchOf(...wakes), invocation());

describe("start", () => {
  test("creates the execution and sends its wake, and the worker brings it to its end", async () => {
    expect(await start({ workflow: "double", input: { n: 4 }, id: "d-1" })).toEqual({
      executionId: "d-1",
      status: "running",
      created: true,
    });
    const [wake] = await deployment.wakes();
    expect(wake).toEqual({ executionId: "d-1", reason: "start" });
    expect(await work(wake)).toEqual({ batchItemFailures: [] });
    expect((await deployment.outside.store.readHead("d-1"))?.output).toEqual({ inline: 8 });
  });

  test("runs the first turn for a caller who waits, and answers with the output", async () => {
    expect(await start({ workflow: "double", input: { n: 21 }, id: "d-2", wait: true })).toEqual({
      executionId: "d-2",
      status: "completed",
      created: true,
      output: 42,
    });
  });

  test("begins an execution when a schedule comes round, once however often that is said", async () => {
    const body = firingBody({ by: "workflow", workflow: "ticking", schedule: "default" });
    const message = body.replace(/<.*>/, "2026-01-31T08:00:00Z");
    for (let times = 0; times < 2; times += 1) {
      expect(await createStart(shop, () => deployment.outside)(batchOf(message), invocation())).toEqual({
        batchItemFailures: [],
      });
      expect(await deployment.outside.store.readHead("ticking@2026-01-31T08:00:00Z")).toMatchObject({
        status: "completed",
        output: { inline: "2026-01-31T08:00:00.000Z" },
      });
    }
    // One that nobody has replaced the time in belongs in the dead-letter queue.
    expect(await createStart(shop, () => deployment.outside)(batchOf(body), invocation())).toEqual({
      batchItemFailures: [{ itemIdentifier: "m-1" }],
    });
  });

  test("an asynchronous invocation that Lambda repeats finds what its first try started", async () => {
    const request = invocation();
    const first = await start({ workflow: "double", input: { n: 4 } }, request);
    expect(first).toMatchObject({ created: true });
    expect(await start({ workflow: "double", input: { n: 4 } }, request)).toEqual({
      ...first,
      created: false,
    });
    expect(await start({ workflow: "double", input: { n: 4 } })).toMatchObject({ created: true });
  });

  test("answers with the error of one that failed", async () => {
    expect(await start({ workflow: "fails", id: "f-1", wait: true })).toMatchObject({
      status: "failed",
      error: { name: "RangeError", message: "too far" },
    });
  });

  test("waits no longer than it is told, and says what status was reached", async () => {
    expect(await start({ workflow: "sleeper", id: "s-1", wait: "200ms" })).toMatchObject({
      status: "suspended",
    });
  });

  test("makes a schedule for a far timer: one, however often it is asked", async () => {
    await start({ workflow: "sleeper", id: "s-2", wait: "1ms" });
    const wake = { executionId: "s-2", reason: "timer", dueAt: Date.now() + 86_400_000 } as const;
    const at = Math.ceil((Date.now() + 80_000_000) / 60_000) * 60_000;
    await deployment.outside.wakes.schedule(wake, at);
    await deployment.outside.wakes.schedule(wake, at);
  });

  test("a repeat is the same execution; another input is a conflict under its own name", async () => {
    await start({ workflow: "double", input: { n: 1 }, id: "d-3" });
    expect(await start({ workflow: "double", input: { n: 1 }, id: "d-3" })).toMatchObject({ created: false });
    await expect(start({ workflow: "double", input: { n: 2 }, id: "d-3" })).rejects.toMatchObject({
      name: "ExecutionConflictError",
    });
  });

  test("a delayed start carries its time", async () => {
    await start({ workflow: "double", input: { n: 1 }, id: "d-4", delay: { minutes: 5 } });
    expect((await deployment.outside.store.readHead("d-4"))?.startAt).toBeGreaterThan(Date.now() + 290_000);
  });

  test.each([
    [{}, "workflow: is missing"],
    [{ workflow: 7 }, "workflow: expected the name of a workflow, found 7"],
    [{ workflow: "double", inptu: 1 }, "inptu: is not known; expected are workflow, input, id"],
    [{ workflow: "double", delay: 60 }, "delay: expected a duration"],
    [{ workflow: "double", wait: "soon" }, "wait: expected true, false or a duration"],
    [{ workflow: "double", onConflict: "no" }, 'onConflict: expected "return" or "fail", found "no"'],
    ["double", "expected an object"],
    [{ workflow: "double", input: { n: "4" } }, "n: "],
  ])("refuses %j: %s", async (payload, why) => {
    const refusal = await start(payload).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(InvalidInputError);
    expect(String(refusal)).toContain(why);
  });

  test("an event starts one execution, however often it is delivered", async () => {
    const batch = batchOf(busEvent("order.placed", { id: "o-1" }));
    expect(await start(batch)).toEqual({ batchItemFailures: [] });
    expect(await start(batch)).toEqual({ batchItemFailures: [] });
    const id = executionIdFor("order", "shop/e-1");
    expect(await deployment.outside.store.readHead(id)).toMatchObject({
      status: "suspended",
      startedBy: eventMessageId("order.placed", "shop/e-1"),
      epoch: 1,
    });
  });

  test("a bad event goes to the dead-letter queue alone, with the reason", async () => {
    const answer = await start(
      batchOf(
        busEvent("order.placed", { id: 7 }, "e-2"),
        busEvent("order.placed", { id: "o-3" }, "e-3"),
        busEvent("order.lost", {}),
        "{",
      ),
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(deployment.logged.filter(({ level }) => level === "error")).toHaveLength(3);
    const dead = await deployment.events("start").receive(600);
    expect(dead.map(({ attributes }) => attributes["holdfast.reason"]).sort()).toEqual([
      "INVALID_INPUT",
      "MALFORMED_BUS_EVENT",
      "UNKNOWN_EVENT",
    ]);
    expect(await deployment.outside.store.readHead(executionIdFor("order", "shop/e-3"))).toBeDefined();
  });
});

describe("worker", () => {
  test.each(["rubbish", '"text"', '{"executionId":"x","reason":"because"}', '{"reason":"timer"}'])(
    "%s is no wake: it is logged and goes back to its queue",
    async (body) => {
      expect(await work(body)).toEqual({ batchItemFailures: [{ itemIdentifier: "m-1" }] });
      expect(deployment.logged).toMatchObject([{ level: "error" }]);
    },
  );

  test("a failed turn keeps its message", async () => {
    const outside = {
      ...deployment.outside,
      store: { ...deployment.outside.store, readHead: () => Promise.reject(new Error("no table")) },
    };
    const worker = createWorker(shop, () => outside);
    expect(await worker(batchOf({ executionId: "x", reason: "timer" }), invocation())).toEqual({
      batchItemFailures: [{ itemIdentifier: "m-1" }],
    });
  });

  test("refuses what is no batch", async () => {
    const worker = createWorker(shop, () => deployment.outside);
    await expect(worker({ hello: 1 }, invocation())).rejects.toThrow("not a batch of SQS messages");
  });
});

describe("deliver, relay and audit", () => {
  test("an event reaches its wait, and what the workflow sends reaches the bus", async () => {
    await start({ workflow: "order", input: { id: "o-9" }, id: "order-9", wait: "1ms" });
    await deployment.wakes();
    const deliver = createDeliver(
      shop,
      () => deployment.outside,
      () => deployment.events("deliver"),
    );
    expect(
      await deliver(batchOf(busEvent("payment.completed", { order: "o-9", amount: 3 }, "p-9")), invocation()),
    ).toEqual({ batchItemFailures: [] });
    const wakes = await deployment.wakes();
    expect(wakes).toEqual([{ executionId: "order-9", reason: "message" }]);
    await work(...wakes);
    expect(await deployment.outside.store.readHead("order-9")).toMatchObject({
      status: "completed",
      output: { inline: 3 },
    });

    const streams = new DynamoDBStreamsClient(streamSettings());
    const images = await newImagesOf(streams, "Executions");
    const relay = createRelay(() => deployment.outside);
    await relay({ Records: images.map((NewImage) => ({ dynamodb: { NewImage } })) }, invocation());
    const published = await eventually(async () => {
      const bodies = await deployment.drain("events");
      expect(bodies).not.toHaveLength(0);
      return bodies;
    });
    expect(published.map((body) => JSON.parse(body))).toMatchObject([
      { "detail-type": "order.shipped", source: "orders", detail: { order: "o-9" } },
    ]);
    const [{ slot } = { slot: 0 }] = await deployment.outside.store
      .loadHistory("order-9", 0)
      .then((commits) => commits.filter((commit) => commit.outgoing.length > 0));
    expect(await deployment.outside.store.readOutbox("order-9", slot)).toMatchObject({
      states: [{ state: "published" }],
    });
  });

  test("the relay passes over what it can't read", async () => {
    const relay = createRelay(() => deployment.outside);
    expect(
      await relay({ Records: [{ dynamodb: {} }, { dynamodb: { NewImage: { pk: "x" } } }, 7] }, invocation()),
    ).toEqual({
      batchItemFailures: [],
    });
  });

  test("the audit gives a dead wake a new life, and leaves rubbish where it lies", async () => {
    const { cloud, names } = deployment;
    const queueUrl = names.wakeDlqUrl ?? "";
    await deployment.outside.store.createExecution(execution("lives"));
    for (const body of [
      '{"executionId":"lives","reason":"timer"}',
      '{"executionId":"gone","reason":"timer"}',
      "rubbish",
    ])
      await cloud.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
    const audit = createAudit(
      () => deployment.outside,
      () => deadWakes(queueUrl, connectionFrom(cloud.cloud.environment)),
      () => undefined,
      () => [],
    );
    expect(await audit({}, invocation())).toMatchObject({ rescued: 2 });
    const wakes = await deployment.wakes();
    expect(wakes).toContainEqual({ executionId: "lives", reason: "audit", epoch: 0 });
    expect(wakes).not.toContainEqual(expect.objectContaining({ executionId: "gone" }));
    expect(deployment.logged.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  test("an audit that could not look at everything does the rest, and then fails, so that it is seen", async () => {
    const { outside } = deployment;
    const listOutboxes = async () => {
      throw new Error("throttled");
    };
    const audit = createAudit(
      () => ({ ...outside, store: { ...outside.store, listOutboxes } }),
      () => ({ receive: async () => [], delete: async () => {} }),
      () => undefined,
      () => [],
    );
    await expect(audit({}, invocation())).rejects.toThrow(
      /^8 of the audit's looks failed, and it did all the others/,
    );
    expect(deployment.logged).toContainEqual(
      expect.objectContaining({ message: "The audit ran.", fields: expect.objectContaining({ failed: 8 }) }),
    );
  });
});

function streamSettings() {
  const { region = "", endpoints, credentials } = connectionFrom(deployment.cloud.cloud.environment);
  return {
    region,
    endpoint: endpoints?.dynamodb ?? "",
    ...(credentials === undefined ? {} : { credentials }),
  };
}
