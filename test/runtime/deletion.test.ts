/** Deleting executions: what goes, what is refused and why, and what a crash in the middle leaves to the next. */
import {
  DurableClient,
  ExecutionConflictError,
  ExecutionDeletedError,
  ExecutionNotFoundError,
  event,
  NotDeletableError,
  workflow,
} from "holdfast";
import { describe, expect, it } from "vitest";
import { DELETABLE_AFTER_MS } from "../../lib/decide/deletion.js";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { deleteExecution } from "../../lib/runtime/retention/deletion.js";
import { handleWake } from "../../lib/runtime/turn/handle-wake.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { objectPrefix, type Store } from "../../lib/store/ports.js";
import type { When } from "../../lib/testing/faults.js";
import { incompressible } from "../setup/text.js";
import { commit, continued, owned, settlementOf, T0 } from "../store/builders.js";
import { Bench } from "./bench.js";
import { inMemory, onDynamo } from "./grounds.js";
import { noting } from "./outsides.js";

const Paid = event<{ id: string }>("payment.completed", { key: ({ id }) => id });
const Shipped = event<{ id: string }>("order.shipped");
const HUGE = incompressible(140_000);

/** Has some of everything: commits, a payload as an item and one as an object, waits, messages beside the head. */
const full = workflow("full", async (ctx, input: { id: string; text: string }) => {
  await ctx.step("a", () => input.text);
  await ctx.step("huge", () => HUGE);
  await ctx.sleep("5m");
  await ctx.step("b", () => 2);
  const paid = await ctx.waitForEvent(Paid, { key: input.id, timeout: "1d" });
  return { paid: paid.id, text: input.text };
});
const fails = workflow("fails", async (ctx) => {
  await ctx.step("fail", () => Promise.reject(new Error("no")), { retry: { maxAttempts: 1 } });
});

const LATER = DELETABLE_AFTER_MS + 1;

async function finished(bench: Bench, id = "x-1"): Promise<void> {
  await bench.start(full, { id, text: incompressible(1_000) }, id);
  await bench.cloud.advance(400_000);
  // Too large for the head: items of their own.
  for (let n = 0; n < 3; n++) await bench.client.signal(id, "never read", incompressible(2_000));
  bench.publish(Paid, { id });
  await bench.cloud.settle();
  expect(await bench.status(id)).toBe("completed");
}

async function expectGone(bench: Bench, id = "x-1"): Promise<void> {
  const { store } = bench;
  expect(await store.readHead(id)).toBeUndefined();
  expect(await store.loadHistory(id, 0)).toEqual([]);
  expect(await store.loadMessages(id)).toEqual([]);
  expect(await store.surveyItems(id)).toEqual({ any: false });
  expect(await store.listObjects(objectPrefix(id), 10)).toEqual([]);
  expect(await store.findWaits({ name: Paid.name, key: id, limit: 10 })).toEqual({ items: [] });
}

describe("deleting an execution", () => {
  it.each([
    ["in memory", inMemory],
    ["on DynamoDB Local", onDynamo],
  ])("takes all of it away, and leaves its neighbours, %s", async (_, ground) => {
    const { store } = await ground();
    const bench = new Bench([full], [Paid], { store });
    await finished(bench);
    await finished(bench, "x-10");
    expect(await store.listObjects(objectPrefix("x-1"), 10)).not.toEqual([]);
    expect((await store.surveyItems("x-1")).any).toBe(true);
    await bench.cloud.advance(LATER);
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "all" });
    await expectGone(bench);
    await expect(bench.client.describe("x-1")).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
    expect(await bench.client.result("x-10")).toMatchObject({ paid: "x-10" });
    expect(await bench.client.history("x-10")).not.toEqual([]);
  });

  it("frees its id: a new execution of it works, and sees nothing of the old one", async () => {
    const bench = new Bench([full], [Paid]);
    await finished(bench);
    await bench.cloud.advance(LATER);
    await bench.client.delete("x-1");
    await finished(bench);
    const entries = await bench.client.history("x-1");
    expect(entries.filter(({ event }) => event.type === "StepCompleted")).toHaveLength(3);
  });

  it("is told not found when nothing is left of it", async () => {
    const bench = new Bench([full], [Paid]);
    await expect(bench.client.delete("x-1")).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
  });
});

