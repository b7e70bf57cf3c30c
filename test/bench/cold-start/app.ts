/** The app of the functions whose first calls are measured. */
import { app, event, workflow } from "holdfast";

export const Shipped = event<{ orderId: string }>("order.shipped", { key: ({ orderId }) => orderId });

export const order = workflow("order", async (ctx, { orderId }: { orderId: string }) => {
  const hold = await ctx.step("reserve", () => `hold for ${orderId}`);
  await ctx.step("charge", () => 1_299);
  await ctx.step("ship", () => hold);
  await ctx.sendEvent(Shipped, { orderId });
});

export default app({ workflows: [order], events: [Shipped] });
