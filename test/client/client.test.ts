import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DurableClient } from "../../lib/client/client.js";
import {
  app,
  ExecutionClosedError,
  ExecutionConflictError,
  ExecutionFailedError,
  ExecutionNotFoundError,
  event,
  InvalidInputError,
  type ListOptions,
  NonDurableAwaitError,
  PayloadTooLargeError,
  PublishFailedError,
  ResultTimeoutError,
  UnknownWorkflowError,
  workflow,
} from "../../lib/index.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";

class OutOfStock extends Error {
  override readonly name = "OutOfStock";
  constructor(readonly sku: string) {
    super(`no ${sku}`);
  }
}

const Paid = event("payment.completed", {
  schema: z.object({ order: z.string(), amount: z.number() }),
  key: ({ order }) => order,
});
const double = workflow("double", { input: z.object({ n: z.number() }) }, async (ctx, { n }) => {
  const doubled = await ctx.step("double", () => 2 * n);
  return { doubled, at: new Date(0) };
});
const order = workflow("order", { version: "2" }, async (ctx, { id }: { id: string }) => {
  await ctx.step("reserve", () => "held", { compensate: () => {} });
  const paid = await ctx.waitForEvent(Paid, { key: id, timeout: "3d" });
  return paid.amount;
});
const fails = workflow("fails", async (ctx) =>
  ctx.step("pick", () => Promise.reject(new OutOfStock("s-1")), { retry: { maxAttempts: 1 } }),
);
const stalls = workflow("stalls", async (ctx) => {
  await ctx.step("a", () => 1);
  await new Promise(() => {});
});
const shop = app({ workflows: [double, order, fails, stalls], events: [Paid], errors: [OutOfStock] });

function deployment() {
  const cloud = new TestCloud({ app: shop, store: createMemoryStore() });
  const client = new DurableClient({ outside: cloud.client(), errors: [OutOfStock] });
  return { cloud, client };
}

describe("start and result", () => {
  test("a workflow's output comes back with its types", async () => {
    const { cloud, client } = deployment();
    expect(await client.start(double, { n: 4 }, { id: "d-1" })).toEqual({
      executionId: "d-1",
      status: "running",
      created: true,
    });
    await cloud.settle();
    expect(await client.result("d-1")).toEqual({ doubled: 8, at: new Date(0) });
    expect(await client.start(double, { n: 4 }, { id: "d-1", wait: true })).toEqual({
      executionId: "d-1",
      status: "completed",
      created: false,
      output: { doubled: 8, at: new Date(0) },
    });
  });

  test("a known id with another input, or with onConflict fail, is a conflict", async () => {
    const { client } = deployment();
    await client.start(double, { n: 4 }, { id: "d-1" });
    await expect(client.start(double, { n: 5 }, { id: "d-1" })).rejects.toThrow(ExecutionConflictError);
    await expect(client.start(double, { n: 4 }, { id: "d-1", onConflict: "fail" })).rejects.toThrow(
      ExecutionConflictError,
    );
  });

  test("input that does not fit is refused before anything is written", async () => {
    const { client } = deployment();
    // @ts-expect-error: a number is asked for
    await expect(client.start(double, { n: "4" }, { id: "d-1" })).rejects.toThrow(InvalidInputError);
    await expect(client.describe("d-1")).rejects.toThrow(ExecutionNotFoundError);
  });

  test("by name it needs to be told the workflows, when there is no start function to ask", async () => {
    const { cloud, client } = deployment();
    await expect(client.start("double", { n: 1 })).rejects.toThrow(UnknownWorkflowError);
    const knowing = new DurableClient({ outside: cloud.client(), workflows: [double] });
    expect(await knowing.start("double", { n: 1 })).toMatchObject({ created: true });
  });

  test("a failure throws, with the workflow's own error as its cause", async () => {
    const { cloud, client } = deployment();
    await client.start(fails, undefined, { id: "f-1" });
    await cloud.settle();
    const failure = await client.result("f-1").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ExecutionFailedError);
    expect(failure).toMatchObject({ status: "failed", cause: { sku: "s-1" } });
    expect(failure instanceof Error && failure.cause).toBeInstanceOf(OutOfStock);
  });

  test("a stalled one throws at once, and an unended one when the time is over", async () => {
    const { cloud, client } = deployment();
    await client.start(stalls, undefined, { id: "s-1" });
    await client.start(order, { id: "o-1" }, { id: "o-1" });
    await cloud.settle();
    const failure = await client.result("s-1").catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: "stalled" });
    expect(failure instanceof Error && failure.cause).toBeInstanceOf(NonDurableAwaitError);
    await expect(client.result("o-1", { timeout: "0ms" })).rejects.toThrow(ResultTimeoutError);
    await expect(client.result("nope")).rejects.toThrow(ExecutionNotFoundError);
  });
});

