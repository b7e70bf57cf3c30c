/** Updates: messages that are checked, handled by workflow code, and answered. */
import { app, type Context, workflow } from "holdfast";
import { testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { incompressible } from "../setup/text.js";
import { Bench } from "./bench.js";

class SoldOut extends Error {
  override readonly name = "SoldOut";
  constructor(readonly item: string) {
    super(`${item} is sold out`);
  }
}

const Add = z.object({ item: z.string(), count: z.number().int().positive().default(1) });

/** A cart that is filled by updates until a signal ends it. */
const cart = workflow("cart", async (ctx) => {
  const items: string[] = [];
  ctx.handleUpdate("add", { input: Add }, async (inner, { item, count }) => {
    const reserved = await inner.step(`reserve`, () => `${count} ${item}`);
    items.push(reserved);
    return items.length;
  });
  ctx.handleUpdate("fail", (_inner, item: string) => {
    throw new SoldOut(item);
  });
  ctx.handleUpdate("wait", async (inner, name: string) => {
    await inner.sleep("10s");
    items.push(name);
    return `${name} at last`;
  });
  ctx.handleUpdate("large", (_inner, text: string) => text + text);
  await ctx.waitForSignal("pay");
  return items;
});
const shop = app({ workflows: [cart], errors: [SoldOut] });

async function filled() {
  const kit = await testApp(shop);
  await kit.client.start(cart, undefined, { id: "x" });
  await kit.settle();
  return kit;
}

describe("an update", () => {
  it("is answered with what its handler returns", async () => {
    const kit = await filled();
    expect(await kit.client.update("x", "add", { item: "tea", count: 2 })).toBe(1);
    expect(await kit.client.update("x", "add", { item: "milk" })).toBe(2);
    await kit.client.signal("x", "pay");
    expect(await kit.runToEnd("x")).toEqual(["2 tea", "1 milk"]);
  });

  it("that does not fit its schema is refused with what is wrong, and changes nothing", async () => {
    const kit = await filled();
    await expect(kit.client.update("x", "add", { item: 7, count: -1 })).rejects.toMatchObject({
      name: "InvalidInputError",
      message: expect.stringContaining("item"),
    });
    await kit.client.signal("x", "pay");
    expect(await kit.runToEnd("x")).toEqual([]);
    expect(kit.calls("reserve")).toEqual([]);
  });

  it("is told what its handler throws, as its class, with its fields", async () => {
    const kit = await testApp(shop);
    await kit.client.start(cart, undefined, { id: "x" });
    const end = await kit.client.update("x", "fail", "tea").catch((error: unknown) => error);
    expect(end).toBeInstanceOf(SoldOut);
    expect(end).toMatchObject({ item: "tea", message: "tea is sold out" });
    expect((await kit.client.describe("x")).status).toBe("suspended");
  });

  it("may sleep before it answers, while its execution is suspended", async () => {
    const kit = await filled();
    const began = kit.now().getTime();
    expect(await kit.client.update("x", "wait", "tea")).toBe("tea at last");
    expect(kit.now().getTime() - began).toBeGreaterThanOrEqual(10_000);
  });

  it("gives large answers whole", async () => {
    const kit = await filled();
    const text = incompressible(300_000);
    expect(await kit.client.update("x", "large", text)).toBe(text + text);
  });

  it("and others at once are handled in their order", async () => {
    const kit = await filled();
    const answers = ["a", "b", "c", "d"].map((item) =>
      kit.client.update("x", "add", { item }, { timeout: "1h" }),
    );
    await kit.advance("5m");
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4]);
    await kit.client.signal("x", "pay");
    expect(await kit.runToEnd("x")).toEqual(["1 a", "1 b", "1 c", "1 d"]);
  });

  it("that comes before its handler is there is kept for it", async () => {
    const late = workflow("late", async (ctx) => {
      await ctx.step("first", () => 1);
      await ctx.sleep("1m");
      ctx.handleUpdate("add", (_inner, number: number) => number + 1);
      await ctx.waitForSignal("end");
    });
    const kit = await testApp(app({ workflows: [late] }));
    await kit.client.start(late, undefined, { id: "x", delay: "1m" });
    expect(await kit.client.update("x", "add", 1, { timeout: "10m" })).toBe(2);
  });

  it("that is repeated with the same id gets the same answer, and its handler ran once", async () => {
    const kit = await filled();
    const add = () => kit.client.update("x", "add", { item: "tea" }, { id: "u-1" });
    expect(await add()).toBe(1);
    expect(await kit.client.update("x", "add", { item: "milk" })).toBe(2);
    expect(await add()).toBe(1);
    expect(kit.calls("reserve")).toHaveLength(2);
    await kit.client.signal("x", "pay");
    await kit.runToEnd("x");
    expect(await add()).toBe(1);
    await expect(kit.client.update("x", "add", { item: "more" }, { id: "u-2" })).rejects.toMatchObject({
      name: "ExecutionClosedError",
    });
  });

  it("that nobody handles in its time is told so, and is answered when it asks again", async () => {
    const late = workflow("late", async (ctx) => {
      await ctx.sleep("1h");
      ctx.handleUpdate("add", (_inner, number: number) => number + 1);
      await ctx.waitForSignal("end");
    });
    const kit = await testApp(app({ workflows: [late] }));
    await kit.client.start(late, undefined, { id: "x" });
    const ask = () => kit.client.update("x", "add", 1, { id: "u-1", timeout: "2m" });
    await expect(ask()).rejects.toMatchObject({ name: "ResultTimeoutError" });
    await kit.advance("1h");
    expect(await ask()).toBe(2);
  });

  it("whose answer can't be stored is told so, with the place", async () => {
    const wrong = workflow("wrong", async (ctx) => {
      ctx.handleUpdate("get", () => ({ inner: [() => 1] }));
      await ctx.waitForSignal("end");
    });
    const kit = await testApp(app({ workflows: [wrong] }));
    await kit.client.start(wrong, undefined, { id: "x" });
    await expect(kit.client.update("x", "get")).rejects.toMatchObject({
      name: "UnencodableValueError",
      message: expect.stringContaining("inner[0]"),
    });
  });

  it("can't be confused with what a handler answers that looks like a failure", async () => {
    const odd = workflow("odd", async (ctx) => {
      ctx.handleUpdate("get", () => ({ ok: false, error: "none", _error: true, $error: {} }));
      await ctx.waitForSignal("end");
    });
    const kit = await testApp(app({ workflows: [odd] }));
    await kit.client.start(odd, undefined, { id: "x" });
    expect(await kit.client.update("x", "get")).toEqual({
      ok: false,
      error: "none",
      _error: true,
      $error: {},
    });
  });
});

