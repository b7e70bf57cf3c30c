/** Executions that stand still until a person acts: each says why, and stands in nobody else's way. */
import { workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { Bench } from "./bench.js";

const napping = workflow("napping", async (ctx) => {
  await ctx.step("one", () => 1);
  await ctx.step("two", () => 2);
  await ctx.sleep("1h");
  return "rested";
});

describe("an execution", () => {
  it("whose turns die five times in a row stalls, and goes on after a redrive with mended code", async () => {
    let deadly = true;
    const crashing = workflow("crashing", async (ctx) => {
      await ctx.sleep("5s");
      if (deadly) bench.cloud.killAll();
      return "survived";
    });
    const bench: Bench = new Bench([crashing]);
    await bench.start(crashing, undefined);
    await bench.cloud.advance(3_600_000);
    expect(await bench.status()).toBe("stalled");
    expect((await bench.story()).filter((line) => line === "LeaseTaken")).toHaveLength(5);
    expect(JSON.stringify((await bench.head()).stall)).toContain("CrashLoopError");

    deadly = false;
    await bench.client.redrive("x-1");
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe("survived");
  });

  it("whose history has lost a commit stalls at its next wake, and names itself", async () => {
    const { bench, loseHistory } = benchThatForgets();
    await bench.start(napping, undefined, "forgotten");
    await bench.cloud.settle();
    loseHistory("forgotten");
    await bench.cloud.advance(3_600_000);
    expect(await bench.status("forgotten")).toBe("stalled");
    expect(JSON.stringify((await bench.head("forgotten")).stall)).toMatch(/CorruptHistoryError.*forgotten/);
  });

  it("whose history has lost a commit does not keep the audit from the others", async () => {
    const { bench, loseHistory } = benchThatForgets();
    await bench.start(napping, undefined, "forgotten");
    await bench.start(napping, undefined, "healthy");
    await bench.cloud.settle();
    loseHistory("forgotten");
    bench.cloud.wakeQueue.purge();
    await bench.cloud.advance(3_600_000);
    // Both wakes come out of the dead-letter queue, the unreadable execution's first, and for the last time.
    for (const [executionId, rescues] of [
      ["forgotten", 3],
      ["healthy", 0],
    ] as const) {
      bench.cloud.wakeQueue.dead.push({
        id: `dead-${executionId}`,
        body: { executionId, reason: "timer", rescues },
        visibleAt: bench.cloud.clock.now(),
        receives: 10,
      });
    }
    await bench.cloud.audit();
    await bench.cloud.advance(60_000);
    expect(JSON.stringify((await bench.head("forgotten")).stall)).toContain("CorruptHistoryError");
    expect(await bench.output("healthy")).toBe("rested");
  });
});

/** A bench whose store can lose the last commit of an execution. */
function benchThatForgets(): { bench: Bench; loseHistory: (executionId: string) => void } {
  const memory = createMemoryStore();
  const lost = new Set<string>();
  const store = {
    ...memory,
    loadHistory: async (executionId: string, after: number) => {
      const commits = await memory.loadHistory(executionId, after);
      return lost.has(executionId) ? commits.slice(0, -1) : commits;
    },
  };
  return {
    bench: new Bench([napping], [], { store }),
    loseHistory: (executionId) => void lost.add(executionId),
  };
}