describe("a deletion that is refused says why, and deletes nothing", () => {
  const refusalOf = async (deletion: Promise<unknown>): Promise<NotDeletableError> => {
    const error = await deletion.catch((thrown: unknown) => thrown);
    if (error instanceof NotDeletableError) return error;
    throw new Error(`not refused: ${String(error)}`);
  };

  it("of one that is open or stalled", async () => {
    const stalls = workflow("stalls", async () => new Promise<void>(() => {}));
    const bench = new Bench([full, stalls], [Paid]);
    await bench.start(full, { id: "x-1", text: "" });
    await bench.start(stalls, undefined, "x-2");
    await bench.cloud.advance(400_000);
    for (const [id, status] of [
      ["x-1", "suspended"],
      ["x-2", "stalled"],
    ] as const) {
      expect(await bench.status(id)).toBe(status);
      const error = await refusalOf(bench.client.delete(id));
      expect(error).toMatchObject({ code: "NOT_DELETABLE", refusal: "open" });
      expect(error.message).toContain(`it is ${status}, and only what has ended can be deleted`);
      expect(error.message).toContain(`holdfast terminate ${id}`);
    }
  });

  it("of one that ended less than twenty minutes ago, until the time that it says", async () => {
    const bench = new Bench([full], [Paid]);
    await finished(bench);
    const { closedAt = 0 } = await bench.head();
    await bench.cloud.advance(DELETABLE_AFTER_MS - 1);
    const error = await refusalOf(bench.client.delete("x-1"));
    expect(error).toMatchObject({ refusal: "recent", deletableAt: new Date(closedAt + DELETABLE_AFTER_MS) });
    expect(error.message).toContain(new Date(closedAt + DELETABLE_AFTER_MS).toISOString());
    await bench.cloud.advance(1);
    await bench.client.delete("x-1");
    await expectGone(bench);
  });

  it("of one whose outgoing messages were not carried, until they are", async () => {
    const sends = workflow("sends", async (ctx) => {
      await ctx.sendEvent(Shipped, { id: ctx.executionId });
    });
    const bench = new Bench([sends], []);
    bench.cloud.relayIsOn = false;
    await bench.start(sends, undefined);
    await bench.cloud.advance(LATER);
    expect(await bench.status()).toBe("completed");
    const error = await refusalOf(bench.client.delete("x-1"));
    expect(error).toMatchObject({ refusal: "outgoing", message: expect.stringContaining("its commit 1") });
    expect(await bench.head()).not.toHaveProperty("deletedAt");
    bench.cloud.relayIsOn = true;
    await bench.cloud.settle();
    expect(bench.cloud.published).toHaveLength(1);
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "all" });
    await expectGone(bench);
  });

  it("of one whose children were not told, which has them told", async () => {
    const child = workflow("child", async (ctx) => ctx.sleep("300d"));
    const bench = new Bench([full, child], []);
    await bench.start(child, undefined, "c-1");
    await bench.cloud.settle();
    const { store } = bench;
    const head = await owned(store, "x-1");
    const requested: HistoryEvent = {
      type: "ChildRequested",
      at: T0,
      op: "child:child",
      childId: "c-2",
      workflow: "child",
      onParentClose: "cancel",
    };
    await store.appendCommit(commit("x-1", 1, { events: [requested] }));
    const end = { status: "failed", closedAt: T0, error: { inline: "x" }, duties: ["children"] } as const;
    await store.settle(settlementOf(head, end, { slot: 1 }));
    const error = await refusalOf(bench.client.delete("x-1"));
    expect(error).toMatchObject({ refusal: "duties", message: expect.stringContaining("try again") });
    await bench.cloud.settle();
    // One that is created by nobody any more is there, closed: a late creation finds it.
    expect(await bench.status("c-2")).toBe("cancelled");
    expect(await bench.head()).not.toHaveProperty("duties");
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "all" });
  });

  it("of a child whose parent may be redriven: that would run it a second time", async () => {
    let runs = 0;
    let broken = true;
    const child = workflow("child", async (ctx) => {
      await ctx.sleep("1h");
      return ctx.step("effect", () => ++runs);
    });
    const parent = workflow("parent", async (ctx) => {
      const ended = ctx.child(child, undefined, { id: "c-1", onParentClose: "abandon" });
      await ctx.step("x", () => (broken ? Promise.reject(new Error("no")) : 1), {
        retry: { maxAttempts: 1 },
      });
      return ended;
    });
    const bench = new Bench([parent, child], []);
    await bench.start(parent, undefined);
    await bench.cloud.advance(3_600_000 + LATER);
    expect([await bench.status(), await bench.status("c-1")]).toEqual(["failed", "completed"]);
    const error = await refusalOf(bench.client.delete("c-1"));
    expect(error).toMatchObject({
      refusal: "parent",
      message: expect.stringContaining('its parent "x-1" is failed'),
    });
    broken = false;
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(await bench.output()).toBe(1);
    expect(runs).toBe(1);
    // It has all that it will ever ask for.
    expect(await bench.client.delete("c-1")).toEqual({ deleted: "all" });
  });

  it("of a child whose parent is open, and not of one whose parent is gone", async () => {
    const child = workflow("child", async () => 1);
    const parent = workflow("parent", async (ctx) => {
      await ctx.child(child, undefined, { id: "c-1" });
      await ctx.sleep("1d");
      throw new Error("no");
    });
    const bench = new Bench([parent, child], []);
    await bench.start(parent, undefined);
    await bench.cloud.advance(LATER);
    expect(await refusalOf(bench.client.delete("c-1"))).toMatchObject({ refusal: "parent" });
    await bench.cloud.advance(86_400_000);
    expect(await bench.status()).toBe("failed");
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "all" });
    expect(await bench.client.delete("c-1")).toEqual({ deleted: "all" });
  });
});

