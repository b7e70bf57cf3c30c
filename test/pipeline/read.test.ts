/** What is read of a pipeline out of its history and its recorded graph alone. */
import { describe, expect, it } from "vitest";
import { PipelineClient } from "../../lib/pipeline/client/client.js";
import { readPipeline } from "../../lib/pipeline/client/read.js";
import type { PipelineView, StageView } from "../../lib/pipeline/client/view.js";
import type { StageOptions } from "../../lib/pipeline/pipeline.js";
import { broken, DAY, HOUR, MINUTE, onEachStore, PipelineBench, SECOND, stage, waiting } from "./bench.js";

function statusesIn(stages: readonly StageView[]): Record<string, string> {
  return Object.fromEntries(
    stages.flatMap((one) => [[one.refId, one.status], ...Object.entries(statusesIn(one.synthetic))]),
  );
}

function shown(bench: PipelineBench, id = "x-1") {
  return new PipelineClient(bench.bench.client).show(id);
}

function stageOf({ stages }: PipelineView, refId: string): StageView {
  const all = (some: readonly StageView[]): StageView[] =>
    some.flatMap((one) => [one, ...all(one.synthetic)]);
  const found = all(stages).find((one) => one.refId === refId);
  if (found === undefined) throw new Error(`There is no stage ${refId}.`);
  return found;
}

