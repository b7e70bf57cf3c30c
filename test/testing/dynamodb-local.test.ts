import { app, event, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, inject, it, vi } from "vitest";

const Paid = event<{ id: string }>("paid", { key: (data) => data.id });
const Shipped = event<{ id: string }>("shipped");
const order = workflow("order", async (ctx, id: string) => {
  await ctx.step("reserve", () => id);
  const paid = await ctx.waitForEvent(Paid, { key: id, timeout: "3d" });
  await ctx.sleep("2h");
  await ctx.sendEvent(Shipped, { id });
  return paid.id;
});
const orders = app({ workflows: [order], events: [Paid] });

async function shipsAnOrder(): Promise<void> {
  const t = await testApp(orders, { store: "dynamodb-local" });
  try {
    await t.client.start(order, "o-1", { id: "o-1" });
    await t.settle();
    t.crash({ call: 3, when: "after" });
    await t.publish(Paid, { id: "o-1" });
    expect(await t.runToEnd("o-1")).toBe("o-1");
    expect(t.published.map(({ name }) => name)).toEqual(["paid", "shipped"]);
    await t
      .expectHistory("o-1")
      .toContainInOrder(["EventReceived paid", "TimerFired sleep", "EventSent shipped"]);
  } finally {
    await t.close();
  }
}

describe("the testing kit on DynamoDB Local", { timeout: 90_000 }, () => {
  it("runs on a server of its own", shipsAnOrder);

  it("runs on one that is there", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", inject("dynamodbEndpoint"));
    try {
      await Promise.all([shipsAnOrder(), shipsAnOrder()]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
