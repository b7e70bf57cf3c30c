/** `ctx.patched`: code that changes under executions which have been at the changed place, or have not. */
import { app, type Context, event, type Workflow, workflow } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { DurableClient } from "../../lib/client/client.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { When } from "../../lib/testing/faults.js";
import { TestCloud } from "../../lib/testing/test-cloud.js";

type Code = (ctx: Context) => Promise<unknown>;

const versionOf = (code: Code): Workflow<unknown, unknown> => workflow("changing", (ctx) => code(ctx));
const appOf = (code: Code) => app({ workflows: [versionOf(code)] });

/** Starts with one version of the code, and deploys the others, each an hour after the one before. */
async function through(
  ...versions: readonly Code[]
): Promise<{ readonly t: TestApp; readonly result: unknown }> {
  const [first, ...others] = versions;
  if (first === undefined) throw new Error("no version");
  const t = await testApp(appOf(first));
  await t.client.start("changing", undefined, { id: "x-1" });
  await t.settle();
  for (const next of others) {
    await t.advance("1h");
    t.deploy(appOf(next));
  }
  return { t, result: await t.runToEnd("x-1") };
}

const pay = async (ctx: Context): Promise<string> =>
  ctx.patched("new-bank") ? ctx.step("pay-new-bank", () => "new") : ctx.step("pay-old-bank", () => "old");

describe("ctx.patched", () => {
  it("is true for an execution that begins with the change, and costs one event", async () => {
    const { t, result } = await through(async (ctx) => [await pay(ctx), await pay(ctx)]);
    expect(result).toEqual(["new", "new"]);
    expect((await t.history("x-1")).filter((line) => line.startsWith("ChangePatched"))).toHaveLength(1);
  });

  it("is true for one that comes to the changed place after the deploy", async () => {
    const { result } = await through(
      async (ctx) => {
        await ctx.sleep("90m");
        return ctx.step("pay-old-bank", () => "old");
      },
      async (ctx) => {
        await ctx.sleep("90m");
        return pay(ctx);
      },
    );
    expect(result).toBe("new");
  });

  it("is false for one that was there before, and stays so", async () => {
    const { result } = await through(
      async (ctx) => {
        const paid = await ctx.step("pay-old-bank", () => "old");
        await ctx.sleep("90m");
        return [paid, "-"];
      },
      async (ctx) => {
        const paid = await pay(ctx);
        await ctx.sleep("90m");
        return [paid, ctx.patched("new-bank")];
      },
    );
    expect(result).toEqual(["old", false]);
  });

  it("is false where the code only waited there, which leaves no event behind", async () => {
    const { result } = await through(
      async (ctx) => {
        await ctx.sleep("90m");
        return "old";
      },
      async (ctx) => {
        if (ctx.patched("greet")) await ctx.step("greet", () => {});
        await ctx.sleep("90m");
        return ctx.patched("greet") ? "new" : "old";
      },
    );
    expect(result).toBe("old");
  });

  it("is the same in every round of a loop that was under way", async () => {
    const round =
      (patched: boolean): Code =>
      async (ctx) => {
        const said: string[] = [];
        for (let n = 0; n < 5; n++) {
          if (patched && ctx.patched("count")) said.push(await ctx.step("count", () => `counted ${n}`));
          else said.push(await ctx.step("poll", () => `polled ${n}`));
          await ctx.sleep("40m");
        }
        return said;
      };
    const { result } = await through(round(false), round(true));
    expect(result).toEqual(["polled 0", "polled 1", "polled 2", "polled 3", "polled 4"]);
  });

  it("has an answer for each round where each round asks for its own", async () => {
    const round =
      (patched: boolean): Code =>
      async (ctx) => {
        const said: string[] = [];
        for (let n = 0; n < 4; n++) {
          said.push(await ctx.step(patched && ctx.patched(`count/${n}`) ? "count" : "poll", () => "."));
          await ctx.sleep("40m");
        }
        return (await Promise.resolve(said)).length;
      };
    const { t, result } = await through(round(false), round(true));
    expect(result).toBe(4);
    expect(t.calls("poll")).toHaveLength(2);
    expect(t.calls("count")).toHaveLength(2);
  });

  it("may be taken out again once nobody is left that answered no", async () => {
    const { result } = await through(
      async (ctx) => {
        const how = await pay(ctx);
        await ctx.sleep("90m");
        return how;
      },
      // The question goes, the answer "yes" stays in the history.
      async (ctx) => {
        const how = await ctx.step("pay-new-bank", () => "new");
        await ctx.sleep("90m");
        return how;
      },
    );
    expect(result).toBe("new");
  });

  it("asked in an update's handler and in a race is answered like anywhere else", async () => {
    const Paid = event<{ id: string }>("paid", { key: ({ id }) => id });
    const asking = workflow("asking", async (ctx) => {
      ctx.handleUpdate("ask", (inner) => inner.patched("inner"));
      const won = await ctx.race({
        one: (branch) => (branch.patched("racing") ? branch.sleep("1m") : branch.sleep("1h")),
        two: (branch) => branch.sleep("30m"),
      });
      await ctx.waitForEvent(Paid, { key: "p" });
      return won.winner;
    });
    const t = await testApp(app({ workflows: [asking], events: [Paid] }));
    await t.client.start(asking, undefined, { id: "x-1" });
    await t.advance("2m");
    expect(await t.client.update("x-1", "ask")).toBe(true);
    await t.publish(Paid, { id: "p" });
    expect(await t.runToEnd("x-1")).toBe("one");
  });

  it("keeps every body waiting until it is durable, of a successor that inherits messages, too", async () => {
    const durable: (readonly string[])[] = [];
    const heir = workflow("heir", async (ctx, run: number) => {
      if (run === 1) {
        await ctx.sleep("1m");
        return ctx.continueAsNew(2);
      }
      const how = ctx.patched("new-bank") ? "new" : "old";
      return ctx.step(`pay-${how}-bank`, async () => {
        durable.push(await t.history("x-1:run2"));
      });
    });
    const t = await testApp(app({ workflows: [heir] }));
    await t.client.start(heir, 1, { id: "x-1" });
    await t.client.signal("x-1", "one");
    await t.client.signal("x-1", "two");
    await t.advance("2m");
    expect(durable).toHaveLength(1);
    expect(durable[0]).toContainEqual(expect.stringMatching(/^ChangePatched/));
  });
});

