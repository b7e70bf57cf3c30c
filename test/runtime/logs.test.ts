import { app, event, type StepContext, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";
import { keeping } from "./hearing.js";

const Paid = event<{ order: string }>("paid");

/** Deployed with a log that keeps its lines, and a replay after every turn. */
function deployed(...workflows: AnyWorkflow[]) {
  const { lines, write } = keeping();
  const cloud = new TestCloud({
    app: app({ workflows, events: [Paid] }),
    store: createMemoryStore(),
    log: { write },
    replay: "every-suspension",
  });
  return { cloud, client: new DurableClient({ outside: cloud.client(), workflows }), lines };
}

describe("ctx.log", () => {
  it("says each thing once, over five suspensions, a retry and an end", async () => {
    const chatty = workflow("chatty", async (ctx) => {
      ctx.log.info("begun");
      for (const n of [1, 2, 3]) {
        await ctx.sleep("1h");
        ctx.log.info(`slept ${n}`);
      }
      await ctx.waitForEvent(Paid);
      ctx.log.info("paid");
      await ctx.step(
        "work",
        ({ attempt }) => {
          ctx.log.info("at work");
          if (attempt === 1) throw new Error("not yet");
        },
        { retry: { initialInterval: "1h" } },
      );
      ctx.log.info("done");
    });
    const { cloud, client, lines } = deployed(chatty);
    await client.start(chatty, undefined, { id: "x" });
    await cloud.advance(4 * 3_600_000);
    await client.publish(Paid, { order: "o-1" });
    await cloud.advance(4 * 3_600_000);
    expect(lines.map(({ message }) => message)).toEqual([
      "begun",
      "slept 1",
      "slept 2",
      "slept 3",
      "paid",
      "at work",
      "at work",
      "done",
    ]);
    expect(cloud.errors).toEqual([]);
  });

  it("says whose each line is, which no field of the code's own changes", async () => {
    const talks = workflow("talks", async (ctx) => {
      const log = ctx.log.child({ order: "o-1", executionId: "forged" });
      log.warn("in the workflow", { amount: 3, workflow: "forged" });
      await ctx.race({
        a: async (branch) => branch.log.child({ branch: "a" }).child({ deep: true }).error("in a branch"),
      });
      await ctx.step("work", () => log.debug("in a body", { step: "forged" }));
      await ctx.step("own", (step) => elsewhere(step), { compensate: (_, step) => step.log.info("undone") });
      throw new Error("no");
    });
    const elsewhere = (step: StepContext): void =>
      step.log.child({ order: "o-2" }).info("by the step's own log");
    const { cloud, client, lines } = deployed(talks);
    await client.start(talks, undefined, { id: "x" });
    await cloud.settle();
    const whose = { executionId: "x", workflow: "talks" };
    expect(lines).toEqual([
      { ...whose, level: "warn", message: "in the workflow", order: "o-1", amount: 3 },
      { ...whose, level: "error", message: "in a branch", branch: "a", deep: true },
      { ...whose, level: "debug", message: "in a body", order: "o-1", step: "work", attempt: 1 },
      { ...whose, level: "info", message: "by the step's own log", order: "o-2", step: "own", attempt: 1 },
      { ...whose, level: "info", message: "undone", step: "own", attempt: 1 },
    ]);
  });

  it("takes an error in the fields' place, and lets nothing through that throws when it is read", async () => {
    const unkempt = workflow("unkempt", async (ctx) => {
      const error: object = new RangeError("far");
      Reflect.apply(ctx.log.error, ctx.log, ["failed", error]);
      const thrower = {
        get it(): string {
          throw new Error("not to be read");
        },
      };
      ctx.log.child(thrower).info("went on", thrower);
      return "done";
    });
    const { cloud, client, lines } = deployed(unkempt);
    await client.start(unkempt, undefined, { id: "u" });
    await cloud.settle();
    expect(await client.result("u")).toBe("done");
    const whose = { executionId: "u", workflow: "unkempt" };
    expect(lines).toEqual([
      { ...whose, level: "error", message: "failed", error: expect.objectContaining({ message: "far" }) },
      { ...whose, level: "info", message: "went on", fields: "[unloggable]" },
    ]);
  });
});
