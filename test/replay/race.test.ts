import { CancelledError, type Context, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { Play } from "./play.js";

const Paid = event("payment.completed");
const Refused = event("payment.refused");
const mailing = workflow("mailing", async () => "sent");

const step = (name: string) => (ctx: Context) => ctx.step(name, () => name);
const undoable = (ctx: Context, name: string) => ctx.step(name, () => name, { compensate: () => undefined });

/** Resolves after so many turns of the microtask queue. */
async function ticks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

describe("ctx.race", () => {
  it("gives the branch that ended first, by its name", async () => {
    const play = await Play.of((ctx) => ctx.race({ slow: step("a"), quick: step("b") }));
    expect(play.pending).toEqual(["race/slow/step:a", "race/quick/step:b"]);
    await play.ends("race/quick/step:b");
    expect(play.output).toEqual({ winner: "quick", value: "b" });
    await play.replays();
  });

  it("rejects with the error of a branch that ends first by throwing", async () => {
    const play = await Play.of((ctx) => ctx.race({ a: step("a"), b: step("b") }));
    await play.fails("race/b/step:b", new RangeError("b"));
    await play.stops("race/a/step:a");
    expect(play.error).toBeInstanceOf(RangeError);
    await play.replays();
  });

  it("leaves nothing of its losers pending but what may have left the process", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        winner: step("w"),
        sleeps: (branch) => branch.sleep("1d"),
        waits: (branch) => branch.waitForEvent(Paid),
        signalled: (branch) => branch.waitForSignal("go"),
        called: (branch) => branch.callback("call").promise,
        unborn: (branch) => branch.child(mailing, undefined),
        steps: step("s"),
      });
      await ctx.sleep("1d");
    });
    await play.ends("race/winner/step:w");
    expect(play.awaited).toEqual(["sleep"]);
    expect(play.pending).toEqual(["race/steps/step:s", "sleep"]);
    await play.stops("race/steps/step:s");
    await play.ends("sleep");
    await play.replays();
  });

  it("leaves nothing behind of the events that did not come, when it waits for one of several", async () => {
    const play = await Play.of(async (ctx) => {
      const { winner } = await ctx.race({
        paid: (branch) => branch.waitForEvent(Paid),
        refused: (branch) => branch.waitForEvent(Refused),
        late: (branch) => branch.sleep("1d"),
      });
      await ctx.sleep("1s");
      return winner;
    });
    await play.ends("race/refused/wait:payment.refused");
    expect(play.pending).toEqual(["sleep"]);
    await play.ends("sleep");
    expect(play.output).toBe("refused");
    await play.replays();
  });

  it.each(["catch", "finally", "code"])("never runs the %s after its loser's await", async (kind) => {
    const seen: string[] = [];
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        loser: async (branch) => {
          try {
            await branch.step("slow", () => 1);
            seen.push("code");
          } catch {
            seen.push("catch");
          } finally {
            seen.push("finally");
          }
        },
        winner: step("w"),
      });
      await ctx.sleep("1s");
    });
    await play.ends("race/winner/step:w");
    await play.ends("race/loser/step:slow");
    await play.ends("sleep");
    await play.cancel();
    expect(seen).not.toContain(kind);
    await play.replays();
  });

  it("goes to the branch that returns at once, and abandons what the others asked for in the same breath", async () => {
    const play = await Play.of((ctx) => ctx.race({ a: step("a"), now: () => "now", b: step("b") }));
    expect(play.output).toEqual({ winner: "now", value: "now" });
    expect(play.awaited).toEqual([]);
  });

  it("goes to the first in the order of the branches when all of them return at once", async () => {
    const play = await Play.of((ctx) => ctx.race({ a: async () => "a", b: () => "b", c: async () => "c" }));
    expect(play.output).toEqual({ winner: "a", value: "a" });
  });

  it("rejects where a branch throws before it awaits anything, and abandons the rest", async () => {
    const play = await Play.of((ctx) =>
      ctx.race({
        a: (branch) => branch.sleep("1d"),
        b: () => {
          throw new RangeError("at once");
        },
      }),
    );
    expect(play.error).toBeInstanceOf(RangeError);
    expect(play.pending).toEqual([]);
  });

  it("may be inside of another, whose end abandons both of its branches", async () => {
    const play = await Play.of(async (ctx) => {
      const { winner } = await ctx.race({
        outer: (branch) =>
          branch.race({ one: (inner) => inner.sleep("1d"), two: (inner) => inner.waitForEvent(Paid) }),
        quick: step("q"),
      });
      await ctx.sleep("1s");
      return winner;
    });
    expect(play.pending).toEqual([
      "race/outer/race/one/sleep",
      "race/outer/race/two/wait:payment.completed",
      "race/quick/step:q",
    ]);
    await play.ends("race/quick/step:q");
    expect(play.pending).toEqual(["sleep"]);
    await play.ends("sleep");
    expect(play.output).toBe("quick");
    await play.replays();
  });

  it("may be inside of a map inside of a race", async () => {
    const play = await Play.of(async (ctx) => {
      const { winner, value } = await ctx.race({
        batch: (branch) =>
          branch.map([1, 2], (item, n) =>
            item.race({ done: step(`s${n}`), late: (late) => late.sleep({ hours: n }) }),
          ),
        late: (branch) => branch.sleep("1d"),
      });
      return [winner, value === undefined ? [] : value.values.map((each) => each.winner)];
    });
    await play.ends("race/batch/map/0/race/done/step:s1", "race/batch/map/1/race/late/sleep");
    expect(play.output).toEqual(["batch", ["done", "late"]]);
    await play.replays();
  });

  it("records the result of a loser's step that completes anyway, for the compensation of the code around it", async () => {
    const undone: unknown[] = [];
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        loser: (branch) =>
          branch.step("book", () => "b-1", { compensate: (booking) => void undone.push(booking) }),
        winner: step("w"),
      });
      await ctx.step("next", () => 1);
    });
    await play.ends("race/winner/step:w", "race/loser/step:book");
    expect(play.pending).toEqual(["step:next"]);
    await play.fails("step:next");
    expect(await play.undoes()).toEqual(["undo/step:book"]);
    expect(undone).toEqual(["b-1"]);
    await play.replays();
  });

  it("tells a loser's child only once that which decided the race is durable (I4)", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx.race({ child: (branch) => branch.child(mailing, undefined), winner: step("w") });
      await ctx.sleep("1d");
    });
    await play.ends("race/child/child:mailing", "race/winner/step:w");
    const child = play.replay.pending.get("race/child/child:mailing");
    expect(child).toMatchObject({ requested: true, detached: true, after: 2 });
    await play.ends("race/child/child:mailing", "sleep");
    await play.replays();
  });

  it("that nobody awaits ends no process when it rejects", async () => {
    const play = await Play.of(async (ctx) => {
      void ctx.race({ a: step("a") });
      void ctx.saga(step("b"));
      void ctx.map(["c"], (item, name) => item.step(name, () => 1));
      await ctx.sleep("1d");
    });
    await play.fails("race/a/step:a");
    await play.fails("saga/step:b");
    await play.fails("map/0/step:c");
    await new Promise((resolve) => setImmediate(resolve));
    await play.ends("sleep");
    await play.replays();
  });
});