/** Goes on as a new execution, so many times. */
const runs = workflow("runs", async (ctx, left: number) => {
  await ctx.step("work", () => HUGE.slice(0, 2_000));
  await ctx.sleep("1h");
  if (left > 0) return ctx.continueAsNew(left - 1);
  return ctx.waitForSignal("end");
});

describe("an execution that was continued", () => {
  const chain = async (left: number): Promise<Bench> => {
    const bench = new Bench([runs], []);
    await bench.start(runs, left);
    await bench.cloud.advance((left + 1) * 3_600_000 + LATER);
    return bench;
  };

  it("keeps its head for as long as its successor is there, and loses the rest", async () => {
    const bench = await chain(1);
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "history" });
    expect(await bench.store.surveyItems("x-1")).toEqual({ any: false });
    expect(await bench.head()).toMatchObject({ status: "continued", continuedTo: "x-1:run2" });
    await expect(bench.client.history("x-1")).rejects.toBeInstanceOf(ExecutionDeletedError);
    await expect(bench.client.fork("x-1", { from: "work" })).rejects.toBeInstanceOf(ExecutionDeletedError);
    expect(await bench.client.describe("x-1")).toMatchObject({ deletedAt: expect.any(Date) });
    // A start, a message and a result find the one that goes on.
    expect((await bench.start(runs, 1)).status).toBe("continued");
    await expect(bench.start(runs, 7)).rejects.toBeInstanceOf(ExecutionConflictError);
    await bench.client.signal("x-1", "end", "over");
    await bench.cloud.settle();
    expect(await bench.client.result("x-1")).toBe("over");
    // Asked again, there is nothing to do; once its successor goes, it goes too.
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "history" });
    await bench.cloud.advance(LATER);
    expect(await bench.client.delete("x-1:run2")).toEqual({ deleted: "all" });
    await expectGone(bench);
    await expectGone(bench, "x-1:run2");
  });

  it("that is whole keeps its successor: it would be created again", async () => {
    const bench = await chain(1);
    await bench.client.terminate("x-1");
    await bench.cloud.advance(LATER);
    expect(await bench.status("x-1:run2")).toBe("terminated");
    const error = await bench.client.delete("x-1:run2").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      refusal: "predecessor",
      message: expect.stringContaining('it continues "x-1", which would start it again'),
    });
    await bench.client.delete("x-1");
    expect(await bench.client.delete("x-1:run2")).toEqual({ deleted: "all" });
    await expectGone(bench);
  });

  it("in a chain goes in any order, and the last takes the heads of all before it along", async () => {
    const bench = await chain(4);
    const ids = ["x-1", ...[2, 3, 4, 5].map((run) => `x-1:run${run}`)];
    await bench.client.terminate("x-1");
    await bench.cloud.advance(LATER);
    for (const id of ["x-1:run3", "x-1", "x-1:run4"])
      expect(await bench.client.delete(id)).toEqual({ deleted: "history" });
    // The second is whole: the heads before it stay, since what went would come back.
    expect(await bench.client.delete("x-1:run5")).toEqual({ deleted: "all" });
    expect(await Promise.all(ids.map(async (id) => (await bench.store.readHead(id)) !== undefined))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(await bench.client.delete("x-1:run2")).toEqual({ deleted: "history" });
    expect(await bench.client.delete("x-1:run3")).toEqual({ deleted: "all" });
    for (const id of ids) await expectGone(bench, id);
  });

  it("and whose successor is gone makes none again, whoever has something for it", async () => {
    const bench = await chain(1);
    await bench.client.delete("x-1");
    await bench.client.terminate("x-1");
    await bench.cloud.advance(LATER);
    const kept = await bench.head();
    await bench.client.delete("x-1:run2");
    // As a crash between the two heads would leave it.
    const store: Store = {
      ...bench.store,
      readHead: async (id) => (id === "x-1" ? kept : bench.store.readHead(id)),
      appendMessage: async (id, message) =>
        id === "x-1" ? { outcome: "closed", head: kept } : bench.store.appendMessage(id, message),
    };
    const { outside, wakes } = noting(store);
    const client = new DurableClient({ outside });
    await expect(client.signal("x-1", "end")).rejects.toBeInstanceOf(ExecutionNotFoundError);
    await expect(client.terminate("x-1")).rejects.toBeInstanceOf(ExecutionDeletedError);
    await expect(client.result("x-1")).rejects.toBeInstanceOf(ExecutionNotFoundError);
    const limits = limitsUntil(T0 + 60_000, 60_000, 10_000);
    await handleWake(outside, bench.app, { executionId: "x-1", reason: "audit" }, "m-1", limits);
    expect(await bench.store.readHead("x-1:run2")).toBeUndefined();
    expect(wakes).toEqual([]);
  });

  it("and whose successor was not created yet is refused, and has it created", async () => {
    const saga = workflow("order-saga", async (ctx) => ctx.waitForSignal("end"));
    const bench = new Bench([saga], []);
    await continued(bench.store, "x-1", "x-1:run2", 0);
    const error = await bench.client.delete("x-1").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ refusal: "duties" });
    await bench.cloud.settle();
    expect(await bench.status("x-1:run2")).toBe("suspended");
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "history" });
  });
});