describe("describe, history and list", () => {
  test("a waiting one says for what, until when, and what would free it", async () => {
    const { cloud, client } = deployment();
    await client.start(order, { id: "o-1" }, { id: "o-1" });
    expect((await client.describe("o-1")).progress).toMatchObject({ moves: "due" });
    await cloud.settle();
    expect(await client.describe("o-1")).toMatchObject({
      workflow: "order",
      version: "2",
      status: "suspended",
      input: { id: "o-1" },
      waits: [{ event: "payment.completed", key: "o-1" }],
      progress: {
        moves: "timer",
        reason: expect.stringContaining('or for event "payment.completed" with key "o-1"'),
        next: new Date(cloud.clock.now() + 3 * 86_400_000),
        freedBy: 'Time, or event "payment.completed" with key "o-1".',
      },
    });
  });

  test("history begins with the start and ends with the tail", async () => {
    const { cloud, client } = deployment();
    await client.start(double, { n: 1 }, { id: "d-1" });
    await cloud.settle();
    const history = await client.history("d-1");
    expect(history.map(({ event: { type } }) => type)).toEqual([
      "ExecutionStarted",
      "StepCompleted",
      "ExecutionCompleted",
    ]);
    expect(history[0]).toMatchObject({ slot: 0, event: { workflow: "double", input: { n: 1 } } });
    expect(
      history.map(({ slot }) => slot).every((slot, at, all) => at === 0 || slot >= (all[at - 1] ?? 0)),
    ).toBe(true);
  });

  test("list is newest first, in pages, and checks its limit", async () => {
    const { cloud, client } = deployment();
    for (const id of ["o-1", "o-2", "o-3"]) {
      await client.start(order, { id }, { id });
      await cloud.settle();
      await cloud.advance(1_000);
    }
    const first = await client.list({ workflow: "order", limit: 2 });
    expect(first.executions.map(({ executionId }) => executionId)).toEqual(["o-3", "o-2"]);
    expect(first.executions[0]).toMatchObject({ status: "suspended", createdAt: expect.any(Date) });
    const { cursor = "" } = first;
    const second = await client.list({ workflow: "order", limit: 2, cursor });
    expect(second.executions.map(({ executionId }) => executionId)).toEqual(["o-1"]);
    await expect(client.list({ limit: 0 })).rejects.toThrow(InvalidInputError);
  });

  test("list takes dates: the first inclusive, the second exclusive", async () => {
    const { cloud, client } = deployment();
    const began: Date[] = [];
    for (const id of ["o-1", "o-2", "o-3"]) {
      began.push(new Date(cloud.clock.now()));
      await client.start(order, { id }, { id });
      await cloud.advance(1_000);
    }
    const ids = async (filter: ListOptions): Promise<string[]> =>
      (await client.list({ workflow: "order", ...filter })).executions.map(({ executionId }) => executionId);
    const [, second = new Date(), third = new Date()] = began;
    expect(await ids({ createdAfter: second })).toEqual(["o-3", "o-2"]);
    expect(await ids({ createdBefore: third })).toEqual(["o-2", "o-1"]);
    expect(await ids({ createdAfter: second, createdBefore: third })).toEqual(["o-2"]);
    expect(await ids({ createdAfter: second, status: ["completed", "running", "suspended"] })).toEqual([
      "o-3",
      "o-2",
    ]);
    await expect(client.list({ createdAfter: new Date("lately") })).rejects.toThrow(
      "createdAfter: expected a valid Date, found Invalid Date",
    );
  });
});

