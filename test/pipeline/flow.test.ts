/** In which order stages run, and what their failures do to each other. */
import { describe, expect, it } from "vitest";
import type { PipelineOptions } from "../../lib/pipeline/pipeline.js";
import { broken, HOUR, type Make, onEachStore, stage } from "./bench.js";

onEachStore((open) => {
  async function ran(make: Make, options: Partial<PipelineOptions> = {}) {
    const bench = await (await open(make, options)).run(HOUR);
    return { ran: bench.ran, statuses: await bench.statuses(), bench };
  }

  describe("stages", () => {
    it("run one after the other in a chain, and each of them once", async () => {
      const chain = await ran((order) => [
        stage(order, "c", { requisites: ["b"] }),
        stage(order, "a"),
        stage(order, "b", { requisites: ["a"] }),
      ]);
      expect(chain.ran).toEqual(["a", "b", "c"]);
      expect(chain.statuses).toEqual({
        pipeline: "SUCCEEDED",
        a: "SUCCEEDED",
        b: "SUCCEEDED",
        c: "SUCCEEDED",
      });
    });

    it("fan out a hundred wide, and join once", async () => {
      const wide = Array.from({ length: 100 }, (_, index) => `w${index}`);
      const fan = await ran((order) => [
        stage(order, "a"),
        ...wide.map((refId) => stage(order, refId, { requisites: ["a"] })),
        stage(order, "z", { requisites: wide }),
      ]);
      expect(fan.ran.length).toBe(102);
      expect(fan.ran.at(-1)).toBe("z");
      expect(fan.statuses.pipeline).toBe("SUCCEEDED");
    });

    it("run nested diamonds, each join after all of its branches", async () => {
      const { ran: order } = await ran((all) => [
        stage(all, "a"),
        stage(all, "b1", { requisites: ["a"] }),
        stage(all, "b2", { requisites: ["a"] }),
        stage(all, "c1", { requisites: ["b1"] }),
        stage(all, "c2", { requisites: ["b1"] }),
        stage(all, "d", { requisites: ["c1", "c2"] }),
        stage(all, "z", { requisites: ["d", "b2"] }),
      ]);
      const at = (refId: string): number => order.indexOf(refId);
      expect(order.toSorted()).toEqual(["a", "b1", "b2", "c1", "c2", "d", "z"]);
      expect(at("d")).toBeGreaterThan(Math.max(at("c1"), at("c2")));
      expect(at("z")).toBeGreaterThan(Math.max(at("d"), at("b2")));
    });

    it("see what the stages before them gave, under their own context", async () => {
      const seen: unknown[] = [];
      await ran((order) => [
        stage(order, "a", { gives: { outputs: { image: "from a", tags: ["x"] } } }),
        stage(order, "b", {
          requisites: ["a"],
          context: { image: "own", tags: ["y"] },
          run: ({ context, pipeline: { trigger } }) => {
            seen.push(context, trigger);
          },
        }),
      ]);
      expect(seen).toEqual([{ image: "own", tags: ["x", "y"] }, { version: 7 }]);
    });

    it("need no tasks to succeed; a pipeline without stages has failed", async () => {
      expect((await ran(() => [{ refId: "empty" }])).statuses).toEqual({
        pipeline: "SUCCEEDED",
        empty: "SUCCEEDED",
      });
      const { statuses, bench } = await ran(() => []);
      expect(statuses.pipeline).toBe("TERMINAL");
      expect(String(await bench.bench.error())).toContain(
        'Pipeline "release" ended TERMINAL: it has no stages.',
      );
    });
  });

  describe("a stage that fails", () => {
    it("ends its pipeline: what waits for it never begins, and what runs beside it is canceled", async () => {
      const {
        ran: order,
        statuses,
        bench,
      } = await ran((all) => [
        broken(all, "a"),
        stage(all, "b", { requisites: ["a"] }),
        stage(all, "beside", { gives: { status: "SUSPENDED" } }),
      ]);
      expect(order).toEqual(["a", "beside"]);
      expect(statuses).toEqual({ pipeline: "TERMINAL", a: "TERMINAL", beside: "CANCELED" });
      expect(String(await bench.bench.error())).toContain('stage "a" is TERMINAL (it broke)');
      expect(await bench.bench.status()).toBe("failed");
    });

    it("runs no further task of its own", async () => {
      const { ran: order } = await ran((all) => {
        const [first] = stage(all, "a").tasks ?? [];
        const [second] = broken(all, "a").tasks ?? [];
        if (first === undefined || second === undefined) throw new Error("no tasks");
        return [{ refId: "a", tasks: [first, { ...second, name: "breaks" }, { ...first, name: "last" }] }];
      });
      expect(order).toEqual(["a", "a"]);
    });

    it("lets what waits for it begin where it continues the pipeline", async () => {
      const { ran: order, statuses } = await ran((all) => [
        broken(all, "a", { continuePipelineOnFailure: true }),
        stage(all, "b", { requisites: ["a"] }),
      ]);
      expect(order).toEqual(["a", "b"]);
      expect(statuses).toEqual({ pipeline: "SUCCEEDED", a: "FAILED_CONTINUE", b: "SUCCEEDED" });
    });

    it("stops its branch alone where it does not fail the pipeline: the others decide", async () => {
      const { ran: order, statuses } = await ran((all) => [
        broken(all, "a", { failPipeline: false }),
        stage(all, "b", { requisites: ["a"] }),
        stage(all, "c"),
      ]);
      expect(order).toEqual(["a", "c"]);
      expect(statuses).toEqual({ pipeline: "SUCCEEDED", a: "STOPPED", c: "SUCCEEDED" });
    });

    it("fails the pipeline once the others have ended where it completes other branches first", async () => {
      const { ran: order, statuses } = await ran((all) => [
        broken(all, "a", { completeOtherBranchesThenFail: true }),
        stage(all, "c", { run: () => ({ status: "SUCCEEDED" }) }),
        stage(all, "d", { requisites: ["c"] }),
      ]);
      expect(order).toEqual(["a", "c", "d"]);
      expect(statuses).toEqual({ pipeline: "TERMINAL", a: "STOPPED", c: "SUCCEEDED", d: "SUCCEEDED" });
    });

    it.each([
      ["FAILED_CONTINUE", "SUCCEEDED", true],
      ["SKIPPED", "SUCCEEDED", true],
      ["STOPPED", "SUCCEEDED", false],
      ["CANCELED", "CANCELED", false],
      ["TERMINAL", "TERMINAL", false],
    ] as const)("says so by its task's own %s: the pipeline is %s", async (status, pipeline, goesOn) => {
      const { ran: order, statuses } = await ran((all) => [
        stage(all, "a", { gives: { status } }),
        stage(all, "b", { requisites: ["a"] }),
      ]);
      expect(statuses.pipeline).toBe(pipeline);
      expect(order.includes("b")).toBe(goesOn);
    });
  });

  describe("a stage that is not enabled", () => {
    it("is skipped, and what waits for it begins", async () => {
      const { ran: order, statuses } = await ran((all) => [
        stage(all, "a", { gives: { outputs: { env: "test" } } }),
        stage(all, "b", { requisites: ["a"], enabled: 'env == "prod"' }),
        stage(all, "c", { requisites: ["b"], enabled: 'env == "test" && !has(a.b)', context: { a: {} } }),
      ]);
      expect(order).toEqual(["a", "c"]);
      expect(statuses).toEqual({ pipeline: "SUCCEEDED", a: "SUCCEEDED", b: "SKIPPED", c: "SUCCEEDED" });
    });

    it("fails where its expression asks for what is not there", async () => {
      const { statuses, bench } = await ran((all) => [stage(all, "a", { enabled: "nothing > 1" })]);
      expect(statuses).toEqual({ pipeline: "TERMINAL", a: "TERMINAL" });
      expect(String(await bench.bench.error())).toContain("Unknown variable: nothing");
    });
  });
});
