import fc from "fast-check";
import { type Context, event, NonDeterminismError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { asking, completed, NOON, replayOf } from "../builders.js";
import { type Code, recordingOf, replayed } from "./recording.js";

/** A program: what it awaits, nested as combinators nest. */
type Program =
  | { readonly kind: (typeof OPERATIONS)[number]; readonly n: number }
  | { readonly kind: (typeof COMBINATORS)[number]; readonly parts: readonly Program[] };

const OPERATIONS = [
  "step",
  "failing",
  "undoable",
  "sleep",
  "wait",
  "send",
  "signalled",
  "tell",
  "callback",
  "child",
  "transaction",
] as const;

const COMBINATORS = [
  "all",
  "race",
  "any",
  "allSettled",
  "sequence",
  "caught",
  "ctx.race",
  "ctx.map",
  "ctx.saga",
] as const;

const Paid = event("payment.completed");
const Shipped = event("order.shipped");
const mailing = workflow("mailing", async () => "sent");

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.record({ kind: fc.constantFrom(...OPERATIONS), n: fc.nat({ max: 3 }) }),
    fc.record({
      kind: fc.constantFrom(...COMBINATORS),
      parts: fc.array(tie("program"), { minLength: 1, maxLength: 4 }),
    }),
  ),
}));

/** Which of the pending operations ends next, over and over. */
const schedule = fc.infiniteStream(fc.nat({ max: 1_000 })).map(
  (stream) =>
    (pending: number): number =>
      (stream.next().value ?? 0) % pending,
);

/** The program as workflow code that writes down all that it sees, in the order in which it sees it. */
function codeOf(program: Program, seen: unknown[]): Code {
  const run = async (ctx: Context, part: Program): Promise<unknown> => {
    const value = await settled(ctx, part).catch((error: unknown) => {
      seen.push(`${part.kind} threw ${String(error)} at ${ctx.now().getTime()}`);
      throw error;
    });
    seen.push([part.kind, value, ctx.now().getTime(), ctx.random()]);
    return value;
  };
  const settled = async (ctx: Context, part: Program): Promise<unknown> => {
    switch (part.kind) {
      case "step":
        return ctx.step(`s${part.n}`, () => ({ n: part.n }));
      case "failing":
        return ctx.step(`f${part.n}`, () => {
          throw new RangeError(`f${part.n}`);
        });
      case "undoable":
        return ctx.step(`u${part.n}`, () => part.n, { compensate: () => undefined });
      case "sleep":
        return ctx.sleep({ seconds: part.n });
      case "wait":
        return ctx.waitForEvent(Paid);
      case "send":
        return ctx.sendEvent(Shipped, { n: part.n });
      case "signalled":
        return ctx.waitForSignal(`go${part.n}`);
      case "tell":
        return ctx.signal("x-2", "go", part.n);
      case "callback":
        return ctx.callback(`call${part.n}`).promise;
      case "child":
        return ctx.child(mailing, undefined);
      case "transaction":
        return ctx.transaction(`t${part.n}`, () => part.n, { compensate: () => undefined });
      case "ctx.race":
        return ctx.race(
          Object.fromEntries(part.parts.map((each, n) => [`b${n}`, (branch: Context) => run(branch, each)])),
        );
      case "ctx.map":
        return ctx.map(part.parts, (item, each) => run(item, each), {
          concurrency: 2,
          tolerate: { failures: 1 },
        });
      case "ctx.saga":
        return ctx.saga((saga) =>
          part.parts.reduce<Promise<unknown>>(
            (before, each) => before.then(() => run(saga, each)),
            Promise.resolve(),
          ),
        );
      case "all":
        return Promise.all(part.parts.map((each) => run(ctx, each)));
      case "race":
        return Promise.race(part.parts.map((each) => run(ctx, each)));
      case "any":
        return Promise.any(part.parts.map((each) => run(ctx, each)));
      case "allSettled":
        return (await Promise.allSettled(part.parts.map((each) => run(ctx, each)))).map(
          ({ status }) => status,
        );
      case "sequence": {
        const values: unknown[] = [];
        for (const each of part.parts) values.push(await run(ctx, each));
        return values;
      }
      case "caught":
        return Promise.all(part.parts.map((each) => run(ctx, each))).catch((error: unknown) => String(error));
    }
  };
  return (ctx) => run(ctx, program);
}

