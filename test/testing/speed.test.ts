/** What a test pays, in processor time, so that a busy machine does not fail it; the bounds are several times what was measured. */
import { app, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";

const steps = workflow("steps", async (ctx, count: number) => {
  for (let n = 0; n < count; n++) await ctx.step("step", () => n);
});
const days = workflow("days", async (ctx, count: number) => {
  for (let n = 0; n < count; n++) await ctx.sleep("1d");
});
const all = app({ workflows: [steps, days] });

/** Milliseconds of processor time. */
async function costOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe("the cost of a test", () => {
  it("is under a millisecond for each of a thousand steps, replays included", async () => {
    const ms = await costOf(async () => (await testApp(all)).run(steps, 1_000));
    expect(ms / 1_000).toBeLessThan(1);
  });

  it("grows with what is replayed, and with nothing else: three hundred suspensions, of which each replays all before it", async () => {
    const t = await testApp(all);
    const ms = await costOf(() => t.run(days, 300));
    expect(ms / 300).toBeLessThan(10);
  });

  it("is small for a thousand executions that sleep at the same time", async () => {
    const t = await testApp(all, { seed: 1 });
    const ms = await costOf(async () => {
      for (let n = 0; n < 1_000; n++) await t.client.start(days, 1);
      await t.advance("2d");
    });
    expect((await t.client.list({ workflow: "days", limit: 1_000 })).executions).toHaveLength(1_000);
    expect(ms / 1_000).toBeLessThan(5);
  });

  it("is little more than nothing where a body sleeps or never ends", async () => {
    const hanging = workflow("hanging", async (ctx) =>
      ctx.step("hang", () => new Promise(() => {}), { timeout: "20s", retry: { maxAttempts: 1 } }),
    );
    const t = await testApp(app({ workflows: [hanging] }));
    const before = performance.now();
    await expect(t.run(hanging, undefined)).rejects.toThrow(/failed/);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
