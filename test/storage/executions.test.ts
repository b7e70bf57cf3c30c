/**
 * What the two storage contracts ask of an execution as a whole, asked of the engine and its client on both stores: `docs/storage-contract.md`
 * names these tests, and those of the stores themselves in `test/store/contract/`.
 */
import { CancelledError, ExecutionClosedError, event, workflow } from "holdfast";
import { replayHistory } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { Bench } from "../runtime/bench.js";
import { GROUNDS } from "../runtime/grounds.js";

const Paid = event<{ order: string }>("order.paid", { key: ({ order }) => order });

/** Undoable steps around a wait, so that it can be met before, between and after them. */
const trip = workflow("trip", async (ctx) => {
  await ctx.step("book flight", () => "LH1", { compensate: () => {} });
  await ctx.step("look around", () => "nice");
  await ctx.step("book hotel", () => "Ritz", { compensate: () => {} });
  await ctx.waitForSignal("go");
  await ctx.step("travel", () => {});
  return "there";
});
const stuck = workflow("stuck", async (ctx) => {
  await ctx.step("first", () => 1);
  await new Promise(() => {});
});
const undoing = workflow("undoing", async (ctx) => {
  await ctx.step("book", () => 1, {
    compensate: (_result, step) => {
      if (step.attempt < 3) throw new Error("the hotel does not answer");
    },
    compensateRetry: { initialInterval: "1m", jitter: "none", maxAttempts: 5 },
  });
  throw new Error("no seat");
});
const pays = workflow("pays", (ctx) => ctx.waitForEvent(Paid, { key: "o-1", timeout: "1h" }));
const naps = workflow("naps", (ctx) => ctx.sleep("1d"));

