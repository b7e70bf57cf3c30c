/** The app that is fuzzed: one workflow for each way in which an execution begins or is spoken to. */
import { app, event, workflow } from "holdfast";
import { z } from "zod";

export const Placed = event("order.placed", {
  schema: z.object({ id: z.string(), amount: z.number() }),
  key: ({ id }) => id,
});
export const Paid = event<{ order: string; amount: number }>("payment.completed", {
  key: ({ order }) => order,
});
export const Note = event<unknown>("note");

/** Takes whatever it is given. */
const echo = workflow("echo", async (ctx, input: unknown) => ctx.step("echo", () => input));

/** Takes what its schema lets through. */
const strict = workflow(
  "strict",
  { input: z.object({ orderId: z.string().max(100), amount: z.number().int() }) },
  async (ctx, { amount }) => ctx.step("double", () => 2 * amount),
);

const placed = workflow(
  "placed",
  { startOn: { event: Placed, where: { amount: [{ numeric: [">", 0] }] } } },
  async (_, order: { id: string; amount: number }) => order.amount,
);

const waiter = workflow("waiter", async (ctx, { order }: { order: string }) => {
  const { amount } = await ctx.waitForEvent(Paid, { key: order });
  return amount;
});

const nightly = workflow("nightly", { schedule: "rate(1 day)" }, async (_, firing: unknown) => firing);

export const fuzzed = app({ workflows: [echo, strict, placed, waiter, nightly], events: [Paid, Note] });