describe("an update of an execution that", () => {
  it("is not there is an error", async () => {
    const kit = await testApp(shop);
    await expect(kit.client.update("x", "add")).rejects.toMatchObject({ name: "ExecutionNotFoundError" });
    await expect(kit.client.update("x", "add", 1, { id: "u" })).rejects.toMatchObject({
      name: "ExecutionNotFoundError",
    });
  });

  it("ends first, without an answer, is told that it ended", async () => {
    const kit = await filled();
    await kit.client.signal("x", "pay");
    const late = kit.client.update("x", "wait", "tea");
    await expect(late).rejects.toMatchObject({ name: "ExecutionClosedError" });
  });

  it("ends because of the update is answered all the same", async () => {
    const once = workflow("once", async (ctx) => {
      let approve: (by: string) => void = () => {};
      const approved = new Promise<string>((resolve) => {
        approve = resolve;
      });
      ctx.handleUpdate("approve", (_inner, by: string) => {
        approve(by);
        return `thanks, ${by}`;
      });
      await Promise.race([approved, ctx.waitForSignal("never")]);
      return approved;
    });
    const kit = await testApp(app({ workflows: [once] }));
    await kit.client.start(once, undefined, { id: "x" });
    await kit.settle();
    expect(await kit.client.update("x", "approve", "ada")).toBe("thanks, ada");
    expect(await kit.runToEnd("x")).toBe("ada");
    expect(await kit.history("x")).toEqual([
      "ExecutionStarted once",
      expect.stringContaining("UpdateReceived"),
      expect.stringContaining("UpdateAnswered"),
      "ExecutionCompleted",
    ]);
  });

  it("is continued because of the update is answered all the same", async () => {
    const turning = workflow("turning", async (ctx, round: number): Promise<never> => {
      let turn: () => void = () => {};
      const turned = new Promise<void>((resolve) => {
        turn = resolve;
      });
      ctx.handleUpdate("turn", () => {
        turn();
        return round;
      });
      await Promise.race([turned, ctx.waitForSignal("never")]);
      return ctx.continueAsNew(round + 1);
    });
    const kit = await testApp(app({ workflows: [turning] }));
    await kit.client.start(turning, 1, { id: "x" });
    await kit.settle();
    expect(await kit.client.update("x", "turn", undefined, { id: "u-1" })).toBe(1);
    await kit.settle();
    expect(await kit.client.update("x", "turn")).toBe(2);
    // Asked again, where it was answered before.
    expect(await kit.client.update("x", "turn", undefined, { id: "u-1" })).toBe(1);
  });

  it("was continued while its handler was at work is told that it ended", async () => {
    const turning = workflow("turning", async (ctx, round: number) => {
      ctx.handleUpdate("slow", async (inner) => {
        await inner.sleep("1h");
        return "done";
      });
      await ctx.waitForSignal("turn");
      if (round < 3) return ctx.continueAsNew(round + 1);
      return round;
    });
    const kit = await testApp(app({ workflows: [turning] }));
    await kit.client.start(turning, 1, { id: "x" });
    const asked = kit.client.update("x", "slow", undefined, { timeout: "1h" });
    asked.catch(() => {});
    await kit.settle();
    await kit.client.signal("x", "turn");
    await kit.advance("1m");
    await expect(asked).rejects.toMatchObject({ name: "ExecutionClosedError" });
  });

  it("is paused is answered, if it needs no step for it", async () => {
    const kit = await filled();
    await kit.client.pause("x");
    await kit.settle();
    expect(await kit.client.update("x", "large", "ab")).toBe("abab");
    await expect(
      kit.client.update("x", "add", { item: "tea" }, { id: "u", timeout: "1m" }),
    ).rejects.toMatchObject({
      name: "ResultTimeoutError",
    });
    await kit.client.resume("x");
    expect(await kit.client.update("x", "add", { item: "tea" }, { id: "u" })).toBe(1);
  });

  it("is stalled is answered once it goes on", async () => {
    const build = (body: (ctx: Context) => Promise<unknown>) => app({ workflows: [workflow("w", body)] });
    const kit = await testApp(build(() => new Promise(() => {})));
    await kit.client.start("w", undefined, { id: "x" });
    await kit.settle();
    const ask = () => kit.client.update("x", "add", 1, { id: "u", timeout: "1m" });
    await expect(ask()).rejects.toMatchObject({ name: "ResultTimeoutError" });
    kit.deploy(
      build(async (ctx) => {
        ctx.handleUpdate("add", (_inner, number: number) => number + 1);
        await ctx.waitForSignal("end");
      }),
    );
    await kit.client.redrive("x");
    expect(await ask()).toBe(2);
  });

  it("was continued goes to the one that goes on", async () => {
    const turning = workflow("turning", async (ctx, round: number) => {
      if (round === 2) ctx.handleUpdate("get", () => round);
      await ctx.waitForSignal("turn");
      return round === 1 ? ctx.continueAsNew(2) : round;
    });
    const kit = await testApp(app({ workflows: [turning] }));
    await kit.client.start(turning, 1, { id: "x" });
    const early = kit.client.update("x", "get", undefined, { timeout: "1h" });
    early.catch(() => {});
    await kit.settle();
    await kit.client.signal("x", "turn");
    await kit.advance("1m");
    expect(await early).toBe(2);
    expect(await kit.client.update("x", "get")).toBe(2);
  });

  it("is undoing what it did is told that it ended", async () => {
    const undone = workflow("undone", async (ctx) => {
      ctx.handleUpdate("get", () => 1);
      await ctx.step("reserve", () => 1, {
        compensate: () => Promise.reject(new Error("not yet")),
        compensateRetry: { maxAttempts: 3, initialInterval: "10s", jitter: "none" },
      });
      throw new Error("no");
    });
    const kit = await testApp(app({ workflows: [undone] }));
    await kit.client.start(undone, undefined, { id: "x" });
    await kit.settle();
    expect((await kit.client.describe("x")).status).toBe("compensating");
    await expect(kit.client.update("x", "get")).rejects.toMatchObject({ name: "ExecutionClosedError" });
  });

  it("is cancelled while the handler works is told so", async () => {
    const kit = await filled();
    const asked = kit.client.update("x", "wait", "tea");
    asked.catch(() => {});
    await kit.settle();
    await kit.client.cancel("x", { reason: "enough" });
    await kit.advance("1m");
    await expect(asked).rejects.toMatchObject({
      name: expect.stringMatching(/CancelledError|ExecutionClosedError/),
    });
  });
});