onEachStore((open) => {
  describe("a pipeline that runs", () => {
    it("shows each stage, what it gave, what it waits for and when it began and ended", async () => {
      const bench = await open((ran) => [
        stage(ran, "build", { gives: { outputs: { image: "v7" } }, context: { repository: "shop" } }),
        waiting(ran, "judge", { requisites: ["build"] }),
        stage(ran, "deploy", { requisites: ["judge"] }),
      ]);
      await bench.run(MINUTE);
      const view = await shown(bench);
      expect(view).toMatchObject({
        executionId: "x-1",
        application: "shop",
        name: "release",
        status: "RUNNING",
        execution: "suspended",
        trigger: { version: 7 },
        pausedMs: 0,
      });
      expect(view.stages.map(({ refId }) => refId)).toEqual(["build", "judge", "deploy"]);
      const [build, judge, deploy] = view.stages;
      expect(build).toMatchObject({
        status: "SUCCEEDED",
        context: { repository: "shop" },
        outputs: { image: "v7" },
        downstream: ["judge"],
        tasks: [{ name: "work", status: "SUCCEEDED", attempts: 1, exceptions: [] }],
      });
      expect(judge).toMatchObject({
        status: "SUSPENDED",
        startedAt: build?.endedAt,
        upstream: ["build"],
        waitsFor: [{ for: "signal", stage: "judge" }],
      });
      expect(deploy).toMatchObject({
        status: "NOT_STARTED",
        waitsFor: [{ for: "stages", stages: ["judge"] }],
        tasks: [{ name: "work", status: "NOT_STARTED", attempts: 0 }],
      });
      expect(JSON.parse(JSON.stringify(view))).toEqual(view);
    });

    it("is told the same by any process, after one has died", async () => {
      const twice = { maxAttempts: 2 };
      const bench = await open((ran) => [
        stage(ran, "a"),
        { refId: "b", requisites: ["a"], tasks: [{ name: "work", retry: twice, run: () => ({}) }] },
        waiting(ran, "c", { requisites: ["b"] }),
      ]);
      const { faults } = bench.bench.cloud;
      faults.plan({ call: 9, when: "after" });
      await bench.run(DAY);
      expect(faults.struck).toBe(true);
      const view = await shown(bench);
      expect(statusesIn(view.stages)).toEqual({ a: "SUCCEEDED", b: "SUCCEEDED", c: "SUSPENDED" });
      expect(stageOf(view, "b").endedAt).toBeGreaterThan(stageOf(view, "b").startedAt ?? 0);
    });

    it("counts the attempts of a task, says what each threw, and when the next one is", async () => {
      const bench = await open((ran) => [
        {
          refId: "a",
          tasks: [
            {
              name: "work",
              retry: { maxAttempts: 5, initialInterval: "1h", maxInterval: "1h", jitter: "none" },
              run: () => {
                ran.push("a");
                throw new TypeError(`no ${ran.length}`);
              },
            },
          ],
        },
      ]);
      await bench.run(HOUR + SECOND);
      const [a] = (await shown(bench)).stages;
      const at = a?.startedAt ?? 0;
      expect(a?.tasks[0]).toMatchObject({
        status: "RUNNING",
        attempts: 2,
        exceptions: [
          { name: "TypeError", message: "no 1", attempt: 1, at, retryAt: at + HOUR },
          { message: "no 2", attempt: 2, at: at + HOUR, retryAt: at + 2 * HOUR },
        ],
      });
      expect(a?.waitsFor).toEqual([{ for: "retry", task: "work", at: at + 2 * HOUR }]);
    });

    it("says when a task that polls runs again", async () => {
      const bench = await open((ran) => [stage(ran, "a", { gives: { status: "RUNNING", after: "1h" } })]);
      await bench.run(HOUR + SECOND);
      const [a] = (await shown(bench)).stages;
      const at = (a?.startedAt ?? 0) + 2 * HOUR;
      expect(a).toMatchObject({
        waitsFor: [{ for: "timer", task: "work", at }],
        tasks: [{ status: "RUNNING", attempts: 2 }],
      });
    });

    it("names the stage whose mutex it waits for, and the milestone", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a", { mutex: "db" }),
        stage(ran, "b", { mutex: "db" }),
        stage(ran, "c", { milestone: { stage: "a", status: "SUCCEEDED" } }),
      ]);
      await bench.run();
      const view = await shown(bench);
      expect(stageOf(view, "b").waitsFor).toEqual([{ for: "mutex", stage: "a" }]);
      expect(stageOf(view, "c").waitsFor).toEqual([{ for: "milestone", stage: "a", status: "SUCCEEDED" }]);
    });

    it("says so of a stage whose window is not open", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", { window: { whitelist: [{ startHour: 3, startMin: 0, endHour: 4, endMin: 0 }] } }),
      ]);
      await bench.run(MINUTE);
      const [a] = (await shown(bench)).stages;
      expect(a).toMatchObject({ status: "RUNNING", waitsFor: [{ for: "window" }] });
      expect(bench.ran).toEqual([]);
      await bench.pass(DAY);
      expect(await shown(bench)).toMatchObject({ status: "SUCCEEDED" });
    });

    it("counts rounds, and only the last round's attempts", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        waiting(ran, "b", { requisites: ["a"] }),
        waiting(ran, "beside"),
      ]);
      await bench.run();
      await bench.ask({ do: "restart", stage: "a" });
      const view = await shown(bench);
      expect(stageOf(view, "a")).toMatchObject({ rounds: 1, tasks: [{ attempts: 1 }] });
      expect(stageOf(view, "b")).toMatchObject({ status: "SUSPENDED", rounds: 1, tasks: [{ attempts: 1 }] });
    });
  });

  describe("stages that belong to others", () => {
    it("stand under them, however deep, whether they have begun or not", async () => {
      const bench = await open((ran) => [
        {
          refId: "a",
          before: [{ name: "prepare", before: [waiting(ran, "inner")] }],
          tasks: [{ name: "work", run: () => ({}) }],
          after: [{ name: "tidy" }],
          onFailure: [{ name: "mend" }],
        },
      ]);
      await bench.run();
      const view = await shown(bench);
      expect(statusesIn(view.stages)).toEqual({
        a: "RUNNING",
        "a<1": "RUNNING",
        "a<1<1": "SUSPENDED",
        "a>1": "NOT_STARTED",
      });
      expect(stageOf(view, "a<1")).toMatchObject({ name: "prepare", part: "before" });
      expect(stageOf(view, "a<1<1").waitsFor).toEqual([{ for: "signal", stage: "a<1<1" }]);
    });

    it("on a failure stand there once it has failed", async () => {
      const bench = await open((ran) => [{ ...broken(ran, "a"), onFailure: [{ name: "mend" }] }]);
      await bench.run();
      const view = await shown(bench);
      expect(stageOf(view, "a!1")).toMatchObject({ status: "SUCCEEDED", part: "onFailure" });
    });

    it("are its instances, as many as there are", async () => {
      const bench = await open(() => [{ refId: "a", instances: { of: 3 } }]);
      await bench.run();
      expect(statusesIn((await shown(bench)).stages)).toEqual({
        a: "SUCCEEDED",
        "a#1": "SUCCEEDED",
        "a#2": "SUCCEEDED",
        "a#3": "SUCCEEDED",
      });
    });
  });

  describe("a pipeline that does not go on", () => {
    it("is PAUSED, by whom and why, and how long in all", async () => {
      const bench = await open((ran) => [waiting(ran, "a"), stage(ran, "b", { requisites: ["a"] })]);
      await bench.run();
      const client = bench.bench.client;
      await client.pause("x-1");
      await bench.pass(HOUR);
      await client.resume("x-1");
      await bench.pass(HOUR);
      expect(await shown(bench)).toMatchObject({ status: "RUNNING", pausedMs: HOUR });
      await client.pause("x-1", { by: "ada", reason: "a freeze" });
      await bench.pass(2 * HOUR);
      expect(await shown(bench)).toMatchObject({
        status: "PAUSED",
        execution: "paused",
        pausedMs: 3 * HOUR,
        paused: { by: "ada", reason: "a freeze" },
        freedBy: expect.stringContaining("holdfast resume x-1"),
      });
    });

    it("says what failed, why, and what will never begin", async () => {
      const bench = await open((ran) => [
        broken(ran, "a"),
        stage(ran, "b", { requisites: ["a"] }),
        waiting(ran, "beside"),
      ]);
      await bench.run();
      const view = await shown(bench);
      expect(view).toMatchObject({
        status: "TERMINAL",
        execution: "failed",
        error: { name: "PipelineFailedError", message: expect.stringContaining("it broke") },
      });
      expect(view.endedAt).toBeGreaterThanOrEqual(view.startedAt ?? Number.POSITIVE_INFINITY);
      expect(stageOf(view, "a")).toMatchObject({
        status: "TERMINAL",
        error: { name: "TypeError", message: "it broke" },
        tasks: [{ attempts: 1, exceptions: [{ message: "it broke", attempt: 1 }] }],
      });
      expect(stageOf(view, "beside")).toMatchObject({ status: "CANCELED", reason: 'stage "a" failed' });
      expect(stageOf(view, "b").status).toBe("CANCELED");
    });

    it("that was cancelled says by whom, and tells the cancel of its tasks", async () => {
      const told: string[] = [];
      const bench = await open((ran) => [
        waiting(ran, "a", { onCancel: (refId) => told.push(refId) }),
        stage(ran, "b", { requisites: ["a"] }),
      ]);
      await bench.run();
      await bench.bench.client.cancel("x-1", { by: "ada", reason: "too late" });
      await bench.pass(DAY);
      expect(told).toEqual(["a"]);
      const view = await shown(bench);
      expect(view).toMatchObject({ status: "CANCELED", canceled: { by: "ada", reason: "too late" } });
      expect(view).not.toHaveProperty("incomplete");
      expect(statusesIn(view.stages)).toEqual({ a: "CANCELED", b: "CANCELED" });
    });

    it("that was cancelled before it began is CANCELED, with all of its stages", async () => {
      const bench = await open((ran) => [stage(ran, "a")]);
      await bench.bench.start(bench.pipeline, {}, "x-1", { delayMs: DAY });
      expect(await shown(bench)).toMatchObject({
        status: "NOT_STARTED",
        stages: [{ status: "NOT_STARTED" }],
      });
      await bench.bench.client.cancel("x-1");
      await bench.pass(2 * DAY);
      const view = await shown(bench);
      expect(view).toMatchObject({ status: "CANCELED", stages: [{ refId: "a", status: "CANCELED" }] });
      expect(view).not.toHaveProperty("startedAt");
      expect(view).not.toHaveProperty("incomplete");
    });

    it("that was terminated is CANCELED, with what its code was never told of", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        waiting(ran, "b", { requisites: ["a"] }),
        stage(ran, "c", { requisites: ["b"] }),
      ]);
      await bench.run(HOUR);
      await bench.bench.client.terminate("x-1", { reason: "enough" });
      const view = await shown(bench);
      expect(view).toMatchObject({ status: "CANCELED", canceled: { reason: "enough" } });
      expect(statusesIn(view.stages)).toEqual({ a: "SUCCEEDED", b: "CANCELED", c: "CANCELED" });
      expect(stageOf(view, "b")).toMatchObject({
        reason: "the execution was terminated",
        endedAt: view.endedAt,
      });
    });

    it("that was redriven goes on from the task that failed", async () => {
      let isBroken = true;
      const bench = await open((ran) => [
        stage(ran, "a"),
        stage(ran, "b", {
          requisites: ["a"],
          run: () => {
            if (isBroken) throw new TypeError("it broke");
          },
        }),
      ]);
      await bench.run();
      expect(await shown(bench)).toMatchObject({ status: "TERMINAL" });
      isBroken = false;
      await bench.bench.client.redrive("x-1");
      await bench.pass(HOUR);
      const view = await shown(bench);
      expect(view).toMatchObject({ status: "SUCCEEDED", execution: "completed" });
      expect(view).not.toHaveProperty("incomplete");
      expect(stageOf(view, "b")).toMatchObject({
        status: "SUCCEEDED",
        tasks: [{ attempts: 2, exceptions: [{ message: "it broke", attempt: 1 }] }],
      });
    });

    it("that ends CANCELED by its own task says so in its head, too", async () => {
      const bench = await open((ran) => [stage(ran, "a", { gives: { status: "CANCELED" } })]);
      await bench.run();
      expect(await shown(bench)).toMatchObject({ status: "CANCELED", execution: "failed" });
      expect(await new PipelineClient(bench.bench.client).summary("x-1")).toMatchObject({
        status: "CANCELED",
      });
    });
  });

  it("a hundred stages side by side are all there", async () => {
    const wide = Array.from({ length: 100 }, (_, index) => `w${index}`);
    const bench = await open((ran) => [
      stage(ran, "a"),
      ...wide.map((refId): StageOptions => stage(ran, refId, { requisites: ["a"] })),
      stage(ran, "z", { requisites: wide }),
    ]);
    await bench.run();
    const { stages, status } = await shown(bench);
    expect([status, stages.length]).toEqual(["SUCCEEDED", 102]);
    expect(stages.every((one) => one.status === "SUCCEEDED")).toBe(true);
  });
});

describe("a history that does not fit its graph", () => {
  it("is shown as far as it fits, and says where it does not", async () => {
    const bench = await new PipelineBench((ran) => [
      stage(ran, "a"),
      waiting(ran, "b", { requisites: ["a"] }),
    ]).run();
    const other = new PipelineBench((ran) => [stage(ran, "a"), stage(ran, "c", { requisites: ["a"] })]);
    const view = await readPipeline(await bench.bench.client.history("x-1"), other.pipeline.graph);
    expect(view.incomplete).toContain('The code asked for: step "c/work"');
    expect(statusesIn(view.stages)).toEqual({ a: "SUCCEEDED", c: "RUNNING" });
  });
});
