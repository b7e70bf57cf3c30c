import { describe, expect, it } from "vitest";
import {
  OrderCancelled,
  OrderPaid,
  OrderPlaced,
  OrderShipped,
  PaymentCompleted,
} from "../../functions/workflows/events.js";
import { orderSaga, PaymentOverdueError } from "../../functions/workflows/order-saga.js";
import { DECLINED, UNREACHABLE_ONCE } from "../../functions/workflows/services.js";
import { Bench } from "../runtime/bench.js";
import { effects } from "./effects.js";

const DAY_MS = 86_400_000;
const order = { orderId: "o-1", sku: "kettle", quantity: 1, amount: 39, card: "visa" };
const done = effects();

function shop(): Bench {
  return new Bench([orderSaga], [PaymentCompleted]);
}

function publishedBy(bench: Bench, own: readonly { readonly name: string }[]): unknown[] {
  const names = own.map(({ name }) => name);
  return bench.cloud.published
    .filter(({ name }) => names.includes(name))
    .map(({ name, detail }) => [name, detail]);
}

const OUTGOING = [OrderPaid, OrderShipped, OrderCancelled];

describe("an order", () => {
  it("is started by its event, waits for its payment, and ships after the time to change one's mind", async () => {
    const bench = shop();
    bench.publish(OrderPlaced, order, ["holdfast:event:placed-1"]);
    await bench.cloud.settle();
    expect(done()).toEqual(["inventory.reserve", "payments.authorize"]);

    await bench.cloud.advance(2 * DAY_MS);
    bench.publish(PaymentCompleted, { orderId: "o-1", amount: 39 });
    await bench.cloud.settle();
    expect(publishedBy(bench, OUTGOING)).toEqual([["order.paid", { orderId: "o-1", amount: 39 }]]);

    await bench.cloud.advance(2 * 3_600_000);
    expect(publishedBy(bench, OUTGOING)).toEqual([
      ["order.paid", { orderId: "o-1", amount: 39 }],
      ["order.shipped", { orderId: "o-1", tracking: "parcel-o-1" }],
    ]);
    expect(done()).toEqual(["carrier.ship"]);
  });

  it("ends with its parcel's number", async () => {
    const bench = shop();
    await bench.start(orderSaga, order);
    await bench.cloud.settle();
    bench.publish(PaymentCompleted, { orderId: "o-1", amount: 39 });
    await bench.cloud.advance(2 * 3_600_000);
    expect(await bench.output()).toEqual({ status: "shipped", tracking: "parcel-o-1" });
    done();
  });

  it("tries again when the payment provider can't be reached", async () => {
    const bench = shop();
    await bench.start(orderSaga, { ...order, card: UNREACHABLE_ONCE });
    await bench.cloud.advance(2_000);
    expect(done()).toEqual(["inventory.reserve", "payments.authorize", "payments.authorize"]);
    expect(await bench.story()).toEqual([
      "StepCompleted step:reserve",
      "StepAttemptFailed step:authorize",
      "StepCompleted step:authorize",
    ]);
  });

  it("that is not paid for in time is cancelled, and undone in reverse order", async () => {
    const bench = shop();
    await bench.start(orderSaga, { ...order, payWithin: "3d" });
    await bench.cloud.advance(3 * DAY_MS);
    expect(await bench.status()).toBe("failed");
    expect(await bench.error()).toMatchObject({ name: PaymentOverdueError.name });
    expect(done()).toEqual(["inventory.reserve", "payments.authorize", "payments.void", "inventory.release"]);
    expect(publishedBy(bench, OUTGOING)).toEqual([
      ["order.cancelled", { orderId: "o-1", reason: "not paid within 3d" }],
    ]);
  });

  it("whose card is declined is not tried again, and gives the goods back", async () => {
    const bench = shop();
    await bench.start(orderSaga, { ...order, card: DECLINED });
    await bench.cloud.settle();
    expect(await bench.status()).toBe("failed");
    expect(done()).toEqual(["inventory.reserve", "payments.authorize", "inventory.release"]);
  });
});
