import { CancelledError, type Context, event, MapFailedError } from "holdfast";
import { describe, expect, it } from "vitest";
import type { MapOptions } from "../../lib/define/map.js";
import { Play } from "./play.js";

const Paid = event("payment.completed");

const mapping =
  (count: number, options: MapOptions = {}) =>
  (ctx: Context) =>
    ctx.map(
      Array.from({ length: count }, (_, index) => index),
      (item, n) => item.step(`s${n}`, () => n * 10),
      options,
    );

const at = (index: number) => `map/${index}/step:s${index}`;

describe("ctx.map", () => {
  it("gives what became of each item, in their order, whatever the order of their ends", async () => {
    const play = await Play.of(mapping(3, { tolerate: { failures: 1 } }));
    await play.ends(at(2));
    await play.fails(at(0), new RangeError("no"));
    await play.ends(at(1));
    expect(play.output).toEqual({
      items: [
        { status: "failed", error: new RangeError("no") },
        { status: "completed", value: 10 },
        { status: "completed", value: 20 },
      ],
      values: [10, 20],
      errors: [new RangeError("no")],
    });
    await play.replays();
  });

  it("of no items ends at once", async () => {
    const play = await Play.of(mapping(0));
    expect(play.output).toEqual({ items: [], values: [], errors: [] });
    expect(play.pending).toEqual([]);
  });

  it("has as many items under way as it may, and begins the next when one ends", async () => {
    const play = await Play.of(mapping(5, { concurrency: 2 }));
    expect(play.pending).toEqual([at(0), at(1)]);
    await play.ends(at(1));
    expect(play.pending).toEqual([at(0), at(2)]);
    await play.ends(at(0), at(2));
    expect(play.pending).toEqual([at(3), at(4)]);
    await play.ends(at(3), at(4));
    expect(play.output).toMatchObject({ values: [0, 10, 20, 30, 40] });
    await play.replays();
  });

  it("begins items that end at once one after the other, however many there are", async () => {
    const play = await Play.of((ctx) =>
      ctx.map(
        Array.from({ length: 20_000 }, (_, index) => index),
        (_, n) => n,
        { concurrency: 1 },
      ),
    );
    expect(play.output).toMatchObject({ values: { length: 20_000 } });
  });

  it("stops at the first failure that it does not tolerate, tells all of them, and begins nothing more", async () => {
    const play = await Play.of(async (ctx) => {
      const error = await mapping(6, { concurrency: 3, tolerate: { failures: 1 } })(ctx).catch(
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof MapFailedError)) throw error;
      return { message: error.message, failures: error.failures, cause: error.cause };
    });
    await play.fails(at(1), new RangeError("one"));
    await play.fails(at(0), new TypeError("zero"));
    expect(play.awaited).toEqual([]);
    expect(play.output).toEqual({
      message: "2 of 6 items failed, and 1 may fail. The first is item 0: TypeError: zero",
      failures: [
        { index: 0, error: new TypeError("zero") },
        { index: 1, error: new RangeError("one") },
      ],
      cause: new TypeError("zero"),
    });
    expect(play.awaited).toEqual([]);
    await play.replays();
  });

  it("stops once enough have succeeded: what is under way is abandoned, what has not begun is skipped", async () => {
    const play = await Play.of(async (ctx) => {
      const { items } = await mapping(5, { concurrency: 3, minSuccessful: 2 })(ctx);
      return items.map(({ status }) => status);
    });
    await play.ends(at(0));
    await play.fails(at(1));
    await play.ends(at(3));
    expect(play.output).toEqual(["completed", "failed", "abandoned", "completed", "abandoned"]);
    await play.replays();
  });

  it("skips what it never came to", async () => {
    const play = await Play.of(async (ctx) => {
      const { items } = await mapping(4, { concurrency: 1, minSuccessful: 2 })(ctx);
      return items.map(({ status }) => status);
    });
    await play.ends(at(0), at(1));
    expect(play.output).toEqual(["completed", "completed", "skipped", "skipped"]);
  });

  it("fails once too few can succeed, and says how many were asked for", async () => {
    const play = await Play.of(mapping(3, { minSuccessful: 2 }));
    await play.fails(at(0));
    await play.fails(at(1));
    await play.stops(at(2));
    expect(play.error).toBeInstanceOf(MapFailedError);
    expect(String(play.error)).toContain("2 of 3 items failed, and 2 successes were asked for");
    await play.replays();
  });

  it("takes items that sleep, wait, and map again", async () => {
    const play = await Play.of(async (ctx) => {
      const { values } = await ctx.map(["sleeps", "waits", "maps"], async (item, what) => {
        if (what === "sleeps") await item.sleep("1h");
        else if (what === "waits") await item.waitForEvent(Paid);
        else return (await item.map([1, 2], (inner, n) => inner.step("s", () => n))).values;
        return what;
      });
      return values;
    });
    expect(play.pending).toEqual([
      "map/0/sleep",
      "map/1/wait:payment.completed",
      "map/2/map/0/step:s",
      "map/2/map/1/step:s",
    ]);
    await play.ends(
      "map/2/map/1/step:s",
      "map/1/wait:payment.completed",
      "map/0/sleep",
      "map/2/map/0/step:s",
    );
    expect(play.output).toEqual(["sleeps", "waits", [1, 2]]);
    await play.replays();
  });

  it("fails where an item is thrown before it awaits anything, as where it rejects", async () => {
    const play = await Play.of((ctx) =>
      ctx.map([1], () => {
        throw new RangeError("at once");
      }),
    );
    expect(play.error).toMatchObject({ failures: [{ index: 0, error: new RangeError("at once") }] });
  });

  it("leaves the steps of an item that failed to the compensation of the code around it", async () => {
    const play = await Play.of(async (ctx) => {
      await ctx.map(
        [0, 1],
        async (item, n) => {
          await item.step(`book${n}`, () => n, { compensate: () => undefined });
          if (n === 0) throw new Error("no");
        },
        { tolerate: { failures: 1 } },
      );
      throw new Error("later");
    });
    await play.ends("map/0/step:book0", "map/1/step:book1");
    expect(await play.undoes()).toEqual(["undo/step:book1", "undo/step:book0"]);
    await play.replays();
  });

  it("is ended by a cancel, which no rule tolerates", async () => {
    const play = await Play.of(mapping(3, { tolerate: { percent: 100 } }));
    await play.cancel();
    for (const path of [at(0), at(1), at(2)]) await play.stops(path);
    expect(play.error).toBeInstanceOf(CancelledError);
    expect(play.replay.outcome).toMatchObject({ kind: "cancelled" });
    await play.replays();
  });

  it("is ended by a cancel although it is a map of maps, and begins nothing more", async () => {
    const begun: string[] = [];
    const play = await Play.of((ctx) =>
      ctx.map(
        ["a", "b"],
        (item, outer) =>
          item.map(
            [1, 2],
            (inner, n) => {
              begun.push(`${outer}${n}`);
              return inner.sleep("1d");
            },
            { concurrency: 1, tolerate: { percent: 100 } },
          ),
        { concurrency: 1, tolerate: { percent: 100 } },
      ),
    );
    await play.cancel();
    expect(play.replay.outcome).toMatchObject({ kind: "cancelled" });
    expect(begun).toEqual(["a1"]);
    await play.replays();
  });

  it.each([
    ["no array", "abc"],
    ["nothing", undefined],
  ])("refuses %s", async (_, items) => {
    // biome-ignore lint/suspicious/noExplicitAny: what a caller without types may hand over
    const play = await Play.of((ctx) => ctx.map(items as any, () => 1));
    expect(String(play.error)).toContain("ctx.map was given no array");
  });
});

