/** Effects wait for durability, code does not (I4): a body sees everything that was handed out before it was asked for in the table. */
import { workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { Bench } from "./bench.js";

describe("a step's body", () => {
  const recordedBy = async (bench: Bench): Promise<string[]> =>
    (await bench.store.loadHistory("x-1", 0)).flatMap(({ events }) =>
      events.map((item) => ("op" in item ? `${item.type} ${item.op}` : item.type)),
    );

  it("begins only once the result of the step before it is durable", async () => {
    let seen: string[] = [];
    const pair = workflow("pair", async (ctx) => {
      await ctx.step("charge", () => "charged");
      await ctx.step("ship", async () => {
        seen = await recordedBy(bench);
      });
    });
    const bench: Bench = new Bench([pair]);
    await bench.start(pair, undefined);
    await bench.cloud.settle();
    expect(seen).toEqual(["StepCompleted step:charge"]);
  });

  it("is tried again only once its failed attempt is durable", async () => {
    let seen: string[] = [];
    const flaky = workflow("flaky", async (ctx) =>
      ctx.step(
        "flaky",
        async ({ attempt }) => {
          if (attempt === 1) throw new Error("once");
          seen = await recordedBy(bench);
        },
        { retry: { initialInterval: "0s" } },
      ),
    );
    const bench: Bench = new Bench([flaky]);
    await bench.start(flaky, undefined);
    await bench.cloud.settle();
    expect(seen).toEqual(["StepAttemptFailed step:flaky"]);
  });

  it("that may run at most once begins only once its start is durable", async () => {
    let seen: string[] = [];
    const once = workflow("once", async (ctx) =>
      ctx.step(
        "charge",
        async () => {
          seen = await recordedBy(bench);
        },
        { semantics: "at-most-once" },
      ),
    );
    const bench: Bench = new Bench([once]);
    await bench.start(once, undefined);
    await bench.cloud.settle();
    expect(seen).toEqual(["StepStarted step:charge"]);
  });
});
