/**
 * The chaos's workflows: mixed waits, outgoing events, children, retries, sagas, transactions. Each says in its output what the account
 * checks, and each body writes into the ledger. In each of them one operation follows the other, but for the children of `parents`.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  app,
  type Context,
  event,
  type StepContext,
  StepInterruptedError,
  type StepOptions,
  workflow,
} from "holdfast";
import { named, noteBegin, noteEnd } from "./ledger.js";

export const Paid = event<{ order: string }>("chaos.paid", { key: ({ order }) => order });
/** No key: everybody who waits for it gets it. */
export const Rang = event<{ round: number }>("chaos.rang");
export const Said = event<{ by: string; what: string }>("chaos.said");

/** A sleep as the workflow saw it, by the clocks of the workers that recorded it. */
export interface Nap {
  readonly ms: number;
  readonly from: number;
  readonly until: number;
}

/** What a transaction gave, and wrote. */
export interface Payment {
  readonly account: string;
  readonly amount: number;
  readonly nonce: string;
}

export interface Output {
  readonly naps: readonly Nap[];
  /** What came from outside. */
  readonly heard: readonly string[];
  readonly payments: readonly Payment[];
  /** What became of a step that runs at most once. */
  readonly printed?: string;
}

const NOTHING: Output = { naps: [], heard: [], payments: [] };

/** Names the table of balances and receipts to the functions. */
export const MONEY = "CHAOS_MONEY";
export const ACCOUNTS = 16;
const DEAREST = 100;

/** A fifth of the attempts fail, and a killed process costs one, too: fifteen in a row are one case in a billion. */
const STUBBORN = { maxAttempts: 15, initialInterval: "200ms", maxInterval: "2s" } as const;
const FAILS = 0.2;
/** Long enough to be killed in. */
const LONGEST_RUN_MS = 300;

/** A body that takes a while, and may fail by chance. Gives what only this run of it knows. */
async function act(step: StepContext): Promise<string> {
  const { idempotencyKey: place, attempt } = step;
  const nonce = randomUUID();
  noteBegin({ place, attempt, nonce });
  await pause(Math.random() * LONGEST_RUN_MS);
  if (Math.random() < FAILS) throw new Error("It failed by chance.");
  noteEnd(nonce);
  return nonce;
}

function perform(ctx: Context, name: string, options: StepOptions<string> = {}): Promise<string> {
  return ctx.step(name, act, { retry: STUBBORN, ...options });
}

/** A step that is undone if the execution fails, or is cancelled. */
function reserve(ctx: Context, name: string): Promise<string> {
  return perform(ctx, name, { compensate: (_, step) => act(step), compensateRetry: STUBBORN });
}

async function nap(ctx: Context, shortestMs: number, longestMs: number): Promise<Nap> {
  await perform(ctx, "lie-down");
  const ms = Math.round(shortestMs + ctx.random() * (longestMs - shortestMs));
  const from = ctx.now().getTime();
  await ctx.sleep({ milliseconds: ms });
  const until = ctx.now().getTime();
  await perform(ctx, "get-up");
  return { ms, from, until };
}

/** Raises a balance that others raise, too, leaves a receipt, and tells of it. */
function pay(ctx: Context, what: string): Promise<Payment> {
  const account = `account-${Math.floor(ctx.random() * ACCOUNTS)}`;
  const amount = 1 + Math.floor(ctx.random() * DEAREST);
  return ctx.transaction(
    what,
    async (tx, step) => {
      const nonce = await act(step);
      const TableName = named(MONEY);
      tx.update({
        TableName,
        Key: { id: account },
        UpdateExpression: "ADD balance :amount",
        ExpressionAttributeValues: { ":amount": amount },
      });
      tx.put({ TableName, Item: { id: step.idempotencyKey, nonce } });
      tx.sendEvent(Said, { by: ctx.executionId, what });
      return { account, amount, nonce };
    },
    { retry: { ...STUBBORN, maxAttempts: 30 } },
  );
}

const say = (ctx: Context, what: string): Promise<void> => ctx.sendEvent(Said, { by: ctx.executionId, what });

export const waits = workflow("waits", async (ctx): Promise<Output> => {
  await say(ctx, "waiting");
  const { order } = await ctx.waitForEvent(Paid, { key: ctx.executionId });
  await perform(ctx, "book");
  const { winner } = await ctx.race({
    rang: (branch) => branch.waitForEvent(Rang),
    late: (branch) => branch.sleep("45s"),
  });
  await say(ctx, "booked");
  return { ...NOTHING, heard: [order, winner] };
});

export const naps = workflow("naps", async (ctx): Promise<Output> => {
  const taken: Nap[] = [];
  for (const [shortest, longest] of [
    [100, 2_000],
    [1_000, 20_000],
    [5_000, 90_000],
  ] as const) {
    taken.push(await nap(ctx, shortest, longest));
    await say(ctx, `up-${taken.length}`);
  }
  return { ...NOTHING, naps: taken };
});

export const errand = workflow("errand", async (ctx): Promise<Output> => {
  const taken = await nap(ctx, 500, 8_000);
  await say(ctx, "done");
  return { ...NOTHING, naps: [taken] };
});

export const parents = workflow("parents", async (ctx): Promise<Output> => {
  const ends = await Promise.all([1, 2, 3].map(() => ctx.child(errand, undefined)));
  await say(ctx, "all-done");
  return { ...NOTHING, heard: ends.map(({ naps: [one] }) => String(one?.ms)) };
});

export const asks = workflow("asks", async (ctx): Promise<Output> => {
  const first = await ctx.waitForSignal<string>("go");
  const taken = await nap(ctx, 500, 4_000);
  const second = await ctx.waitForSignal<string>("go");
  await say(ctx, "gone");
  return { ...NOTHING, naps: [taken], heard: [first, second] };
});

export const pays = workflow("pays", async (ctx): Promise<Output> => {
  const paid = await pay(ctx, "pay");
  const taken = await nap(ctx, 500, 4_000);
  const printed = await ctx
    .step("print", act, { semantics: "at-most-once" })
    .catch((error: unknown) => (error instanceof StepInterruptedError ? "interrupted" : "failed"));
  const tipped = await pay(ctx, "tip");
  return { ...NOTHING, naps: [taken], payments: [paid, tipped], printed };
});

/** Ends as failed, with everything undone. */
export const undone = workflow("undone", async (ctx): Promise<Output> => {
  for (const name of ["reserve", "charge", "pack"]) await reserve(ctx, name);
  await nap(ctx, 500, 4_000);
  await say(ctx, "giving-up");
  throw new Error("It is undone, as it always is.");
});

/** Is cancelled somewhere in between, and undoes what it has done. */
export const endless = workflow("endless", async (ctx): Promise<Output> => {
  for (let round = 1; ; round += 1) {
    await reserve(ctx, `reserve-${round}`);
    await ctx.sleep("2s");
  }
});

export default app({
  workflows: [waits, naps, errand, parents, asks, pays, undone, endless],
  events: [Paid, Rang],
});
