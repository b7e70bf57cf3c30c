/**
 * Every crash point of a saga: the process dies just before, just after, or loses the reply of every single outside call, one at a time,
 * and the execution still ends as it would have, without the audit's help.
 */
import { event, type Workflow, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import type { When } from "../../lib/testing/faults.js";
import { Bench } from "../runtime/bench.js";

const Paid = event<{ orderId: string; amount: number }>("payment.completed", { key: (data) => data.orderId });
const Shipped = event<{ orderId: string }>("order.shipped");

/** What a step's body did to the world: at least once per recorded result. */
type World = string[];

function orderSaga(world: World, pays: boolean): Workflow<string, string> {
  return workflow("order-saga", async (ctx, order: string) => {
    await ctx.step("reserve", () => world.push("reserve"), { compensate: () => world.push("release") });
    await ctx.step("charge", () => world.push("charge"), {
      compensate: () => world.push("refund"),
      semantics: "at-least-once",
    });
    await ctx.sleep("5s");
    const paid = await ctx.waitForEvent(Paid, { key: order, timeout: pays ? "1h" : "10s" });
    await ctx.step("ship", () => world.push("ship"));
    await ctx.sendEvent(Shipped, { orderId: order });
    return `shipped for ${paid.amount}`;
  });
}

interface Run {
  readonly bench: Bench;
  readonly world: World;
}

async function run(pays: boolean, crash?: { call: number; when: When }): Promise<Run> {
  const world: World = [];
  const saga = orderSaga(world, pays);
  const bench = new Bench([saga], [Paid]);
  if (crash !== undefined) bench.cloud.faults.plan(crash);
  // A client that dies repeats its call, as PROTOCOL A8 asks of it.
  await bench.start(saga, "o-1").catch(() => bench.start(saga, "o-1"));
  await bench.cloud.advance(6_000);
  if (pays) bench.publish(Paid, { orderId: "o-1", amount: 7 }, ["holdfast:event:p-1"]);
  // Long enough for a lease to end, a message to come back, and a retry after it.
  await bench.cloud.advance(600_000);
  return { bench, world };
}

/** Of a history, what does not depend on when and by whom it was written. */
function essence(history: readonly HistoryEvent[]): string[] {
  return history
    .filter((item) => item.type !== "LeaseTaken")
    .map((item) => ("op" in item ? `${item.type} ${item.op}` : item.type));
}

const scenarios = [
  { name: "an order saga that ships", pays: true, status: "completed" },
  { name: "an order saga whose payment never comes", pays: false, status: "failed" },
] as const;

describe.each(scenarios)("$name", ({ pays, status }) => {
  it.each(["before", "after", "reply-lost"] as const)(
    "survives a crash %s every one of its outside calls",
    async (when) => {
      const undisturbed = await run(pays);
      const calls = [...undisturbed.bench.cloud.faults.calls];
      expect(await undisturbed.bench.status()).toBe(status);
      expect(calls.length).toBeGreaterThan(20);
      const expected = essence(await undisturbed.bench.history());

      for (let call = 1; call <= calls.length; call++) {
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const { bench, world } = await run(pays, { call, when });
        expect(bench.cloud.faults.struck, `the fault struck ${at}`).toBe(true);
        expect(await bench.status(), at).toBe(status);
        const history = await bench.history();
        expect(essence(history), at).toEqual(expected);
        // A recorded result is never recomputed: a body runs once more only for a crash that came before its record.
        const crashes = history.filter((item) => item.type === "LeaseTaken").length;
        for (const name of new Set(world)) {
          expect(world.filter((done) => done === name).length, `${name} ${at}`).toBeLessThanOrEqual(
            1 + crashes,
          );
        }
        const shipped = bench.cloud.published.filter(({ name }) => name === Shipped.name);
        expect(new Set(shipped.map(({ resources }) => resources[0])).size, at).toBe(pays ? 1 : 0);
        expect(await bench.store.findWaits({ name: Paid.name, key: "o-1", limit: 10 }), at).toEqual({
          items: [],
        });
        expect((await bench.head()).inbox, at).toEqual([]);
      }
    },
  );
});

describe("a random schedule", () => {
  it("ends like the undisturbed run under two crashes anywhere, for a hundred seeds", async () => {
    const expected = essence(await (await run(true)).bench.history());
    const calls = (await run(true)).bench.cloud.faults.calls.length;
    for (let seed = 1; seed <= 100; seed++) {
      const world: World = [];
      const saga = orderSaga(world, true);
      const bench = new Bench([saga], [Paid], { seed });
      const whens: When[] = ["before", "after", "reply-lost"];
      bench.cloud.faults.plan({ call: 1 + ((seed * 7) % calls), when: whens[seed % 3] ?? "before" });
      bench.cloud.faults.plan({
        call: 1 + ((seed * 13) % (calls + 10)),
        when: whens[(seed >> 2) % 3] ?? "after",
      });
      await bench
        .start(saga, "o-1")
        .catch(() => bench.start(saga, "o-1").catch(() => bench.start(saga, "o-1")));
      await bench.cloud.advance(6_000);
      bench.publish(Paid, { orderId: "o-1", amount: 7 }, ["holdfast:event:p-1"]);
      await bench.cloud.advance(900_000);
      expect(await bench.status(), `seed ${seed}`).toBe("completed");
      expect(essence(await bench.history()), `seed ${seed}`).toEqual(expected);
    }
  });
});
