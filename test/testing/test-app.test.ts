import { app, event, workflow } from "holdfast";
import { ProcessDiedError, testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const Paid = event("payment.completed", {
  schema: z.object({ orderId: z.string(), amount: z.number() }),
  key: (data) => data.orderId,
});
const order = workflow("order", { input: z.object({ id: z.string() }) }, async (ctx, input) => {
  const hold = await ctx.step("reserve", () => `hold-${input.id}`);
  const paid = await ctx.waitForEvent(Paid, { key: input.id, timeout: "3d" });
  await ctx.sleep("2h");
  return { hold, amount: paid.amount };
});
const orders = app({ workflows: [order], events: [Paid] });

describe("the testing kit", () => {
  it("runs a workflow through an event and a sleep in no time", async () => {
    const t = await testApp(orders);
    const run = await t.client.start(order, { id: "o-1" }, { id: "o-1" });
    await t.settle();
    expect((await t.client.describe("o-1")).status).toBe("suspended");
    await t.publish(Paid, { orderId: "o-1", amount: 3 });
    await t.advance("3h");
    expect(await t.client.result(run.executionId)).toEqual({ hold: "hold-o-1", amount: 3 });
    expect((await t.client.history("o-1")).map(({ event }) => event.type)).toEqual([
      "ExecutionStarted",
      "StepCompleted",
      "EventReceived",
      "TimerFired",
      "ExecutionCompleted",
    ]);
    expect(t.errors).toEqual([]);
  });

  it("throws a crash of the client's own process to the test, whose next call is answered", async () => {
    const t = await testApp(orders);
    t.crash({ call: 1, when: "after" });
    await expect(t.client.start(order, { id: "o-1" }, { id: "o-1" })).rejects.toThrow(ProcessDiedError);
    const again = await t.client.start(order, { id: "o-1" }, { id: "o-1" });
    expect(again.executionId).toBe("o-1");
    await t.settle();
    expect((await t.client.describe("o-1")).status).toBe("suspended");
  });

  it("refuses what does not fit the schema, before anything is written", async () => {
    const t = await testApp(orders);
    // @ts-expect-error an order needs an id
    await expect(t.client.start(order, { name: 3 }, { id: "o-1" })).rejects.toThrow(
      /nothing was written: id:/,
    );
    await expect(t.client.describe("o-1")).rejects.toThrow(/no execution "o-1"/);
  });
});
