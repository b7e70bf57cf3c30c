import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import shop, { greeting, report } from "../../functions/workflows/index.js";
import { silent } from "./silent.js";

silent();

describe("the report", () => {
  it("is collected, rendered and mailed", async () => {
    const t = await testApp(shop);
    const output = await t.run(report, { month: "2026-10", renderMs: 1 });
    expect(output).toEqual({ file: "report-2026-10.pdf", orders: 1_204, revenue: 98_310 });
    expect(t.calls("mail")).toHaveLength(1);
  });

  it("whose process dies while it renders is not collected again", async () => {
    const t = await testApp(shop);
    t.mockStepOnce(report, "render", () => new Promise(() => {}));
    t.mockStep(report, "mail", undefined);
    await t.client.start(report, { month: "2026-10", renderMs: 1 }, { id: "r-1" });
    await t.settle();
    t.killAll();
    expect(await t.runToEnd("r-1")).toMatchObject({ orders: 1_204 });
    await t
      .expectHistory("r-1")
      .toBe([
        "ExecutionStarted report",
        "StepCompleted collect",
        "LeaseTaken",
        "StepCompleted render",
        "StepCompleted mail",
        "ExecutionCompleted",
      ]);
    expect(t.calls("collect")).toHaveLength(1);
    expect(t.calls("render").map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});

describe("the greeting", () => {
  it("greets", async () => {
    const t = await testApp(shop);
    expect(await t.run(greeting, { name: "Ada" })).toBe("Hello, Ada!");
  });
});
