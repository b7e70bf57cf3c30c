import { app, event, workflow } from "holdfast";
import { openTelemetry } from "holdfast/otel";
import { pipeline } from "holdfast/pipeline";
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

export const release = pipeline({
  application: "shop",
  name: "release",
  stages: [
    { refId: "build", tasks: [{ name: "compile", run: () => ({ outputs: { image: "shop:1" } }) }] },
    { refId: "deploy", requisites: ["build"], tasks: [{ name: "roll out", run: () => ({}) }] },
  ],
});

export default app({
  workflows: [order, stocktaking, release],
  events: [PaymentCompleted],
  hooks: [openTelemetry()],
});
