/**
 * Exactly once: transactions, and what they send, under every crash. The process dies just before, just after, or loses the reply of every
 * single outside call; a transaction's call arrives long after its owner was given up. Without the audit's help the user's counters are
 * right to the unit, and everything sent counts once.
 */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import type { When } from "../../lib/testing/faults.js";
import { seededRandom } from "../../lib/testing/random.js";
import { Bench } from "../runtime/bench.js";
import { around, type Ground, inMemory, onDynamo } from "../runtime/grounds.js";
import { add, ask, open } from "../store/accounts.js";

const Moved = event<{ n: number }>("moved");

const receiver = workflow("receiver", async (ctx) => {
  const first = await ctx.waitForSignal<number>("moved");
  const second = await ctx.waitForSignal<number>("moved");
  return [first, second].toSorted();
});

/** Three transactions: alone, beside a step, and after a suspension. */
const transfers = workflow("transfers", async (ctx, { from, to }: { from: string; to: string }) => {
  await ctx.transaction("open", (tx) => ask(tx, open(from, 10), open(to, 0)));
  const started = await ctx.transaction("first", async (tx) => {
    ask(tx, add(from, -1), add(to, 1));
    tx.sendEvent(Moved, { n: 1 });
    return tx.start(receiver, undefined);
  });
  // By now the receiver is there, whatever happened to its start: a signal that finds nobody is left to the audit (PROTOCOL C5).
  await ctx.sleep("5m");
  await Promise.all([
    ctx.transaction("second", (tx) => {
      ask(tx, add(from, -2), add(to, 2));
      tx.signal(started, "moved", 2);
    }),
    ctx.step("beside", () => {}),
  ]);
  await ctx.sleep("5s");
  await ctx.transaction("third", (tx) => {
    ask(tx, add(from, -4), add(to, 4));
    tx.sendEvent(Moved, { n: 3 });
    tx.signal(started, "moved", 4);
  });
  return started;
});

interface Run {
  readonly bench: Bench;
  readonly id: string;
  readonly balances: readonly (number | undefined)[];
}

/** Long enough for a lease to end, a message to come back, and a retry after it. */
const LONG = 900_000;

async function run(ground: Ground, id: string, prepare: (bench: Bench) => void, seed?: number): Promise<Run> {
  const options = { store: ground.store, ...(seed === undefined ? {} : { seed }) };
  const bench = new Bench([transfers, receiver], [], options);
  prepare(bench);
  const accounts = { from: `${id}/from`, to: `${id}/to` };
  // A client that dies repeats its call, as PROTOCOL A8 asks of it.
  const start = (): Promise<unknown> => bench.start(transfers, accounts, id);
  await start().catch(() => start().catch(start));
  await bench.cloud.advance(LONG);
  const balances = await Promise.all([accounts.from, accounts.to].map((one) => ground.accounts.balance(one)));
  return { bench, id, balances };
}

/** What of this run must not depend on what was done to it. */
async function outcome({ bench, id, balances }: Run): Promise<unknown> {
  const receiverId = String(await bench.output(id));
  const received = await bench.history(receiverId);
  const moved = bench.cloud.published.filter(({ name }) => name === Moved.name);
  const ids = new Set(moved.map(({ resources }) => resources[0]));
  return {
    status: await bench.status(id),
    balances,
    history: essence(await bench.history(id)),
    events: [...ids]
      .map((one) => JSON.stringify(moved.find(({ resources }) => resources[0] === one)?.detail))
      .toSorted(),
    receiver: {
      status: await bench.status(receiverId),
      signals: received.filter(({ type }) => type === "SignalReceived" || type === "MessageBuffered").length,
      output: await bench.output(receiverId),
    },
  };
}

/** The order in which things beside each other end is nobody's promise. */
function essence(history: readonly HistoryEvent[]): string[] {
  return history
    .filter(({ type }) => type !== "LeaseTaken" && type !== "StepAttemptFailed")
    .map((item) => ("op" in item ? `${item.type} ${item.op}` : item.type))
    .toSorted();
}