describe("what a race has to undo", () => {
  it("is undone before it returns: the unfinished sagas of its losers, inner ones with them, in one reverse order", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        trip: (branch) =>
          branch.saga(async (outer) => {
            await undoable(outer, "flight");
            await outer.saga(async (inner) => {
              await undoable(inner, "hotel");
              await inner.sleep("1d");
            });
          }),
        late: (branch) => branch.sleep("1h"),
      });
      await ctx.step("after", () => 1);
    });
    await play.ends("race/trip/saga/step:flight", "race/trip/saga/saga/step:hotel", "race/late/sleep");
    expect(play.pending).toEqual(["race/trip/saga/undo/begin"]);
    expect(await play.undoes()).toEqual([
      "race/trip/saga/undo/step:hotel",
      "race/trip/saga/undo/step:flight",
    ]);
    expect(play.pending).toEqual(["step:after"]);
    await play.ends("step:after");
    await play.replays();
  });

  it("is waited for where a loser's saga is being undone already", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        trip: (branch) =>
          branch.saga(async (saga) => {
            await undoable(saga, "flight");
            throw new Error("no hotel");
          }),
        late: (branch) => branch.sleep("1h"),
      });
      await ctx.step("after", () => 1);
    });
    await play.ends("race/trip/saga/step:flight", "race/trip/saga/undo/begin", "race/late/sleep");
    expect(play.pending).toEqual(["race/trip/saga/undo/step:flight"]);
    await play.undoes();
    expect(play.pending).toEqual(["step:after"]);
    await play.ends("step:after");
    await play.replays();
  });

  it("includes a step of a loser's saga that was under way and completes anyway", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        trip: (branch) => branch.saga((saga) => undoable(saga, "flight")),
        late: (branch) => branch.sleep("1h"),
      });
      await ctx.step("after", () => 1);
    });
    await play.ends("race/late/sleep");
    expect(play.pending).toEqual(["race/trip/saga/step:flight"]);
    await play.ends("race/trip/saga/step:flight");
    expect(await play.undoes()).toEqual(["race/trip/saga/undo/step:flight"]);
    expect(play.pending).toEqual(["step:after"]);
    await play.ends("step:after");
    await play.replays();
  });

  it("does not let code go on after a race inside of it, once an outer race has abandoned that", async () => {
    const seen: string[] = [];
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        outer: async (branch) => {
          try {
            await branch.race({
              quick: step("q"),
              trip: (inner) =>
                inner.saga(async (saga) => {
                  await undoable(saga, "flight");
                  await saga.sleep("1d");
                }),
            });
            seen.push("code");
          } finally {
            seen.push("finally");
          }
        },
        late: (branch) => branch.sleep("1h"),
      });
      await ctx.step("after", () => 1);
    });
    await play.ends("race/outer/race/trip/saga/step:flight", "race/outer/race/quick/step:q");
    expect(play.awaited).toEqual(["race/late/sleep", "race/outer/race/trip/saga/undo/begin"]);
    await play.ends("race/late/sleep");
    expect(play.awaited).toEqual(["race/outer/race/trip/saga/undo/begin"]);
    await play.undoes();
    expect(play.awaited).toEqual(["step:after"]);
    await play.ends("step:after");
    expect(seen).toEqual([]);
    await play.replays();
  });
});

