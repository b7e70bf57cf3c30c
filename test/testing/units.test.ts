/** What the kit says a run costs. That the counts are DynamoDB's is shown by `test/store/twin.test.ts`. */
import { describe, expect, test } from "vitest";
import { app } from "../../lib/define/app.js";
import { workflow } from "../../lib/define/workflow.js";
import { NotMeteredError, testApp } from "../../lib/testing/index.js";

const steps = workflow("steps", async (ctx, count: number) => {
  for (let step = 0; step < count; step += 1) await ctx.step(`step-${step}`, () => step);
  return count;
});

const sends = workflow("sends", async (ctx, count: number) => {
  await ctx.transaction("write", (tx) => {
    tx.put({ TableName: "Orders", Item: { id: String(count) } });
  });
});

const deployed = app({ workflows: [steps, sends] });

describe("the metered store", () => {
  test.each([1, 3, 10])(
    "counts a run of %i steps: a start with its index entries, a lease, the steps, the end",
    async (count) => {
      const t = await testApp(deployed, { store: "metered" });
      // The first start of a workflow records its code, too: twice a unit.
      await t.run(steps, 1, { id: "first" });
      const { writes, indexWrites } = t.units();
      await t.client.start(steps, count, { id: "s-1" });
      expect(t.units()).toMatchObject({ writes: writes + 1, indexWrites: indexWrites + 2, refused: 0 });
      expect(await t.runToEnd("s-1")).toBe(count);
      // The last step shares its write with the end, and the end removes an index entry.
      const end = { writes: writes + 2 + count, indexWrites: indexWrites + 3, refused: 0 };
      expect(t.units()).toMatchObject(end);
    },
  );

  test("does not count what the kit reads for itself", async () => {
    const t = await testApp(deployed, { store: "metered" });
    await t.run(steps, 2, { id: "s-1" });
    const before = t.units();
    await t.expectHistory("s-1").toContainInOrder(["ExecutionStarted steps", "ExecutionCompleted"]);
    expect(t.units()).toEqual(before);
    await t.client.describe("s-1");
    expect(t.units().reads).toBeGreaterThan(before.reads);
  });

  test("counts a transaction's record twice, and leaves the user's own writes out", async () => {
    const t = await testApp(deployed, { store: "metered", transact: () => undefined });
    await t.run(sends, 1, { id: "first" });
    const { writes } = t.units();
    await t.run(sends, 1, { id: "t-1" });
    // Start, lease, end; and two for the commit.
    expect(t.units().writes - writes).toBe(3 + 2);
  });

  test("is the only one that says what a run costs", async () => {
    const t = await testApp(deployed);
    expect(() => t.units()).toThrow(NotMeteredError);
  });
});
