/** What belongs to a stage: its stages before, after and on failure, its instances, the pipeline that it runs. */
import { describe, expect, it } from "vitest";
import { pipeline } from "../../lib/pipeline/pipeline.js";
import { broken, HOUR, onEachStore, stage, waiting } from "./bench.js";

onEachStore((open) => {
  describe("stages before, after and on failure", () => {
    it("run around the tasks, in their order, and what they give is the stage's", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", {
          before: [stage(ran, "", { gives: { outputs: { key: 1 } } }), stage(ran, "")],
          after: [stage(ran, "")],
          onFailure: [stage(ran, "")],
        }),
        stage(ran, "z", {
          requisites: ["a"],
          run: ({ context }) => ({ outputs: { seen: context.key ?? 0 } }),
        }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["a<1", "a<2", "a", "a>1", "z"]);
      expect((await bench.stage("z")).outputs).toEqual({ seen: 1 });
    });

    it("that fail before the tasks prevent them", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", { before: [broken(ran, "")], after: [stage(ran, "")] }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["a<1"]);
      expect(await bench.statuses()).toEqual({ pipeline: "TERMINAL", a: "TERMINAL", "a<1": "TERMINAL" });
    });

    it("that fail after the tasks fail the stage", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", { after: [broken(ran, "")], continuePipelineOnFailure: true }),
        stage(ran, "z", { requisites: ["a"] }),
      ]);
      await bench.run();
      expect(await bench.statuses()).toEqual({
        pipeline: "SUCCEEDED",
        a: "FAILED_CONTINUE",
        "a>1": "TERMINAL",
        z: "SUCCEEDED",
      });
    });

    it("on failure run once, whatever happens to the process, and the stage has failed all the same", async () => {
      const bench = await open((ran) => [broken(ran, "a", { onFailure: [stage(ran, ""), stage(ran, "")] })]);
      for (const call of [8, 12]) bench.bench.cloud.faults.plan({ call, when: "reply-lost" });
      await bench.run(HOUR);
      expect(bench.ran).toEqual(["a", "a!1", "a!2"]);
      expect(await bench.statuses()).toMatchObject({
        pipeline: "TERMINAL",
        "a!1": "SUCCEEDED",
        "a!2": "SUCCEEDED",
      });
    });

    it("of synthetic stages nest", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", { before: [stage(ran, "", { before: [stage(ran, "")] })] }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["a<1<1", "a<1", "a"]);
    });
  });

  describe("instances", () => {
    it("run the tasks once for each item, side by side, and give a list in their order", async () => {
      const bench = await open((ran) => [
        stage(ran, "list", { gives: { outputs: { files: ["x", "y", "z"] } } }),
        stage(ran, "load", {
          requisites: ["list"],
          instances: { of: "files" },
          run: ({ context }) => ({ outputs: { loaded: context.item ?? null, at: context.index ?? -1 } }),
        }),
        stage(ran, "sum", {
          requisites: ["load"],
          run: ({ context }) => ({ outputs: { loads: (context.load as unknown[]).length } }),
        }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["list", "load#1", "load#2", "load#3", "sum"]);
      expect((await bench.stage("load")).outputs).toEqual({
        load: [
          { loaded: "x", at: 0 },
          { loaded: "y", at: 1 },
          { loaded: "z", at: 2 },
        ],
      });
      expect((await bench.stage("sum")).outputs).toEqual({ loads: 3 });
    });

    it("may be a number, or none", async () => {
      const bench = await open((ran) => [
        stage(ran, "two", { instances: { of: 2 } }),
        stage(ran, "none", { instances: { of: [] } }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["two#1", "two#2"]);
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED", none: "SUCCEEDED" });
    });

    it("end with the first that fails: the others are canceled, and told", async () => {
      const told: string[] = [];
      const bench = await open((ran) => [
        waiting(ran, "a", {
          instances: { of: ["good", "bad"] },
          onCancel: (refId) => told.push(refId),
          run: ({ context }) => {
            if (context.item === "bad") throw new Error("no such file");
            return { status: "SUSPENDED" };
          },
        }),
      ]);
      await bench.run();
      expect(await bench.statuses()).toEqual({
        pipeline: "TERMINAL",
        a: "TERMINAL",
        "a#1": "CANCELED",
        "a#2": "TERMINAL",
      });
      expect(told).toEqual(["a"]);
      expect((await bench.stage("a")).error?.message).toBe("no such file");
    });

    it("with a threshold are over when so many have ended well, and fail when too few can", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", {
          instances: { of: 4, threshold: 2 },
          run: ({ context }) => {
            if (context.index === 0) throw new Error("first");
            return context.index === 3 ? { status: "SUSPENDED" } : {};
          },
        }),
        stage(ran, "b", {
          requisites: ["a"],
          failPipeline: false,
          instances: { of: 2, threshold: 2 },
          run: ({ context }) => {
            if (context.index === 0) throw new Error("first");
            return {};
          },
        }),
      ]);
      await bench.run();
      expect(await bench.statuses()).toMatchObject({ a: "SUCCEEDED", "a#4": "CANCELED", b: "STOPPED" });
      expect((await bench.stage("b")).error?.message).toContain("of 2 instances ended well, and 2 had to");
    });

    it("can be added while others are at work, and not after", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a", { instances: { of: ["x"] } }),
        waiting(ran, "b", { requisites: ["a"] }),
      ]);
      await bench.run();
      await bench.ask({ do: "add", stage: "a", item: "y" });
      expect(await bench.statuses()).toMatchObject({ "a#1": "SUSPENDED", "a#2": "SUSPENDED" });
      await bench.signal("a#1", "go");
      expect(await bench.statuses()).toMatchObject({ a: "RUNNING" });
      await bench.signal("a#2", "go");
      expect(await bench.statuses()).toMatchObject({ a: "SUCCEEDED", b: "SUSPENDED" });
      await expect(bench.ask({ do: "add", stage: "a", item: "z" })).rejects.toThrow("no instances at work");
    });

    it("of something that is no list fail the stage with what was found", async () => {
      const bench = await open((ran) => [stage(ran, "a", { instances: { of: '"text"' } })]);
      await bench.run();
      expect((await bench.stage("a")).error?.message).toContain('Expected a list or a number, found "text"');
    });
  });

  describe("a stage that runs another pipeline", () => {
    const nested = (ran: string[], fails = false) =>
      pipeline({
        application: "shop",
        name: "deploy",
        stages: [
          stage(ran, "inner", {
            run: ({ pipeline: { trigger } }) => {
              if (fails) throw new Error("no such region");
              const { parameters } = trigger as { parameters: { region: string } };
              return { outputs: { url: `https://${parameters.region}` } };
            },
          }),
        ],
      });

    it("waits for it, and gives what it gave", async () => {
      const bench = await open((ran) => [
        stage(ran, "ship", { pipeline: nested(ran), context: { pipelineParameters: { region: "eu" } } }),
        stage(ran, "z", { requisites: ["ship"] }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["ship", "inner", "z"]);
      expect((await bench.stage("ship")).outputs).toEqual({ ship: { url: "https://eu" } });
    });

    it("fails with it", async () => {
      const bench = await open((ran) => [{ refId: "ship", pipeline: nested(ran, true) }]);
      await bench.run();
      expect(await bench.statuses()).toEqual({ pipeline: "TERMINAL", ship: "TERMINAL" });
      expect((await bench.stage("ship")).error?.message).toContain("no such region");
    });

    it("cancels it when it is canceled itself", async () => {
      const bench = await open((ran) => [
        {
          refId: "ship",
          pipeline: pipeline({ application: "shop", name: "deploy", stages: [waiting(ran, "inner")] }),
        },
      ]);
      await bench.run();
      await bench.ask({ do: "cancel", stage: "ship" });
      const { executions } = await bench.bench.client.list({ workflow: "deploy" });
      expect(executions.map(({ status }) => status)).toEqual(["cancelled"]);
    });
  });
});
