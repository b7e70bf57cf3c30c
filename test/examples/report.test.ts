import { describe, expect, it } from "vitest";
import { greeting } from "../../functions/workflows/greeting.js";
import { report } from "../../functions/workflows/report.js";
import { Bench } from "../runtime/bench.js";
import { effects } from "./effects.js";

const done = effects();

describe("the report", () => {
  it("is collected, rendered and mailed", async () => {
    const bench = new Bench([report]);
    await bench.start(report, { month: "2026-10", renderMs: 1 });
    await bench.cloud.settle();
    expect(await bench.output()).toEqual({ file: "report-2026-10.pdf", orders: 1_204, revenue: 98_310 });
    expect(done()).toEqual(["report.collect", "report.render-began", "report.render-ended", "report.mail"]);
  });

  it("whose process dies while it renders is not collected again", async () => {
    const bench = new Bench([report]);
    await bench.start(report, { month: "2026-10", renderMs: 500 });
    await bench.cloud.settle();
    bench.cloud.killAll();
    await bench.cloud.advance(120_000);
    await new Promise((rendered) => setTimeout(rendered, 550));
    await bench.cloud.settle();
    expect(await bench.status()).toBe("completed");
    expect(await bench.story()).toEqual([
      "StepCompleted step:collect",
      "LeaseTaken",
      "StepCompleted step:render",
      "StepCompleted step:mail",
      "ExecutionCompleted",
    ]);
    expect(done().filter((effect) => effect === "report.collect")).toHaveLength(1);
  });
});

describe("the greeting", () => {
  it("greets", async () => {
    const bench = new Bench([greeting]);
    await bench.start(greeting, { name: "Ada" });
    await bench.cloud.settle();
    expect(await bench.output()).toBe("Hello, Ada!");
    expect(done()).toEqual(["greeting.greet"]);
  });
});