describe("cancel, redrive and publish", () => {
  test("cancelling twice is cancelling once", async () => {
    const { cloud, client } = deployment();
    await client.start(order, { id: "o-1" }, { id: "o-1" });
    await cloud.settle();
    expect(await client.cancel("o-1", { reason: "changed my mind", by: "me" })).toEqual({
      status: "suspended",
    });
    await client.cancel("o-1");
    await cloud.settle();
    expect(await client.describe("o-1")).toMatchObject({ status: "cancelled", compensation: "complete" });
    const history = await client.history("o-1");
    expect(history.filter(({ event: { type } }) => type === "CancelRequested")).toMatchObject([
      { event: { reason: "changed my mind", by: "me" } },
    ]);
    await expect(client.cancel("o-1")).rejects.toThrow(ExecutionClosedError);
    await expect(client.cancel("nope")).rejects.toThrow(ExecutionNotFoundError);
  });

  test("a stalled one goes on when it is redriven", async () => {
    const { cloud, client } = deployment();
    await client.start(stalls, undefined, { id: "s-1" });
    await cloud.settle();
    expect((await client.describe("s-1")).progress).toMatchObject({
      moves: "stalled",
      freedBy: "Deploy a fix, then: holdfast redrive s-1",
    });
    expect(await client.redrive("s-1")).toEqual({ status: "running" });
    await cloud.settle();
    expect(await client.describe("s-1")).toMatchObject({ status: "stalled" });
    await expect(client.redrive("nope")).rejects.toThrow(ExecutionNotFoundError);
  });

  test("an event reaches who waits for it; one that does not fit is never published", async () => {
    const { cloud, client } = deployment();
    await client.start(order, { id: "o-1" }, { id: "o-1" });
    await cloud.settle();
    await expect(
      // @ts-expect-error: the amount is missing
      client.publish(Paid, { order: "o-1" }),
    ).rejects.toThrow(InvalidInputError);
    await expect(client.publish("payment.completed", [1])).rejects.toThrow("expected an object");
    await expect(client.publish("payment.completed", { amount: 1n })).rejects.toThrow("it is no JSON");
    await expect(client.publish("payment.completed", { text: "é".repeat(130_000) })).rejects.toThrow(
      PayloadTooLargeError,
    );
    const { eventId } = await client.publish(Paid, { order: "o-1", amount: 3 }, { target: "o-1", id: "p-1" });
    expect(eventId).toBe("p-1");
    expect(cloud.published).toMatchObject([
      { resources: ["holdfast:event:p-1", "holdfast:execution:o-1"], detail: { order: "o-1", amount: 3 } },
    ]);
    await cloud.settle();
    expect(await client.result("o-1")).toBe(3);
  });

  test("a bus that refuses says so, and which id to repeat", async () => {
    const { cloud } = deployment();
    const outside = {
      ...cloud.client(),
      bus: { publish: async () => [{ ok: false as const, permanent: false, error: "Throttled: slow" }] },
    };
    const client = new DurableClient({ outside });
    const failure = await client
      .publish(Paid, { order: "o", amount: 1 }, { id: "p-9" })
      .catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(PublishFailedError);
    expect(String(failure)).toContain(
      'Throttled: slow. Nothing was published; publish it again with { id: "p-9" }',
    );
  });
});
