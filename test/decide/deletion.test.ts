import { describe, expect, test } from "vitest";
import { DELETABLE_AFTER_MS, type DeletionFacts, decideDeletion } from "../../lib/decide/deletion.js";
import { DUTIES, type Head } from "../../lib/model/head.js";
import { type ExecutionStatus, isClosed, STATUSES } from "../../lib/model/status.js";
import { NOON as T0 } from "../builders.js";
import { anExecution as head } from "./builders.js";

const NOW = T0 + 86_400_000;
const closed = (fields: Partial<Head> = {}): Head =>
  head({ executionId: "x", status: "completed", closedAt: T0, ...fields });
const decide = (of: Head, facts: Partial<DeletionFacts> = {}) =>
  decideDeletion({
    head: of,
    now: NOW,
    parent: undefined,
    predecessor: undefined,
    successor: undefined,
    pendingSlot: undefined,
    ...facts,
  });
const run1 = closed({ executionId: "run1", status: "continued", continuedTo: "run2" });
const run2 = closed({ executionId: "run2", origin: { kind: "continued", executionId: "run1" } });
const run2Continued = { ...run2, status: "continued", continuedTo: "run3" } as const;
const run3 = closed({ executionId: "run3", origin: { kind: "continued", executionId: "run2" } });

describe("an execution that has ended", () => {
  test.each(STATUSES.filter((status) => isClosed(status) && status !== "continued"))(
    "as %s goes with all of it",
    (status) => expect(decide(closed({ status }))).toMatchObject({ do: "delete" }),
  );

  test.each(STATUSES.filter((status) => !isClosed(status)))("and is %s, has not ended", (status) => {
    const open = head({ executionId: "x", status });
    expect(decide(open)).toMatchObject({ do: "refuse", refusal: "open" });
  });

  test("stays whole for twenty minutes, to the millisecond", () => {
    expect(decide(closed(), { now: T0 + DELETABLE_AFTER_MS - 1 })).toMatchObject({
      do: "refuse",
      refusal: "recent",
      at: T0 + DELETABLE_AFTER_MS,
    });
    expect(decide(closed(), { now: T0 + DELETABLE_AFTER_MS })).toMatchObject({ do: "delete" });
  });

  test.each(DUTIES)("stays while %s is left to be done, and is woken for it", (duty) => {
    const left = closed({ duties: [duty] });
    expect(decide(left)).toMatchObject({ do: "refuse", refusal: "duties", wake: true });
  });

  test.each<[ExecutionStatus, boolean]>([
    ["running", true],
    ["suspended", true],
    ["paused", true],
    ["compensating", true],
    ["stalled", true],
    ["failed", true],
    ["cancelled", false],
    ["completed", false],
    ["terminated", false],
    ["continued", false],
  ])("stays while its parent is %s: %s", (status, stays) => {
    const parent = head({ executionId: "p", status });
    expect(decide(closed(), { parent })).toMatchObject(
      stays ? { do: "refuse", refusal: "parent" } : { do: "delete" },
    );
    expect(decide(closed(), { parent: { ...parent, deletedAt: T0 } })).toMatchObject({ do: "delete" });
  });

  test.each<[ExecutionStatus, Head["compensation"] & string, boolean]>([
    ["failed", "none", true],
    ["failed", "incomplete", true],
    ["failed", "complete", false],
    ["cancelled", "incomplete", true],
    ["cancelled", "complete", false],
    ["completed", "incomplete", true],
  ])("stays while its parent is %s, compensation %s: %s", (status, compensation, stays) => {
    const parent = head({ executionId: "p", status, compensation });
    expect(decide(closed(), { parent }).do).toBe(stays ? "refuse" : "delete");
  });

  test("stays while something is still to be carried", () => {
    expect(decide(closed(), { pendingSlot: 7 })).toMatchObject({
      do: "refuse",
      refusal: "outgoing",
      why: expect.stringContaining("its commit 7"),
    });
  });
});

describe("of those that go on as new executions", () => {
  test("one whose successor is there keeps its head", () => {
    expect(decide(run1, { successor: run2 })).toMatchObject({ do: "empty" });
    expect(decide({ ...run1, deletedAt: T0 }, { successor: run2 })).toMatchObject({ do: "empty" });
  });

  test("one whose successor was not created yet is woken for it", () => {
    const left: Head = { ...run1, duties: ["successor"] };
    expect(decide(left)).toMatchObject({ do: "refuse", refusal: "duties", wake: true });
  });

  test("one that was emptied goes when its successor is gone", () => {
    expect(decide({ ...run1, deletedAt: T0 })).toMatchObject({ do: "delete" });
  });

  test("the last stays while the one before is whole", () => {
    expect(decide(run2, { predecessor: run1 })).toMatchObject({ do: "refuse", refusal: "predecessor" });
    expect(decide(run2, { predecessor: { ...run1, deletedAt: T0 } })).toMatchObject({ do: "delete" });
    expect(decide(run2)).toMatchObject({ do: "delete" });
    // Another execution of that id, which was continued as something else.
    expect(decide(run2, { predecessor: { ...run1, continuedTo: "other" } })).toMatchObject({ do: "delete" });
  });

  test("one in the middle is emptied whatever stands before it, and its head stays while it would come back", () => {
    const facts = { predecessor: run1, successor: run3 };
    expect(decide(run2Continued, facts)).toMatchObject({ do: "empty" });
    const emptied = { ...run2Continued, deletedAt: T0 };
    expect(decide(emptied, { predecessor: run1 })).toMatchObject({ do: "empty" });
    expect(decide(emptied, { predecessor: { ...run1, deletedAt: T0 } })).toMatchObject({ do: "delete" });
    expect(decide(emptied)).toMatchObject({ do: "delete" });
  });

  test("what it has still to carry keeps it whole", () => {
    expect(decide(run1, { successor: run2, pendingSlot: 1 })).toMatchObject({ refusal: "outgoing" });
  });
});

test("a deletion that has begun goes on, however long ago it ended", () => {
  const begun = closed({ deletedAt: T0, duties: ["parent"] });
  expect(decide(begun, { now: T0, pendingSlot: 1 })).toMatchObject({ do: "delete" });
});