describe("a cancel of a race", () => {
  it("rejects it with the cancel, whichever of its branches the code took longest to leave", async () => {
    const begun: number[] = [];
    const play = await Play.of((ctx) =>
      ctx.race({
        quick: (branch) => branch.sleep("1d"),
        slow: (branch) =>
          branch.map(
            [0, 1],
            async (item, n) => {
              begun.push(n);
              await item.sleep("1d").catch(() => ticks(30));
            },
            { concurrency: 1 },
          ),
      }),
    );
    await play.cancel();
    expect(play.error).toBeInstanceOf(CancelledError);
    expect(begun).toEqual([0]);
    expect(play.pending).toEqual([]);
    await play.replays();
  });

  it("is felt by code that waited for a loser to be undone, and does not disturb that", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx.race({
        quick: step("q"),
        trip: (branch) =>
          branch.saga(async (saga) => {
            await undoable(saga, "flight");
            await saga.sleep("1d");
          }),
      });
      await ctx.sleep("1d");
    });
    await play.ends("race/trip/saga/step:flight", "race/quick/step:q");
    await play.cancel();
    expect(play.awaited).toEqual(["race/trip/saga/undo/begin"]);
    expect(await play.undoes()).toEqual(["race/trip/saga/undo/step:flight"]);
    expect(play.replay.outcome).toMatchObject({ kind: "cancelled", compensation: "complete" });
    await play.replays();
  });
});
