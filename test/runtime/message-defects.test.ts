/** What goes wrong with messages where waiting and sending race, or values are told from marks by their looks. None of it may happen here. */
import { app, event, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import type { DurableClient } from "../../lib/client/client.js";
import { RECENT_KEPT_MS } from "../../lib/model/time.js";
import type { BusEvent } from "../../lib/runtime/bus/bus-event.js";
import { executionIdFor } from "../../lib/runtime/start.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { RecentEvent, Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const Paid = event<{ orderId: string; amount: number }>("payment.completed", {
  key: ({ orderId }) => orderId,
});
const Placed = event<{ orderId: string }>("order.placed");
const Opened = event<{ door: number }>("door.opened");
const waits = workflow("waits", (ctx) => ctx.waitForSignal("go"));
const paid = workflow("paid", (ctx) => ctx.waitForEvent(Paid, { key: "o-1" }));
const opened = workflow("opened", (ctx) => ctx.waitForEvent(Opened));

describe("a message that comes between the look at an empty inbox and the suspension", () => {
  it.each(["settle", "appendCommit", "acquireLease"] as const)("is seen: just before %s", async (call) => {
    const memory = createMemoryStore();
    let client: DurableClient | undefined;
    const late = async (): Promise<void> => {
      const sender = client;
      client = undefined;
      await sender?.signal("x-1", "go", "in between");
    };
    const store = {
      ...memory,
      [call]: async (...args: unknown[]) => {
        await late();
        return Reflect.apply(memory[call], memory, args);
      },
    };
    const stepsFirst = workflow("waits", async (ctx) => {
      await ctx.step("a", () => 1);
      await Promise.all([ctx.step("b", () => 1), ctx.step("c", () => 1)]);
      return ctx.waitForSignal("go");
    });
    const bench = new Bench([stepsFirst], [], { store });
    await bench.start(stepsFirst, undefined);
    client = bench.client;
    await bench.cloud.settle();
    expect(client).toBeUndefined();
    // Nothing but the message's own wake is needed.
    await bench.cloud.advance(120_000);
    expect(await bench.output()).toBe("in between");
  });

  it("is seen by the next wait too, when two come so", async () => {
    const memory = createMemoryStore();
    let left = 2;
    const two = workflow("two", async (ctx) => [
      await ctx.waitForSignal("go"),
      await ctx.waitForSignal("go"),
    ]);
    const bench: Bench = new Bench([two], [], {
      store: {
        ...memory,
        settle: async (request) => {
          if (left > 0) await bench.client.signal("x-1", "go", left--);
          return memory.settle(request);
        },
      },
    });
    await bench.start(two, undefined);
    await bench.cloud.advance(120_000);
    expect(await bench.output()).toEqual([2, 1]);
  });
});

describe("what comes before it is waited for", () => {
  it("is kept: an event within the lookback, a signal for ever", async () => {
    const late = workflow("late", async (ctx) => {
      await ctx.sleep("4m");
      const { amount } = await ctx.waitForEvent(Paid, { key: "o-1" });
      await ctx.sleep("30d");
      return [amount, await ctx.waitForSignal("go")];
    });
    const kit = await testApp(app({ workflows: [late], events: [Paid] }));
    await kit.client.start(late, undefined, { id: "x" });
    await kit.settle();
    await kit.publish(Paid, { orderId: "o-1", amount: 4 });
    await kit.client.signal("x", "go", "kept");
    expect(await kit.runToEnd("x")).toEqual([4, "kept"]);
  });

  it("is not moved past when the execution is continued", async () => {
    const again = workflow("again", async (ctx, round: number) => {
      if (round < 5) return ctx.continueAsNew(round + 1);
      return [await ctx.waitForSignal("go"), await ctx.waitForSignal("go")];
    });
    const kit = await testApp(app({ workflows: [again] }));
    await kit.client.start(again, 1, { id: "x" });
    await kit.client.signal("x", "go", 1);
    await kit.settle();
    await kit.client.signal("x", "go", 2);
    await kit.settle();
    expect(await kit.client.result("x")).toEqual([1, 2]);
  });
});

describe("an event for one execution", () => {
  it.each([
    ["with a key", paid, Paid, { orderId: "o-1", amount: 4 }],
    ["without a key", opened, Opened, { door: 1 }],
  ] as const)("%s reaches nobody else, neither who waits nor who comes later", async (_, one, type, data) => {
    const kit = await testApp(app({ workflows: [one], events: [Paid, Opened] }));
    for (const id of ["mine", "theirs"]) await kit.client.start(one.name, undefined, { id });
    await kit.settle();
    await kit.client.publish(type.name, data, { target: "mine" });
    await kit.settle();
    await kit.client.start(one.name, undefined, { id: "later" });
    await kit.advance("1m");
    expect(await kit.runToEnd("mine")).toEqual(data);
    for (const id of ["theirs", "later"]) expect((await kit.client.describe(id)).status).toBe("suspended");
  });
});

