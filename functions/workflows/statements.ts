import { workflow } from "holdfast";
import { z } from "zod";
import { mail } from "./services.js";

/** Large enough that the record of a batch costs little beside its work, small enough that doing one again costs little too. */
const BATCH = 50;

const request = z.object({
  month: z.string().regex(/^\d{4}-\d{2}$/),
  customers: z.array(z.string().min(1)).max(50_000),
});

/**
 * Sends everybody their monthly statement: in batches, five at a time, each a step of its own. A process that dies does again only the
 * batches that were under way. A tenth of the batches may fail; with more than that, something is wrong with all of them, and it stops.
 */
export const statements = workflow(
  "statements",
  { input: request, version: "1" },
  async (ctx, { month, customers }) => {
    const batches = batchesOf(customers, BATCH);
    const { items, values } = await ctx.map(
      batches,
      (batch, recipients) =>
        batch.step("send", (step) => mail.statements(month, recipients, step), {
          retry: { maxAttempts: 4, initialInterval: "10s" },
          timeout: "30s",
        }),
      { concurrency: 5, tolerate: { percent: 10 } },
    );
    const unsent = batches.filter((_, index) => items[index]?.status !== "completed").flat();
    return { sent: values.reduce((sum, count) => sum + count, 0), unsent };
  },
);

function batchesOf<Item>(all: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
