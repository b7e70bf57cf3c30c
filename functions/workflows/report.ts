import { setTimeout } from "node:timers/promises";
import { workflow } from "holdfast";
import { z } from "zod";
import { say } from "./services.js";

const request = z.object({
  month: z.string().regex(/^\d{4}-\d{2}$/),
  /** How long the rendering takes: work that is slow enough to be interrupted by a deploy, or by a crash. */
  renderMs: z.number().int().nonnegative().max(30_000).default(2_000),
});

/** A monthly report in three steps, the second of which is slow. If its process dies there, only that one is done again. */
export const report = workflow(
  "report",
  { input: request, version: "1" },
  async (ctx, { month, renderMs }) => {
    const figures = await ctx.step("collect", (step) => {
      say("report.collect", step, { month });
      return { orders: 1_204, revenue: 98_310 };
    });
    const file = await ctx.step("render", async (step) => {
      say("report.render-began", step);
      await setTimeout(renderMs, undefined, { signal: step.signal });
      say("report.render-ended", step, { orders: figures.orders });
      return `report-${month}.pdf`;
    });
    await ctx.step("mail", (step) => say("report.mail", step, { file }));
    return { file, ...figures };
  },
);
