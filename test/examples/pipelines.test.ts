import { type TestApp, testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import shop, { importFiles, release } from "../../functions/workflows/index.js";
import type { PipelineResult } from "../../lib/pipeline/run.js";
import { signalNameOf } from "../../lib/pipeline/signals.js";
import { silent } from "./silent.js";

silent();

async function begun(trigger: object): Promise<TestApp> {
  const t = await testApp(shop);
  await t.client.start(release, trigger as never, { id: "r-1" });
  await t.settle();
  return t;
}

async function decide(t: TestApp, decision: string): Promise<void> {
  await t.client.signal("r-1", signalNameOf("approve"), { name: "decision", data: { decision } });
  await t.settle();
}

describe("the release", () => {
  it("is built, tested in two ways, approved and deployed", async () => {
    const t = await begun({ version: "1.4.2" });
    await t.advance("6d");
    await decide(t, "ship");
    const { outputs } = (await t.runToEnd("r-1")) as PipelineResult;
    expect(outputs).toMatchObject({ image: "shop:1.4.2", live: "shop:1.4.2" });
    expect(t.calls("deploy/deploy")).toHaveLength(1);
  });

  it("is built again when whoever is asked wants that", async () => {
    const t = await begun({ version: "1.4.2" });
    await decide(t, "rebuild");
    await decide(t, "ship");
    await t.runToEnd("r-1");
    expect(t.calls("build/build")).toHaveLength(2);
    expect(t.calls("unit-tests/test")).toHaveLength(2);
  });

  it("that does not come up is rolled back, once", async () => {
    const t = await begun({ version: "1.4.2", breaks: true });
    await decide(t, "ship");
    await expect(t.runToEnd("r-1")).rejects.toThrow(
      'stage "deploy" is TERMINAL (The new version does not come up.)',
    );
    expect(t.calls("deploy!1/roll back")).toHaveLength(1);
  });

  it("that nobody wants, or answers, is not deployed", async () => {
    const refused = await begun({ version: "1.4.2" });
    await decide(refused, "no");
    await expect(refused.runToEnd("r-1")).rejects.toThrow("Not approved: no.");
    const forgotten = await begun({ version: "1.4.2" });
    await expect(forgotten.runToEnd("r-1")).rejects.toThrow("did not end within its timeout");
    expect(forgotten.calls("deploy/deploy")).toEqual([]);
  });
});

describe("the import", () => {
  it("loads as many files as there are, and goes on without those that can't be loaded", async () => {
    const t = await testApp(shop);
    const result = await t.run(importFiles, { files: ["a.csv", "bcd.csv", "picture.png"] });
    expect(result.outputs).toMatchObject({ rows: 1_200 });
    expect(t.calls("load#3/load")).toHaveLength(3);
    expect(result.stages["load#3"]).toMatchObject({ status: "FAILED_CONTINUE" });
  });
});