describe("known defects of batches elsewhere", () => {
  it("errors of parallel items keep their class, their cause and their place over a replay", async () => {
    const code = async (ctx: Context) => {
      const { items } = await mapping(3, { tolerate: { failures: 3 } })(ctx);
      return items.map((item) => {
        const error = item.status === "failed" ? item.error : undefined;
        return [
          error instanceof RangeError,
          (error as Error).message,
          (error as Error).cause instanceof TypeError,
        ];
      });
    };
    const play = await Play.of(code);
    for (const n of [1, 0, 2])
      await play.fails(at(n), new RangeError(`item ${n}`, { cause: new TypeError("inner") }));
    expect(play.output).toEqual([0, 1, 2].map((n) => [true, `item ${n}`, true]));
    await play.replays();
  });

  it("waiting for two events at once subscribes both, and either may come first", async () => {
    const Refused = event("payment.refused");
    for (const first of ["wait:payment.completed", "wait:payment.refused"]) {
      const play = await Play.of((ctx) => Promise.all([ctx.waitForEvent(Paid), ctx.waitForEvent(Refused)]));
      expect(play.pending).toEqual(["wait:payment.completed", "wait:payment.refused"]);
      await play.ends(first);
      expect(play.replay.outcome).toBeUndefined();
      await play.ends(...play.pending);
      expect(play.replay.outcome).toMatchObject({ kind: "completed" });
      await play.replays();
    }
  });

  it("a catch around everything does not see the suspension, nor does a finally", async () => {
    const seen: string[] = [];
    const play = await Play.of(async (ctx) => {
      try {
        await ctx.map([1, 2], (item) => item.sleep("1d").catch(() => seen.push("item")));
        await ctx.race({ a: (branch) => branch.sleep("1d").finally(() => seen.push("race")) });
      } catch {
        seen.push("catch");
      } finally {
        seen.push("finally");
      }
    });
    // A turn that ends here leaves the code where it stands: what a suspension is made of.
    play.replay.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
  });
});
