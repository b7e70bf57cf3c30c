/** Waits with a condition on the payload: who is woken, who takes what, and what is left for others. */
import { app, type Context, event, InvalidInputError, WaitTimeoutError, workflow } from "holdfast";
import { replayHistory } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { Bench } from "./bench.js";
import { onDynamo } from "./grounds.js";

interface Payment {
  readonly order: string;
  readonly status: "authorized" | "captured" | "refused";
  readonly amount: number;
}
const Paid = event<Payment>("paid", { key: (data) => data.order });
const Rate = event<{ pair: string; rate: number }>("rate");

const payment = (status: Payment["status"], amount = 10): Payment => ({ order: "o-1", status, amount });

async function begun(flow: AnyWorkflow, ids: readonly string[] = ["x-1"]): Promise<Bench> {
  const bench = new Bench([flow], [Paid, Rate]);
  for (const id of ids) await bench.start(flow, id, id);
  await bench.cloud.settle();
  return bench;
}

const captured = (ctx: Context) =>
  ctx.waitForEvent(Paid, { key: "o-1", where: { status: ["captured"] }, timeout: "1h" });

describe("a wait with a condition", () => {
  const patient = workflow("patient", async (ctx) => (await captured(ctx)).amount);

  it.each(["memory", "DynamoDB Local"])(
    "is not woken, and gets nothing into its inbox, for an event that it does not accept: on %s",
    async (where) => {
      const store = where === "memory" ? createMemoryStore() : (await onDynamo()).store;
      const bench = new Bench([patient], [Paid], { store, replay: "off" });
      await bench.start(patient, undefined);
      await bench.cloud.settle();
      const before = await bench.head();
      const calls = bench.cloud.faults.calls.length;
      bench.publish(Paid, payment("authorized"));
      await bench.cloud.advance(1_000);
      const made = bench.cloud.faults.calls.slice(calls);
      expect(made).toEqual(["store.putRecentEvent", "store.findWaits"]);
      expect(await bench.head()).toEqual(before);
      bench.publish(Paid, payment("captured", 7));
      await bench.cloud.advance(1_000);
      expect(await bench.output()).toBe(7);
      expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
    },
  );

  it("takes of recent events the one that fits, and leaves the rest", async () => {
    const late = workflow("late", async (ctx) => {
      await ctx.sleep("1m");
      const one = await captured(ctx);
      const other = await ctx.waitForEvent(Paid, { key: "o-1", timeout: "1h" });
      return [one.amount, other.status];
    });
    const bench = await begun(late);
    bench.publish(Paid, payment("authorized"));
    await bench.cloud.advance(1_000);
    bench.publish(Paid, payment("captured", 8));
    await bench.cloud.advance(120_000);
    expect(await bench.output()).toEqual([8, "authorized"]);
    expect(await bench.story()).toEqual([
      "TimerFired sleep",
      "EventReceived wait:paid",
      "EventReceived wait:paid#2",
      "ExecutionCompleted",
    ]);
  });

  it("leaves a buffered event that it does not accept to a wait that comes later", async () => {
    const twice = workflow("twice", async (ctx) => {
      const first = ctx.waitForEvent(Paid, { key: "o-1", timeout: "1h" });
      await ctx.waitForSignal("go");
      const fitting = await ctx
        .waitForEvent(Paid, { key: "o-1", where: { status: ["captured"] }, timeout: "10m", lookback: "0s" })
        .catch((error: unknown) => error instanceof WaitTimeoutError);
      const last = await ctx.waitForEvent(Paid, { key: "o-1", timeout: "10m", lookback: "1h" });
      return [(await first).status, fitting, last.status];
    });
    const bench = await begun(twice);
    // The first is taken by the first wait. The second wakes it for nobody, and lies in its history.
    bench.publish(Paid, payment("authorized"));
    bench.publish(Paid, payment("refused"));
    await bench.cloud.advance(1_000);
    await bench.client.signal("x-1", "go");
    await bench.cloud.advance(1_200_000);
    expect(await bench.output()).toEqual(["authorized", true, "refused"]);
  });

  it("takes an event before an older wait without one, and passes others on to it: the newest that accepts (I11)", async () => {
    const pair = workflow("pair", async (ctx) => {
      const any = ctx.waitForEvent(Paid, { key: "o-1", timeout: "1h" });
      const large = ctx.waitForEvent(Paid, {
        key: "o-1",
        where: { amount: [{ numeric: [">", 100] }] },
        timeout: "1h",
      });
      return [(await any).amount, (await large).amount];
    });
    for (const amounts of [
      [5, 500],
      [500, 5],
    ]) {
      const bench = await begun(pair);
      for (const amount of amounts) {
        bench.publish(Paid, payment("captured", amount));
        await bench.cloud.advance(1_000);
      }
      expect(await bench.output()).toEqual([5, 500]);
    }
  });

  it("without a key, takes each its own of one type, and wakes nobody else", async () => {
    const watch = workflow("watch", async (ctx, pair: string) => {
      const { rate } = await ctx.waitForEvent(Rate, {
        where: { pair: [pair], rate: [{ numeric: [">=", 2] }] },
      });
      return rate;
    });
    const bench = await begun(watch, ["eur", "usd", "chf"]);
    bench.publish(Rate, { pair: "usd", rate: 1.5 });
    bench.publish(Rate, { pair: "usd", rate: 2.5 });
    await bench.cloud.advance(1_000);
    expect(await bench.output("usd")).toBe(2.5);
    for (const id of ["eur", "chf"]) {
      expect(await bench.status(id)).toBe("suspended");
      expect((await bench.head(id)).inboxSeq).toBe(0);
    }
  });

  it("judges the payload as the workflow receives it, not as it was published", async () => {
    const Dated = event("dated", {
      schema: z.object({ day: z.string() }).transform(({ day }) => ({ at: new Date(day), size: 1 })),
    });
    const dated = workflow("dated", async (ctx) => {
      const { at } = await ctx.waitForEvent(Dated, { where: { at: [{ prefix: "2026-" }], size: [1] } });
      return at instanceof Date;
    });
    const bench = new Bench([dated], [Dated]);
    await bench.start(dated, undefined);
    await bench.cloud.settle();
    bench.publish(Dated, { day: "2025-12-31" });
    bench.publish(Dated, { day: "2026-01-01" });
    await bench.cloud.advance(1_000);
    expect(await bench.output()).toBe(true);
  });

  it("that can't be judged is refused when it is asked for, with the place, and the code may go on", async () => {
    const wrong = workflow("wrong", async (ctx) => {
      const error = await ctx
        // @ts-expect-error no such operator
        .waitForEvent(Paid, { key: "o-1", where: { amount: [{ above: 3 }] } })
        .catch((thrown: unknown) => thrown);
      await ctx.sleep("1s");
      return error instanceof InvalidInputError ? error.issues : [];
    });
    const bench = await begun(wrong);
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toEqual([
      { path: "where.amount[0]", message: 'no such operator is known here; found {"above":3}' },
    ]);
    expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
  });

  it("is shown to those who look: what it awaits, who waits, and what a replay waits for", async () => {
    const bench = await begun(patient);
    const where = { status: ["captured"] };
    const { progress } = await bench.client.describe("x-1");
    expect(progress.awaits).toMatchObject([{ kind: "event", name: "paid", key: "o-1", where }]);
    expect(progress.reason).toContain('event "paid" with key "o-1" where {"status":["captured"]}');
    expect((await bench.client.waiting(Paid, { key: "o-1" })).waiting).toMatchObject([
      { executionId: "x-1", where },
    ]);
    expect((await bench.client.waiting(Paid)).waiting).toMatchObject([{ executionId: "x-1", where }]);
    const replayed = await replayHistory(await bench.client.history("x-1"), patient);
    expect(replayed.waitsFor).toEqual(['a wait for event "paid" where {"status":["captured"]}']);
  });

  it("too long for the head is named there without its condition", async () => {
    const long = workflow("long", async (ctx) => {
      await ctx.waitForEvent(Paid, { key: "o-1", where: { order: [{ prefix: "x".repeat(1_000) }] } });
    });
    const bench = await begun(long);
    const [one] = (await bench.client.describe("x-1")).progress.awaits;
    expect(one).toMatchObject({ kind: "event", name: "paid" });
    expect(one).not.toHaveProperty("where");
    expect((await bench.client.waiting(Paid, { key: "o-1" })).waiting[0]?.where).toEqual({
      order: [{ prefix: "x".repeat(1_000) }],
    });
  });

  it("is not judged again: what was taken stays taken in a replay by code that would not take it", async () => {
    const bench = await begun(patient);
    bench.publish(Paid, payment("captured", 9));
    await bench.cloud.advance(1_000);
    const history = await bench.client.history("x-1");
    const other = workflow("patient", async (ctx) => {
      const { amount } = await ctx.waitForEvent(Paid, {
        key: "o-1",
        where: { status: ["refused"] },
        timeout: "1h",
      });
      return amount;
    });
    expect((await replayHistory(history, other)).output).toBe(9);
  });

  describe("that the code has changed", () => {
    const asking = (status?: Payment["status"]) =>
      workflow("asking", (ctx) =>
        ctx.waitForEvent(Paid, {
          key: "o-1",
          ...(status === undefined ? {} : { where: { status: [status] } }),
          timeout: "1h",
        }),
      );

    it.each<[was: Payment["status"] | undefined, is: Payment["status"] | undefined]>([
      ["captured", "refused"],
      ["captured", undefined],
      [undefined, "refused"],
    ])("stays what it was for a wait that stands: %s, and now %s", async (was, is) => {
      const bench = new Bench([asking(was)], [Paid], { replay: "off" });
      await bench.start(asking(was), undefined);
      await bench.cloud.settle();
      bench.cloud.deploy(app({ workflows: [asking(is)], events: [Paid] }));
      bench.publish(Paid, payment("authorized"));
      bench.publish(Paid, payment("captured", 7));
      await bench.cloud.settle();
      expect(await bench.output()).toMatchObject(
        was === undefined ? { status: "authorized" } : { amount: 7 },
      );
      expect(await bench.waitRecords(Paid, "o-1")).toBe(0);
    });

    it("is looked up only for an event that the code's own leaves to nobody", async () => {
      const bench = new Bench([asking("captured")], [Paid], { replay: "off" });
      await bench.start(asking("captured"), undefined);
      await bench.cloud.settle();
      bench.publish(Paid, payment("captured", 7));
      await bench.cloud.settle();
      expect(await bench.output()).toMatchObject({ amount: 7 });
      expect(bench.cloud.faults.calls).not.toContain("store.readWait");
    });
  });

  it("whose process dies at any call takes its event once, and nothing that it does not accept", async () => {
    const one = workflow("one", async (ctx) => {
      const { amount } = await captured(ctx);
      return ctx.step("note", () => amount);
    });
    for (let call = 1, struck = true; struck; call++) {
      const bench = new Bench([one], [Paid]);
      bench.cloud.faults.plan({
        call,
        when: (["before", "after", "reply-lost"] as const)[call % 3] ?? "after",
      });
      await bench.start(one, undefined).catch(() => bench.start(one, undefined));
      await bench.cloud.advance(1_000);
      bench.publish(Paid, payment("refused", 1));
      await bench.cloud.advance(500);
      bench.publish(Paid, payment("captured", 2));
      bench.publish(Paid, payment("captured", 3));
      await bench.cloud.advance(600_000);
      struck = bench.cloud.faults.struck;
      // The bus promises no order: of the two that fit, either may come first when a process dies.
      expect([2, 3], `call ${call}`).toContain(await bench.output());
      const taken = (await bench.story()).filter((line) => line.startsWith("EventReceived"));
      expect(taken, `call ${call}`).toHaveLength(1);
      expect(await bench.waitRecords(Paid, "o-1"), `call ${call}`).toBe(0);
      if (!struck) expect(call).toBeGreaterThan(20);
    }
  });
});

