/** Pipelines that have ended, and go on: redriven, or restarted as an execution of their own. */
import { describe, expect, it } from "vitest";
import { restartedFrom, restartInput } from "../../lib/pipeline/restarted.js";
import { HOUR, onEachStore, type PipelineBench, stage, waiting } from "./bench.js";

onEachStore((open) => {
  let isMended = false;
  const flaky = {
    run: () => {
      if (!isMended) throw new Error("not yet");
      return { outputs: { mended: true } };
    },
  };
  async function failed(): Promise<PipelineBench> {
    isMended = false;
    const bench = await open((ran) => [
      stage(ran, "a", { gives: { outputs: { from: "a" } } }),
      stage(ran, "b", { requisites: ["a"], ...flaky }),
      stage(ran, "c", {
        requisites: ["b"],
        run: ({ context }) => ({ outputs: { saw: context.from ?? null } }),
      }),
      waiting(ran, "beside", { before: [stage(ran, "")] }),
    ]);
    await bench.run(HOUR);
    expect(await bench.statuses()).toMatchObject({ pipeline: "TERMINAL", b: "TERMINAL", beside: "CANCELED" });
    isMended = true;
    return bench;
  }
  async function restart(bench: PipelineBench, refId?: string): Promise<void> {
    const input = restartInput(
      bench.pipeline.graph,
      await bench.state(),
      { executionId: "x-1", input: { version: 7 } },
      refId,
    );
    expect(restartedFrom(input)).toBe("x-1");
    bench.ran.length = 0;
    await bench.run(0, "x-2", input);
  }

  describe("a restart of one that failed", () => {
    it("makes anew what failed, what comes after it, and what was canceled for it; keeps the rest", async () => {
      const bench = await failed();
      await restart(bench, "b");
      expect(bench.ran).toEqual(["b", "beside<1", "c", "beside"]);
      expect(await bench.statuses("x-2")).toMatchObject({
        pipeline: "RUNNING",
        a: "SUCCEEDED",
        b: "SUCCEEDED",
        c: "SUCCEEDED",
        beside: "SUSPENDED",
      });
      const { stages } = await bench.state("x-2");
      expect(stages.get("c")?.outputs).toEqual({ saw: "a" });
      await bench.bench.client.signal("x-2", "stage beside", { name: "go" });
      await bench.pass();
      expect(await bench.bench.output("x-2")).toMatchObject({
        status: "SUCCEEDED",
        outputs: { from: "a", mended: true },
      });
    });

    it("needs no name: everything that did not end well begins again", async () => {
      const bench = await failed();
      await restart(bench);
      expect(await bench.statuses("x-2")).toMatchObject({ b: "SUCCEEDED", c: "SUCCEEDED" });
    });

    it("leaves the old execution as it was, and sees the same trigger", async () => {
      const bench = await failed();
      const before = await bench.bench.history();
      await restart(bench, "b");
      expect(await bench.bench.history()).toEqual(before);
    });
  });

  it("one in the middle of a pipeline that succeeded runs again, and all after it", async () => {
    const bench = await open((ran) => [
      stage(ran, "a"),
      stage(ran, "b", { requisites: ["a"] }),
      stage(ran, "c", { requisites: ["b"] }),
      stage(ran, "beside"),
    ]);
    await bench.run();
    await restart(bench, "b");
    expect(bench.ran).toEqual(["b", "c"]);
    expect(await bench.statuses("x-2")).toMatchObject({ pipeline: "SUCCEEDED", beside: "SUCCEEDED" });
    await expect(restart(bench)).rejects.toThrow("all of its stages ended well; name one to restart");
    await expect(restart(bench, "z")).rejects.toThrow('no stage "z"');
  });

  it("redriven, it tries again the tasks whose failures ended it", async () => {
    const bench = await failed();
    bench.ran.length = 0;
    await bench.bench.client.redrive("x-1");
    await bench.pass(HOUR);
    expect(bench.ran).toContain("b");
    expect(await bench.statuses()).toMatchObject({ b: "SUCCEEDED", c: "SUCCEEDED" });
  });
});