describe("an event that comes again when its record is gone", () => {
  const DAY_MS = 86_400_000;
  /** The table deletes records of events that are old; the twin keeps them. */
  const forgetful = (): { store: Store; now: () => number } => {
    const memory = createMemoryStore();
    const first = new Map<string, number>();
    const forgetting = {
      now: () => 0,
      store: {
        ...memory,
        async putRecentEvent(recent: RecentEvent) {
          const at = first.get(recent.id);
          if (at !== undefined && forgetting.now() <= at + RECENT_KEPT_MS)
            return { first: false, recorded: { ...recent, recordedAt: at } };
          first.set(recent.id, recent.recordedAt);
          return { first: true, recorded: recent };
        },
        findRecentEvents: async () => [],
      },
    };
    return forgetting;
  };

  it("is taken once, and by those alone who waited when it came first", async () => {
    const counts = workflow("counts", async (ctx, seen: number): Promise<number> => {
      const { winner } = await ctx.race({
        paid: (branch) => branch.waitForEvent(Paid, { key: "o-1" }),
        end: (branch) => branch.waitForSignal("end"),
        day: (branch) => branch.sleep("1d"),
      });
      return winner === "end" ? seen : ctx.continueAsNew(seen + (winner === "paid" ? 1 : 0));
    });
    const forgetting = forgetful();
    const bench = new Bench([counts, paid], [Paid], { replay: "off", store: forgetting.store });
    forgetting.now = () => bench.cloud.clock.now();
    await bench.start(counts, 0);
    await bench.cloud.settle();
    const since = bench.cloud.clock.now();
    const again: BusEvent = {
      dedupeId: "shop/e-1",
      name: Paid.name,
      detail: { orderId: "o-1", amount: 1 },
    };
    bench.cloud.deliverQueue.send(again, since);
    await bench.cloud.advance(3.5 * DAY_MS);
    await bench.start(paid, undefined, "later");
    await bench.cloud.settle();
    bench.cloud.deliverQueue.send({ ...again, since }, bench.cloud.clock.now());
    await bench.cloud.settle();
    await bench.client.signal("x-1", "end");
    await bench.cloud.settle();
    expect(await bench.client.result("x-1")).toBe(1);
    expect(await bench.status("later")).toBe("suspended");
  });
});

describe("an id that a publisher chose", () => {
  const Refunded = event<{ orderId: string }>("payment.refunded", { key: ({ orderId }) => orderId });
  const all = workflow("all", { startOn: Placed }, async (ctx) => {
    const { amount } = await ctx.waitForEvent(Paid, { key: "o-1" });
    await ctx.waitForSignal("go");
    await ctx.waitForEvent(Refunded, { key: "o-1" });
    return amount;
  });

  it("is of one type: events of others, signals and the starting event may have the same", async () => {
    const bench = new Bench([all], [Placed, Paid, Refunded], { replay: "off" });
    const id = "o-1";
    await bench.client.publish(Placed, { orderId: id }, { id });
    await bench.cloud.settle();
    const executionId = executionIdFor("all", id);
    expect((await bench.client.describe(executionId)).startedBy).toBe(id);
    await bench.client.publish(Paid, { orderId: id, amount: 4 }, { id });
    await bench.cloud.settle();
    await bench.client.signal(executionId, "go", null, { id });
    await bench.cloud.settle();
    await bench.client.publish(Refunded, { orderId: id }, { id });
    await bench.cloud.settle();
    expect(await bench.output(executionId)).toBe(4);
  });

  it("is no id of a request to cancel", async () => {
    const bench = new Bench([paid, opened], [Paid, Opened], { replay: "off" });
    await bench.start(paid, undefined);
    await bench.client.publish(Paid, { orderId: "o-1", amount: 4 }, { id: "cancel", target: "x-1" });
    await bench.cloud.settle();
    expect(await bench.status()).toBe("completed");
    await bench.start(opened, undefined, "x-2");
    await bench.client.publish(Paid, { orderId: "o-1", amount: 4 }, { id: "cancel", target: "x-2" });
    await bench.cloud.settle();
    await bench.client.cancel("x-2");
    await bench.cloud.settle();
    expect(await bench.status("x-2")).toBe("cancelled");
  });

  it.each(["", "é".repeat(129)])("is refused before it is published: %j", async (id) => {
    const bench = new Bench([paid], [Paid], { replay: "off" });
    await expect(bench.client.publish(Paid, { orderId: "o-1", amount: 4 }, { id })).rejects.toThrow(
      "expected text of 1 to 256 bytes",
    );
    expect(bench.cloud.published).toEqual([]);
  });
});

describe("a value that looks like one of the engine's own marks, or like a failure", () => {
  const bytes = new Uint8Array([0, 1, 255]);
  it.each([
    ["_error", { _error: true, error: { name: "Error", message: "no" } }],
    ["marks", { $error: { name: "E" }, $payload: "input-abc", $undefined: true, $date: 0, $: 1 }],
    ["a message", { kind: "signal", id: "cancel", at: 0, status: "failed" }],
    ["bytes", { bytes }],
    ["an error as a value", { error: new RangeError("far") }],
  ])("comes as it was sent: %s", async (_, value) => {
    const tokens: string[] = [];
    const takes = workflow("takes", async (ctx) => {
      const callback = ctx.callback("c");
      await ctx.step("hand out", () => void tokens.push(callback.token));
      ctx.handleUpdate("echo", (_inner, input) => input);
      const signalled = await ctx.waitForSignal("go");
      const stepped = await ctx.step("step", () => signalled);
      return [signalled, stepped, await callback.promise];
    });
    const kit = await testApp(app({ workflows: [takes] }));
    await kit.client.start(takes, undefined, { id: "x" });
    await kit.settle();
    expect(await kit.client.update("x", "echo", value)).toEqual(value);
    await kit.client.signal("x", "go", value);
    await kit.advance("1m");
    await kit.client.completeCallback(tokens[0] ?? "", value);
    expect(await kit.runToEnd("x")).toEqual([value, value, value]);
  });
});

it("a wait's record outlives no execution that was signalled to its end", async () => {
  const either = workflow("either", (ctx) =>
    ctx.race({
      event: (inner) => inner.waitForEvent(Paid, { key: "o-1" }),
      signal: (inner) => inner.waitForSignal("go"),
    }),
  );
  const bench = new Bench([either, waits], [Paid]);
  await bench.start(either, undefined);
  await bench.cloud.settle();
  await bench.client.signal("x-1", "go");
  await bench.cloud.settle();
  expect(await bench.status()).toBe("completed");
  expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
});
