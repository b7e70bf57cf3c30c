/** The app whose throughput is measured. Its worker prints a line for each turn: which calls of AWS it made, and when. */
import { app, workflow } from "holdfast";
import { type Call, isRead, nowMs, watchCalls } from "./calls.js";
import type { Order } from "./story.js";

/** What the worker prints of a turn. */
export interface TurnLine {
  readonly executionId: string;
  readonly until: number;
  /** From the first call of its invocation on, which reads the head. */
  readonly calls: readonly Call[];
  /** Of invocations before it in its process that made no turn: a wake that comes before the write that creates its execution is put back. */
  readonly before: readonly Call[];
}

/** Begins the line. */
export const TURN = "bench-turn ";

/** An invocation is alone in its process. */
let calls: Call[] = [];

/** Set for the functions alone: the process that measures loads this file, too. */
export const TELLS_TURNS = "BENCH_TELLS_TURNS";

if (process.env[TELLS_TURNS] !== undefined) watchCalls((call) => calls.push(call));

export const order = workflow("order", async (ctx, { n, steps }: Order) => {
  const values: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const before = values.at(-1) ?? n;
    values.push(await ctx.step(`step-${step}`, () => before + step));
  }
  return values;
});

export default app({
  workflows: [order],
  hooks: [
    {
      async aroundTurn({ executionId }, run) {
        const before = calls.splice(0, Math.max(0, calls.findLastIndex(isRead)));
        await run();
        const line: TurnLine = { executionId, until: nowMs(), calls, before };
        calls = [];
        process.stdout.write(`${TURN}${JSON.stringify(line)}\n`);
      },
    },
  ],
});
