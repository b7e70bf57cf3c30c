/** What a pipeline costs: no message for a stage that ends, no poll while one waits, and a commit for each that did something. */
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { app } from "../../lib/define/app.js";
import { pipeline, type StageOptions } from "../../lib/pipeline/pipeline.js";
import { DAY, PipelineBench, stage, waiting } from "./bench.js";

const chain = (length: number): StageOptions[] =>
  Array.from({ length }, (_, index) =>
    stage([], `s${index}`, { requisites: index === 0 ? [] : [`s${index - 1}`] }),
  );

async function unitsOf(stages: readonly StageOptions[]) {
  const made = pipeline({ application: "shop", name: "p", stages });
  const t = await testApp(app({ workflows: [made] }), { store: "metered" });
  // The first start of a workflow records its code, too.
  await t.run(made, {}, { id: "first" });
  const before = t.units();
  await t.run(made, {}, { id: "second" });
  const after = t.units();
  return { writes: after.writes - before.writes, indexWrites: after.indexWrites - before.indexWrites };
}

describe("a pipeline", () => {
  it("of two stages, A → B, takes one message and four write units: the start, the lease, A, and B with the end", async () => {
    const bench = new PipelineBench(() => chain(2));
    await bench.bench.process();
    const from = bench.bench.cloud.faults.calls.length;
    await bench.run(DAY);
    const calls = bench.bench.cloud.faults.calls.slice(from);
    expect(calls.filter((name) => name.startsWith("wakes."))).toEqual(["wakes.send"]);
    expect(calls.filter((name) => name === "store.appendCommit")).toHaveLength(1);
    expect(await unitsOf(chain(2))).toMatchObject({ writes: 4 });
  });

  it.each([1, 5, 20])(
    "of %i stages in a row costs one write unit for each, and at most three more",
    async (length) => {
      const { writes, indexWrites } = await unitsOf(chain(length));
      // The second unit of the last write is for what many stages gave.
      expect(writes).toBeLessThanOrEqual(length + 3);
      expect(indexWrites).toBe((await unitsOf(chain(1))).indexWrites);
    },
  );

  it("costs nothing while a stage waits for somebody, however long", async () => {
    const bench = new PipelineBench((ran) => [waiting(ran, "a")]);
    await bench.run();
    const calls = bench.bench.cloud.faults.calls.length;
    await bench.pass(300 * DAY);
    expect(bench.bench.cloud.faults.calls.slice(calls)).toEqual([]);
  });

  it("side by side costs what its results need: a hundred stages at once share their commits", async () => {
    const { writes } = await unitsOf([
      stage([], "a"),
      ...Array.from({ length: 100 }, (_, index) => stage([], `w${index}`, { requisites: ["a"] })),
    ]);
    expect(writes).toBeLessThan(101);
  });
});