describe("whatever process dies, at any call", () => {
  it.each(["before", "after", "reply-lost"] as const)(
    "%s it, the handler's step has one result and the sender its answer",
    async (when) => {
      const run = async (crash?: number) => {
        const bodies: string[] = [];
        const one = workflow("one", async (ctx) => {
          ctx.handleUpdate("add", async (inner, item: string) => {
            const held = await inner.step("hold", () => {
              bodies.push(item);
              return `held ${item}`;
            });
            return held;
          });
          await ctx.waitForSignal("end");
          return "over";
        });
        const bench = new Bench([one]);
        await bench.start(one, undefined, "x");
        await bench.cloud.settle();
        const from = bench.cloud.faults.calls.length;
        if (crash !== undefined) bench.cloud.faults.plan({ call: crash, when });
        const { client } = bench;
        const answers: unknown[] = [];
        const ask = (id: string) => client.update("x", "add", id, { id, timeout: "1h" });
        for (const id of ["a", "b"]) {
          const asked = ask(id)
            .catch(() => ask(id))
            .then((answer) => answers.push(answer));
          for (let round = 0; round < 40 && answers.length < (id === "a" ? 1 : 2); round++)
            await bench.cloud.advance(15_000);
          await asked;
        }
        const calls = bench.cloud.faults.calls.slice(from);
        return { bench, answers, bodies, calls };
      };
      const { calls } = await run();
      for (let call = 1; call <= calls.length; call++) {
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const { bench, answers, bodies } = await run(call);
        // The sender may have its answer before the process that stored it is missed.
        await bench.cloud.advance(300_000);
        expect(answers, at).toEqual(["held a", "held b"]);
        const history = await bench.history("x");
        expect(
          history.filter(({ type }) => type === "StepCompleted"),
          at,
        ).toHaveLength(2);
        expect(
          history.filter(({ type }) => type === "UpdateAnswered"),
          at,
        ).toHaveLength(2);
        const crashes = history.filter(({ type }) => type === "LeaseTaken").length;
        expect(bodies.length, at).toBeLessThanOrEqual(2 + crashes);
      }
    },
    180_000,
  );
});
