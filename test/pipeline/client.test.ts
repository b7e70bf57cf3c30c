/** Pipelines, read and steered by a client that has none of their tasks' code. */
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import { workflow } from "../../lib/define/workflow.js";
import { PipelineClient } from "../../lib/pipeline/client/client.js";
import { Bench } from "../runtime/bench.js";
import { broken, DAY, HOUR, onEachStore, PipelineBench, SECOND, stage, waiting } from "./bench.js";

interface Steered {
  readonly pipelines: PipelineClient;
  /** Asks, lets everything happen that can, and gives the answer. */
  readonly ask: <Answer>(question: (client: PipelineClient) => Promise<Answer>) => Promise<Answer>;
  /** Names of the calls that a question makes of the outside. */
  readonly callsOf: (question: (client: PipelineClient) => Promise<unknown>) => Promise<string[]>;
}

function steered({ bench: { cloud }, pipeline }: Pick<PipelineBench, "bench" | "pipeline">): Steered {
  const client = new DurableClient({ outside: () => cloud.client(), workflows: [pipeline] });
  const pipelines = new PipelineClient(client);
  return {
    pipelines,
    ask: async (question) => {
      const answer = question(pipelines);
      answer.catch(() => {});
      await cloud.settle();
      await cloud.advance(2 * SECOND);
      return answer;
    },
    callsOf: async (question) => {
      const before = cloud.faults.calls.length;
      await question(pipelines);
      return cloud.faults.calls.slice(before);
    },
  };
}

