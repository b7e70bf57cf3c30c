/** Workflows that between them make the functions do everything that they can do. */
import { app, event, workflow } from "holdfast";
import { z } from "zod";

export const Paid = event("payment.completed", {
  schema: z.object({ order: z.string(), note: z.string().default("") }),
  key: ({ order }) => order,
});
export const Shipped = event<{ order: string }>("order.shipped");
export const Placed = event("order.placed", {
  schema: z.object({ id: z.string(), patience: z.string().default("10m") }),
  key: ({ id }) => id,
});

export const order = workflow("order", { startOn: Placed }, async (ctx, { id, patience }) => {
  const paid = ctx.waitForEvent(Paid, { key: id, timeout: "2d" });
  const shipped = ctx
    .waitForEvent(Shipped, { timeout: patience === "1s" ? "1s" : "10m" })
    .catch(() => undefined);
  // Something that happens while a step runs: whoever is asked answers when it has.
  await ctx.step("meanwhile", async () => void (await fetch(`${process.env.OUTSIDE}/meanwhile`)));
  const { note } = await paid;
  await ctx.sendEvent(Shipped, { order: id });
  await shipped;
  return note;
});

export const echo = workflow<{ text: string }, string>("echo", async (ctx, { text }) =>
  ctx.step("echo", () => `${text}${text}`),
);

export const fails = workflow<{ because: string }, never>("fails", async (ctx, { because }) =>
  ctx.step("fail", () => Promise.reject(new Error(because)), { retry: { maxAttempts: 1 } }),
);

/** The first process that comes to its step ends there. */
export const dies = workflow("dies", async (ctx) =>
  ctx.step("die", (step) => (step.attempt === 1 ? process.exit(1) : "survived")),
);

export const sleeper = workflow("sleeper", async (ctx) => {
  await ctx.sleep("1s");
  await ctx.sleep("3d");
});

/** A write of the user's own, in one with what is recorded of it. */
export const books = workflow("books", async (ctx) =>
  ctx.transaction("book", async (tx) => {
    const TableName = process.env.BOOKS_TABLE ?? "";
    tx.put({ TableName, Item: { id: ctx.executionId } });
    tx.check({ TableName, Key: { id: "closed" }, ConditionExpression: "attribute_not_exists(id)" });
    tx.sendEvent(Shipped, { order: ctx.executionId });
  }),
);

/** Ends on the code that it began with. */
export const keeps = workflow("keeps", { versioning: "pinned" }, async (ctx) => {
  await ctx.waitForEvent(Paid, { key: ctx.executionId, timeout: "1d" });
});

export default app({
  workflows: [order, echo, fails, dies, sleeper, books, keeps],
  events: [Paid, Shipped],
});