describe("while an execution is deleted", () => {
  const half = async (): Promise<Bench> => {
    const bench = new Bench([full, fails], [Paid]);
    await bench.start(fails, undefined);
    await bench.cloud.advance(LATER);
    const { closedAt = 0 } = await bench.head();
    await bench.store.beginDeletion({ executionId: "x-1", status: "failed", closedAt }, T0);
    return bench;
  };

  it("nobody redrives, forks or starts it, and a repeat of the deletion ends it", async () => {
    const bench = await half();
    await expect(bench.client.redrive("x-1")).rejects.toBeInstanceOf(ExecutionDeletedError);
    await expect(bench.client.fork("x-1", { from: "fail" })).rejects.toBeInstanceOf(ExecutionDeletedError);
    await expect(bench.start(fails, undefined)).rejects.toBeInstanceOf(ExecutionDeletedError);
    expect(await bench.client.describe("x-1")).toMatchObject({ status: "failed", deletedAt: new Date(T0) });
    expect(await bench.client.delete("x-1")).toEqual({ deleted: "all" });
    expect((await bench.start(fails, undefined)).status).toBe("running");
  });

  it("a redrive that came first keeps it", async () => {
    const bench = new Bench([fails], []);
    await bench.start(fails, undefined);
    await bench.cloud.advance(LATER);
    const { outside } = noting(bench.store);
    const read = await bench.head();
    await bench.client.redrive("x-1");
    expect(await deleteExecution({ ...outside, clock: bench.cloud.clock }, read)).toMatchObject({
      did: "nothing",
      refused: { refusal: "open" },
    });
    expect(await bench.head()).not.toHaveProperty("deletedAt");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("failed");
  });
});

