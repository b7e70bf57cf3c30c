/** What was deployed in March. */
import { app, event, workflow } from "holdfast";

export const Paid = event<{ id: string }>("deploys.paid", { key: ({ id }) => id });

const pinned = workflow("pinned", { versioning: "pinned" }, async (ctx) => {
  const began = await ctx.step("begin", () => "March");
  await ctx.waitForEvent(Paid, { key: ctx.executionId });
  return `${began}, ${await ctx.step("end as in March", () => "March")}`;
});

const patched = workflow("patched", async (ctx) => {
  const began = await ctx.step("begin", () => "March");
  await ctx.waitForEvent(Paid, { key: ctx.executionId });
  return `${began}, ${await ctx.step("end", () => "March")}`;
});

const changed = workflow("changed", async (ctx) => {
  const began = await ctx.step("begin", () => "March");
  await ctx.waitForEvent(Paid, { key: ctx.executionId });
  return began;
});

export default app({ workflows: [pinned, patched, changed], events: [Paid] });
