/** What is deployed to be looked at: a workflow for each thing that only the real services can show. */
import { app, event, workflow } from "holdfast";
import { z } from "zod";

const Order = z.object({ order: z.string() });

export const Placed = event("verify.placed", { schema: Order, key: ({ order }) => order });
export const Paid = event("verify.paid", { schema: Order, key: ({ order }) => order });
export const Shipped = event("verify.shipped", { schema: Order, key: ({ order }) => order });

/** A step that fails once, an event, a timer, an event of its own, and the end. */
export const saga = workflow("saga", { input: Order }, async (ctx, { order }) => {
  await ctx.step("reserve", ({ attempt }) => {
    if (attempt === 1) throw new Error("busy");
    return order;
  });
  await ctx.waitForEvent(Paid, { key: order, timeout: "1h" });
  await ctx.sleep("2s");
  await ctx.sendEvent(Shipped, { order });
  return "shipped";
});

/** Started by the bus alone. */
export const placed = workflow(
  "placed",
  { startOn: Placed },
  async (_, { order }: z.infer<typeof Order>) => order,
);

/** Sleeps again and again; gives by how many milliseconds each sleep ended too late. */
export const loop = workflow("loop", async (ctx, { hops, seconds }: { hops: number; seconds: number }) => {
  const late: number[] = [];
  for (let hop = 0; hop < hops; hop++) {
    const due = ctx.now().getTime() + seconds * 1_000;
    await ctx.sleep({ seconds });
    late.push(ctx.now().getTime() - due);
  }
  return late;
});

/** @param filler makes the input as large as is wanted */
export const steps = workflow("steps", async (ctx, { count }: { count: number; filler?: string }) => {
  for (let n = 0; n < count; n++) await ctx.step(`step-${n}`, () => n);
  return count;
});

/** Its first attempt lets nothing else run, so that the function can't end it in time, and is killed; the second one ends. */
export const overrun = workflow("overrun", async (ctx) =>
  ctx.step("too-long", ({ attempt }) => {
    while (attempt === 1);
    return "done";
  }),
);

/** Started by a client's schedule. */
export const beat = workflow("beat", async () => "beat");

export default app({ workflows: [saga, placed, loop, steps, overrun, beat], events: [Paid, Shipped] });
