import { CancelledError, type Context } from "holdfast";
import { describe, expect, it } from "vitest";
import { Play } from "./play.js";

const undoable = (ctx: Context, name: string, undone?: unknown[]) =>
  ctx.step(name, () => `${name}-result`, { compensate: (result) => void undone?.push(result) });

async function ticks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

describe("ctx.saga", () => {
  it("undoes what completed in it, last first, and throws its error on", async () => {
    const undone: unknown[] = [];
    const play = await Play.of(async (ctx) => {
      const error = await ctx
        .saga(async (saga) => {
          await Promise.all([undoable(saga, "a", undone), undoable(saga, "b", undone)]);
          await saga.step("bad", () => 1);
        })
        .catch((thrown: unknown) => thrown);
      return String(error);
    });
    await play.ends("saga/step:b", "saga/step:a");
    await play.fails("saga/step:bad", new RangeError("bad"));
    expect(await play.undoes()).toEqual(["saga/undo/step:a", "saga/undo/step:b"]);
    expect(undone).toEqual(["a-result", "b-result"]);
    expect(play.output).toBe("RangeError: bad");
    expect(play.replay.outcome).toMatchObject({ compensation: "complete" });
    await play.replays();
  });

  it("that succeeded is undone by a later failure outside, in one reverse order with the steps around it", async () => {
    const play = await Play.of(async (ctx) => {
      await undoable(ctx, "before");
      await ctx.saga(async (saga) => {
        await undoable(saga, "flight");
        await saga.saga((inner) => undoable(inner, "hotel"));
        await undoable(saga, "car");
      });
      await undoable(ctx, "after");
      throw new Error("no");
    });
    await play.ends("step:before", "saga/step:flight", "saga/saga/step:hotel", "saga/step:car", "step:after");
    expect(await play.undoes()).toEqual([
      "undo/step:after",
      "undo/step:car",
      "undo/step:hotel",
      "undo/step:flight",
      "undo/step:before",
    ]);
    await play.replays();
  });

  it("that undid itself is not undone again", async () => {
    const undone: unknown[] = [];
    const play = await Play.of(async (ctx) => {
      await undoable(ctx, "outer", undone);
      await ctx
        .saga(async (saga) => {
          await undoable(saga, "inner", undone);
          throw new Error("first");
        })
        .catch(() => {});
      throw new Error("second");
    });
    await play.ends("step:outer", "saga/step:inner");
    expect(await play.undoes()).toEqual(["saga/undo/step:inner", "undo/step:outer"]);
    expect(undone).toEqual(["inner-result", "outer-result"]);
    await play.replays();
  });

  it("inside of another is undone alone when its error is caught, and with the other when it is not", async () => {
    const play = await Play.of((ctx) =>
      ctx.saga(async (outer) => {
        await undoable(outer, "a");
        await outer
          .saga(async (inner) => {
            await undoable(inner, "b");
            throw new Error("caught");
          })
          .catch(() => {});
        await outer.saga(async (inner) => {
          await undoable(inner, "c");
          throw new Error("not caught");
        });
      }),
    );
    await play.ends("saga/step:a", "saga/saga/step:b");
    expect(await play.undoes()).toEqual(["saga/saga/undo/step:b"]);
    await play.ends("saga/saga#2/step:c");
    expect(await play.undoes()).toEqual(["saga/saga#2/undo/step:c", "saga/undo/step:a"]);
    await play.replays();
  });

  it("that the code tries again has a scope of its own each time", async () => {
    const play = await Play.of(async (ctx) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await ctx.saga(async (saga) => {
            await undoable(saga, "book");
            await saga.step("pay", () => attempt);
            return attempt;
          });
        } catch (error) {
          if (attempt === 3) throw error;
        }
      }
    });
    await play.ends("saga/step:book");
    await play.fails("saga/step:pay");
    expect(await play.undoes()).toEqual(["saga/undo/step:book"]);
    await play.ends("saga#2/step:book");
    await play.fails("saga#2/step:pay");
    expect(await play.undoes()).toEqual(["saga#2/undo/step:book"]);
    await play.ends("saga#3/step:book", "saga#3/step:pay");
    expect(play.output).toBe(3);
    await play.replays();
  });

  it("beside another that fails goes on", async () => {
    const play = await Play.of((ctx) =>
      Promise.allSettled(["a", "b"].map((name) => ctx.saga((saga) => undoable(saga, name)))).then((ends) =>
        ends.map(({ status }) => status),
      ),
    );
    await play.fails("saga/step:a");
    await play.ends("saga#2/step:b");
    expect(play.output).toEqual(["rejected", "fulfilled"]);
    await play.replays();
  });

  it("ends what it still has under way before it undoes anything", async () => {
    const play = await Play.of((ctx) =>
      ctx.saga(async (saga) => {
        await undoable(saga, "a");
        await Promise.all([undoable(saga, "slow"), saga.step("bad", () => 1), saga.sleep("1d")]);
      }),
    );
    await play.ends("saga/step:a");
    await play.fails("saga/step:bad");
    expect(play.pending).toEqual(["saga/step:slow"]);
    await play.ends("saga/step:slow");
    expect(await play.undoes()).toEqual(["saga/undo/step:slow", "saga/undo/step:a"]);
    await play.replays();
  });

  it("that nobody awaits is undone to its end although the workflow has returned", async () => {
    const seen: string[] = [];
    const play = await Play.of(async (ctx) => {
      void ctx
        .saga(async (saga) => {
          await undoable(saga, "a");
          throw new Error("no");
        })
        .catch(() => seen.push("caught"));
      await ctx.sleep("1h");
      return "done";
    });
    await play.ends("saga/step:a", "sleep");
    expect(play.replay.outcome).toBeUndefined();
    expect(await play.undoes()).toEqual(["saga/undo/step:a"]);
    expect(play.output).toBe("done");
    expect(play.replay.outcome).toMatchObject({ compensation: "complete" });
    expect(seen).toEqual([]);
    await play.replays();
  });

  it("in items of a map undoes its own item, and no other", async () => {
    const play = await Play.of((ctx) =>
      ctx.map(
        ["a", "b"],
        (item, name) =>
          item.saga(async (saga) => {
            await undoable(saga, name);
            if (name === "a") throw new Error("no");
          }),
        { tolerate: { failures: 1 } },
      ),
    );
    await play.ends("map/0/saga/step:a", "map/1/saga/step:b");
    expect(await play.undoes()).toEqual(["map/0/saga/undo/step:a"]);
    expect(play.output).toMatchObject({ items: [{ status: "failed" }, { status: "completed" }] });
    await play.replays();
  });

  it("is undone when its map stops, before the map ends", async () => {
    const play = await Play.of(async (ctx) => {
      const { items } = await ctx.map(
        [0, 1],
        (item, n) =>
          item.saga(async (saga) => {
            await undoable(saga, `book${n}`);
            if (n === 0) await saga.sleep("1d");
          }),
        { minSuccessful: 1 },
      );
      await ctx.sleep("1s");
      return items.map(({ status }) => status);
    });
    await play.ends("map/0/saga/step:book0", "map/1/saga/step:book1");
    expect(await play.undoes()).toEqual(["map/0/saga/undo/step:book0"]);
    await play.ends("sleep");
    expect(play.output).toEqual(["abandoned", "completed"]);
    await play.replays();
  });
});

