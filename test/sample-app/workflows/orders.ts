import { app, event, workflow } from "holdfast";
import { openTelemetry } from "holdfast/otel";
import { z } from "zod";

const Order = z.object({ id: z.string(), sku: z.string() });

export const OrderPlaced = event("order.placed", { schema: Order, key: (order) => order.id });
export const PaymentCompleted = event("payment.completed", {
  schema: z.object({ orderId: z.string() }),
  key: ({ orderId }) => orderId,
});

export const order = workflow("order", { startOn: OrderPlaced }, async (ctx, { id, sku }) => {
  const held = await ctx.step("hold", async () => ({ sku, table: process.env.STOCK_TABLE }));
  await ctx.waitForEvent(PaymentCompleted, { key: id, timeout: "3d" });
  return held.sku;
});

export const stocktaking = workflow("stocktaking", { schedule: "rate(1 day)" }, async (ctx) =>
  ctx.step("count", async () => 0),
);

export default app({
  workflows: [order, stocktaking],
  events: [PaymentCompleted],
  hooks: [openTelemetry()],
});
