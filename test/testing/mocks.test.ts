import { app, type Context, NonRetryableError, StepTimeoutError, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { Doubles } from "../../lib/testing/doubles.js";
import { type Ask, surroundApp } from "../../lib/testing/surround.js";

class Declined extends Error {
  override readonly name = "Declined";
}

const shop = workflow("shop", async (ctx, order: { readonly id: string }) => {
  const hold = await ctx.step("reserve", () => `hold-${order.id}`, {
    compensate: (held) => {
      throw new Error(`the real warehouse was asked to release ${held}`);
    },
  });
  const charge = await ctx.step(
    "charge",
    async (): Promise<string> => {
      throw new Error("the real bank was called");
    },
    { retry: { initialInterval: "2s", jitter: "none" }, timeout: "30s" },
  );
  return { hold, charge };
});
const shops = app({ workflows: [shop], errors: [Declined] });

describe("a mocked step", () => {
  it("gives a value", async () => {
    const t = await testApp(shops);
    t.mockStep(shop, "charge", "ch-1");
    expect(await t.run(shop, { id: "o-1" })).toEqual({ hold: "hold-o-1", charge: "ch-1" });
  });

  it("runs a function of the step's context, and its calls are known", async () => {
    const t = await testApp(shops);
    t.mockStep("shop", "charge", (step) => {
      if (step.attempt < 3) throw new Error("the bank is down");
      return `ch-${step.attempt}`;
    });
    expect(await t.run(shop, { id: "o-1" }, { id: "x-1" })).toMatchObject({ charge: "ch-3" });
    expect(t.calls("charge")).toEqual(
      [1, 2, 3].map((attempt) => ({
        workflow: "shop",
        step: "charge",
        part: "step",
        executionId: "x-1",
        attempt,
        idempotencyKey: "x-1/step:charge",
        mocked: true,
      })),
    );
    expect(t.calls("reserve")).toMatchObject([{ attempt: 1, mocked: false }]);
  });

  it("throws, as often as is asked, and then what was there before runs again", async () => {
    const t = await testApp(shops);
    t.mockStep(shop, "charge", "ch-1");
    t.mockStep(shop, "charge", { throws: new Error("the bank is down") }, { times: 2 });
    t.mockStepOnce(shop, "reserve", "hold-once");
    expect(await t.run(shop, { id: "o-1" }, { id: "x-1" })).toEqual({ hold: "hold-once", charge: "ch-1" });
    await t
      .expectHistory("x-1")
      .toContainInOrder([
        "StepCompleted reserve",
        "StepAttemptFailed charge",
        "StepAttemptFailed charge",
        "StepCompleted charge",
      ]);
    expect(await t.run(shop, { id: "o-2" })).toMatchObject({ hold: "hold-o-2" });
  });

  it("meets the step's own timeout", async () => {
    const t = await testApp(shops);
    t.mockStep(shop, "charge", () => new Promise(() => {}));
    t.mockCompensation(shop, "reserve", undefined);
    const run = t.run(shop, { id: "o-1" });
    await expect(run).rejects.toMatchObject({ cause: expect.any(StepTimeoutError) });
  });

  it("leaves its compensation as it is, which is mocked by itself", async () => {
    const t = await testApp(shops);
    const released: unknown[] = [];
    t.mockStep(shop, "reserve", "hold-7");
    t.mockStep(shop, "charge", { throws: new NonRetryableError("declined") });
    t.mockCompensation(shop, "reserve", (hold: string) => {
      released.push(hold);
    });
    await expect(t.run(shop, { id: "o-1" })).rejects.toThrow(/failed/);
    expect(released).toEqual(["hold-7"]);
    expect(t.calls("reserve", "compensation")).toMatchObject([{ attempt: 1, mocked: true }]);
  });

  it("is real again when it is unmocked", async () => {
    const t = await testApp(shops);
    t.mockStep(shop, "reserve", "mocked");
    t.mockStep(shop, "charge", "ch-1");
    t.unmock(shop, "reserve");
    expect(await t.run(shop, { id: "o-1" })).toEqual({ hold: "hold-o-1", charge: "ch-1" });
    t.unmock(shop);
    t.mockCompensation(shop, "reserve", undefined);
    await expect(t.run(shop, { id: "o-2" })).rejects.toMatchObject({
      cause: { message: "the real bank was called" },
    });
  });

  it("is of a workflow that the app has", async () => {
    const t = await testApp(shops);
    expect(() => t.mockStep("shopp", "charge", 1)).toThrow(/shopp/);
  });

  it("is mocked again after a crash took its result", async () => {
    const t = await testApp(shops);
    t.mockStep(shop, "charge", "ch-1");
    await t.client.start(shop, { id: "o-1" }, { id: "x-1" });
    t.crash({ call: 4, when: "before" });
    expect(await t.runToEnd("x-1")).toMatchObject({ charge: "ch-1" });
    await t.expectHistory("x-1").toContainInOrder(["LeaseTaken", "ExecutionCompleted"]);
  });
});

describe("a mocked transaction", () => {
  const transfer = workflow("transfer", async (ctx) => {
    const receipt = await ctx.transaction(
      "move",
      (tx): string => {
        tx.put({ TableName: "Accounts", Item: { id: "a", balance: 1 } });
        return "r-1";
      },
      { compensate: () => {}, retry: { initialInterval: "1s" } },
    );
    await ctx.step("tell", () => {});
    return receipt;
  });
  const transfers = app({ workflows: [transfer] });

  it("writes nothing and needs no tables", async () => {
    const t = await testApp(transfers);
    t.mockStep(transfer, "move", "r-mocked");
    t.mockStepOnce(transfer, "move", { throws: new Error("a conflict") });
    expect(await t.run(transfer, undefined)).toBe("r-mocked");
    expect(t.calls("move")).toMatchObject([
      { part: "transaction", attempt: 1, mocked: true },
      { part: "transaction", attempt: 2, mocked: true },
    ]);
    expect(t.calls("move", "transaction")).toHaveLength(2);
    expect(t.calls("move", "step")).toEqual([]);
  });

  it("is given the step's context and the transaction, and is undone by its own mock", async () => {
    const written: unknown[] = [];
    const undone: unknown[] = [];
    const t = await testApp(transfers, { transact: (actions) => void written.push(...actions) });
    t.mockStep(transfer, "move", (step, tx) => {
      tx.delete({ TableName: "Accounts", Key: { id: step.executionId } });
      return "r-other";
    });
    t.mockStep(transfer, "tell", { throws: new NonRetryableError("nobody listens") });
    t.mockCompensation(transfer, "move", (receipt: string) => void undone.push(receipt));
    await expect(t.run(transfer, undefined, { id: "x-1" })).rejects.toThrow("failed");
    expect(written).toEqual([{ Delete: { TableName: "Accounts", Key: { id: "x-1" } } }]);
    expect(undone).toEqual(["r-other"]);
    expect(t.calls("move", "compensation")).toMatchObject([{ mocked: true }]);
  });

  it("that is not mocked writes by transact, which may refuse it", async () => {
    const t = await testApp(transfers, { transact: () => [{ code: "ConditionalCheckFailed" }] });
    await expect(t.run(transfer, undefined)).rejects.toMatchObject({
      cause: expect.objectContaining({ name: "TransactionCancelledError" }),
    });
    expect(t.calls("move")).toMatchObject([{ part: "transaction", mocked: false }]);
  });
});

describe("a mocked workflow", () => {
  it("is one step that does what the test says", async () => {
    const t = await testApp(shops);
    t.mockWorkflow(shop, (order: { id: string }) => ({ hold: "none", charge: order.id }));
    expect(await t.run(shop, { id: "o-1" }, { id: "x-1" })).toEqual({ hold: "none", charge: "o-1" });
    await t.expectHistory("x-1").toBe(["ExecutionStarted shop", "StepCompleted mock", "ExecutionCompleted"]);
    t.mockWorkflow(shop, { throws: new Declined("no") });
    await expect(t.run(shop, { id: "o-2" })).rejects.toMatchObject({ cause: expect.any(Declined) });
  });
});

describe("what is put around workflow code", () => {
  const step = { executionId: "x-1", attempt: 1, idempotencyKey: "k", signal: new AbortController().signal };

  /** A context whose methods hand contexts of their own to callbacks, as methods to come may do. */
  function nesting(ran: unknown[]): Context & { branch: unknown; frozen: true } {
    const base = { executionId: "x-1", workflow: "w", frozen: true as const };
    const own = {
      ...base,
      step: async (name: string, body: (of: typeof step) => unknown) => ran.push([name, await body(step)]),
      branch: async (branches: Record<string, (ctx: unknown, n: number) => unknown>) =>
        Promise.all(Object.values(branches).map((branch) => branch(own, 7))),
    };
    return Object.freeze(own) as never;
  }

  it("reaches the contexts that callbacks are given, and the bodies in them", async () => {
    const ran: unknown[] = [];
    const asked: Ask[] = [];
    const doubles = new Doubles();
    doubles.put("step", "w", "inner", "mocked", {});
    const nested = workflow("w", async (ctx) => {
      const { branch } = ctx as unknown as {
        branch(of: Record<string, (ctx: Context, n: number) => unknown>): Promise<unknown>;
      };
      return branch({ one: (inner, n) => inner.step("inner", () => `real ${n}`) });
    });
    const surrounded = surroundApp(app({ workflows: [nested] }), () => ({
      asked: (ask) => asked.push(ask),
      body: (call, run) => doubles.run(call, run),
    }));
    await surrounded.workflow("w").handler(nesting(ran), undefined as never);
    expect(ran).toEqual([["inner", "mocked"]]);
    expect(asked.map(({ method }) => method)).toEqual(["branch", "step"]);
    expect(doubles.calls).toMatchObject([{ workflow: "w", step: "inner", mocked: true }]);
  });

  it("shows the members of the context as they are", async () => {
    const seen: unknown[] = [];
    const looking = workflow("w", async (ctx) => {
      seen.push({ ...ctx }, "step" in ctx, ctx.executionId);
    });
    const surrounded = surroundApp(app({ workflows: [looking] }), () => ({
      asked: () => {},
      body: (_, run) => run(),
    }));
    await surrounded.workflow("w").handler(nesting([]), undefined as never);
    expect(seen).toEqual([expect.objectContaining({ workflow: "w", frozen: true }), true, "x-1"]);
  });
});
