/** Tasks: their attempts, waits, timeouts, checks, and what later ones see. */
import { describe, expect, it } from "vitest";
import { running, suspended, terminal } from "../../lib/pipeline/task.js";
import { DAY, HOUR, MINUTE, onEachStore, SECOND, stage, waiting } from "./bench.js";

onEachStore((open) => {
  describe("a task", () => {
    it("is retried as its policy says, and then fails its stage with its last error", async () => {
      const times: number[] = [];
      const bench = await open(() => [
        {
          refId: "a",
          tasks: [
            {
              name: "call",
              retry: { maxAttempts: 3, initialInterval: "10s", backoff: 2, jitter: "none" },
              run: ({ attempt }) => {
                times.push(attempt);
                throw new RangeError(`attempt ${attempt}`);
              },
            },
          ],
        },
      ]);
      await bench.run(HOUR);
      expect(times).toEqual([1, 2, 3]);
      const { status, error, tasks } = await bench.stage("a");
      expect({ status, error }).toEqual({
        status: "TERMINAL",
        error: { name: "RangeError", message: "attempt 3" },
      });
      expect(tasks).toMatchObject([{ name: "call", status: "TERMINAL", error: { message: "attempt 3" } }]);
    });

    it("that says it is still running runs again after the time that it names, keeping what it said", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", {
          run: ({ context }) => {
            const polls = typeof context.polls === "number" ? context.polls : 0;
            return polls < 3 ? running("10m", { context: { polls: polls + 1 } }) : { outputs: { polls } };
          },
        }),
      ]);
      await bench.run(29 * MINUTE);
      expect(await bench.statuses()).toEqual({ pipeline: "RUNNING", a: "RUNNING" });
      await bench.pass(2 * MINUTE);
      expect(await bench.stage("a")).toMatchObject({ status: "SUCCEEDED", outputs: { polls: 3 } });
      expect(bench.ran).toHaveLength(4);
    });

    it("hands what it says to the tasks behind it, and its outputs to later stages alone", async () => {
      const seen: unknown[] = [];
      const note = ({ context }: { readonly context: object }) => void seen.push(structuredClone(context));
      const bench = await open(() => [
        {
          refId: "a",
          tasks: [
            { name: "one", run: () => ({ context: { inner: 1 }, outputs: { outer: 2 } }) },
            { name: "two", run: note },
          ],
        },
        { refId: "b", requisites: ["a"], tasks: [{ name: "one", run: note }] },
      ]);
      await bench.run();
      expect(seen).toEqual([{ inner: 1, outer: 2 }, { outer: 2 }]);
    });

    it("that takes longer than its timeout has failed", async () => {
      const bench = await open(() => [
        {
          refId: "a",
          tasks: [
            {
              name: "slow",
              timeout: "5s",
              retry: { maxAttempts: 1 },
              run: () => new Promise<never>(() => {}),
            },
          ],
        },
      ]);
      await bench.run(MINUTE);
      expect((await bench.stage("a")).error?.name).toBe("StepTimeoutError");
    });

    it("whose result lacks what was promised fails, or is tried again where that is allowed", async () => {
      let tries = 0;
      const verify = { requiredKeys: ["image"], types: { image: "string" } } as const;
      const bench = await open(() => [
        {
          refId: "strict",
          failPipeline: false,
          tasks: [{ name: "build", verify, run: () => ({ outputs: { image: 7 } }) }],
        },
        {
          refId: "patient",
          tasks: [
            {
              name: "build",
              verify: { ...verify, retries: true },
              run: () => ({ outputs: ++tries < 3 ? {} : { image: "i-1" } }),
            },
          ],
        },
      ]);
      await bench.run(HOUR);
      expect((await bench.stage("strict")).error?.message).toBe(
        'The result of task "build" was not accepted: "image" was to be of type string, and is of type number.',
      );
      expect(await bench.stage("patient")).toMatchObject({ status: "SUCCEEDED", outputs: { image: "i-1" } });
    });

    it("that gives what is no result fails, and says what was expected", async () => {
      const bench = await open((ran) => [stage(ran, "a", { run: () => "done" as never })]);
      await bench.run(HOUR);
      expect((await bench.stage("a")).error?.message).toContain(
        'Task "work" gave a string. Expected nothing, or {',
      );
    });

    it("may fail its stage with a reason", async () => {
      const bench = await open((ran) => [stage(ran, "a", { run: () => terminal("out of stock") })]);
      await bench.run();
      expect((await bench.stage("a")).error).toEqual({ name: "TaskFailed", message: "out of stock" });
    });

    it("is repeated with what signals say until it is content", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", {
          run: ({ signaled }) =>
            signaled?.name === "yes" ? {} : suspended({ context: { last: signaled?.name ?? "nothing" } }),
        }),
      ]);
      await bench.run();
      await bench.signal("a", "no");
      expect(await bench.stage("a")).toMatchObject({ status: "SUSPENDED", context: { last: "no" } });
      await bench.signal("a", "yes");
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });

    it("keeps a signal without a name, or with anything in it, from doing harm", async () => {
      const bench = await open((ran) => [waiting(ran, "a")]);
      await bench.run();
      await bench.bench.client.signal("x-1", "stage a", "just text");
      await bench.pass();
      expect(await bench.stage("a")).toMatchObject({ status: "SUCCEEDED", context: { _signal_name: "" } });
    });
  });

  describe("a stage", () => {
    it("that is not over by its timeout is stopped, told, and has failed", async () => {
      const told: string[] = [];
      const bench = await open((ran) => [
        waiting(ran, "a", { timeout: "1h", failPipeline: false, onCancel: (refId) => told.push(refId) }),
        waiting(ran, "b"),
      ]);
      await bench.run(2 * HOUR);
      expect(await bench.statuses()).toEqual({ pipeline: "RUNNING", a: "STOPPED", b: "SUSPENDED" });
      expect((await bench.stage("a")).error?.name).toBe("StageTimeoutError");
      expect(told).toEqual(["a"]);
    });

    it.each([
      [{}, "TERMINAL"],
      [{ continuePipelineOnFailure: true }, "FAILED_CONTINUE"],
    ])("that is suspended at its timeout has failed as it says: %j", async (how, status) => {
      const bench = await open((ran) => [waiting(ran, "a", { timeout: "1h", ...how })]);
      await bench.run(2 * HOUR);
      expect(await bench.statuses()).toMatchObject({ a: status });
    });

    it("that could not begin in time is skipped, and what waits for it goes on", async () => {
      const bench = await open((ran) => [
        waiting(ran, "a"),
        stage(ran, "b", { requisites: ["a"], startWithin: "1h" }),
        stage(ran, "c", { requisites: ["b"] }),
      ]);
      await bench.run(2 * HOUR);
      await bench.signal("a", "go");
      expect(await bench.statuses()).toMatchObject({ b: "SKIPPED", c: "SUCCEEDED", pipeline: "SUCCEEDED" });
      expect((await bench.stage("b")).reason).toContain("it was to begin before 2026-01-01T13:00");
    });
  });

  it("the pipeline's own timeout cancels what runs, and fails it", async () => {
    const bench = await open((ran) => [waiting(ran, "a"), stage(ran, "b", { requisites: ["a"] })], {
      timeout: "1d",
    });
    await bench.run(2 * DAY);
    expect(await bench.statuses()).toEqual({ pipeline: "CANCELED", a: "CANCELED", b: "CANCELED" });
    expect(await bench.bench.status()).toBe("failed");
  });

  it("a stage of one task costs one commit, and nothing while it waits", async () => {
    const bench = await open((ran) => [
      stage(ran, "a"),
      stage(ran, "b", { requisites: ["a"] }),
      waiting(ran, "c", { requisites: ["b"] }),
    ]);
    await bench.run();
    const slots = (await bench.bench.store.loadHistory("x-1", 0)).length;
    const calls = bench.bench.cloud.faults.calls.length;
    await bench.pass(30 * DAY);
    expect(slots).toBeLessThanOrEqual(3);
    expect(bench.bench.cloud.faults.calls.slice(calls)).toEqual([]);
    await bench.pass(SECOND);
  });
});