describe.each(GROUNDS)("an execution, %s", (_, onGround) => {
  const bench = async (): Promise<Bench> => {
    const { store } = await onGround();
    return new Bench([trip, stuck, undoing, pays, naps], [Paid], { store });
  };

  it("has its history in the order of its slots, also when it is read by another", async () => {
    const it = await bench();
    await it.start(trip, undefined);
    await it.cloud.settle();
    await it.client.signal("x-1", "go");
    await it.cloud.settle();
    const entries = await it.client.history("x-1");
    const slots = entries.map(({ slot }) => slot);
    expect(slots).toEqual(slots.toSorted((one, other) => one - other));
    expect(entries.map(({ event: { type } }) => type)).toEqual([
      "ExecutionStarted",
      "StepCompleted",
      "StepCompleted",
      "StepCompleted",
      "SignalReceived",
      "StepCompleted",
      "ExecutionCompleted",
    ]);
  });

  it("has its compensations as a stack that follows from its history, and is empty once they ran", async () => {
    const it = await bench();
    await it.start(trip, undefined);
    await it.cloud.settle();
    const open = await replayHistory(await it.client.history("x-1"), trip);
    expect(open.undoable).toEqual(["book hotel", "book flight"]);
    // Asking again pushes nothing: the stack is read, never written.
    expect((await replayHistory(await it.client.history("x-1"), trip)).undoable).toEqual(open.undoable);
    await it.client.cancel("x-1");
    await it.cloud.settle();
    expect((await replayHistory(await it.client.history("x-1"), trip)).undoable).toEqual([]);
    expect((await it.head()).compensation).toBe("complete");
  });

  it("is cancelled by whom, why and when: it says so, and its steps are undone first", async () => {
    const it = await bench();
    await it.start(trip, undefined);
    await it.cloud.settle();
    const asked = await it.client.cancel("x-1", { by: "ada", reason: "raining" });
    expect(asked.status).toBe("suspended");
    await it.cloud.settle();
    const found = await it.client.describe("x-1");
    expect(found).toMatchObject({
      status: "cancelled",
      compensation: "complete",
      closedAt: expect.any(Date),
    });
    expect(found.error).toBeInstanceOf(CancelledError);
    expect(String(found.error)).toContain("raining");
    expect(await it.history()).toContainEqual(
      expect.objectContaining({
        type: "CancelRequested",
        by: "ada",
        reason: "raining",
        at: expect.any(Number),
      }),
    );
  });

  it("can be cancelled while it runs, waits, is paused, undoes and stands still, and not after its end", async () => {
    const it = await bench();
    const statuses: Record<string, string> = {};
    const cancel = async (id: string): Promise<void> => {
      statuses[id] = (await it.client.cancel(id)).status;
    };
    await it.start(trip, undefined, "running");
    await cancel("running");
    await it.start(trip, undefined, "suspended");
    await it.start(trip, undefined, "paused");
    await it.start(stuck, undefined, "stalled");
    await it.start(undoing, undefined, "compensating");
    await it.cloud.settle();
    await it.client.pause("paused");
    await it.cloud.settle();
    for (const id of ["suspended", "paused", "stalled", "compensating"]) await cancel(id);
    expect(statuses).toEqual({
      running: "running",
      suspended: "suspended",
      paused: "paused",
      stalled: "stalled",
      compensating: "compensating",
    });
    await it.cloud.advance(3_600_000);
    expect(await it.status("running")).toBe("cancelled");
    expect(await it.status("suspended")).toBe("cancelled");
    expect(await it.status("paused")).toBe("cancelled");
    // What was undone already has failed by its own error: a cancel that comes then changes no end.
    expect(await it.status("compensating")).toBe("failed");
    await expect(it.client.cancel("suspended")).rejects.toThrow(ExecutionClosedError);
    await expect(it.client.cancel("compensating")).rejects.toThrow(ExecutionClosedError);
  });

  it("leaves nothing in the directory when it is cancelled, whatever it waited for", async () => {
    const it = await bench();
    await it.start(pays, undefined);
    await it.start(naps, undefined, "x-2");
    await it.cloud.settle();
    expect(await it.waitRecords(Paid, "o-1")).toBe(1);
    await it.client.cancel("x-1");
    await it.client.cancel("x-2");
    await it.cloud.settle();
    expect(await it.waitRecords(Paid, "o-1")).toBe(0);
    expect(await it.status("x-1")).toBe("cancelled");
    expect(await it.status("x-2")).toBe("cancelled");
    expect((await it.head()).dueAt).toBeUndefined();
  });

  it("that is paused begins nothing new, and goes on when it is resumed", async () => {
    const it = await bench();
    await it.start(trip, undefined);
    await it.cloud.settle();
    await it.client.pause("x-1", { by: "ada", reason: "lunch" });
    await it.cloud.settle();
    expect(await it.status()).toBe("paused");
    await it.client.signal("x-1", "go");
    await it.cloud.advance(60_000);
    expect(await it.status()).toBe("paused");
    await it.client.resume("x-1", { by: "bob" });
    await it.cloud.settle();
    expect(await it.output()).toBe("there");
    await expect(it.client.pause("x-1")).rejects.toThrow(ExecutionClosedError);
    await expect(it.client.resume("x-1")).rejects.toThrow(ExecutionClosedError);
  });

  it("that an event finds waiting gets it once, with its wait's record gone and its time no longer due", async () => {
    const it = await bench();
    await it.start(pays, undefined);
    await it.cloud.settle();
    it.publish(Paid, { order: "o-1" });
    await it.cloud.settle();
    expect(await it.output()).toEqual({ order: "o-1" });
    expect(await it.waitRecords(Paid, "o-1")).toBe(0);
    expect((await it.head()).dueAt).toBeUndefined();
  });

  it("whose wait's time is over is told so, and can catch it", async () => {
    const it = await bench();
    await it.start(pays, undefined);
    await it.cloud.advance(2 * 3_600_000);
    expect(await it.status()).toBe("failed");
    expect(await it.error()).toMatchObject({ name: "WaitTimeoutError" });
    expect(await it.waitRecords(Paid, "o-1")).toBe(0);
  });
});
