/** Workflows that start by themselves every minute: one that is done at once, one that takes longer, one of which only the newest matters. */
import { app, type Firing, workflow } from "holdfast";

const EVERY_MINUTE = "rate(1 minute)";

export const tick = workflow(
  "tick",
  { schedule: EVERY_MINUTE, overlap: "allow" },
  async (_, { scheduledAt }: Firing) => scheduledAt,
);

export const slow = workflow("slow", { schedule: EVERY_MINUTE }, async (ctx) => {
  await ctx.sleep("90s");
});

export const newest = workflow(
  "newest",
  { schedule: { expression: EVERY_MINUTE, name: "only", overlap: "cancel-previous", input: 7 } },
  async (ctx, _: number) => {
    await ctx.sleep("1d");
  },
);

/** Started by schedules of clients alone. */
export const told = workflow("told", async (_, input: { tenant: string }) => input.tenant);

export default app({ workflows: [tick, slow, newest, told] });
