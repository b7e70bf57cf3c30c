import { app, type Workflow, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";

const version = (name: string, steps: readonly string[]): Workflow<unknown, string> =>
  workflow("release", { version: name }, async (ctx) => {
    await ctx.step("first", () => {});
    await ctx.sleep("1d");
    for (const step of steps) await ctx.step(step, () => {});
    return name;
  });
const one = app({ workflows: [version("1", ["second"])] });
const two = app({ workflows: [version("2", ["second", "third"])] });
const other = app({ workflows: [workflow("release", async (ctx) => ctx.step("another", () => "other"))] });

describe("a deploy while an execution sleeps", () => {
  it("lets it go on with the new code", async () => {
    const t = await testApp(one);
    await t.client.start("release", undefined, { id: "x-1" });
    await t.settle();
    t.deploy(two);
    expect(await t.runToEnd("x-1")).toBe("2");
    expect(t.calls("third")).toHaveLength(1);
  });

  it("that does not fit its history stalls it, and a fixed one lets it go on", async () => {
    const t = await testApp(one);
    await t.client.start("release", undefined, { id: "x-1" });
    await t.settle();
    t.deploy(other);
    await expect(t.runToEnd("x-1")).rejects.toThrow(/stalled/);
    t.deploy(two);
    await t.client.redrive("x-1");
    expect(await t.runToEnd("x-1")).toBe("2");
  });
});