describe("a cancel and sagas", () => {
  it("undoes a saga's steps once, although its own code meets the cancel after the workflow has failed by it", async () => {
    const undone: unknown[] = [];
    const play = await Play.of((ctx) =>
      Promise.all([
        ctx.saga(async (saga) => {
          await undoable(saga, "a", undone);
          try {
            await saga.sleep("1d");
          } finally {
            await ticks(40);
          }
        }),
        ctx.sleep("1d"),
      ]),
    );
    await play.ends("saga/step:a");
    await play.cancel();
    expect(await play.undoes()).toEqual(["undo/step:a"]);
    expect(undone).toEqual(["a-result"]);
    expect(play.replay.outcome).toMatchObject({ kind: "cancelled", compensation: "complete" });
    await play.replays();
  });

  it("does not disturb a saga that is being undone, and is what the code meets after it", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx
        .saga(async (saga) => {
          await undoable(saga, "a");
          await undoable(saga, "b");
          throw new Error("no");
        })
        .catch((error: unknown) => {
          if (error instanceof CancelledError) throw error;
        });
      await ctx.sleep("1d");
    });
    await play.ends("saga/step:a", "saga/step:b", "saga/undo/begin");
    await play.cancel();
    expect(play.awaited).toEqual(["saga/undo/step:b"]);
    expect(await play.undoes()).toEqual(["saga/undo/step:b", "saga/undo/step:a"]);
    expect(play.error).toBeInstanceOf(CancelledError);
    expect(play.replay.outcome).toMatchObject({ kind: "cancelled", compensation: "complete" });
    await play.replays();
  });

  it("undoes a step that was under way and completed after it", async () => {
    const undone: unknown[] = [];
    const play = await Play.of((ctx) => ctx.saga((saga) => undoable(saga, "a", undone)));
    await play.cancel();
    expect(play.pending).toEqual(["saga/step:a"]);
    await play.ends("saga/step:a");
    expect(await play.undoes()).toEqual(["saga/undo/step:a"]);
    expect(undone).toEqual(["a-result"]);
    await play.replays();
  });
});