onEachStore((open) => {
  const chain = async () => {
    const bench = await open((ran) => [
      stage(ran, "a", { gives: { outputs: { image: "v7", tags: ["a"] } } }),
      stage(ran, "b", { requisites: ["a"], gives: { outputs: { tags: ["b"] } } }),
      waiting(ran, "c", { requisites: ["b"], before: [{ name: "look" }] }),
      waiting(ran, "beside"),
    ]);
    await bench.run();
    return { bench, ...steered(bench) };
  };

  describe("reads", () => {
    it("tell the whole of it by its head alone", async () => {
      const { pipelines, callsOf } = await chain();
      expect(await pipelines.summary("x-1")).toMatchObject({
        executionId: "x-1",
        name: "release",
        application: "shop",
        status: "RUNNING",
        execution: "suspended",
        trigger: { version: 7 },
        now: expect.stringContaining('signal "stage c"'),
      });
      expect(await callsOf((client) => client.summary("x-1"))).toEqual(["store.readHead"]);
    });

    it("of everything take two heads, one history, and of a definition that is new two more", async () => {
      const { callsOf } = await chain();
      const again = ["store.readHead", "store.readHead", "store.loadHistory"];
      expect((await callsOf((client) => client.show("x-1"))).toSorted()).toEqual(
        [...again, "store.getDefinition", "store.readCurrentDefinition"].toSorted(),
      );
      expect((await callsOf((client) => client.show("x-1"))).toSorted()).toEqual(again.toSorted());
    });

    it("find the neighbours of a stage, those that belong to it, and what those before it gave", async () => {
      const { pipelines } = await chain();
      const ids = (found: readonly { readonly refId: string }[]) => found.map(({ refId }) => refId);
      expect(ids(await pipelines.upstream("x-1", "b"))).toEqual(["a"]);
      expect(ids(await pipelines.downstream("x-1", "b"))).toEqual(["c"]);
      expect(ids(await pipelines.upstream("x-1", "a"))).toEqual([]);
      expect(ids(await pipelines.synthetic("x-1", "c"))).toEqual(["c<1"]);
      const merged = { image: "v7", tags: ["a", "b"] };
      expect(await pipelines.mergedOutputs("x-1", "c")).toEqual(merged);
      expect(await pipelines.mergedOutputs("x-1", "c<1")).toEqual(merged);
      expect(await pipelines.mergedOutputs("x-1", "a")).toEqual({});
      await expect(pipelines.upstream("x-1", "z")).rejects.toThrow('no stage "z"; there are a, b, c, beside');
    });

    it("of an execution that there is not, and of one that is no pipeline, say so", async () => {
      const { pipelines } = await chain();
      await expect(pipelines.show("nobody")).rejects.toMatchObject({ name: "ExecutionNotFoundError" });
      const plain = workflow("plain", async (ctx) => ctx.sleep("1d"));
      const other = new Bench([plain]);
      await other.start(plain, {});
      const client = new PipelineClient(other.client);
      const why = 'Workflow "plain" is no pipeline that can be read';
      await expect(client.show("x-1")).rejects.toThrow(why);
      await expect(client.skip("x-1", "a")).rejects.toThrow("holdfast show x-1");
      await expect(client.pause("x-1")).rejects.toMatchObject({ name: "NotAPipelineError" });
      expect((await client.list({ pipeline: "plain" })).pipelines).toEqual([]);
    });

    it("list executions, newest first, with reads that do not grow with them", async () => {
      const { bench, pipelines, callsOf } = await chain();
      for (const id of ["x-2", "x-3", "x-4"]) {
        await bench.pass(HOUR);
        await bench.run(0, id);
      }
      await pipelines.pause("x-2");
      await pipelines.cancel("x-3");
      await bench.pass(DAY);
      const ids = async (options: Parameters<PipelineClient["list"]>[0]) =>
        (await pipelines.list(options)).pipelines.map(
          ({ executionId, status }) => `${executionId} ${status}`,
        );
      expect(await ids({ application: "shop" })).toEqual([
        ...["x-4 RUNNING", "x-3 CANCELED", "x-2 PAUSED", "x-1 RUNNING"],
      ]);
      expect(await ids({ pipeline: "release", statuses: ["PAUSED", "CANCELED"] })).toEqual([
        ...["x-3 CANCELED", "x-2 PAUSED"],
      ]);
      const { createdAt } = await pipelines.summary("x-2");
      const bounds = { startedAfter: new Date(createdAt), startedBefore: new Date(createdAt + 2 * HOUR) };
      expect(await ids({ application: "shop", ...bounds })).toEqual(["x-3 CANCELED", "x-2 PAUSED"]);
      const first = await pipelines.list({ application: "shop", limit: 3 });
      expect(first.pipelines.length).toBe(3);
      const { cursor = "" } = first;
      expect(await ids({ application: "shop", limit: 3, cursor })).toEqual(["x-1 RUNNING"]);
      const listing = (client: PipelineClient) => client.list({ application: "shop" });
      expect(await callsOf(listing)).toEqual(["store.listExecutions"]);
    });
  });

  describe("steering", () => {
    it("starts by the pipeline or its name, once for each id", async () => {
      const { bench, pipelines } = await chain();
      const first = await pipelines.start(bench.pipeline, { version: 8 }, { id: "y-1" });
      expect(first).toMatchObject({ executionId: "y-1", created: true });
      expect(await pipelines.start("release", { version: 8 }, { id: "y-1" })).toMatchObject({
        created: false,
      });
      await bench.pass();
      expect(await pipelines.summary("y-1")).toMatchObject({ trigger: { version: 8 }, application: "shop" });
    });

    it("skips a stage, cancels one, and says of which it was", async () => {
      const { ask, pipelines } = await chain();
      expect(await ask((client) => client.skip("x-1", "beside", { reason: "no need" }))).toEqual({
        beside: "SKIPPED",
      });
      expect((await pipelines.show("x-1")).stages.find(({ refId }) => refId === "beside")).toMatchObject({
        status: "SKIPPED",
        reason: "no need",
      });
      expect(await ask((client) => client.cancelStage("x-1", "c"))).toEqual({ c: "CANCELED" });
      expect(await pipelines.summary("x-1")).toMatchObject({ status: "CANCELED", execution: "failed" });
    });

    it("cancels a region, and adds an instance", async () => {
      const bench = await open((ran) => [
        waiting(ran, "eu", { region: "old" }),
        waiting(ran, "us", { region: "old" }),
        waiting(ran, "each", { instances: { of: 1 } }),
      ]);
      await bench.run();
      const { ask, pipelines } = steered(bench);
      expect(await ask((client) => client.addInstance("x-1", "each", "more"))).toEqual({ each: "RUNNING" });
      expect((await pipelines.synthetic("x-1", "each")).map(({ refId }) => refId)).toEqual([
        "each#1",
        "each#2",
      ]);
      expect(await ask((client) => client.cancelRegion("x-1", "old"))).toEqual({
        eu: "CANCELED",
        us: "CANCELED",
      });
    });

    it("refuses a stage that there is not before it asks the execution", async () => {
      const { pipelines } = await chain();
      const known = 'no stage "z"; there are a, b, c, beside';
      await expect(pipelines.skip("x-1", "z")).rejects.toThrow(known);
      await expect(pipelines.restart("x-1", "z")).rejects.toThrow(known);
      await expect(pipelines.signal("x-1", "z", { name: "go" })).rejects.toThrow(known);
      await expect(pipelines.restart("x-1")).rejects.toThrow("a stage must be named");
    });

    it("signals a stage that waits; a transient signal is refused where none does", async () => {
      const { bench, ask, pipelines } = await chain();
      await expect(
        ask((client) => client.signal("x-1", "a", { name: "go" }, { transient: true })),
      ).rejects.toThrow("waits for no signal: it is SUCCEEDED");
      await ask((client) =>
        client.signal("x-1", "c", { name: "go", data: { by: "ada" } }, { transient: true }),
      );
      await pipelines.signal("x-1", "beside", { name: "go" });
      await bench.pass();
      const view = await pipelines.show("x-1");
      expect(view.status).toBe("SUCCEEDED");
      expect(view.stages.find(({ refId }) => refId === "c")?.context).toMatchObject({
        _signal_name: "go",
        _signal_data: { by: "ada" },
      });
    });

    it("restarts a stage of an execution that is open", async () => {
      const { bench, ask } = await chain();
      expect(await ask((client) => client.restart("x-1", "a"))).toEqual({
        executionId: "x-1",
        created: false,
      });
      expect(bench.ran.filter((id) => id === "a").length).toBe(2);
    });
  });

  describe("a restart of one that has ended", () => {
    const failed = async () => {
      let isBroken = true;
      const bench = await open((ran) => [
        stage(ran, "a", { gives: { outputs: { image: "v7" } } }),
        stage(ran, "b", {
          requisites: ["a"],
          run: ({ context }) => {
            if (isBroken) throw new TypeError("it broke");
            return { outputs: { deployed: context.image ?? null } };
          },
        }),
        stage(ran, "c", { requisites: ["b"] }),
      ]);
      await bench.run();
      return {
        bench,
        ...steered(bench),
        mend: () => {
          isBroken = false;
        },
      };
    };

    it("is a new one, which keeps what ended well; asked for twice it is one", async () => {
      const { bench, pipelines, mend } = await failed();
      mend();
      const { executionId, created } = await pipelines.restart("x-1");
      expect(created).toBe(true);
      expect(executionId).toMatch(/^x-1\/restart-/);
      expect(await pipelines.restart("x-1")).toEqual({ executionId, created: false });
      await bench.pass();
      expect(bench.ran).toEqual(["a", "b", "b", "c"]);
      const view = await pipelines.show(executionId);
      expect(view).toMatchObject({
        status: "SUCCEEDED",
        restartedFrom: "x-1",
        trigger: { version: 7 },
        application: "shop",
        stages: [
          { refId: "a", kept: true, outputs: { image: "v7" }, tasks: [{ attempts: 0 }] },
          { refId: "b", status: "SUCCEEDED", outputs: { deployed: "v7" } },
          { refId: "c", status: "SUCCEEDED" },
        ],
      });
      expect(view.stages[1]).not.toHaveProperty("kept");
      expect(await pipelines.summary(executionId)).toMatchObject({ restartedFrom: "x-1" });
      expect(await pipelines.show("x-1")).toMatchObject({ status: "TERMINAL" });
    });

    it("from another stage is another one; one that ended well must be told from which", async () => {
      const { bench, pipelines, mend } = await failed();
      mend();
      const { executionId } = await pipelines.restart("x-1");
      const { executionId: fromA } = await pipelines.restart("x-1", "a");
      expect(fromA).not.toBe(executionId);
      await bench.pass();
      await expect(pipelines.restart(executionId)).rejects.toThrow("all of its stages ended well");
      const third = await pipelines.restart(executionId, "c", { id: "x-3" });
      expect(third).toEqual({ executionId: "x-3", created: true });
      await bench.pass();
      expect(await pipelines.show("x-3")).toMatchObject({ status: "SUCCEEDED", restartedFrom: executionId });
    });

    it("that was terminated begins again with what was under way", async () => {
      const bench = await open((ran) => [stage(ran, "a"), waiting(ran, "b", { requisites: ["a"] })]);
      await bench.run();
      await bench.bench.client.terminate("x-1");
      const { pipelines } = steered(bench);
      const { executionId } = await pipelines.restart("x-1");
      await bench.pass();
      expect(bench.ran).toEqual(["a", "b", "b"]);
      expect((await pipelines.show(executionId)).stages.map(({ status }) => status)).toEqual([
        "SUCCEEDED",
        "SUSPENDED",
      ]);
    });
  });

  it("one that waits for a place is BUFFERED, by its head and by its history", async () => {
    const bench = await open((ran) => [waiting(ran, "a")], { concurrency: { limit: 1 } });
    await bench.run();
    await bench.run(0, "x-2");
    const { pipelines } = steered(bench);
    expect(await pipelines.summary("x-2")).toMatchObject({ status: "BUFFERED" });
    expect(await pipelines.show("x-2")).toMatchObject({ status: "BUFFERED", execution: "suspended" });
    expect(await pipelines.show("x-1")).toMatchObject({ status: "RUNNING" });
  });
});

describe("a pipeline that is stalled", () => {
  it("says why, and shows how far it has come", async () => {
    const bench = await new PipelineBench((ran) => [
      stage(ran, "a"),
      waiting(ran, "b", { requisites: ["a"] }),
    ]).run();
    // What is deployed now has another stage in its place.
    const other = new PipelineBench((ran) => [stage(ran, "a"), broken(ran, "c", { requisites: ["a"] })]);
    bench.bench.cloud.deploy(other.bench.app);
    await bench.signal("b", "go");
    await bench.pass(HOUR);
    const view = await new PipelineClient(bench.bench.client).show("x-1");
    expect(view).toMatchObject({
      status: "RUNNING",
      execution: "stalled",
      stalled: expect.stringContaining("no longer matches its history"),
      freedBy: expect.stringContaining("holdfast redrive x-1"),
      stages: [{ status: "SUCCEEDED" }, { refId: "b", status: "SUSPENDED" }],
    });
  });
});
