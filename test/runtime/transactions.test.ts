/** `ctx.transaction`: the user's writes, the result and what is sent, together or not at all. On a real table, and on the memory twin. */
import {
  type Context,
  event,
  InvalidTransactionError,
  type Transaction,
  TransactionCancelledError,
  workflow,
} from "holdfast";
import { describe, expect, it } from "vitest";
import type { TransactionAction } from "../../lib/model/transaction.js";
import type { Store } from "../../lib/store/ports.js";
import { ACCOUNTS_TABLE, type Accounts, add, ask, close, holds, open } from "../store/accounts.js";
import { Bench } from "./bench.js";
import { around, GROUNDS } from "./grounds.js";

const Paid = event<{ to: string; amount: number }>("paid");

const greeting = workflow("greeting", async (ctx, name: string) => {
  const more = await ctx.waitForSignal<string>("more");
  return `hello ${name} and ${more}`;
});

const writes =
  (...actions: readonly TransactionAction[]) =>
  (tx: Transaction): void =>
    ask(tx, ...actions);

describe.each(GROUNDS)("a transaction %s", (_, ground) => {
  /** Runs a workflow's code, with two accounts open. */
  async function run(
    code: (ctx: Context, balance: Accounts["balance"]) => Promise<unknown>,
    change: (store: Store) => Store = (store) => store,
  ): Promise<{ bench: Bench; balances: (...ids: string[]) => Promise<(number | undefined)[]> }> {
    const { store, accounts } = await ground();
    const opened = workflow("opened", async (ctx) => {
      await ctx.transaction("open", writes(open("a", 100), open("b", 0)));
    });
    const main = workflow("main", (ctx: Context) => code(ctx, (id) => accounts.balance(id)));
    const bench = new Bench([greeting, opened, main], [], { store: change(store) });
    await bench.start(opened, undefined, "opened");
    await bench.cloud.settle();
    expect(await bench.status("opened")).toBe("completed");
    await bench.start(main, undefined);
    await bench.cloud.settle();
    return { bench, balances: (...ids) => Promise.all(ids.map((id) => accounts.balance(id))) };
  }

  it("writes puts, updates, deletes and checks with its result, and sends its messages", async () => {
    const { bench, balances } = await run(async (ctx) => {
      await ctx.transaction("prepare", writes(open("c", 0)));
      return ctx.transaction("all of it", async (tx) => {
        ask(tx, add("a", -30), open("d", 30), close("b"), holds("c", 0));
        tx.sendEvent(Paid, { to: "d", amount: 30 });
        const started = await tx.start(greeting, "Ada");
        await tx.start(greeting, "Grace", { id: "grace" });
        tx.signal(started, "more", "Grace");
        return { moved: 30, started };
      });
    });
    await bench.cloud.advance(120_000);
    expect(bench.cloud.errors).toEqual([]);
    const output = await bench.output();
    expect(output).toEqual({ moved: 30, started: expect.stringMatching(/^greeting-[\w-]{22}$/) });
    expect(await balances("a", "b", "c", "d")).toEqual([70, undefined, 0, 30]);
    expect(bench.cloud.published.filter(({ name }) => name === "paid")).toHaveLength(1);
    expect(await bench.output((output as { started: string }).started)).toBe("hello Ada and Grace");
    expect(await bench.status("grace")).toBe("suspended");
    expect(await bench.story()).toEqual([
      "StepCompleted transaction:prepare",
      "StepCompleted transaction:all of it",
      "ExecutionCompleted",
    ]);
  });

  it("that a check refuses writes nothing, sends nothing, is not tried again, and says which action and what stood there", async () => {
    let bodies = 0;
    const { bench, balances } = await run(async (ctx) => {
      try {
        return await ctx.transaction("pay", (tx) => {
          bodies += 1;
          ask(tx, open("c", 5), add("b", -1), holds("a", 1_000));
          tx.sendEvent(Paid, { to: "c", amount: 5 });
        });
      } catch (error) {
        if (!(error instanceof TransactionCancelledError)) throw error;
        return { message: error.message, reasons: error.reasons };
      }
    });
    const failed = {
      code: "ConditionalCheckFailed",
      message: expect.stringContaining("conditional request failed"),
    };
    expect(await bench.output()).toEqual({
      message: expect.stringMatching(/^Transaction "pay" was cancelled.* action 1 \(Cond.*, action 2 \(Cond/),
      reasons: [
        { code: "None" },
        { ...failed, item: { id: "b", balance: 0 } },
        { ...failed, item: { id: "a", balance: 100 } },
      ],
    });
    expect(bodies).toBe(1);
    expect(await balances("a", "b", "c")).toEqual([100, 0, undefined]);
    expect(bench.cloud.published).toEqual([]);
    expect(await bench.story()).toEqual(["StepFailed transaction:pay", "ExecutionCompleted"]);
  });

  it("that meets a conflict is tried again by its policy, its body too", async () => {
    let conflicts = 2;
    let bodies = 0;
    const { bench, balances } = await run(
      async (ctx) =>
        ctx.transaction(
          "pay",
          (tx) => {
            bodies += 1;
            ask(tx, add("a", -1), add("b", 1));
            return bodies;
          },
          { retry: { maxAttempts: 3, initialInterval: "5s", jitter: "none" } },
        ),
      (store) =>
        around(
          store,
          (original) => async (commit, actions, pendingAt) =>
            commit.executionId === "x-1" && conflicts-- > 0
              ? { outcome: "refused", reasons: [{ code: "TransactionConflict" }, { code: "None" }] }
              : original(commit, actions, pendingAt),
        ),
    );
    expect(await bench.status()).toBe("suspended");
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe(3);
    expect(await balances("a", "b")).toEqual([99, 1]);
    expect(await bench.story()).toEqual([
      "StepAttemptFailed transaction:pay",
      "StepAttemptFailed transaction:pay",
      "StepCompleted transaction:pay",
      "ExecutionCompleted",
    ]);
  });

  it("whose body throws writes nothing, and is tried again", async () => {
    let bodies = 0;
    const { bench, balances } = await run(async (ctx) =>
      ctx.transaction("pay", (tx) => {
        bodies += 1;
        ask(tx, add("a", -bodies), add("b", bodies));
        if (bodies === 1) throw new Error("the price is not known");
        return bodies;
      }),
    );
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe(2);
    expect(await balances("a", "b")).toEqual([98, 2]);
  });

  it("reads in its body what others have written, and nothing of its own", async () => {
    const { bench } = await run(async (ctx, balance) => {
      await ctx.transaction("pay", writes(add("a", -1)));
      return ctx.transaction("read", async (tx) => {
        ask(tx, add("a", -10));
        return balance("a");
      });
    });
    expect(await bench.output()).toBe(99);
  });

  it("of nothing is its result alone, and one of messages alone sends them", async () => {
    const { bench } = await run(async (ctx) => [
      await ctx.transaction("nothing", () => "done"),
      await ctx.transaction("messages", (tx) => tx.sendEvent(Paid, { to: "b", amount: 1 })),
    ]);
    expect(await bench.output()).toEqual(["done", undefined]);
    expect(bench.cloud.published).toHaveLength(1);
  });

  it.each<[string, RegExp, TransactionAction[]]>([
    [
      "too many actions",
      /it has 100 actions, and DynamoDB takes at most 99/,
      Array.from({ length: 100 }, (_, n) => open(`n${n}`, 1)),
    ],
    ["an item twice", /actions 0 and 1 are both on the item \["a"\]/, [add("a", 1), add("a", 1)]],
    [
      "more than 4 MB",
      /its actions are \d+ bytes together, and DynamoDB takes at most 4194304/,
      Array.from({ length: 12 }, (_, n) => ({
        Put: { TableName: ACCOUNTS_TABLE, Item: { id: `n${n}`, balance: 0, note: "x".repeat(380_000) } },
      })),
    ],
    [
      "a value that is none of DynamoDB's",
      /action 0, a Put on Accounts, attribute "at", is or holds what DynamoDB can't store: an instance of Date/,
      [{ Put: { TableName: ACCOUNTS_TABLE, Item: { id: "c", at: new Date(0) } } }],
    ],
    [
      "a value that is not there",
      /attribute "more", is or holds what DynamoDB can't store: undefined. Leave it out/,
      [{ Put: { TableName: ACCOUNTS_TABLE, Item: { id: "c", balance: 1, more: { note: undefined } } } }],
    ],
    ["no table", /action 0, a Put, names no table/, [{ Put: { TableName: "", Item: { id: "c" } } }]],
  ])("with %s fails before any call, clearly, and only once", async (_name, message, actions) => {
    let bodies = 0;
    const calls: string[] = [];
    const { bench, balances } = await run(
      async (ctx) => {
        try {
          return await ctx.transaction("pay", (tx) => {
            bodies += 1;
            ask(tx, ...actions);
          });
        } catch (error) {
          return [error instanceof InvalidTransactionError, String(error)];
        }
      },
      (store) =>
        around(store, (original) => (commit, ...rest) => {
          calls.push(commit.executionId);
          return original(commit, ...rest);
        }),
    );
    expect(await bench.output()).toEqual([true, expect.stringMatching(message)]);
    expect(bodies).toBe(1);
    expect(calls).toEqual(["opened"]);
    expect(await balances("a", "c")).toEqual([100, undefined]);
  });

  it("whose result or whose messages are too large to be recorded fails, and writes nothing", async () => {
    const { bench, balances } = await run(async (ctx) => {
      const errors: string[] = [];
      const note = (error: Error): void => void errors.push(error.message);
      await ctx
        .transaction("result", (tx) => {
          ask(tx, add("a", -1));
          return "x".repeat(33_000_000);
        })
        .catch(note);
      await ctx
        .transaction("messages", (tx) => {
          ask(tx, add("a", -1));
          for (let n = 0; n < 3; n++) tx.sendEvent(Paid, { to: "x".repeat(200_000), amount: n });
        })
        .catch(note);
      await ctx.step("after", () => {});
      return errors;
    });
    expect(await bench.output()).toEqual([
      expect.stringMatching(/^The result of transaction "result" is \d+ bytes/),
      expect.stringMatching(/ is 6\d{5} bytes, and at most \d+ can be stored/),
    ]);
    expect(await balances("a")).toEqual([100]);
    expect(bench.cloud.published).toEqual([]);
  });

  it("of a large result puts it away first, and reads it again on replay", async () => {
    const { bench, balances } = await run(async (ctx) => {
      const large = await ctx.transaction("large", (tx) => {
        ask(tx, add("a", -1));
        return "x".repeat(500_000);
      });
      await ctx.sleep("1h");
      return large.length;
    });
    await bench.cloud.advance(3_600_000);
    expect(await bench.output()).toBe(500_000);
    expect(await balances("a")).toEqual([99]);
  });

  it("that an execution is cancelled in commits nothing", async () => {
    let aborted = false;
    const { bench, balances } = await run(async (ctx) =>
      ctx.transaction("pay", async (tx, step) => {
        ask(tx, add("a", -1));
        await new Promise((resolve) => step.signal.addEventListener("abort", resolve));
        aborted = true;
        return "paid";
      }),
    );
    await bench.client.cancel("x-1", { reason: "changed my mind" });
    await bench.cloud.advance(60_000);
    expect(await bench.status()).toBe("cancelled");
    expect(aborted).toBe(true);
    expect(await balances("a")).toEqual([100]);
    expect(await bench.story()).toContain("StepFailed transaction:pay");
  });

  it("that lost a race commits nothing", async () => {
    const { bench, balances } = await run(async (ctx) => {
      const { winner } = await ctx.race({
        slow: (inner) =>
          inner.transaction("pay", async (tx, step) => {
            ask(tx, add("a", -1));
            await new Promise((resolve) => step.signal.addEventListener("abort", resolve));
          }),
        quick: (inner) => inner.sleep("100ms"),
      });
      await ctx.step("after", () => {});
      return winner;
    });
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe("quick");
    expect(await balances("a")).toEqual([100]);
  });

  it("that had committed when a cancel came is undone like any step", async () => {
    const { bench, balances } = await run(
      async (ctx) => {
        await ctx.transaction(
          "pay",
          (tx) => {
            ask(tx, add("a", -40), add("b", 40));
            return "receipt";
          },
          { compensate: (receipt) => void undone.push(receipt) },
        );
        await ctx.sleep("1h");
      },
      (store) =>
        around(store, (original) => async (commit, ...rest) => {
          const answer = await original(commit, ...rest);
          if (commit.executionId === "x-1")
            await store.appendMessage("x-1", { kind: "cancel", id: "c-1", at: commit.events[0]?.at ?? 0 });
          return answer;
        }),
    );
    expect(await balances("a", "b")).toEqual([60, 40]);
    expect(await bench.status()).toBe("cancelled");
    expect(undone.splice(0)).toEqual(["receipt"]);
  });
  const undone: unknown[] = [];

  it("in a saga is undone by another transaction when the saga fails", async () => {
    const { bench, balances } = await run(async (ctx) =>
      ctx
        .saga(async (saga) => {
          await saga.transaction("pay", writes(add("a", -40), add("b", 40)));
          await saga.transaction("too much", writes(add("a", -100), add("b", 100)));
        })
        .catch(async (error: Error) => {
          await ctx.transaction("pay back", writes(add("a", 40), add("b", -40)));
          return error.name;
        }),
    );
    expect(await bench.output()).toBe("TransactionCancelledError");
    expect(await balances("a", "b")).toEqual([100, 0]);
  });

  it("is one of a hundred, fifty at a time, beside as many steps", async () => {
    const { bench, balances } = await run(async (ctx) => {
      const moved = await ctx.map(
        Array.from({ length: 100 }, (_, n) => n),
        async (inner, n) => {
          const [, step] = await Promise.all([
            inner.transaction(`move ${n}`, writes(add("a", -1), add("b", 1))),
            inner.step(`note ${n}`, () => n),
          ]);
          return step;
        },
        { concurrency: 50 },
      );
      return moved.values.length;
    });
    await bench.cloud.advance(60_000);
    expect(bench.cloud.errors).toEqual([]);
    expect(await bench.output()).toBe(100);
    expect(await balances("a", "b")).toEqual([0, 100]);
    const story = await bench.story();
    expect(story.filter((line) => line.startsWith("StepCompleted"))).toHaveLength(200);
  });

  it("that is repeated by a zombie after a takeover is written once", async () => {
    let firstCommit = true;
    let bodies = 0;
    const { bench, balances } = await run(
      async (ctx) =>
        ctx.transaction("pay", (tx) => {
          bodies += 1;
          ask(tx, add("a", -1), add("b", 1));
          return bodies;
        }),
      (store) =>
        around(store, (original) => async (commit, ...rest) => {
          if (commit.executionId === "x-1" && firstCommit) {
            firstCommit = false;
            // Another owner fills the slot first: what it finds there, a takeover's `LeaseTaken`.
            const { epoch: seen = 0, lease } = (await store.readHead("x-1")) ?? {};
            const epoch = seen + 1;
            await store.acquireLease({
              executionId: "x-1",
              seen: { epoch: seen, ...(lease && { leaseToken: lease.token }) },
              owner: "other",
              token: "other",
              until: (commit.events[0]?.at ?? 0) + 1,
            });
            const events = [{ type: "LeaseTaken", at: commit.events[0]?.at ?? 0, epoch } as const];
            await store.appendCommit({ ...commit, epoch, token: "other", events, outgoing: [] });
          }
          return original(commit, ...rest);
        }),
    );
    expect(await balances("a", "b")).toEqual([100, 0]);
    expect(bench.cloud.errors.map(String)).toEqual([expect.stringMatching(/FencedError/)]);
    await bench.cloud.advance(600_000);
    expect(await bench.output()).toBe(2);
    expect(await balances("a", "b")).toEqual([99, 1]);
  });
});
