/** An order: what it takes is reserved, it waits for its payment for three days at most, and then it is shipped. */
import { event, workflow } from "holdfast";
import { z } from "zod";

export const Paid = event("payment.completed", {
  schema: z.object({ orderId: z.string(), amount: z.number() }),
  key: (payment) => payment.orderId,
});

export const order = workflow(
  "order",
  { input: z.object({ id: z.string(), sku: z.string() }) },
  async (ctx, { id, sku }) => {
    // Recorded before the next effect begins; undone when the order fails.
    const hold = await ctx.step("reserve", () => `${sku} for ${id}`, {
      compensate: (held) => ctx.log.info("Released.", { held }),
    });
    // Waits without running: days cost nothing but storage. After three of them it throws WaitTimeoutError.
    const paid = await ctx.waitForEvent(Paid, { key: id, timeout: "3d" });
    const parcel = await ctx.step("ship", () => `parcel with ${hold}`);
    return { parcel, amount: paid.amount };
  },
);
