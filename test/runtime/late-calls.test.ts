/** Calls of a process that is gone, or has no say any more, which reach the store when another owner has gone on long since. */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { readAnswer } from "../../lib/runtime/messages/answers.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const Paid = event<{ order: string }>("paid", { key: (data) => data.order });
const Charged = event<{ order: string; amount: number }>("charged", { key: (data) => data.order });

/** A store that keeps the first call of a method back: its process dies waiting for it, and `arrive` lets it happen. */
function keepingBack(method: "putWait" | "deleteWait" | "putPayload") {
  const memory = createMemoryStore();
  const kept: (() => Promise<unknown>)[] = [];
  const late: { bench: Bench | undefined } = { bench: undefined };
  const store: Store = {
    ...memory,
    async [method](...args: unknown[]) {
      const call = (): Promise<unknown> => Reflect.apply(memory[method], memory, args);
      if (kept.length > 0) return call();
      kept.push(call);
      return late.bench?.cloud.killAll();
    },
  };
  return {
    store,
    /** Whose processes die. */
    of: (bench: Bench): void => {
      late.bench = bench;
    },
    async arrive(): Promise<void> {
      expect(kept).toHaveLength(1);
      await kept[0]?.();
    },
  };
}

describe("a removal of a wait's record that arrives late", () => {
  it("leaves the record that a later owner of the execution has registered", async () => {
    const late = keepingBack("deleteWait");
    let bodies = 0;
    const racing = workflow("racing", (ctx) =>
      Promise.race([
        ctx.waitForEvent(Paid, { key: "o-1" }).then(() => "paid"),
        ctx.step(
          "quick",
          () => {
            bodies += 1;
            if (bodies === 1) return "done";
            throw new Error("not now");
          },
          { retry: { maxAttempts: 3, initialInterval: "1h", maxInterval: "1h", jitter: "none" } },
        ),
      ]),
    );
    const bench = new Bench([racing], [Paid], { store: late.store, replay: "off" });
    late.of(bench);
    await bench.start(racing, undefined);
    // The first owner had its step's result, and the wait was over for it. The second does not know of it, and waits.
    await bench.cloud.advance(600_000);
    expect(bodies).toBe(2);
    expect(await bench.status()).toBe("suspended");
    await late.arrive();
    expect(await bench.waitRecords(Paid, "o-1")).toBe(1);
    bench.publish(Paid, { order: "o-1" });
    await bench.cloud.settle();
    expect(await bench.output()).toBe("paid");
    expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
  });

  it("leaves the record that a redriven execution has registered", async () => {
    const late = keepingBack("deleteWait");
    let open = false;
    const shut = workflow("shut", async (ctx) => {
      const paid = ctx.waitForEvent(Paid, { key: "o-1" }).then(() => "paid");
      await ctx.step(
        "open",
        () => {
          if (!open) throw new Error("shut");
        },
        { retry: { maxAttempts: 1 } },
      );
      return paid;
    });
    const bench = new Bench([shut], [Paid], { store: late.store, replay: "off" });
    late.of(bench);
    await bench.start(shut, undefined);
    await bench.cloud.advance(600_000);
    expect(await bench.status()).toBe("failed");
    open = true;
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(await bench.status()).toBe("suspended");
    await late.arrive();
    bench.publish(Paid, { order: "o-1" });
    await bench.cloud.settle();
    expect(await bench.output()).toBe("paid");
  });
});

describe("a registration of a wait that arrives late", () => {
  it("does not keep an execution that was started anew under the same id from its event", async () => {
    const late = keepingBack("putWait");
    const flow = workflow("flow", async (ctx, { turns, least }: { turns: number; least: number }) => {
      for (let turn = 0; turn < turns; turn++) await ctx.sleep("1m");
      const where = { amount: [{ numeric: [">=", least] as const }] };
      return (await ctx.waitForEvent(Charged, { key: "o-1", where })).amount;
    });
    const bench = new Bench([flow], [Charged], { store: late.store, replay: "off" });
    late.of(bench);
    await bench.start(flow, { turns: 3, least: 100 });
    await bench.cloud.advance(185_000);
    await bench.client.terminate("x-1");
    await late.arrive();
    await bench.cloud.advance(3_600_000);
    await bench.client.delete("x-1");
    await bench.start(flow, { turns: 0, least: 10 });
    await bench.cloud.settle();
    bench.publish(Charged, { order: "o-1", amount: 50 });
    await bench.cloud.settle();
    expect(await bench.output()).toBe(50);
    expect(await bench.waitRecords(Charged, "o-1")).toBe(0);
  });
});

describe("an answer that arrives late", () => {
  it("does not take the place of the one that was told", async () => {
    const late = keepingBack("putPayload");
    let answers = 0;
    const counter = workflow("counter", async (ctx) => {
      // Nothing that is recorded, so two owners come to two answers.
      ctx.handleUpdate("count", () => ++answers);
      await ctx.waitForSignal("end");
    });
    const bench = new Bench([counter], [], { store: late.store, replay: "off" });
    await bench.start(counter, undefined);
    await bench.cloud.settle();
    late.of(bench);
    const asked = bench.client.update("x-1", "count", null, { id: "u-1", timeout: "1h" });
    await bench.cloud.advance(600_000);
    expect(await asked).toBe(2);
    await late.arrive();
    expect(await bench.client.update("x-1", "count", null, { id: "u-1" })).toBe(2);
    expect(await readAnswer(bench.store, "x-1", "update:u-1")).toMatchObject({ ok: true, value: 2 });
  });
});
