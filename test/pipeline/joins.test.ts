/** When a stage with several stages before it begins, and which of several stages do. */
import { describe, expect, it } from "vitest";
import type { StageOptions } from "../../lib/pipeline/pipeline.js";
import { broken, HOUR, onEachStore, stage, waiting } from "./bench.js";

const sleeps = (
  ran: string[],
  refId: string,
  seconds: number,
  more: Partial<StageOptions> = {},
): StageOptions =>
  stage(ran, refId, {
    run: ({ context }) =>
      context.slept === true ? {} : { status: "RUNNING", after: `${seconds}s`, context: { slept: true } },
    ...more,
  });

onEachStore((open) => {
  describe("an AND join", () => {
    it("begins after the last of those before it, once, whenever they end", async () => {
      const bench = await open((ran) => [
        sleeps(ran, "slow", 40),
        sleeps(ran, "slower", 50),
        stage(ran, "quick"),
        stage(ran, "z", { requisites: ["slow", "slower", "quick"] }),
      ]);
      await bench.run(45_000);
      expect(await bench.statuses()).not.toHaveProperty("z");
      await bench.pass(10_000);
      expect(bench.ran.filter((refId) => refId === "z")).toEqual(["z"]);
      expect(bench.ran.at(-1)).toBe("z");
    });

    it("never begins behind a stage that halted, while the other branches end by themselves", async () => {
      const bench = await open((ran) => [
        broken(ran, "a", { failPipeline: false }),
        sleeps(ran, "b", 10),
        stage(ran, "after-b", { requisites: ["b"] }),
        stage(ran, "z", { requisites: ["a", "b"] }),
      ]);
      await bench.run(HOUR);
      expect(await bench.statuses()).toEqual({
        pipeline: "SUCCEEDED",
        a: "STOPPED",
        b: "SUCCEEDED",
        "after-b": "SUCCEEDED",
      });
    });
  });

  describe("an N-of-M join", () => {
    it("begins once, when as many as it needs have ended; the others go on and change nothing", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        stage(ran, "b"),
        waiting(ran, "c"),
        stage(ran, "z", { requisites: ["a", "b", "c"], join: { type: "N_OF_M", threshold: 2 } }),
      ]);
      await bench.run();
      expect(await bench.statuses()).toMatchObject({ z: "SUCCEEDED", c: "SUSPENDED", pipeline: "RUNNING" });
      await bench.signal("c", "go");
      expect(bench.ran.filter((refId) => refId === "z")).toEqual(["z"]);
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });

    it("is not failed by a branch that it can do without", async () => {
      const bench = await open((ran) => [
        broken(ran, "a"),
        stage(ran, "b"),
        stage(ran, "c"),
        stage(ran, "z", { requisites: ["a", "b", "c"], join: { type: "N_OF_M", threshold: 2 } }),
      ]);
      await bench.run();
      expect(await bench.statuses()).toMatchObject({ a: "TERMINAL", z: "SUCCEEDED", pipeline: "SUCCEEDED" });
    });

    it("never begins when too few can still end well", async () => {
      const bench = await open((ran) => [
        broken(ran, "a", { failPipeline: false }),
        broken(ran, "b", { failPipeline: false }),
        stage(ran, "c"),
        stage(ran, "z", { requisites: ["a", "b", "c"], join: { type: "N_OF_M", threshold: 2 } }),
      ]);
      await bench.run();
      expect(await bench.statuses()).not.toHaveProperty("z");
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });

    it("counts anew after a jump back", async () => {
      const bench = await open((ran) => [
        stage(ran, "a"),
        stage(ran, "b", { requisites: ["a"] }),
        stage(ran, "c", { requisites: ["a"] }),
        stage(ran, "z", {
          requisites: ["b", "c"],
          join: { type: "N_OF_M", threshold: 1 },
          run: () => {
            const times = ran.filter((refId) => refId === "z").length;
            return times === 1 ? { status: "REDIRECT", to: "a" } : {};
          },
        }),
      ]);
      await bench.run();
      expect(bench.ran.filter((refId) => refId === "z")).toHaveLength(2);
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });
  });

  it("a discriminator begins with the first that ends", async () => {
    const bench = await open((ran) => [
      waiting(ran, "a"),
      stage(ran, "b"),
      stage(ran, "z", { requisites: ["a", "b"], join: "DISCRIMINATOR" }),
    ]);
    await bench.run();
    expect(bench.ran).toEqual(["a", "b", "z"]);
    await bench.signal("a", "go");
    expect(bench.ran.filter((refId) => refId === "z")).toEqual(["z"]);
  });

  it("a multi-merge runs once for each that ends, and what waits for it begins after the last", async () => {
    const bench = await open((ran) => [
      stage(ran, "a"),
      waiting(ran, "b"),
      stage(ran, "m", { requisites: ["a", "b"], join: "MULTI_MERGE" }),
      stage(ran, "z", { requisites: ["m"] }),
    ]);
    await bench.run();
    expect(bench.ran).toEqual(["a", "b", "m"]);
    await bench.signal("b", "go");
    expect(bench.ran).toEqual(["a", "b", "m", "b", "m", "z"]);
    expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
  });

  describe("a split", () => {
    const branches = (bench: { readonly ran: string[] }) => bench.ran.filter((id) => id.length === 1);

    it("begins those whose condition holds, or that have none; the join behind them waits for these alone", async () => {
      const bench = await open((ran) => [
        stage(ran, "split", { gives: { outputs: { size: 7 } }, split: { a: "size > 5", b: "size > 100" } }),
        stage(ran, "a", { requisites: ["split"] }),
        stage(ran, "b", { requisites: ["split"] }),
        stage(ran, "c", { requisites: ["split"] }),
        stage(ran, "z", { requisites: ["a", "b", "c"], join: "OR" }),
      ]);
      await bench.run();
      expect(branches(bench)).toEqual(["a", "c", "z"]);
      expect(await bench.statuses()).toMatchObject({ b: "SKIPPED", z: "SUCCEEDED", pipeline: "SUCCEEDED" });
    });

    it("begins the first where none holds; a condition that can't be judged does not", async () => {
      const bench = await open((ran) => [
        stage(ran, "split", { split: { a: "nothing > 5", b: "false" } }),
        stage(ran, "a", { requisites: ["split"] }),
        stage(ran, "b", { requisites: ["split"] }),
      ]);
      await bench.run();
      expect(branches(bench)).toEqual(["a"]);
    });

    it("skips all that only an unchosen branch leads to", async () => {
      const bench = await open((ran) => [
        stage(ran, "split", { split: { a: "true", b: "false" } }),
        stage(ran, "a", { requisites: ["split"] }),
        stage(ran, "b", { requisites: ["split"] }),
        stage(ran, "c", { requisites: ["b"] }),
        stage(ran, "z", { requisites: ["a", "c"] }),
      ]);
      await bench.run();
      expect(branches(bench)).toEqual(["a", "z"]);
      expect(await bench.statuses()).toMatchObject({ b: "SKIPPED", c: "SKIPPED", pipeline: "SUCCEEDED" });
    });
  });

  describe("a mutex", () => {
    it("lets one of its stages run at a time, and the next one after it", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a", { mutex: "db" }),
        waiting(ran, "b", { mutex: "db" }),
        stage(ran, "c"),
      ]);
      await bench.run();
      expect(await bench.statuses()).toEqual({ pipeline: "RUNNING", a: "SUSPENDED", c: "SUCCEEDED" });
      await bench.signal("a", "go");
      expect(await bench.statuses()).toMatchObject({ a: "SUCCEEDED", b: "SUSPENDED" });
      await bench.signal("b", "go");
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });

    it("is free again after its stage was canceled", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a", { mutex: "db" }),
        waiting(ran, "b", { mutex: "db" }),
      ]);
      await bench.run();
      await bench.ask({ do: "cancel", stage: "a" });
      expect(await bench.statuses()).toMatchObject({ a: "CANCELED", b: "SUSPENDED" });
    });
  });

  describe("a milestone", () => {
    it("lets a stage begin while another has that status, and not before", async () => {
      const bench = await open((ran) => [
        waiting(ran, "first"),
        waiting(ran, "open", { requisites: ["first"] }),
        stage(ran, "a", { milestone: { stage: "open", status: "SUSPENDED" } }),
      ]);
      await bench.run();
      expect(await bench.statuses()).not.toHaveProperty("a");
      await bench.signal("first", "go");
      expect(await bench.statuses()).toMatchObject({ open: "SUSPENDED", a: "SUCCEEDED" });
    });

    it("that is past skips it", async () => {
      const bench = await open((ran) => [
        stage(ran, "open"),
        stage(ran, "a", { requisites: ["open"], milestone: { stage: "open", status: "SUSPENDED" } }),
      ]);
      await bench.run();
      expect(await bench.statuses()).toEqual({ pipeline: "SUCCEEDED", open: "SUCCEEDED", a: "SKIPPED" });
    });
  });

  it("of a deferred choice exactly one goes on, and the pipeline succeeds", async () => {
    const bench = await open((ran) => [
      waiting(ran, "mail", { choice: "answer" }),
      waiting(ran, "phone", { choice: "answer" }),
      stage(ran, "late", { requisites: ["mail"], choice: "answer" }),
      stage(ran, "z", { requisites: ["mail", "phone"] }),
    ]);
    await bench.run();
    expect(await bench.statuses()).toEqual({ pipeline: "RUNNING", mail: "SUSPENDED", phone: "SUSPENDED" });
    await bench.signal("phone", "ring");
    expect(await bench.statuses()).toEqual({
      pipeline: "SUCCEEDED",
      mail: "SKIPPED",
      phone: "SUCCEEDED",
      late: "SKIPPED",
      z: "SUCCEEDED",
    });
  });
});
