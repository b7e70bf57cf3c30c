/** The app that is fuzzed: one workflow for each way in which an execution begins or is spoken to. */
import { app, event, workflow } from "holdfast";
import { z } from "zod";
import { incompressible } from "../setup/text.js";

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

/** Leaves something of every kind in the tables: events, messages, an outbox, values that are items and objects of their own. */
const rich = workflow(
  "rich",
  { lifecycleEvents: ["started"] },
  async (ctx, { order }: { order: string; note: string }) => {
    const one = await ctx.step("one", () => "one");
    const huge = await ctx.step("huge", () => incompressible(200_000));
    await ctx.sendEvent(Note, { order });
    const [small, large, paid, note] = await Promise.all([
      ctx.waitForSignal<number>("small"),
      ctx.waitForSignal<string>("large"),
      ctx.waitForEvent(Paid, { key: order, where: { amount: [5] }, timeout: "3d" }),
      // Everybody waits for it, so its records lie among those of others.
      ctx.waitForEvent(Note),
    ]);
    return [order, 1, paid.amount, one, huge.length, small, large.length, note];
  },
);

const nightly = workflow("nightly", { schedule: "rate(1 day)" }, async (_, firing: unknown) => firing);

export const fuzzed = app({ workflows: [echo, strict, placed, waiter, rich, nightly], events: [Paid, Note] });
