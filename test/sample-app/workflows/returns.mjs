import { app, workflow } from "holdfast";

const giveBack = workflow("give-back", async (ctx) => {
  await ctx.sleep("14d");
  return ctx.step("refund", async () => "refunded");
});

export default app({ workflows: [giveBack] });
