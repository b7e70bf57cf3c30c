/** What is said of code that no longer fits a history (I2), for the changes that people make. */

import * as holdfast from "holdfast";
import { type Context, event, NonDeterminismError, workflow } from "holdfast";
import { replayHistory, testApp } from "holdfast/testing";
import { beforeAll, describe, expect, it } from "vitest";
import type { HistoryEntry } from "../../lib/client/types.js";

type Code = (ctx: Context) => Promise<unknown>;
const Paid = event<{ id: string }>("paid", { key: ({ id }) => id });
const workflowOf = (code: Code) => workflow("order", (ctx) => code(ctx));

const recordedCode: Code = async (ctx) => {
  await ctx.step("reserve", () => 1);
  await ctx.step("charge", () => 2, { retry: { maxAttempts: 3 } });
  await ctx.sleep("1h");
  await Promise.all([ctx.step("ship", () => 3), ctx.step("mail", () => 4)]);
  return "done";
};

let history: HistoryEntry[];
beforeAll(async () => {
  const t = await testApp(holdfast.app({ workflows: [workflowOf(recordedCode)], events: [Paid] }));
  await t.client.start("order", undefined, { id: "o-1" });
  await t.runToEnd("o-1");
  history = await t.client.history("o-1");
});

async function divergenceOf(code: Code): Promise<NonDeterminismError> {
  const found: unknown = await replayHistory(history, workflowOf(code)).catch((error: unknown) => error);
  if (found instanceof NonDeterminismError) return found;
  throw new Error(`expected a divergence, found ${JSON.stringify(found)}`);
}

