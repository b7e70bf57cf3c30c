/** What a settlement may not lose, and what may not keep it from being written. */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { encode } from "../../lib/model/value.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { Bench } from "./bench.js";
import { eventLoopTurn } from "./slow-store.js";

const Noise = event<{ to: string }>("noise", { key: (data) => data.to });

describe("a settlement", () => {
  it("keeps the last events, though a commit is in flight when the last body ends", async () => {
    const memory = createMemoryStore();
    const commitBegan = signal();
    const store = {
      ...memory,
      appendCommit: async (...commit: Parameters<typeof memory.appendCommit>) => {
        commitBegan.give();
        for (let turn = 0; turn < 50; turn++) await eventLoopTurn();
        return memory.appendCommit(...commit);
      },
    };
    const pair = workflow("pair", async (ctx) =>
      Promise.all([
        ctx.step("first", () => "one"),
        ctx.step("last", async () => {
          await commitBegan.given;
          return "two";
        }),
      ]),
    );
    const bench = new Bench([pair], [], { store });
    await bench.start(pair, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toEqual(["one", "two"]);
    expect(await bench.story()).toEqual([
      "StepCompleted step:first",
      "StepCompleted step:last",
      "ExecutionCompleted",
    ]);
  });

  it("is not kept from a suspension by a stream of messages that nobody awaits, and arms one wake", async () => {
    const memory = createMemoryStore();
    let settlements = 0;
    const store = {
      ...memory,
      settle: async (...settlement: Parameters<typeof memory.settle>) => {
        settlements += 1;
        if (settlements <= 40)
          await memory.appendMessage("x-1", {
            kind: "event",
            id: `noise-${settlements}`,
            at: bench.cloud.clock.now(),
            name: Noise.name,
            key: "nobody",
            data: encode({ to: "nobody" }),
          });
        return memory.settle(...settlement);
      },
    };
    const sleepy = workflow("sleepy", async (ctx) => {
      await ctx.sleep("1h");
      return "rested";
    });
    const bench: Bench = new Bench([sleepy], [Noise], { store });
    await bench.start(sleepy, undefined);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("suspended");
    expect(settlements).toBeLessThanOrEqual(4);
    expect(bench.cloud.faults.calls.filter((call) => call === "wakes.schedule")).toHaveLength(1);
    // A turn a second while it lasts, and none once it is over.
    await bench.cloud.advance(60_000);
    expect((await bench.story()).filter((line) => line === "MessageBuffered")).toHaveLength(40);
    const { epoch } = await bench.head();
    await bench.cloud.advance(60_000);
    expect((await bench.head()).epoch).toBe(epoch);
    await bench.cloud.advance(3_600_000);
    expect(await bench.output()).toBe("rested");
  });
});

/** Something to wait for, once. */
function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}
