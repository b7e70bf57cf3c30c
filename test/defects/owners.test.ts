/** Known defects of owners: two at a time, one that is late, one that is about to go, and one that is gone. */
import { workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { Wake } from "../../lib/model/wake.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { rescue } from "../../lib/runtime/rescue.js";
import { handleWake } from "../../lib/runtime/turn/handle-wake.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { Bench } from "../runtime/bench.js";
import { dying } from "../runtime/outsides.js";
import { eventLoopTurn } from "../runtime/slow-store.js";
import { intervening } from "./intervening.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const limitsOf = (bench: Bench) => limitsUntil(bench.cloud.clock.now() + MINUTE, MINUTE, 10_000);

describe("two who recover the same execution", () => {
  const effects: string[] = [];

  /** Its owner dies in the middle of a step that may run at most once; then it waits. */
  async function orphan(): Promise<Bench> {
    effects.length = 0;
    const code = workflow("code", async (ctx) => {
      const first = await ctx
        .step(
          "once",
          async () => {
            effects.push("once");
            bench.cloud.killAll();
          },
          { semantics: "at-most-once" },
        )
        .catch((error: Error) => error.name);
      await ctx.step("next", () => effects.push("next"));
      await ctx.waitForSignal("go");
      await ctx.step("last", () => effects.push("last"));
      return first;
    });
    const bench: Bench = new Bench([code], [], { replay: "off" });
    await bench.start(code, undefined);
    await bench.cloud.settle();
    bench.cloud.wakeQueue.purge();
    // The lease has ended.
    await bench.cloud.advance(2 * MINUTE);
    return bench;
  }

  it.each<[string, (outside: Outside, bench: Bench) => Promise<unknown>]>([
    [
      "a worker",
      (outside, bench) =>
        handleWake(outside, bench.app, { executionId: "x-1", reason: "audit" }, "w-2", limitsOf(bench)),
    ],
    [
      "the audit, with a wake that came out of the dead-letter queue for the last time",
      (outside) => rescue(outside, { executionId: "x-1", reason: "audit", rescues: 2, epoch: 0 }, "audit-1"),
    ],
  ])(
    "run nothing twice: %s saw it as an orphan before a worker took it over and let go of it again",
    async (_, second) => {
      const bench = await orphan();
      const { bare } = bench.cloud;
      let isStale = true;
      const late: Outside = {
        ...bare,
        store: intervening(bare.store, {
          after: async (call) => {
            if (call !== "readHead" || !isStale) return;
            isStale = false;
            const wake = { executionId: "x-1", reason: "audit" } as const;
            expect(await handleWake(bare, bench.app, wake, "w-1", limitsOf(bench))).toMatchObject({
              did: "turn",
            });
          },
        }),
      };
      await second(late, bench);
      expect(isStale).toBe(false);
      await bench.cloud.advance(5 * SECOND);
      expect(effects).toEqual(["once", "next"]);
      expect(await bench.status()).toBe("suspended");
      await bench.client.signal("x-1", "go");
      await bench.cloud.advance(SECOND);
      expect(await bench.output()).toBe("StepInterruptedError");
      expect(effects).toEqual(["once", "next", "last"]);
      expect((await bench.story()).filter((line) => line === "LeaseTaken")).toHaveLength(1);
    },
  );

  it.each(["appendCommit", "settle"] as const)(
    "get one answer: that of the history, and not that of the owner whose %s came too late",
    async (call) => {
      let owner = "";
      const asking = workflow("asking", async (ctx) => {
        const ask = (name: string) => async (): Promise<string> => `${name} of ${owner}`;
        const { winner, value } = await ctx.race({
          left: (branch) =>
            branch.step("left", () => (owner === "first" ? ask("left")() : new Promise<string>(() => {}))),
          right: (branch) =>
            branch.step("right", () => (owner === "first" ? new Promise<string>(() => {}) : ask("right")())),
        });
        if (call === "appendCommit") await ctx.step("more", ask("more"));
        return [winner, value];
      });
      const bench = new Bench([asking], [], { replay: "off" });
      const { bare } = bench.cloud;
      let open = (): void => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const first: Outside = {
        ...bare,
        store: intervening(bare.store, { before: (made) => (made === call ? gate : undefined) }),
      };
      await bench.start(asking, undefined);
      bench.cloud.wakeQueue.purge();
      owner = "first";
      const wake: Wake = { executionId: "x-1", reason: "start" };
      const lost = handleWake(first, bench.app, wake, "w-1", limitsOf(bench)).catch(
        (error: unknown) => error,
      );
      for (let turn = 0; turn < 50; turn++) await eventLoopTurn();
      owner = "second";
      await bench.cloud.advance(2 * MINUTE);
      bench.cloud.wakeQueue.send(wake, bench.cloud.clock.now());
      await bench.cloud.advance(2 * MINUTE);
      expect(await bench.output()).toEqual(["right", "right of second"]);
      const history = await bench.history();
      open();
      await bench.cloud.advance(MINUTE);
      expect(String(await lost)).toContain("FencedError");
      expect(await bench.output()).toEqual(["right", "right of second"]);
      expect(await bench.history()).toEqual(history);
    },
  );
});

describe("a worker that is about to go", () => {
  it("and takes an execution that was just handed on, gives it back or leaves its message to bring it back: dying anywhere", async () => {
    for (let call = 1, died = true; died; call++) {
      for (const when of ["before", "after"] as const) {
        const ran: string[] = [];
        const code = workflow("code", async (ctx) => {
          await ctx.step("one", () => ran.push("one"));
          await ctx.sleep("1s");
          await ctx.step("two", () => ran.push("two"));
          return "done";
        });
        const bench = new Bench([code], [], { replay: "off" });
        const { bare, clock, wakeQueue } = bench.cloud;
        await bench.start(code, undefined);
        wakeQueue.purge();
        const wake: Wake = { executionId: "x-1", reason: "yield" };
        // Half a second is left to it, and so it begins nothing.
        const limits = limitsUntil(clock.now() + 500, MINUTE, 10_000);
        const end = handleWake(dying(bare, call, when), bench.app, wake, "w-1", limits);
        died = await end.then(
          () => false,
          () => true,
        );
        // Its message is deleted, or comes back.
        if (died) wakeQueue.send(wake, clock.now() + 90 * SECOND);
        await bench.cloud.advance(5 * MINUTE);
        expect(await bench.output(), `${when} call ${call}`).toBe("done");
        expect(ran, `${when} call ${call}`).toEqual(["one", "two"]);
      }
      if (!died) expect(call).toBeGreaterThan(3);
    }
  });
});

describe("an execution that its process left between two steps", () => {
  it("begins the next one once it is recovered, and nobody stands behind it meanwhile", async () => {
    const ran: string[] = [];
    const code = workflow("code", async (ctx, id: string) => {
      await ctx.step("one", () => ran.push(`${id} one`));
      await ctx.step("two", () => ran.push(`${id} two`));
      await ctx.step("three", () => ran.push(`${id} three`));
    });
    const store = intervening(createMemoryStore(), {
      after: (call) => {
        if (call === "appendCommit" && ran.length === 1) bench.cloud.killAll();
      },
    });
    const bench: Bench = new Bench([code], [], { store, replay: "off" });
    await bench.start(code, "x-1");
    await bench.cloud.settle();
    bench.cloud.wakeQueue.purge();
    expect(ran).toEqual(["x-1 one"]);
    for (const id of ["x-2", "x-3"]) await bench.start(code, id, id);
    await bench.cloud.settle();
    expect(await Promise.all(["x-1", "x-2", "x-3"].map((id) => bench.status(id)))).toEqual([
      "running",
      "completed",
      "completed",
    ]);
    // Its lease ends after 65 s, and the audit leaves it two minutes more.
    await bench.cloud.advance(4 * MINUTE);
    await bench.cloud.audit();
    expect(await bench.status("x-1")).toBe("completed");
    expect(ran.filter((line) => line.startsWith("x-1"))).toEqual(["x-1 one", "x-1 two", "x-1 three"]);
  });

  it("can be cancelled, though nobody holds it who could hear of it", async () => {
    const undone: string[] = [];
    const code = workflow("code", async (ctx) => {
      await ctx.step("one", () => 1, { compensate: () => undone.push("one") });
      await ctx.step("two", async ({ attempt }) => {
        if (attempt === 1) bench.cloud.killAll();
        await bench.cloud.clock.sleep(HOUR);
      });
    });
    const bench: Bench = new Bench([code], [], { replay: "off" });
    await bench.start(code, undefined);
    await bench.cloud.settle();
    bench.cloud.wakeQueue.purge();
    await bench.client.cancel("x-1");
    // The cancel's own wake waits for the end of the lease; no redelivery, and no audit.
    await bench.cloud.advance(2 * MINUTE);
    expect(await bench.status()).toBe("cancelled");
    expect(undone).toEqual(["one"]);
  });
});
