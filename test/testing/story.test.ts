import { AssertionError } from "node:assert";
import { app, event, workflow } from "holdfast";
import { storyOf, testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";

const Told = event<{ n: number }>("told");
const saga = workflow("saga", async (ctx) => {
  await ctx.step("a/b: 1", () => {}, { compensate: () => {} });
  await ctx.sleep("1h");
  await ctx.sleep("1h");
  await ctx.sendEvent(Told, { n: 1 });
  await ctx.waitForEvent(Told, { timeout: "1d" });
  throw new Error("too late");
});
const STORY = [
  "ExecutionStarted saga",
  "StepCompleted a/b: 1",
  "TimerFired sleep",
  "TimerFired sleep#2",
  "EventSent told",
  "EventReceived told",
  "CompensationStarted",
  "StepCompleted undo/a/b: 1",
  "ExecutionFailed",
];

async function told() {
  const t = await testApp(app({ workflows: [saga], events: [Told] }));
  await expect(t.run(saga, undefined, { id: "x-1" })).rejects.toThrow("failed");
  return t;
}

async function failureOf(assertion: Promise<void>): Promise<AssertionError> {
  const failure: unknown = await assertion.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof AssertionError) return failure;
  throw new Error(`expected an AssertionError, found ${failure}`);
}

describe("a history as lines", () => {
  it("names what happened as the code names it", async () => {
    const t = await told();
    expect(await t.history("x-1")).toEqual(STORY);
    expect(storyOf(await t.client.history("x-1"))).toEqual(STORY);
  });

  it("is asserted on as a whole, in part, and for what is not in it", async () => {
    const t = await told();
    await t.expectHistory("x-1").toBe(STORY);
    await t.expectHistory("x-1").toContainInOrder(["TimerFired sleep", "ExecutionFailed"]);
    await t.expectHistory("x-1").toContainNone(["LeaseTaken"]);
  });

  it("is shown with its differences", async () => {
    const t = await told();
    const other = STORY.filter((line) => line !== "EventSent told").concat("EventSent shipped");
    const { message, actual, expected } = await failureOf(t.expectHistory("x-1").toBe(other));
    expect(message).toContain("+ EventSent told");
    expect(message).toContain("  EventReceived told");
    expect(message).toContain("- EventSent shipped");
    expect([actual, expected]).toEqual([STORY, other]);
  });

  it("is shown with what was found, and what was looked for in vain", async () => {
    const t = await told();
    const wrongWay = ["EventSent told", "TimerFired sleep"];
    const { message } = await failureOf(t.expectHistory("x-1").toContainInOrder(wrongWay));
    expect(message).toContain("= EventSent told");
    expect(message).toContain("  TimerFired sleep\n");
    expect(message).toContain("- TimerFired sleep\n");
    const none = await failureOf(t.expectHistory("x-1").toContainNone(["EventSent told"]));
    expect(none.message).toContain("! EventSent told");
  });
});
