/**
 * The workflows that the ledger counts, as users write them: values of some bytes, steps that only return. What each does beside its start
 * (an event that comes) is its story.
 */
import { type App, app, event, NonRetryableError, workflow } from "holdfast";
import { pipeline } from "holdfast/pipeline";
import type { AnyWorkflow } from "../../../lib/define/workflow.js";

export const Paid = event<{ orderId: string }>("payment.completed", { key: ({ orderId }) => orderId });

const inARow = (name: string, steps: number) =>
  workflow(name, async (ctx) => {
    for (let step = 1; step <= steps; step++) await ctx.step(`step-${step}`, () => step);
  });

const fanOut = workflow("fan-out", async (ctx) => {
  await ctx.map(Array.from({ length: 1_000 }), (item, _, index) => item.step("do", () => index));
});

/** With the stack that it has in a function's bundle: errors are stored with theirs, and here its length is that of the project's path. */
function noCar(): Error {
  const error = new NonRetryableError("There is no car.");
  const frames = Array.from({ length: 6 }, () => "\n    at runStep (file:///var/task/index.mjs:48213:11)");
  error.stack = `${error.name}: ${error.message}${frames.join("")}`;
  return error;
}

const saga = workflow("saga", async (ctx) => {
  await ctx.step("flight", () => "f-1", { compensate: () => {} });
  await ctx.step("hotel", () => "h-1", { compensate: () => {} });
  await ctx.step("car", () => {
    throw noCar();
  });
});

const order = workflow("order", async (ctx, id: string) => {
  await ctx.step("check", () => id);
  await ctx.step("reserve", () => id);
  await ctx.waitForEvent(Paid, { key: id, timeout: "3d" });
  await ctx.step("ship", () => id);
});

const reminder = workflow("reminder", async (ctx) => {
  await ctx.sleep("30d");
  await ctx.step("remind", () => "reminded");
});

const parcel = workflow("parcel", async (ctx) => ctx.step("send", () => "sent"));

const delivery = workflow("delivery", async (ctx) => ctx.child(parcel, undefined));

const release = pipeline({
  application: "shop",
  name: "release",
  stages: [
    { refId: "A", tasks: [{ name: "build", run: () => ({ outputs: { image: "shop:7" } }) }] },
    { refId: "B", requisites: ["A"], tasks: [{ name: "deploy", run: () => {} }] },
  ],
});

export interface Typical {
  /** In the JSON, in the order of the page. */
  readonly key: TypicalKey;
  readonly what: string;
  readonly workflow: AnyWorkflow;
  /** Whether the event that it waits for is published once it waits. */
  readonly isPaid?: true;
  readonly ends: "completed" | "failed";
}

export type TypicalKey =
  | "three-steps"
  | "ten-steps"
  | "three-thousand-steps"
  | "fan-out"
  | "saga"
  | "event"
  | "sleep"
  | "child"
  | "pipeline";

export const TYPICAL: readonly Typical[] = [
  {
    key: "three-steps",
    what: "3 steps, one after the other",
    workflow: inARow("three-steps", 3),
    ends: "completed",
  },
  { key: "ten-steps", what: "10 steps", workflow: inARow("ten-steps", 10), ends: "completed" },
  {
    key: "three-thousand-steps",
    what: "3,000 steps",
    workflow: inARow("three-thousand-steps", 3_000),
    ends: "completed",
  },
  { key: "fan-out", what: "1,000 steps side by side", workflow: fanOut, ends: "completed" },
  { key: "saga", what: "a saga: 2 steps, a third that fails, both undone", workflow: saga, ends: "failed" },
  {
    key: "event",
    what: "2 steps, a wait of 3 days at most for an event that comes, a step",
    workflow: order,
    isPaid: true,
    ends: "completed",
  },
  { key: "sleep", what: "a sleep of 30 days, a step", workflow: reminder, ends: "completed" },
  { key: "child", what: "a child with a step", workflow: delivery, ends: "completed" },
  { key: "pipeline", what: "a pipeline of two stages, A → B", workflow: release, ends: "completed" },
];

export const deployed: App = app({
  workflows: [...TYPICAL.map(({ workflow }) => workflow), parcel],
  events: [Paid],
});