const SWEPT = {
  "a whole execution": {
    prepare: async () => {
      const bench = new Bench([full], [Paid], { replay: "off" });
      await bench.start(full, { id: "x-1", text: incompressible(1_000) });
      await bench.cloud.advance(400_000);
      await bench.client.signal("x-1", "never read", incompressible(2_000));
      // Ended from outside, its head still names its wait, and a process that died left the record.
      await bench.client.terminate("x-1");
      await bench.cloud.advance(LATER);
      const { waits, createdAt, epoch } = await bench.head();
      for (const wait of waits) await bench.store.putWait({ ...wait, createdAt, epoch });
      expect(await bench.waitRecords(Paid, "x-1")).toBe(1);
      return bench;
    },
    ids: ["x-1"],
    calls: ["beginDeletion", "deleteWait", "listObjects", "deleteObjects", "deleteItems", "deleteHead"],
  },
  "one that has nothing but a head": {
    prepare: async () => {
      const bench = new Bench([full, fails], [Paid], { replay: "off" });
      await bench.start(fails, undefined);
      await bench.cloud.advance(LATER);
      return bench;
    },
    ids: ["x-1"],
    calls: ["surveyItems", "listObjects", "deleteHead"],
  },
  "the last of a chain, with the head before it": {
    prepare: async () => {
      const bench = new Bench([full, runs], [Paid], { replay: "off" });
      await bench.start(runs, 1);
      await bench.cloud.advance(3_600_000 + LATER);
      await bench.client.terminate("x-1");
      await bench.cloud.advance(LATER);
      await bench.client.delete("x-1");
      return bench;
    },
    ids: ["x-1:run2", "x-1"],
    calls: ["beginDeletion", "deleteItems", "deleteHead"],
  },
};

describe.each(Object.entries(SWEPT))("a crash while %s is deleted", (_, { prepare, ids, calls: made }) => {
  it.each(["before", "after", "reply-lost"] as const)(
    "%s any of the calls leaves what a repeat takes away",
    async (when: When) => {
      const undisturbed = await prepare();
      const from = undisturbed.cloud.faults.calls.length;
      await undisturbed.client.delete(ids[0] ?? "");
      const calls = undisturbed.cloud.faults.calls.slice(from);
      const distinct = new Set(calls);
      for (const name of made) expect(distinct).toContain(`store.${name}`);
      for (let call = 1; call <= calls.length; call++) {
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const bench = await prepare();
        bench.cloud.faults.plan({ call, when });
        const { client } = bench;
        await client.delete(ids[0] ?? "").catch(() => undefined);
        expect(bench.cloud.faults.struck, at).toBe(true);
        for (const id of ids)
          await client.delete(id).catch((error: unknown) => {
            expect(error, at).toMatchObject({ code: "EXECUTION_NOT_FOUND" });
          });
        for (const id of ids) await expectGone(bench, id);
        await finished(bench);
        expect(await client.result("x-1"), at).toMatchObject({ paid: "x-1" });
        expect((await client.history("x-1")).at(-1)?.event.type, at).toBe("ExecutionCompleted");
      }
    },
    120_000,
  );
});