/** Paths of compensations. */
const UNDOES = /(^|\/)undo(#\d+)?\//;

/** How often each undoable step stands in a list of paths, its compensations having its name. */
function countsOf(paths: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths.toSorted()) {
    const name = /(?:step|transaction):([ut]\d)(?:#\d+)?$/.exec(path)?.[1];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

describe("replay is deterministic (I2)", () => {
  it("gives the same outcome, seen in the same order, for every program, every order of ends, and every replay", async () => {
    await fc.assert(
      fc.asyncProperty(program, schedule, async (program, choose) => {
        const live: unknown[] = [];
        const { log, outcome } = await recordingOf(codeOf(program, live), choose);
        for (let round = 0; round < 2; round++) {
          const seen: unknown[] = [];
          expect(await replayed(codeOf(program, seen), log)).toBe(outcome);
          expect(seen).toEqual(live);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("undoes once what completed, wherever it stood, when a program fails or is cancelled", async () => {
    await fc.assert(
      fc.asyncProperty(program, schedule, fc.nat({ max: 12 }), async (program, choose, cancelAfter) => {
        const live: unknown[] = [];
        const { log, outcome } = await recordingOf(codeOf(program, live), choose, cancelAfter);
        const seen: unknown[] = [];
        expect(await replayed(codeOf(program, seen), log)).toBe(outcome);
        expect(seen).toEqual(live);
        const done = log.flatMap((item) => (item.type === "StepCompleted" ? [item.op] : []));
        const undone = countsOf(done.filter((op) => UNDOES.test(op)));
        const undoable = countsOf(done.filter((op) => !UNDOES.test(op)));
        if (log.at(-1)?.type !== "ExecutionCompleted") expect(undone).toEqual(undoable);
        for (const [name, count] of undone) expect(count).toBeLessThanOrEqual(undoable.get(name) ?? 0);
      }),
      { numRuns: 500 },
    );
  });

  it("stops at a request that the recording code did not make, whatever the program", async () => {
    await fc.assert(
      fc.asyncProperty(program, schedule, async (program, choose) => {
        const { log } = await recordingOf(codeOf(program, []), choose);
        const changed: Code = async (ctx) => {
          const added = ctx.step("added", () => 1);
          return Promise.race([codeOf(program, [])(ctx), added]);
        };
        await expect(replayed(changed, log)).rejects.toThrow(NonDeterminismError);
      }),
      { numRuns: 100 },
    );
  });

  const three = async (ctx: Context, combine: (parts: Promise<string>[]) => Promise<unknown>) =>
    combine(["a", "b", "c"].map((name) => ctx.step(name, () => name)));
  const asked = ["step:a", "step:b", "step:c"];
  const inThisOrder = (...names: string[]): HistoryEvent[] =>
    names.map((name, index) => completed(name, name, index === 0 ? asked : []));

  it.each<[string, (parts: Promise<string>[]) => Promise<unknown>, string[], unknown]>([
    [
      "Promise.all gives results by place, not by time",
      (parts) => Promise.all(parts),
      ["c", "a", "b"],
      ["a", "b", "c"],
    ],
    ["Promise.race goes to the first in the log", (parts) => Promise.race(parts), ["b"], "b"],
    ["Promise.any goes to the first in the log", (parts) => Promise.any(parts), ["c"], "c"],
  ])("%s", async (_, combine, order, output) => {
    const replay = await replayOf((ctx) => three(ctx, combine));
    for (const recorded of inThisOrder(...order)) await replay.apply(recorded);
    expect(replay.outcome).toEqual({ kind: "completed", output });
  });

  it("delivers one result at a time: code woken by the first runs until quiet before the second is told", async () => {
    const seen: string[] = [];
    const replay = await replayOf(async (ctx) => {
      const chain = async (name: string) => {
        await ctx.step(name, () => name);
        for (let turn = 0; turn < 50; turn++) await Promise.resolve();
        seen.push(name);
      };
      await Promise.all([chain("a"), chain("b")]);
    });
    await replay.apply(completed("b", "b", ["step:a", "step:b"]));
    expect(seen).toEqual(["b"]);
    await replay.apply(completed("a", "a", []));
    expect(seen).toEqual(["b", "a"]);
  });

  it("finds two requests that changed places, although both answers would fit", async () => {
    const replay = await replayOf((ctx) => Promise.all([ctx.step("b", () => 1), ctx.step("a", () => 1)]));
    await expect(replay.apply(completed("a", 1, ["step:a", "step:b"]), 1)).rejects.toThrow(
      /after other requests\. The code asked for: step "b", step "a"/,
    );
  });

  it("finds another kind under the same name", async () => {
    const replay = await replayOf((ctx) => ctx.waitForEvent(Paid));
    await expect(replay.apply(completed("payment.completed", 1), 4)).rejects.toThrow(
      /Recorded: StepCompleted of "step:payment\.completed", slot 4\. The code asked for: a wait for event "payment\.completed"/,
    );
  });

  it("finds code that asks for more than was recorded before it ended", async () => {
    const replay = await replayOf(async (ctx) => {
      await ctx.step("a", () => 1);
      await ctx.step("new", () => 1);
    });
    await replay.apply(completed("a", 1));
    await expect(
      replay.apply({ type: "ExecutionCompleted", at: NOON, ...asking("end:completed") }, 2),
    ).rejects.toThrow(/Recorded: ExecutionCompleted, slot 2\. The code asked for: step "new"/);
  });

  it("finds code that fails where it completed", async () => {
    const replay = await replayOf(async () => {
      throw new Error("new");
    });
    await expect(
      replay.apply({ type: "ExecutionCompleted", at: NOON, ...asking("end:completed") }, 1),
    ).rejects.toThrow(/asked for: the end of the workflow \(failed\)/);
  });

  it("finds an attempt of a step that the code did not ask for", async () => {
    const replay = await replayOf((ctx) => ctx.step("a", () => 1));
    await expect(
      replay.apply({ type: "StepStarted", op: "step:b", attempt: 1, at: NOON }, 1),
    ).rejects.toThrow(/Recorded: StepStarted of "step:b", slot 1/);
  });

  it("takes a changed duration, and then the new due time holds", async () => {
    const replay = await replayOf(async (ctx) => {
      await ctx.sleep("2h");
      await ctx.sleep("3h");
    });
    const [first] = replay.pending.values();
    expect(first).toMatchObject({ kind: "sleep", dueAt: NOON + 7_200_000 });
    await replay.apply({ type: "TimerFired", op: "sleep", at: NOON + 3_600_000, ...asking("sleep") });
    expect(replay.pending.get("sleep#2")).toMatchObject({ dueAt: NOON + 3_600_000 + 10_800_000 });
  });
});