describe("a crash before the answer is durable", () => {
  const before: Code = async (ctx) => {
    await ctx.step("first", () => {});
    await ctx.sleep("1h");
    return ctx.step("pay-old-bank", () => "old");
  };
  const after: Code = async (ctx) => {
    await ctx.step("first", () => {});
    await ctx.sleep("1h");
    const how = await pay(ctx);
    await ctx.sleep("1h");
    return [how, ctx.patched("new-bank")];
  };

  async function run(crash?: { readonly call: number; readonly when: When }) {
    const cloud = new TestCloud({
      app: appOf(before),
      store: createMemoryStore(),
      replay: "every-suspension",
    });
    const client = new DurableClient({ outside: cloud.bare, workflows: [versionOf(before)] });
    await client.start("changing", undefined, { id: "x-1" });
    await cloud.settle();
    cloud.deploy(appOf(after));
    const from = cloud.faults.calls.length;
    if (crash !== undefined) cloud.faults.plan(crash);
    await cloud.advance(4 * 3_600_000);
    const { status, output } = await client.describe("x-1");
    return { status, output, calls: cloud.faults.calls.length - from, errors: cloud.errors };
  }

  it("at any outside call never parts the places of one change, and never stalls", async () => {
    const undisturbed = await run();
    expect(undisturbed).toMatchObject({ status: "completed", output: ["new", true], errors: [] });
    for (let call = 1; call <= undisturbed.calls; call++) {
      for (const when of ["before", "after", "reply-lost"] as const) {
        const { status, output } = await run({ call, when });
        expect(status, `${when} call ${call}`).toBe("completed");
        expect([JSON.stringify(["new", true]), JSON.stringify(["old", false])]).toContain(
          JSON.stringify(output),
        );
      }
    }
  });
});
