import { type Context, WaitTimeoutError, workflow } from "holdfast";
import { Order, OrderCancelled, OrderPaid, OrderPlaced, OrderShipped, PaymentCompleted } from "./events.js";
import { carrier, inventory, payments } from "./services.js";

/** The customer did not pay in time. */
export class PaymentOverdueError extends Error {
  override readonly name = "PaymentOverdueError";
}

/**
 * An order from its placing to its parcel: goods are held, the card is authorized, the payment is awaited for days at no
 * cost. When anything fails, whatever was done before is undone in reverse order.
 */
export const orderSaga = workflow(
  "order-saga",
  { input: Order, startOn: OrderPlaced, version: "1" },
  async (ctx, order) => {
    await ctx.step("reserve", (step) => inventory.reserve(order, step), { compensate: inventory.release });
    await ctx.step("authorize", (step) => payments.authorize(order, step), {
      retry: { maxAttempts: 5, initialInterval: "1s", maxInterval: "1m" },
      timeout: "4s",
      compensate: payments.void,
    });

    const payment = await paymentOf(ctx, order);
    await ctx.sendEvent(OrderPaid, { orderId: order.orderId, amount: payment.amount });
    await ctx.sleep(order.changeableFor);

    const { tracking } = await ctx.step("ship", (step) => carrier.ship(order, step));
    await ctx.sendEvent(OrderShipped, { orderId: order.orderId, tracking });
    return { status: "shipped", tracking };
  },
);

async function paymentOf(ctx: Context, { orderId, payWithin }: Order): Promise<{ readonly amount: number }> {
  try {
    return await ctx.waitForEvent(PaymentCompleted, { key: orderId, timeout: payWithin });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    await ctx.sendEvent(OrderCancelled, { orderId, reason: `not paid within ${payWithin}` });
    throw new PaymentOverdueError(`Order ${orderId} was not paid within ${payWithin}.`);
  }
}