describe("a race of waits for several types", () => {
  const Shipped = event<{ order: string }>("shipped", { key: (data) => data.order });

  it("leaves no record behind, whoever wins, and takes nothing for the losers", async () => {
    const racing = workflow("racing", async (ctx) => {
      const { winner } = await ctx.race({
        captured: (branch) => captured(branch),
        refused: (branch) =>
          branch.waitForEvent(Paid, { key: "o-1", where: { status: ["refused"] }, timeout: "1h" }),
        shipped: (branch) => branch.waitForEvent(Shipped, { key: "o-1" }),
        rate: (branch) => branch.waitForEvent(Rate, { where: { pair: ["eur"] } }),
      });
      await ctx.waitForSignal("end");
      return winner;
    });
    const detail = {
      captured: [Paid, payment("captured")],
      refused: [Paid, payment("refused")],
      shipped: [Shipped, { order: "o-1" }],
      rate: [Rate, { pair: "eur", rate: 1 }],
    } as const;
    for (const [winner, [type, data]] of Object.entries(detail)) {
      const bench = new Bench([racing], [Paid, Shipped, Rate]);
      await bench.start(racing, undefined);
      await bench.cloud.settle();
      bench.publish(type, data);
      await bench.cloud.advance(1_000);
      const left = [
        await bench.waitRecords(Paid, "o-1"),
        await bench.waitRecords(Shipped, "o-1"),
        (await bench.store.findWaits({ name: Rate.name, limit: 10 })).items.length,
      ];
      expect(left, winner).toEqual([0, 0, 0]);
      expect(await bench.head()).toMatchObject({ status: "suspended", waitCount: 0 });
      await bench.client.signal("x-1", "end");
      await bench.cloud.advance(1_000);
      expect(await bench.output()).toBe(winner);
    }
  });
});

