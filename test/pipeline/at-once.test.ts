/** What happens to a pipeline while something else is still happening to it. */
import { describe, expect, it } from "vitest";
import { CONTROL } from "../../lib/pipeline/control.js";
import { pipelinesFromJson } from "../../lib/pipeline/json/from-json.js";
import { stageType } from "../../lib/pipeline/json/stage-type.js";
import { jumpTo } from "../../lib/pipeline/task.js";
import { Bench } from "../runtime/bench.js";
import { broken, DAY, HOUR, MINUTE, onEachStore, PipelineBench, SECOND, stage, waiting } from "./bench.js";

/** Told of its cancel, it fails twice, which takes seconds. */
const slowToTell = () => {
  let told = 0;
  return {
    onCancel: () => {
      told += 1;
      if (told < 3) throw new Error("not now");
    },
  };
};
const after = (ran: readonly string[], refId: string, seconds: number) =>
  ran.filter((id) => id === refId).length === 1
    ? ({ status: "RUNNING", after: `${seconds}s` } as const)
    : undefined;

onEachStore((open) => {
  describe("while a stage is told of its cancel", () => {
    it("another one fails, and the pipeline ends once the first was told", { timeout: 20_000 }, async () => {
      const bench = await open((ran) => [
        waiting(ran, "a", { timeout: "10s", failPipeline: false, ...slowToTell() }),
        stage(ran, "x", {
          run: () => {
            const waits = after(ran, "x", 10.5);
            if (waits !== undefined) return { ...waits, after: { milliseconds: 10_500 } };
            throw new Error("x breaks");
          },
        }),
      ]);
      await bench.run(HOUR);
      expect(await bench.statuses()).toEqual({ pipeline: "TERMINAL", a: "STOPPED", x: "TERMINAL" });
    });

    it("what comes after it is restarted, and runs as anew", { timeout: 20_000 }, async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        waiting(ran, "b", { requisites: ["a"], timeout: "10s", failPipeline: false, ...slowToTell() }),
        waiting(ran, "beside"),
      ]);
      await bench.run(10_200);
      const asked = bench.bench.client.update("x-1", CONTROL, { do: "restart", stage: "a" });
      await bench.pass(8 * SECOND);
      await asked;
      expect(await bench.statuses()).toMatchObject({ a: "SUCCEEDED", b: "SUSPENDED", pipeline: "RUNNING" });
    });
  });

  it("no stage of a region begins while the region is canceled, though its mutex comes free", async () => {
    const bench = await open((ran) => [
      waiting(ran, "a", { region: "eu", mutex: "m" }),
      stage(ran, "b", { region: "eu", mutex: "m" }),
      waiting(ran, "z"),
    ]);
    await bench.run();
    expect(await bench.ask({ do: "cancel", region: "eu" })).toEqual({ a: "CANCELED", b: "CANCELED" });
    await bench.signal("z", "go");
    expect(await bench.statuses()).toEqual({
      pipeline: "CANCELED",
      a: "CANCELED",
      b: "CANCELED",
      z: "SUCCEEDED",
    });
    expect(bench.ran).not.toContain("b");
  });

  describe("a jump", () => {
    it("stops what runs of the stages that it makes anew, and tells them", async () => {
      const told: string[] = [];
      const bench = await open((ran) => [
        stage(ran, "a"),
        waiting(ran, "b", { requisites: ["a"], onCancel: (refId) => told.push(refId) }),
        stage(ran, "c", {
          requisites: ["a"],
          run: () => (ran.filter((id) => id === "c").length === 1 ? jumpTo("a") : {}),
        }),
      ]);
      await bench.run();
      expect(told).toEqual(["b"]);
      expect(await bench.statuses()).toEqual({
        pipeline: "RUNNING",
        a: "SUCCEEDED",
        b: "SUSPENDED",
        c: "SUCCEEDED",
      });
      await bench.signal("b", "go");
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });

    it("of each of two stages side by side is one of them", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        ...["b", "c"].map((refId) =>
          stage(ran, refId, {
            requisites: ["a"],
            run: () => (ran.filter((id) => id === refId).length === 1 ? jumpTo("a") : {}),
          }),
        ),
      ]);
      await bench.run(MINUTE);
      expect(await bench.statuses()).toEqual({
        pipeline: "SUCCEEDED",
        a: "SUCCEEDED",
        b: "SUCCEEDED",
        c: "SUCCEEDED",
      });
    });

    it("reaches a stage that a split left out", async () => {
      const bench = await open((ran) => [
        stage(ran, "s", { split: { a: "true", b: "false" } }),
        stage(ran, "a", { requisites: ["s"], run: () => jumpTo("b") }),
        stage(ran, "b", { requisites: ["s"] }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["s", "a", "b"]);
    });
  });

  describe("a stage that ends by its timeout", () => {
    it("chooses by its split all the same", async () => {
      const bench = await open((ran) => [
        waiting(ran, "s", {
          timeout: "1h",
          continuePipelineOnFailure: true,
          split: { a: "true", b: "false" },
        }),
        stage(ran, "a", { requisites: ["s"] }),
        stage(ran, "b", { requisites: ["s"] }),
      ]);
      await bench.run(2 * HOUR);
      expect(await bench.statuses()).toMatchObject({ s: "FAILED_CONTINUE", a: "SUCCEEDED", b: "SKIPPED" });
    });

    it("has chosen nothing of a choice that it was only offered", async () => {
      const bench = await open((ran) => [
        waiting(ran, "mail", { choice: "answer", timeout: "1h", failPipeline: false }),
        waiting(ran, "phone", { choice: "answer" }),
      ]);
      await bench.run(2 * HOUR);
      expect(await bench.statuses()).toEqual({ pipeline: "RUNNING", mail: "STOPPED", phone: "SUSPENDED" });
    });
  });

  describe("a stage that merges", () => {
    it("stays skipped, or failed, whoever else it would merge", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        waiting(ran, "b"),
        waiting(ran, "m", { requisites: ["a", "b"], join: "MULTI_MERGE" }),
        stage(ran, "z", { requisites: ["m"] }),
      ]);
      await bench.run();
      await bench.ask({ do: "skip", stage: "m" });
      await bench.signal("b", "go");
      expect(await bench.statuses()).toMatchObject({ m: "SKIPPED", z: "SUCCEEDED", pipeline: "SUCCEEDED" });
      const failing = await open((ran) => [
        stage(ran, "a"),
        waiting(ran, "b"),
        broken(ran, "m", { requisites: ["a", "b"], join: "MULTI_MERGE", failPipeline: false }),
        stage(ran, "z", { requisites: ["m"] }),
      ]);
      await failing.run();
      await failing.signal("b", "go");
      expect(failing.ran).not.toContain("z");
      expect(await failing.statuses()).toMatchObject({ m: "STOPPED" });
    });

    it("keeps what each of its runs gave", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        waiting(ran, "b"),
        stage(ran, "m", {
          requisites: ["a", "b"],
          join: "MULTI_MERGE",
          run: () => ({ outputs: { runs: [ran.filter((id) => id === "m").length] } }),
        }),
      ]);
      await bench.run();
      await bench.signal("b", "go");
      expect((await bench.stage("m")).outputs).toEqual({ runs: [1, 2] });
    });
  });

  it.each([
    [{ at: new Date(0) }, "outputs.at is a Date"],
    [{ list: [1, Number.NaN] }, "outputs.list[1] is NaN"],
    [{ deep: { n: 1n } }, "outputs.deep.n is a bigint"],
    [new Map([["a", 1]]), "outputs is a Map"],
  ])("outputs that are no JSON fail their task, and say where: %#", async (outputs, where) => {
    const bench = await open((ran) => [stage(ran, "a", { run: () => ({ outputs: outputs as never }) })]);
    await bench.run(HOUR);
    expect((await bench.stage("a")).error?.message).toContain(where);
  });

  it("a time that is none fails the stage, and its place is free again", async () => {
    const bench = await open(
      (ran) => [stage(ran, "a", { run: () => ({ status: "RUNNING", after: "soon" as never }) })],
      {
        concurrency: { limit: 1 },
      },
    );
    await bench.run(MINUTE, "p1");
    await bench.run(MINUTE, "p2");
    expect(String(await bench.bench.error("p1"))).toContain('the time "soon" to run again after');
    expect(await bench.bench.status("p2")).toBe("failed");
  });

  it("places are those of a workflow: what ends in another is its own affair", async () => {
    const type = stageType({
      type: "wait-here",
      tasks: [{ name: "wait", run: () => ({ status: "SUSPENDED" }) }],
    });
    const [one, two] = ["one", "two"].map((name) => pipelinesFromJson(name, { types: [type] }));
    if (one === undefined || two === undefined) throw new Error("no pipelines");
    const bench = new Bench([one, two]);
    const definition = {
      application: "shop",
      name: "p",
      limitConcurrent: true,
      keepWaitingPipelines: true,
      stages: [{ refId: "a", type: "wait-here" }],
    };
    await bench.start(one, { definition }, "p1");
    await bench.start(two, { definition }, "p2");
    await bench.start(two, { definition }, "p3");
    await bench.cloud.advance(MINUTE);
    await bench.client.terminate("p2");
    await bench.cloud.advance(MINUTE);
    const awaits = await bench.client.describe("p3");
    expect(JSON.stringify(awaits)).toContain("stage a");
  });
});

describe("large graphs", () => {
  const timed = async (bench: PipelineBench): Promise<number> => {
    const from = performance.now();
    await bench.run(DAY);
    expect(await bench.bench.status()).toBe("completed");
    return performance.now() - from;
  };

  it("take a time that grows with them, and not with the paths through them", {
    timeout: 120_000,
  }, async () => {
    // Behind the branch that a split left out: each layer has twice the paths of the one before.
    const layers = Array.from({ length: 40 }, (_, layer) => ["l", "r"].map((side) => `${side}${layer}`));
    const bench = new PipelineBench((ran) => [
      stage(ran, "s", { split: { other: "true", l0: "false", r0: "false" } }),
      stage(ran, "other", { requisites: ["s"] }),
      ...layers.flatMap((ids, layer) =>
        ids.map((refId) =>
          stage(ran, refId, { requisites: layer === 0 ? ["s"] : (layers[layer - 1] ?? []) }),
        ),
      ),
    ]);
    expect(await timed(bench)).toBeLessThan(60_000);
  });
});
