/** What was deployed in June, while executions of March slept. */
import { app, event, workflow } from "holdfast";

const Paid = event<{ id: string }>("deploys.paid", { key: ({ id }) => id });

/** Nothing of it is as it was: what began in March would not replay. */
const pinned = workflow("pinned", { versioning: "pinned" }, async (ctx) => {
  const checked = await ctx.step("check", () => "June");
  await ctx.waitForEvent(Paid, { key: ctx.executionId });
  return `${checked}, ${await ctx.step("close", () => "June")}`;
});

/** Where executions of March have been, it asks for what they asked for. */
const patched = workflow("patched", async (ctx) => {
  const began = await ctx.step("begin", () => "June");
  await ctx.waitForEvent(Paid, { key: ctx.executionId });
  const checked = ctx.patched("credit")
    ? await ctx.step("check credit", () => "checked in June")
    : "unchecked";
  return `${began}, ${checked}, ${await ctx.step("end", () => "June")}`;
});

/** Changed without a thought for them. */
const changed = workflow("changed", async (ctx) => {
  const checked = await ctx.step("check", () => "June");
  await ctx.waitForEvent(Paid, { key: ctx.executionId });
  return checked;
});

export default app({ workflows: [pinned, patched, changed], events: [Paid] });
