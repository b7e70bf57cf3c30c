import { ExecutionFailedError } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import { beforeEach, describe, expect, it } from "vitest";
import shop, { OrderPlaced, orderSaga, PaymentCompleted } from "../../functions/workflows/index.js";
import { PaymentOverdueError } from "../../functions/workflows/order-saga.js";
import { DECLINED, ProviderUnreachableError, UNREACHABLE_ONCE } from "../../functions/workflows/services.js";
import { silent } from "./silent.js";

silent();

const order = { orderId: "o-1", sku: "kettle", quantity: 1, amount: 39, card: "visa" };
const paid = { orderId: "o-1", amount: 39 };

let t: TestApp;
beforeEach(async () => {
  t = await testApp(shop);
});

/** The events on the bus, in words. */
const published = () => t.published.map(({ name }) => name);

describe("an order", () => {
  it("is started by its event, waits for its payment, and ships after the time to change one's mind", async () => {
    await t.publish(OrderPlaced, { ...order, payWithin: "3d", changeableFor: "2h" });
    await t.settle();
    expect(t.calls("reserve")).toHaveLength(1);
    expect(t.calls("authorize")).toHaveLength(1);

    await t.advance("2d");
    await t.publish(PaymentCompleted, paid);
    await t.settle();
    expect(published()).toEqual(["order.placed", "payment.completed", "order.paid"]);

    await t.advance("119m");
    expect(t.calls("ship")).toEqual([]);
    await t.advance("1m");
    expect(t.calls("ship")).toHaveLength(1);
    expect(t.published.at(-1)).toMatchObject({
      name: "order.shipped",
      detail: { orderId: "o-1", tracking: "parcel-o-1" },
    });
  });

  it("ends with its parcel's number", async () => {
    await t.client.start(orderSaga, order, { id: "o-1" });
    await t.settle();
    await t.publish(PaymentCompleted, paid);
    expect(await t.runToEnd("o-1")).toEqual({ status: "shipped", tracking: "parcel-o-1" });
    await t
      .expectHistory("o-1")
      .toBe([
        "ExecutionStarted order-saga",
        "StepCompleted reserve",
        "StepCompleted authorize",
        "EventReceived payment.completed",
        "EventSent order.paid",
        "TimerFired sleep",
        "StepCompleted ship",
        "EventSent order.shipped",
        "ExecutionCompleted",
      ]);
  });

  it("tries again when the payment provider can't be reached, with the same idempotency key", async () => {
    await t.client.start(orderSaga, { ...order, card: UNREACHABLE_ONCE }, { id: "o-1" });
    await t.advance("2s");
    await t.expectHistory("o-1").toContainInOrder(["StepAttemptFailed authorize", "StepCompleted authorize"]);
    expect(t.calls("authorize")).toMatchObject([
      { attempt: 1, idempotencyKey: "o-1/step:authorize" },
      { attempt: 2, idempotencyKey: "o-1/step:authorize" },
    ]);
  });

  it("that is not paid for in time is cancelled, and undone in reverse order", async () => {
    const error = await t.run(orderSaga, order, { id: "o-1" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExecutionFailedError);
    expect(error).toMatchObject({ cause: expect.any(PaymentOverdueError) });
    expect(t.published.at(-1)).toMatchObject({
      name: "order.cancelled",
      detail: { orderId: "o-1", reason: "not paid within 3d" },
    });
    await t
      .expectHistory("o-1")
      .toContainInOrder([
        "WaitTimedOut payment.completed",
        "CompensationStarted",
        "StepCompleted undo/authorize",
        "StepCompleted undo/reserve",
        "ExecutionFailed",
      ]);
  });

  it("whose card is declined is not tried again, and gives the goods back", async () => {
    await expect(t.run(orderSaga, { ...order, card: DECLINED }, { id: "o-1" })).rejects.toThrow(
      ExecutionFailedError,
    );
    expect(t.calls("authorize")).toHaveLength(1);
    expect(t.calls("reserve", "compensation")).toHaveLength(1);
    await t.expectHistory("o-1").toContainNone(["EventSent order.cancelled"]);
  });

  it("is given up when the payment provider stays away, after five attempts in about fifteen seconds", async () => {
    t.mockStep(orderSaga, "authorize", { throws: new ProviderUnreachableError("no answer") });
    const before = t.now().getTime();
    await expect(t.run(orderSaga, order)).rejects.toMatchObject({
      cause: expect.any(ProviderUnreachableError),
    });
    expect(t.calls("authorize").map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(t.now().getTime() - before).toBeLessThanOrEqual(20_000);
  });

  it("ships wherever a process dies, and asks for each parcel with one idempotency key", async () => {
    for (let call = 1; call <= 30; call++) {
      const disturbed = await testApp(shop);
      disturbed.crash({ call, when: "after" });
      // Whoever was not answered asks again.
      const start = () => disturbed.client.start(orderSaga, order, { id: "o-1" });
      await start().catch(start);
      await disturbed.settle();
      const pay = () => disturbed.publish(PaymentCompleted, paid);
      await pay().catch(pay);
      expect(await disturbed.runToEnd("o-1"), `call ${call}`).toMatchObject({ status: "shipped" });
      expect(new Set(disturbed.calls("ship").map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    }
  });
});