describe("code that was changed under its history", () => {
  it.each<
    [
      string,
      Code,
      { readonly recorded: RegExp; readonly asked: RegExp; readonly matched: RegExp | undefined },
    ]
  >([
    [
      "with a step renamed",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
        await ctx.step("charge-card", () => 2);
      },
      {
        recorded: /StepCompleted of "step:charge", slot/,
        asked: /^step "charge-card"$/,
        matched: /"step:reserve"/,
      },
    ],
    [
      "with a step added before the first",
      async (ctx) => {
        await ctx.step("check", () => 0);
        await recordedCode(ctx);
      },
      { recorded: /StepCompleted of "step:reserve"/, asked: /^step "check"$/, matched: undefined },
    ],
    [
      "with a step added beside others",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
        await Promise.all([ctx.step("charge", () => 2), ctx.step("audit", () => 5)]);
      },
      {
        recorded: /"step:charge", slot \d+, after other requests/,
        asked: /^step "charge", step "audit"$/,
        matched: /"step:reserve"/,
      },
    ],
    [
      "with a step removed",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
        await ctx.sleep("1h");
      },
      { recorded: /"step:charge"/, asked: /^a sleep$/, matched: /"step:reserve"/ },
    ],
    [
      "with its steps in another order",
      async (ctx) => {
        await ctx.step("charge", () => 2);
        await ctx.step("reserve", () => 1);
      },
      { recorded: /"step:reserve"/, asked: /^step "charge"$/, matched: undefined },
    ],
    [
      "with parallel steps in another order",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
        await ctx.step("charge", () => 2);
        await ctx.sleep("1h");
        await Promise.all([ctx.step("mail", () => 4), ctx.step("ship", () => 3)]);
      },
      {
        recorded: /after other requests/,
        asked: /^step "mail", step "ship"$/,
        matched: /TimerFired of "sleep"/,
      },
    ],
    [
      "with a step moved into a race",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
        await ctx.race({
          charge: (branch) => branch.step("charge", () => 2),
          late: (branch) => branch.sleep("1d"),
        });
      },
      { recorded: /"step:charge"/, asked: /^step "charge", a sleep$/, matched: /"step:reserve"/ },
    ],
    [
      "that ends sooner",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
      },
      {
        recorded: /"step:charge"/,
        asked: /^the end of the workflow \(completed\)$/,
        matched: /"step:reserve"/,
      },
    ],
    [
      "that goes on for longer",
      async (ctx) => {
        await recordedCode(ctx);
        await ctx.waitForEvent(Paid, { key: "p" });
      },
      {
        recorded: /^ExecutionCompleted/,
        asked: /^a wait for event "paid"$/,
        matched: /StepCompleted of "step:(ship|mail)"/,
      },
    ],
    [
      "that throws where it returned",
      async (ctx) => {
        await recordedCode(ctx);
        throw new Error("no");
      },
      {
        recorded: /^ExecutionCompleted/,
        asked: /^the end of the workflow \(failed\)$/,
        matched: /"step:(ship|mail)"/,
      },
    ],
  ])("%s is told what was recorded, what it asked for, and what still matched", async (_, code, expected) => {
    const { recorded, asked, matched, message } = await divergenceOf(code);
    expect(recorded).toMatch(expected.recorded);
    expect(asked).toMatch(expected.asked);
    if (expected.matched === undefined) expect(matched).toBeUndefined();
    else expect(matched).toMatch(expected.matched);
    expect(message).toContain(recorded);
    expect(message).toContain(asked);
    expect(message).toContain(matched ?? "Nothing before it was answered");
  });

  it.each<[string, Code]>([
    [
      "a duration",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
        await ctx.step("charge", () => 2);
        await ctx.sleep("30d");
        await Promise.all([ctx.step("ship", () => 3), ctx.step("mail", () => 4)]);
        return "done";
      },
    ],
    [
      "options, bodies and what is computed between",
      async (ctx) => {
        await ctx.step("reserve", () => "another", { timeout: "5s", compensate: () => {} });
        await ctx.step("charge", () => 2, { semantics: "at-most-once" });
        await ctx.sleep("1h");
        const both = [ctx.step("ship", () => 3, { retry: { maxAttempts: 9 } }), ctx.step("mail", () => 4)];
        return (await Promise.all(both)).length === 2 ? "done" : "never";
      },
    ],
    [
      "the way in which it is told of the ends",
      async (ctx) => {
        await ctx.step("reserve", () => 1);
        await ctx.step("charge", () => 2);
        await ctx.sleep("1h");
        await Promise.allSettled([ctx.step("ship", () => 3), ctx.step("mail", () => 4)]);
        return "done";
      },
    ],
  ])("may change %s", async (_, code) => {
    expect(await replayHistory(history, workflowOf(code))).toMatchObject({
      ended: "completed",
      output: "done",
    });
  });

  it("that stops short of its end says what the code waits for there", async () => {
    const replayed = await replayHistory(history.slice(0, 3), workflowOf(recordedCode));
    expect(replayed).toMatchObject({ events: 2, waitsFor: ["a sleep"] });
    expect(replayed.ended).toBeUndefined();
  });

  it("that stops short of its end says which steps would be undone there, what completed last first", async () => {
    const code = workflowOf(async (ctx) => {
      await ctx.step("reserve", () => 1, { compensate: () => {} });
      await ctx.step("look", () => 1);
      await ctx.saga(async (inner) => {
        await inner.step("charge", () => 1, { compensate: () => {} });
      });
      await ctx.waitForSignal("go");
    });
    const kit = await testApp(holdfast.app({ workflows: [code] }));
    await kit.client.start(code, undefined, { id: "x" });
    await kit.settle();
    const open = await replayHistory(await kit.client.history("x"), code);
    expect(open).toMatchObject({ waitsFor: ['a wait for signal "go"'], undoable: ["charge", "reserve"] });
    await kit.client.signal("x", "go");
    await kit.settle();
    expect(await replayHistory(await kit.client.history("x"), code)).toMatchObject({
      ended: "completed",
      undoable: [],
    });
  });

  it("finds an await that nothing of ours can move", async () => {
    const hanging = workflowOf(async (ctx) => {
      await ctx.step("reserve", () => 1);
      await new Promise(() => {});
    });
    await expect(replayHistory(history, hanging)).rejects.toThrow(holdfast.NonDurableAwaitError);
  });

  it.each([[[]], [[{}]], [[{ slot: 0, event: { type: "ExecutionStarted" } }]], ["history"]])(
    "is refused where it is no history: %j",
    async (given) => {
      const replay = replayHistory(given as never, workflowOf(recordedCode));
      await expect(replay).rejects.toThrow(
        /\[0\]: expected the whole list that `holdfast history <id> --json` prints/,
      );
    },
  );
});
