/** Jumps: a stage that sends its pipeline on at another one. */
import { describe, expect, it } from "vitest";
import { jumpTo } from "../../lib/pipeline/task.js";
import { HOUR, onEachStore, stage } from "./bench.js";

onEachStore((open) => {
  /** Jumps the first times that it runs. */
  const jumping = (ran: string[], refId: string, to: string, times: number) => ({
    run: () =>
      ran.filter((id) => id === refId).length <= times
        ? jumpTo(to, { context: { tries: ran.length }, outputs: { from: refId } })
        : {},
  });

  describe("a jump", () => {
    it("to itself runs the stage again", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", jumping(ran, "a", "a", 2)),
        stage(ran, "b", { requisites: ["a"] }),
      ]);
      await bench.run();
      expect(bench.ran).toEqual(["a", "a", "a", "b"]);
      expect(await bench.stage("a")).toMatchObject({ status: "SUCCEEDED", jumps: 2, rounds: 2 });
    });

    it("back makes its target anew and what follows from it alone, and hands it what it says", async () => {
      const seen: unknown[] = [];
      const bench = await open((ran) => [
        stage(ran, "a", {
          run: ({ context }) => {
            seen.push([context.tries ?? null, context._jump_outputs ?? null]);
          },
        }),
        stage(ran, "b", { requisites: ["a"] }),
        stage(ran, "c", { requisites: ["b"], ...jumping(ran, "c", "a", 1) }),
        stage(ran, "other"),
        stage(ran, "both", { requisites: ["a", "other"] }),
        stage(ran, "z", { requisites: ["c", "both"] }),
      ]);
      await bench.run();
      expect(seen).toEqual([
        [null, null],
        [expect.any(Number), { from: "c" }],
      ]);
      for (const [refId, times] of Object.entries({ a: 2, b: 2, c: 2, other: 1, both: 1, z: 1 }))
        expect(
          bench.ran.filter((id) => id === refId),
          refId,
        ).toHaveLength(times);
      expect(await bench.statuses()).toMatchObject({ pipeline: "SUCCEEDED" });
    });

    it("ahead skips what lies between, and leaves alone what others lead to", async () => {
      const bench = await open((ran) => [
        stage(ran, "a", jumping(ran, "a", "d", 1)),
        stage(ran, "b", { requisites: ["a"] }),
        stage(ran, "c", { requisites: ["b"] }),
        stage(ran, "d", { requisites: ["c"] }),
        stage(ran, "other"),
        stage(ran, "both", { requisites: ["other"] }),
      ]);
      await bench.run();
      expect(await bench.statuses()).toEqual({
        pipeline: "SUCCEEDED",
        a: "SUCCEEDED",
        b: "SKIPPED",
        c: "SKIPPED",
        d: "SUCCEEDED",
        other: "SUCCEEDED",
        both: "SUCCEEDED",
      });
    });

    it("to a stage that there is not fails, and says so", async () => {
      const bench = await open((ran) => [stage(ran, "a", jumping(ran, "a", "nowhere", 1))]);
      await bench.run();
      expect(await bench.statuses()).toEqual({ pipeline: "TERMINAL", a: "TERMINAL" });
      expect((await bench.stage("a")).error).toEqual({
        name: "JumpError",
        message: 'it jumps to stage "nowhere", and there is none',
      });
    });

    it("more often than it may fails; ten times are allowed, and none with a limit of 0", async () => {
      const endless = await open((ran) => [stage(ran, "a", jumping(ran, "a", "a", 1_000))]);
      await endless.run(HOUR);
      expect(endless.ran).toHaveLength(11);
      expect((await endless.stage("a")).error?.message).toBe(
        "it has jumped 10 times, and may do so 10 times",
      );
      const never = await open((ran) => [stage(ran, "a", jumping(ran, "a", "a", 1))], { maxJumps: 0 });
      await never.run();
      expect(await never.statuses()).toEqual({ pipeline: "TERMINAL", a: "TERMINAL" });
    });

    it("whose commit fails leaves what was before it, and happens once", async () => {
      const disturbed = async (crash?: { readonly call: number; readonly when: "before" | "reply-lost" }) => {
        const bench = await open((ran) => [
          stage(ran, "a", {
            tries: 3,
            run: ({ context }) => ({ outputs: { again: context.again ?? false } }),
          }),
          stage(ran, "b", {
            requisites: ["a"],
            tries: 3,
            run: ({ context }) => (context.again === true ? {} : jumpTo("a", { context: { again: true } })),
          }),
        ]);
        if (crash !== undefined) bench.bench.cloud.faults.plan(crash);
        await bench.run(HOUR).catch(() => bench.run(HOUR));
        return bench;
      };
      const { calls } = (await disturbed()).bench.cloud.faults;
      for (let call = 1; call <= calls.length; call++) {
        for (const when of ["before", "reply-lost"] as const) {
          const bench = await disturbed({ call, when });
          expect(await bench.statuses(), `${when} call ${call}`).toMatchObject({ pipeline: "SUCCEEDED" });
          expect((await bench.stage("b")).jumps, `${when} call ${call}`).toBe(1);
        }
      }
    });
  });
});