const EXPECTED = {
  status: "completed",
  balances: [3, 7],
  history: [
    "ExecutionCompleted",
    "StepCompleted step:beside",
    "StepCompleted transaction:first",
    "StepCompleted transaction:open",
    "StepCompleted transaction:second",
    "StepCompleted transaction:third",
    "TimerFired sleep",
    "TimerFired sleep#2",
  ],
  events: ['{"n":1}', '{"n":3}'],
  receiver: { status: "completed", signals: 2, output: [2, 4] },
};

describe.each([
  ["in memory", inMemory],
  ["on DynamoDB Local", onDynamo],
] as const)("transactions %s", (_, make) => {
  it.each(["before", "after", "reply-lost"] as const)(
    "are made once whatever dies %s any of the outside calls",
    { timeout: 300_000 },
    async (when) => {
      const ground = await make();
      // The first execution of all records its workflow's definition; those that are compared find it recorded.
      await run(ground, "first", () => {});
      const undisturbed = await run(ground, "undisturbed", () => {});
      expect(await outcome(undisturbed)).toEqual(EXPECTED);
      const calls = [...undisturbed.bench.cloud.faults.calls];
      expect(calls.filter((name) => name === "store.commitTransaction")).toHaveLength(4);
      expect(calls.length).toBeGreaterThan(40);
      for (let call = 1; call <= calls.length; call++) {
        // The twin is swept whole. On DynamoDB Local, which is slower, what the transaction's own call and those beside it meet.
        const isNear = calls.slice(Math.max(0, call - 2), call + 1).includes("store.commitTransaction");
        if (make === onDynamo && !isNear) continue;
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const disturbed = await run(ground, `${when}-${call}`, ({ cloud }) =>
          cloud.faults.plan({ call, when }),
        );
        expect(disturbed.bench.cloud.faults.struck, `the fault struck ${at}`).toBe(true);
        expect(await outcome(disturbed), at).toEqual(EXPECTED);
      }
    },
  );

  it("are made once when a call arrives late: before, while or after another owner takes over", async () => {
    const ground = await make();
    for (const [nth, lateMs] of [1, 2, 3, 4].flatMap((n) =>
      [0, 30_000, 64_000, 90_000, 95_000, 200_000].map((ms) => [n, ms] as const),
    )) {
      let transactions = 0;
      let arrived: Promise<unknown> | undefined;
      let bench: Bench | undefined;
      const store = around(ground.store, (original) => async (commit, ...rest) => {
        transactions += 1;
        if (transactions !== nth || bench === undefined) return original(commit, ...rest);
        const { cloud } = bench;
        cloud.killAll();
        arrived = cloud.clock
          .sleep(lateMs)
          .then(() => cloud.bare.store.commitTransaction(commit, ...rest))
          .catch((error: unknown) => error);
        // Nobody hears it.
        return { outcome: "appended" };
      });
      const late = await run({ ...ground, store }, `late-${nth}-${lateMs}`, (made) => {
        bench = made;
      });
      await arrived;
      const at = `transaction ${nth}, ${lateMs} ms late`;
      expect(arrived, at).toBeDefined();
      expect(await outcome(late), at).toEqual(EXPECTED);
    }
  }, 300_000);
});

describe("a random schedule", () => {
  it("makes them once under two crashes anywhere and wakes that nobody asked for, for a hundred seeds", async () => {
    const ground = await inMemory();
    const calls = (await run(ground, "undisturbed", () => {})).bench.cloud.faults.calls.length;
    const whens: readonly When[] = ["before", "after", "reply-lost"];
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed);
      const below = (n: number): number => Math.floor(random() * n);
      const disturbed = await run(
        ground,
        `seed-${seed}`,
        ({ cloud }) => {
          for (let faults = 0; faults < 2; faults++)
            cloud.faults.plan({ call: 1 + below(calls + 10), when: whens[below(3)] ?? "after" });
          for (let wakes = 0; wakes < 5; wakes++)
            cloud.wakeQueue.send(
              { executionId: `seed-${seed}`, reason: "yield" },
              cloud.clock.now() + below(8_000),
            );
        },
        seed,
      );
      expect(await outcome(disturbed), `seed ${seed}`).toEqual(EXPECTED);
    }
  }, 120_000);
});
