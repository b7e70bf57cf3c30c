/** The workflows that the invocations meet on: each as short as it can be and still have what is to be looked at. */
import { type Context, event, NonRetryableError, workflow } from "holdfast";
import type { AnyWorkflow } from "../../../lib/define/workflow.js";
import type { Hands } from "./ground.js";

export const Arrived = event<{ place: string; n: number }>("arrived", { key: (data) => data.place });
export const Told = event<{ n: number }>("told");

export type Programs = (hands: Hands) => readonly AnyWorkflow[];

async function step(ctx: Context, hands: Hands, name: string): Promise<string> {
  return ctx.step(
    name,
    ({ idempotencyKey }) => {
      hands.body(idempotencyKey, false);
      return idempotencyKey;
    },
    { compensate: (of, { idempotencyKey }) => hands.undo(of, idempotencyKey) },
  );
}

async function stepOnce(ctx: Context, hands: Hands): Promise<string> {
  return ctx.step(
    "once",
    ({ idempotencyKey }) => {
      hands.body(idempotencyKey, true);
      return idempotencyKey;
    },
    { semantics: "at-most-once" },
  );
}

/** A step, then a signal that it waits for, then another step. */
export const signalled: Programs = (hands) => [
  workflow("signalled", async (ctx) => {
    await step(ctx, hands, "one");
    const word = await ctx.waitForSignal<string>("go");
    await step(ctx, hands, "two");
    return word;
  }),
];

/** Waits for a signal and does nothing else. */
export const waiting: Programs = () => [workflow("waiting", (ctx) => ctx.waitForSignal<string>("go"))];

/** A step, and then an event that may be there already. */
export const awaiting: Programs = (hands) => [
  workflow("awaiting", async (ctx) => {
    await step(ctx, hands, "one");
    const { n } = await ctx.waitForEvent(Arrived, { key: "here", lookback: "1h" });
    return n;
  }),
];

/** A step on either side of a timer. */
export const sleeping: Programs = (hands) => [
  workflow("sleeping", async (ctx) => {
    await step(ctx, hands, "one");
    await ctx.sleep("10m");
    return step(ctx, hands, "two");
  }),
];

/** One step that may run once at most. */
export const once: Programs = (hands) => [workflow("once", (ctx) => stepOnce(ctx, hands))];

/** Tells the bus, then another execution. */
export const telling: Programs = () => [
  workflow("telling", async (ctx) => {
    await ctx.sendEvent(Told, { n: 1 });
    await ctx.signal("listener", "told", 1);
    await ctx.waitForSignal("go");
  }),
];

/** Fails until it is given another try by a person. */
export const failing: Programs = (hands) => {
  let tries = 0;
  return [
    workflow("failing", (ctx) =>
      ctx.step(
        "one",
        ({ idempotencyKey }) => {
          hands.body(idempotencyKey, false);
          tries += 1;
          if (tries === 1) throw new NonRetryableError("not yet");
          return "done";
        },
        { retry: { maxAttempts: 1 } },
      ),
    ),
  ];
};

/** Goes on as another execution when it has got a signal; that one ends with its second. */
export const continuing: Programs = () => [
  workflow("continuing", async (ctx: Context, round: number | undefined) => {
    const word = await ctx.waitForSignal<string>("go");
    return round === undefined ? ctx.continueAsNew(2) : word;
  }),
];

/** A parent, and the child that it waits for. */
export const family: Programs = () => {
  const child = workflow("child", (ctx) => ctx.waitForSignal<string>("go"));
  return [workflow("parent", (ctx) => ctx.child(child, undefined)), child];
};

/** Of most things one: an at-most-once step, another, something for the bus, and an event and a signal side by side. */
export const busy: Programs = (hands) => [
  workflow("busy", async (ctx) => {
    await stepOnce(ctx, hands);
    await step(ctx, hands, "one");
    await ctx.sendEvent(Told, { n: 1 });
    const [{ n }, word] = await Promise.all([
      ctx.waitForEvent(Arrived, { key: "here", lookback: "1h" }),
      ctx.waitForSignal<string>("go"),
    ]);
    await step(ctx, hands, "two");
    return [n, word];
  }),
];

/** Writes to a table of the user's, and tells the bus of it. */
export const transacting: Programs = (hands) => [
  workflow("transacting", (ctx) =>
    ctx.transaction("pay", (tx, { idempotencyKey }) => {
      hands.body(idempotencyKey, false);
      tx.put({ TableName: "Orders", Item: { id: idempotencyKey } });
      tx.sendEvent(Told, { n: 1 });
    }),
  ),
];

/** Waits for somebody outside to end a callback. */
export const calling: Programs = (hands) => [
  workflow("calling", (ctx) => {
    const { token, promise } = ctx.callback<string>("call");
    hands.token(token);
    return promise;
  }),
];