describe("startOn with a condition", () => {
  const large = workflow(
    "large",
    { startOn: { event: Paid, where: { amount: [{ numeric: [">=", 100] }] } } },
    async (_ctx, { amount }: Payment) => amount,
  );
  const every = workflow("every", { startOn: Paid }, async () => "any");

  it("starts what the payload fits, and only that; the same event twice starts it once", async () => {
    const bench = new Bench([large, every], []);
    for (const [index, amount] of [5, 100].entries()) {
      for (let copy = 0; copy < 2; copy++)
        bench.publish(Paid, payment("captured", amount), [`holdfast:event:e-${index}`]);
    }
    await bench.cloud.advance(1_000);
    const started = async (flow: string) => (await bench.client.list({ workflow: flow })).executions;
    expect(await started("every")).toHaveLength(2);
    const [only, ...others] = await started("large");
    expect(others).toEqual([]);
    expect(await bench.output(only?.executionId)).toBe(100);
    expect(bench.cloud.errors).toEqual([]);
    expect(bench.app.manifest().workflows).toMatchObject([{ startOn: ["paid"] }, { startOn: ["paid"] }]);
  });

  it("is refused where it is written when it can't be judged", () => {
    const startOn = { event: Paid, where: { amount: [{ numeric: [">"] }] } };
    expect(() => workflow("wrong", { startOn }, async (_ctx, _payment: Payment) => {})).toThrow(
      /startOn of workflow "wrong" can't be judged at where\.amount\[0\]: numeric takes/,
    );
  });
});
