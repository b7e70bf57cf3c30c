/** What a transaction commits with, what waits for it, and what its `tx` takes. In memory: where it lies on the table is the store's contract. */
import { type Context, ContextMisuseError, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { digest } from "../../lib/model/ids.js";
import type { Store } from "../../lib/store/ports.js";
import { add, ask, open } from "../store/accounts.js";
import { Bench } from "./bench.js";
import { around, inMemory } from "./grounds.js";

const Told = event<{ n: number }>("told");

async function run(
  code: (ctx: Context) => Promise<unknown>,
  change: (store: Store) => Store = (store) => store,
): Promise<{ bench: Bench; commits: () => Promise<string[][]>; balance: (id: string) => Promise<unknown> }> {
  const { store, accounts } = await inMemory();
  const main = workflow("main", code);
  const bench = new Bench([main, greeting], [], { store: change(store) });
  await bench.start(main, undefined);
  await bench.cloud.settle();
  const commits = async (): Promise<string[][]> =>
    (await store.loadHistory("x-1", 0)).map(({ events }) =>
      events.map((one) => ("op" in one ? `${one.type} ${one.op}` : one.type)),
    );
  return { bench, commits, balance: (id) => accounts.balance(id) };
}

/** Its input is checked in its own time. */
const greeting = workflow(
  "greeting",
  { input: z.string().refine(async (name) => name !== "nobody") },
  async (_, name) => `hello ${name}`,
);

const eventLoopTurns = async (many: number): Promise<void> => {
  for (let turn = 0; turn < many; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("what a transaction commits with", () => {
  it("is what ended just before it, in one write", async () => {
    const { commits } = await run(async (ctx) => {
      await Promise.all([
        ctx.step("beside", () => "small"),
        ctx.transaction("pay", (tx) => ask(tx, open("a", 1))),
      ]);
      await ctx.sleep("1h");
    });
    expect(await commits()).toEqual([["StepCompleted step:beside", "StepCompleted transaction:pay"]]);
  });

  it("is not what is large: that goes ahead, at half the price", async () => {
    const { commits } = await run(async (ctx) => {
      await Promise.all([
        ctx.step("beside", () => "x".repeat(2_000)),
        ctx.transaction("pay", (tx) => ask(tx, open("a", 1))),
      ]);
      await ctx.sleep("1h");
    });
    expect(await commits()).toEqual([["StepCompleted step:beside"], ["StepCompleted transaction:pay"]]);
  });

  it("is the tail of the turn before", async () => {
    const { bench, commits, balance } = await run(async (ctx) => {
      const retry = { initialInterval: "10m", jitter: "none" } as const;
      return ctx.transaction(
        "pay",
        (tx, step) => {
          // Without a stack it is small enough to ride in the head.
          if (step.attempt === 1) throw Object.assign(new Error("not yet"), { stack: "Error: not yet" });
          ask(tx, open("a", 1));
        },
        { retry },
      );
    });
    expect((await bench.head()).tail?.events.map(({ type }) => type)).toEqual(["StepAttemptFailed"]);
    expect(await commits()).toEqual([]);
    await bench.cloud.advance(600_000);
    expect(await bench.status()).toBe("completed");
    expect(await commits()).toEqual([["StepAttemptFailed transaction:pay", "StepCompleted transaction:pay"]]);
    expect(await balance("a")).toBe(1);
  });

  it("is written without it when it is refused", async () => {
    const { bench, balance } = await run(async (ctx) => {
      const [step, pay] = await Promise.allSettled([
        ctx.step("beside", () => "done"),
        ctx.transaction("pay", (tx) => ask(tx, add("nobody", 1))),
      ]);
      await ctx.sleep("1h");
      return [step.status, pay.status];
    });
    await bench.cloud.advance(3_600_000);
    expect(await bench.output()).toEqual(["fulfilled", "rejected"]);
    expect(await bench.story()).toEqual([
      "StepCompleted step:beside",
      "StepFailed transaction:pay",
      "TimerFired sleep",
      "ExecutionCompleted",
    ]);
    expect(await balance("nobody")).toBeUndefined();
  });
});

describe("while a transaction is unanswered", () => {
  it("nothing is handed to the code, whatever ends meanwhile (I4)", async () => {
    const seen: string[] = [];
    const { bench } = await run(
      async (ctx) => {
        const note = (what: string) => () => void seen.push(what);
        await Promise.all([
          ctx
            .transaction("pay", (tx) => ask(tx, open("a", 1)))
            .then(note("the code hears of the transaction")),
          ctx
            .step("beside", async () => {
              await eventLoopTurns(5);
              seen.push("the step's body ends");
            })
            .then(note("the code hears of the step")),
        ]);
      },
      (store) =>
        around(store, (original) => async (...args) => {
          seen.push("asked");
          await eventLoopTurns(20);
          const answer = await original(...args);
          seen.push("answered");
          return answer;
        }),
    );
    expect(await bench.status()).toBe("completed");
    // What a replay of it hears at the end of the turn is the same again.
    expect(seen.slice(0, 5)).toEqual([
      "asked",
      "the step's body ends",
      "answered",
      "the code hears of the transaction",
      "the code hears of the step",
    ]);
  });
});

describe("a transaction's tx", () => {
  it("is of no use after its body has ended", async () => {
    const late: unknown[] = [];
    const { bench, balance } = await run(async (ctx) => {
      await ctx.transaction("pay", (tx) => {
        ask(tx, open("a", 1));
        setImmediate(() => {
          for (const use of [() => ask(tx, open("b", 1)), () => tx.sendEvent(Told, { n: 1 })]) {
            try {
              use();
            } catch (error) {
              late.push(error);
            }
          }
        });
      });
      await ctx.step("after", () => eventLoopTurns(2));
    });
    expect(late).toEqual([expect.any(ContextMisuseError), expect.any(ContextMisuseError)]);
    expect(String(late[0])).toMatch(/tx\.put was called after the body of its transaction had ended\. Await/);
    expect(bench.cloud.published).toEqual([]);
    expect(await balance("b")).toBeUndefined();
  });

  it("waits for starts that the body did not wait for, and keeps the order in which they were asked for", async () => {
    const { bench } = await run(async (ctx) =>
      ctx.transaction("start", (tx) => {
        ask(tx, open("a", 1));
        void tx.start(greeting, "Ada");
        tx.sendEvent(Told, { n: 1 });
        void tx.start(greeting, "Grace", { id: "grace" });
      }),
    );
    // The first of them, by the id that follows from its place in this execution.
    const ada = `greeting-${digest("x-1\ntransaction:start\n0", 22)}`;
    expect(await bench.output(ada)).toBe("hello Ada");
    expect(await bench.output("grace")).toBe("hello Grace");
    expect(bench.cloud.published).toHaveLength(1);
  });

  it("fails the transaction when a start's input is refused, whoever waits for it", async () => {
    const { bench, balance } = await run(async (ctx) =>
      ctx
        .transaction(
          "start",
          (tx) => {
            ask(tx, open("a", 1));
            void tx.start(greeting, "nobody");
          },
          { retry: { maxAttempts: 1 } },
        )
        .catch((error: Error) => error.name),
    );
    expect(await bench.output()).toBe("InvalidInputError");
    expect(await balance("a")).toBeUndefined();
    expect(bench.cloud.errors).toEqual([]);
  });
});
