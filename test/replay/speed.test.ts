/** What a replay costs, in processor time: a machine that is busy with something else must not fail it, nor one that is slow. */
import { describe, expect, it } from "vitest";
import type { Context } from "../../lib/define/context.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { askedDigest } from "../../lib/replay/asked.js";
import { asking, completed, NOON, replayOf } from "../builders.js";

interface Shape {
  readonly code: (ctx: Context, count: number) => Promise<unknown>;
  readonly history: (count: number) => HistoryEvent[];
}

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `s${n}`);

const SHAPES: Readonly<Record<string, Shape>> = {
  "one after the other": {
    code: async (ctx, count) => {
      for (const name of names(count)) await ctx.step(name, () => 0);
    },
    history: (count) => names(count).map((name, n) => completed(name, n)),
  },
  "all at once": {
    code: (ctx, count) => Promise.all(names(count).map((name) => ctx.step(name, () => 0))),
    history: (count) => {
      const asked = names(count).map((name) => `step:${name}`);
      return names(count).map((name, n) => completed(name, n, n === 0 ? asked : []));
    },
  },
  "in a saga, to be undone if need be": {
    code: (ctx, count) =>
      ctx.saga(async (inner) => {
        for (const name of names(count)) await inner.step(name, () => 0, { compensate: () => {} });
      }),
    history: (count) =>
      names(count).map((name, n) => ({
        type: "StepCompleted",
        op: `saga/step:${name}`,
        attempt: 1,
        at: NOON,
        asked: askedDigest([`saga/step:${name}`]),
        result: n,
      })),
  },
  "as signals that came before they were awaited": {
    code: async (ctx, count) => {
      for (let n = 0; n < count; n += 2) await ctx.waitForSignal("go");
    },
    history: (count) => {
      const signals = Array.from({ length: count / 2 }, (_, n) => n);
      return [
        ...signals.map(
          (n): HistoryEvent => ({
            type: "MessageBuffered",
            at: NOON,
            message: { kind: "signal", id: `m-${n}`, at: NOON, name: "go", data: n },
          }),
        ),
        ...signals.map((n): HistoryEvent => {
          const op = n === 0 ? "signal:go" : `signal:go#${n + 1}`;
          return { type: "SignalReceived", op, at: NOON, messageId: `m-${n}`, ...asking(op) };
        }),
      ];
    },
  },
};

/** Milliseconds of processor time for one replay. */
async function costOf({ code, history }: Shape, count: number): Promise<number> {
  const events = history(count);
  const before = process.cpuUsage();
  const replay = await replayOf(code, count);
  for (const [slot, event] of events.entries()) await replay.apply(event, slot + 1);
  const { user, system } = process.cpuUsage(before);
  expect(replay.outcome?.kind).toBe("completed");
  return (user + system) / 1_000;
}

/** The least of several: what it costs when nothing else (a compilation, a collection of garbage) falls into it. */
async function leastCostOf(shape: Shape, count: number): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < 5; round++) costs.push(await costOf(shape, count));
  return Math.min(...costs);
}

describe("a history of ten thousand events", () => {
  it.each(Object.entries(SHAPES))(
    "costs little more than 2.5 times what four thousand cost: %s",
    async (_, shape) => {
      await costOf(shape, 4_000);
      const short = await leastCostOf(shape, 4_000);
      const long = await leastCostOf(shape, 10_000);
      expect(long).toBeLessThan(4 * 2.5 * short);
      // Several times what was measured: a few microseconds for each event.
      expect(long).toBeLessThan(500);
    },
  );
});
