/** The soak's workflows: mixed waits, outgoing events, children, retries, sagas. Each says in its output what the account checks. */
import { app, type Context, event, workflow } from "holdfast";

export const Paid = event<{ order: string }>("soak.paid", { key: ({ order }) => order });
/** No key: everybody who waits for it gets it. */
export const Rang = event<{ round: number }>("soak.rang");
export const Said = event<{ by: string; nth: number }>("soak.said");

/** A sleep as the workflow saw it, by the clock of the worker that fired it. */
export interface Nap {
  readonly ms: number;
  readonly from: number;
  readonly until: number;
}

export interface Output {
  readonly naps: readonly Nap[];
  /** What came from outside. */
  readonly heard: readonly string[];
}

/** Three of ten attempts fail: with five of them a step fails for good in one of four hundred cases. */
const FLAKY = { retry: { maxAttempts: 12, initialInterval: "200ms", maxInterval: "2s" } } as const;

async function flaky(ctx: Context, name: string): Promise<void> {
  await ctx.step(
    name,
    () => {
      if (Math.random() < 0.3) throw new Error("It failed by chance.");
    },
    FLAKY,
  );
}

async function nap(ctx: Context, shortestMs: number, longestMs: number): Promise<Nap> {
  const ms = Math.round(shortestMs + ctx.random() * (longestMs - shortestMs));
  const from = ctx.now().getTime();
  await ctx.sleep({ milliseconds: ms });
  return { ms, from, until: ctx.now().getTime() };
}

const say = (ctx: Context, nth: number): Promise<void> => ctx.sendEvent(Said, { by: ctx.executionId, nth });

export const waits = workflow("waits", async (ctx): Promise<Output> => {
  await say(ctx, 1);
  const { order } = await ctx.waitForEvent(Paid, { key: ctx.executionId });
  await flaky(ctx, "book");
  const { winner } = await ctx.race({
    rang: (branch) => branch.waitForEvent(Rang),
    late: (branch) => branch.sleep("45s"),
  });
  await say(ctx, 2);
  return { naps: [], heard: [order, winner] };
});

export const naps = workflow("naps", async (ctx): Promise<Output> => {
  const taken: Nap[] = [];
  for (const [shortest, longest] of [
    [100, 2_000],
    [1_000, 20_000],
    [5_000, 40_000],
  ] as const) {
    taken.push(await nap(ctx, shortest, longest));
    await flaky(ctx, "get-up");
    await say(ctx, taken.length);
  }
  return { naps: taken, heard: [] };
});

export const errand = workflow("errand", async (ctx): Promise<Output> => {
  const taken = await nap(ctx, 500, 8_000);
  await say(ctx, 1);
  return { naps: [taken], heard: [] };
});

export const parents = workflow("parents", async (ctx): Promise<Output> => {
  const ends = await Promise.all([1, 2, 3].map(() => ctx.child(errand, undefined)));
  await say(ctx, 1);
  return { naps: ends.flatMap((end) => end.naps), heard: [] };
});

export const asks = workflow("asks", async (ctx): Promise<Output> => {
  const first = await ctx.waitForSignal<string>("go");
  const taken = await nap(ctx, 500, 4_000);
  const second = await ctx.waitForSignal<string>("go");
  await say(ctx, 1);
  return { naps: [taken], heard: [first, second] };
});

/** Ends as failed, with everything undone. */
export const undone = workflow("undone", async (ctx): Promise<Output> => {
  for (const name of ["reserve", "charge"]) await ctx.step(name, () => name, { compensate: () => {} });
  await nap(ctx, 500, 4_000);
  await say(ctx, 1);
  throw new Error("It is undone, as it always is.");
});

export default app({ workflows: [waits, naps, errand, parents, asks, undone], events: [Paid, Rang] });