describe("compensations", () => {
  it("are not registered anew by each replay (a list of functions kept by the code would hold one more after every resume)", async () => {
    const undone: unknown[] = [];
    const code = async (ctx: Context) => {
      await undoable(ctx, "a", undone);
      for (let n = 0; n < 5; n++) await ctx.sleep("1h");
      throw new Error("no");
    };
    const play = await Play.of(code);
    await play.ends("step:a", "sleep", "sleep#2", "sleep#3", "sleep#4", "sleep#5");
    const replays = await Promise.all([1, 2, 3, 4].map(() => resumed(code, play)));
    expect(await play.undoes()).toEqual(["undo/step:a"]);
    for (const again of replays) expect(await again.undoes()).toEqual(["undo/step:a"]);
    expect(undone).toEqual(Array(5).fill("a-result"));
  });

  it("get the step's recorded result, a copy of their own", async () => {
    const given: unknown[] = [];
    const play = await Play.of(async (ctx) => {
      const booking = await ctx.step("book", () => ({ id: 7, seats: ["1A"] }), {
        compensate: (recorded) => {
          given.push(recorded);
        },
      });
      booking.seats.push("2B");
      throw new Error("no");
    });
    await play.ends("step:book");
    await play.undoes();
    expect(given).toEqual([{ id: 7, seats: ["1A"] }]);
  });

  it("that give up do not keep the others from being undone, in any scope, and make the end incomplete", async () => {
    const play = await Play.of(async (ctx) => {
      await undoable(ctx, "a");
      await ctx
        .saga(async (saga) => {
          await undoable(saga, "b");
          await undoable(saga, "c");
          throw new Error("first");
        })
        .catch(() => {});
      throw new Error("second");
    });
    await play.ends("step:a", "saga/step:b", "saga/step:c", "saga/undo/begin");
    await play.fails("saga/undo/step:c");
    await play.ends("saga/undo/step:b", "undo/begin", "undo/step:a");
    expect(play.replay.outcome).toMatchObject({ kind: "failed", compensation: "incomplete" });
    await play.replays();
  });

  it("that gave up are all that a redrive tries again", async () => {
    const play = await Play.of(async (ctx) => {
      await undoable(ctx, "a");
      await ctx
        .saga(async (saga) => {
          await undoable(saga, "b");
          throw new Error("first");
        })
        .catch(() => {});
      await undoable(ctx, "c");
      throw new Error("second");
    });
    await play.ends("step:a", "saga/step:b", "saga/undo/begin");
    await play.fails("saga/undo/step:b");
    await play.ends("step:c", "undo/begin");
    await play.fails("undo/step:c");
    await play.ends("undo/step:a");
    const { length } = play.log;
    await play.applies({ type: "ExecutionRedriven", messageId: "r-1", at: 0, voided: [length] });
    expect(await play.undoes()).toEqual(["undo#2/step:c", "undo#2/step:b"]);
    expect(play.replay.outcome).toMatchObject({ kind: "failed", compensation: "complete" });
    await play.replays();
  });
});

/** The same execution in another process: everything again from its log. */
async function resumed(code: (ctx: Context) => Promise<unknown>, play: Play): Promise<Play> {
  const again = await Play.of(code);
  for (const event of play.log) await again.applies(event);
  return again;
}
