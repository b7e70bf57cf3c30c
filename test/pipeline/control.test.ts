/** What people do to a pipeline while it runs: skip, cancel, restart, signal, pause. */
import { describe, expect, it } from "vitest";
import { DAY, onEachStore, SECOND, stage, waiting } from "./bench.js";

onEachStore((open) => {
  describe("skip", () => {
    it("ends a stage that has not begun, and what waits for it goes on", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a"),
        stage(ran, "b", { requisites: ["a"] }),
        stage(ran, "c", { requisites: ["b"] }),
      ]);
      await bench.run();
      expect(await bench.ask({ do: "skip", stage: "b", reason: "no time" })).toEqual({ b: "SKIPPED" });
      await bench.signal("a", "go");
      expect(bench.ran).toEqual(["a", "c", "a"]);
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED", b: "SKIPPED", c: "SUCCEEDED" });
      expect((await bench.stage("b")).reason).toBe("no time");
    });

    it("ends one that waits for somebody", async () => {
      const bench = await open((ran) => [waiting(ran, "a"), stage(ran, "b", { requisites: ["a"] })]);
      await bench.run();
      expect(await bench.ask({ do: "skip", stage: "a" })).toEqual({ a: "SKIPPED" });
      expect(await bench.statuses()).toEqual({ pipeline: "SUCCEEDED", a: "SKIPPED", b: "SUCCEEDED" });
    });

    it("is refused for one that has ended, and for one that there is not", async () => {
      const bench = await open((ran) => [stage(ran, "a"), waiting(ran, "b")]);
      await bench.run();
      await expect(bench.ask({ do: "skip", stage: "a" })).rejects.toThrow(
        'The pipeline can\'t do that: stage "a" has ended: it is SUCCEEDED.',
      );
      await expect(bench.ask({ do: "skip", stage: "z" })).rejects.toThrow('no stage "z"; there are a, b');
      await expect(bench.ask({ do: "dance" } as never)).rejects.toThrow('Expected { do: "skip" |');
      expect(await bench.statuses()).toMatchObject({ pipeline: "RUNNING", b: "SUSPENDED" });
    });
  });

  describe("cancel", () => {
    it("ends a stage, tells its task once, and what waits for it never begins", async () => {
      const told: string[] = [];
      const bench = await open((ran) => [
        waiting(ran, "a", { onCancel: (refId) => told.push(refId) }),
        stage(ran, "b", { requisites: ["a"] }),
      ]);
      await bench.run();
      expect(await bench.ask({ do: "cancel", stage: "a" })).toEqual({ a: "CANCELED" });
      expect(told).toEqual(["a"]);
      expect(await bench.statuses()).toEqual({ pipeline: "CANCELED", a: "CANCELED" });
    });

    it("ends all open stages of a region, and no others", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a", { region: "eu" }),
        stage(ran, "b", { requisites: ["a"], region: "eu" }),
        stage(ran, "done", { region: "eu" }),
        waiting(ran, "c"),
      ]);
      await bench.run();
      expect(await bench.ask({ do: "cancel", region: "eu" })).toEqual({ a: "CANCELED", b: "CANCELED" });
      expect(await bench.statuses()).toMatchObject({
        done: "SUCCEEDED",
        c: "SUSPENDED",
        pipeline: "RUNNING",
      });
      await expect(bench.ask({ do: "cancel", region: "us" })).rejects.toThrow('no stage is of region "us"');
      await expect(bench.ask({ do: "cancel", region: "eu" })).rejects.toThrow("have ended");
    });

    it("of the execution cancels what runs and keeps the rest from beginning; errors of those told don't block", async () => {
      const told: string[] = [];
      const bench = await open((ran) => [
        waiting(ran, "a", {
          onCancel: () => {
            told.push("a");
            throw new Error("no ears");
          },
        }),
        waiting(ran, "b", { onCancel: (refId) => told.push(refId) }),
        stage(ran, "c", { requisites: ["a", "b"] }),
      ]);
      await bench.run();
      await bench.bench.client.cancel("x-1");
      await bench.pass(DAY);
      expect(new Set(told)).toEqual(new Set(["a", "b"]));
      expect(await bench.statuses()).toEqual({
        pipeline: "CANCELED",
        a: "CANCELED",
        b: "CANCELED",
        c: "CANCELED",
      });
      expect(await bench.bench.status()).toBe("cancelled");
    });

    it("before its start runs nothing", async () => {
      const bench = await open((ran) => [stage(ran, "a")]);
      await bench.bench.start(bench.pipeline, {}, "x-1", { delayMs: DAY });
      await bench.bench.client.cancel("x-1");
      await bench.pass(2 * DAY);
      expect(bench.ran).toEqual([]);
      expect(await bench.bench.status()).toBe("cancelled");
    });

    it("of one that has ended changes nothing", async () => {
      const bench = await (await open((ran) => [stage(ran, "a")])).run();
      await expect(bench.bench.client.cancel("x-1")).rejects.toThrow("completed");
      expect(await bench.statuses()).toEqual({ pipeline: "SUCCEEDED", a: "SUCCEEDED" });
    });
  });

  describe("restart", () => {
    it("makes a stage and all that comes after it anew, and leaves the others alone", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        stage(ran, "b", { requisites: ["a"] }),
        waiting(ran, "c", { requisites: ["b"] }),
        waiting(ran, "beside"),
      ]);
      await bench.run();
      expect(await bench.ask({ do: "restart", stage: "b" })).toEqual({
        b: "NOT_STARTED",
        c: "NOT_STARTED",
      });
      expect(await bench.statuses()).toMatchObject({ b: "SUCCEEDED", c: "SUSPENDED" });
      expect(bench.ran).toEqual(["a", "beside", "b", "c", "b", "c"]);
      expect((await bench.stage("b")).rounds).toBe(1);
      await bench.signal("c", "go");
      await bench.signal("beside", "go");
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED", c: "SUCCEEDED" });
    });

    it("goes on where everything that ran came after the stage", async () => {
      const bench = await open((ran) => [stage(ran, "a"), waiting(ran, "b", { requisites: ["a"] })]);
      await bench.run();
      await bench.ask({ do: "restart", stage: "a" });
      expect(await bench.statuses()).toEqual({ pipeline: "RUNNING", a: "SUCCEEDED", b: "SUSPENDED" });
      expect(bench.ran).toEqual(["a", "b", "a", "b"]);
    });

    it("is refused for one that runs, or has not begun", async () => {
      const bench = await open((ran) => [waiting(ran, "a"), stage(ran, "b", { requisites: ["a"] })]);
      await bench.run();
      await expect(bench.ask({ do: "restart", stage: "a" })).rejects.toThrow("cancel or skip it first");
      await expect(bench.ask({ do: "restart", stage: "b" })).rejects.toThrow("it will begin by itself");
    });

    it("of a stage that was canceled lets what comes after it begin", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a"),
        stage(ran, "b", { requisites: ["a"] }),
        waiting(ran, "beside"),
      ]);
      await bench.run();
      await bench.ask({ do: "cancel", stage: "a" });
      await bench.ask({ do: "restart", stage: "a" });
      await bench.signal("a", "go");
      await bench.signal("beside", "go");
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED", b: "SUCCEEDED" });
    });
  });

  describe("a suspended stage", () => {
    it("goes on with the signal that comes for it, and its data", async () => {
      const seen: unknown[] = [];
      const bench = await open((ran) => [
        stage(ran, "a", {
          run: ({ signaled, context }) => {
            if (signaled === undefined) return { status: "SUSPENDED" };
            seen.push(signaled, context._signal_name, context._signal_data);
            return { outputs: { by: signaled.data?.by ?? null } };
          },
        }),
      ]);
      await bench.run();
      await bench.signal("a", "approved", { by: "Ada" });
      expect(seen).toEqual([{ name: "approved", data: { by: "Ada" } }, "approved", { by: "Ada" }]);
      expect((await bench.stage("a")).outputs).toEqual({ by: "Ada" });
    });

    it("finds a signal that came before it waited", async () => {
      const bench = await open((ran) => [
        waiting(ran, "first"),
        waiting(ran, "a", { requisites: ["first"] }),
      ]);
      await bench.run();
      await bench.signal("a", "early");
      await bench.signal("first", "go");
      expect(await bench.statuses()).toEqual({ pipeline: "SUCCEEDED", first: "SUCCEEDED", a: "SUCCEEDED" });
    });

    it("hears a word that is said while it waits, and none that was said before", async () => {
      const bench = await open((ran) => [
        waiting(ran, "first"),
        waiting(ran, "a", { requisites: ["first"] }),
      ]);
      await bench.run();
      await expect(bench.ask({ do: "signal", stage: "a", name: "early" })).rejects.toThrow(
        'stage "a" waits for no signal: it is NOT_STARTED',
      );
      await bench.signal("first", "go");
      expect(await bench.statuses()).toMatchObject({ a: "SUSPENDED" });
      await bench.ask({ do: "signal", stage: "a", name: "now" });
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
      expect((await bench.stage("a")).context).toEqual({ _signal_name: "now" });
    });

    it("waits beside a leaf that has ended for as long as it takes", async () => {
      const bench = await open((ran) => [stage(ran, "leaf"), waiting(ran, "a")]);
      await bench.run(300 * DAY);
      expect(await bench.statuses()).toEqual({ pipeline: "RUNNING", leaf: "SUCCEEDED", a: "SUSPENDED" });
      await bench.signal("a", "go");
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });
  });

  describe("pause", () => {
    it("lets what runs end, begins nothing, and goes on where it stood", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", {
          run: ({ context }) =>
            context.slept === true ? {} : { status: "RUNNING", after: "10s", context: { slept: true } },
        }),
        stage(ran, "b", { requisites: ["a"] }),
      ]);
      await bench.run();
      await bench.bench.client.pause("x-1", { by: "Ada" });
      await bench.pass(DAY);
      expect(bench.ran).toEqual(["a"]);
      await bench.bench.client.resume("x-1");
      await bench.pass(SECOND);
      expect(bench.ran).toEqual(["a", "a", "b"]);
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
      const { total } = await bench.bench.client.pauses("x-1").then((pauses) => ({ total: pauses }));
      expect(JSON.stringify(total)).toContain("Ada");
    });

    it("takes only what runs, and resume only what is paused", async () => {
      const bench = await (await open((ran) => [waiting(ran, "a")])).run();
      await bench.bench.client.resume("x-1").catch(() => {});
      await bench.signal("a", "go");
      await expect(bench.bench.client.pause("x-1")).rejects.toThrow("completed");
      expect(await bench.bench.status()).toBe("completed");
    });
  });
});
