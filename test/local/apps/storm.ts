/** Workflows that use everything that chaos can hit: events, children, timers near and far, signals, steps that are slow. */
import { app, workflow } from "holdfast";
import { greeting, orderSaga, PaymentCompleted, report } from "../../../functions/workflows/index.js";
import { followUp } from "./shop.js";

const parcel = workflow("parcel", async (ctx, { n }: { readonly n: number }) => {
  await ctx.sleep("1s");
  return ctx.step("pack", () => n * 10);
});

export const family = workflow("family", async (ctx, { children }: { readonly children: number }) => {
  const numbers = Array.from({ length: children }, (_none, n) => ({ n }));
  const packed = await Promise.all(numbers.map((input) => ctx.child(parcel, input)));
  return packed.reduce((sum, one) => sum + one, 0);
});

/** Beyond 15 minutes a timer is a schedule. */
export const nap = workflow("nap", async (ctx) => {
  await ctx.sleep("16m");
  return "rested";
});

export const chat = workflow("chat", async (ctx) => {
  const words: string[] = [];
  for (let n = 0; n < 3; n++) words.push(await ctx.waitForSignal<string>("word"));
  return words;
});

export default app({
  workflows: [greeting, orderSaga, report, parcel, family, nap, chat, followUp],
  events: [PaymentCompleted],
});
