/** Callbacks: what is completed from outside, by whoever holds the token. */
import { app, type CallbackOptions, NonRetryableError, workflow } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { incompressible } from "../setup/text.js";

class Declined extends Error {
  override readonly name = "Declined";
  constructor(readonly reason: string) {
    super(`declined: ${reason}`);
  }
}

/** Hands the token of `approval` to the test, through a step, as one would hand it to a person. */
function approving(options: CallbackOptions = {}) {
  const tokens: string[] = [];
  const approval = workflow("approval", async (ctx) => {
    const answer = ctx.callback<unknown>("approve", options);
    await ctx.step("ask", () => void tokens.push(answer.token));
    return answer.promise;
  });
  return { tokens, approval, app: app({ workflows: [approval], errors: [Declined] }) };
}
async function asked(options: CallbackOptions = {}) {
  const { tokens, app: approvals } = approving(options);
  const kit = await testApp(approvals);
  await kit.client.start("approval", undefined, { id: "x" });
  await kit.settle();
  const [token = ""] = tokens;
  return { kit, token, tokens };
}

const statusOf = async (kit: TestApp) => (await kit.client.describe("x")).status;

describe("a callback", () => {
  it.each([
    ["undefined", undefined],
    ["text", "yes"],
    ["large", incompressible(5_000)],
    ["huge", incompressible(1_000_000)],
  ])("is completed with %s", async (_, result) => {
    const { kit, token } = await asked();
    await kit.client.completeCallback(token, result);
    expect(await kit.runToEnd("x")).toEqual(result);
  });

  it("fails with the error that it was failed with: class, fields and cause", async () => {
    const { kit, token } = await asked();
    const error = new Declined("too dear");
    error.cause = new TypeError("no money");
    await kit.client.failCallback(token, error);
    const end = await kit.runToEnd("x").catch((thrown: Error) => thrown.cause);
    expect(end).toBeInstanceOf(Declined);
    expect(end).toMatchObject({ reason: "too dear", cause: { name: "TypeError", message: "no money" } });
  });

  it("has one token over all replays, and crashes between them", async () => {
    const { tokens, app: approvals } = approving();
    const kit = await testApp(approvals);
    kit.mockStepOnce("approval", "ask", { throws: new Error("once more") });
    await kit.client.start("approval", undefined, { id: "x" });
    await kit.advance("1m");
    kit.killAll();
    await kit.client.signal("x", "wake");
    await kit.settle();
    await kit.client.completeCallback(tokens[0] ?? "", 1);
    expect(await kit.runToEnd("x")).toBe(1);
    expect(new Set(tokens).size).toBe(1);
  });

  it("ends once: the first end counts, of whatever kind, before and after it was taken", async () => {
    const { kit, token } = await asked();
    await kit.client.completeCallback(token, "first");
    await kit.client.failCallback(token, new Error("second"));
    await kit.client.completeCallback(token, incompressible(5_000));
    expect(await kit.runToEnd("x")).toBe("first");
    await expect(kit.client.completeCallback(token, "late")).rejects.toMatchObject({
      name: "ExecutionClosedError",
    });
  });

  it("may end before it is awaited, and while the execution does something else", async () => {
    const tokens: string[] = [];
    const late = workflow("late", async (ctx) => {
      const callback = ctx.callback("done");
      await ctx.step("hand out", () => void tokens.push(callback.token));
      await ctx.sleep("1h");
      return callback.promise;
    });
    const kit = await testApp(app({ workflows: [late] }));
    await kit.client.start(late, undefined, { id: "x" });
    await kit.settle();
    await kit.client.completeCallback(tokens[0] ?? "", "early");
    await kit.advance("30m");
    expect(await kit.runToEnd("x")).toBe("early");
  });

  it("that fails before anybody awaits it ends no process, and is thrown where it is awaited", async () => {
    const tokens: string[] = [];
    const late = workflow("late", async (ctx) => {
      const callback = ctx.callback("done");
      await ctx.step("hand out", () => void tokens.push(callback.token));
      await ctx.sleep("1h");
      return callback.promise.catch((error: Error) => `caught ${error.message}`);
    });
    const kit = await testApp(app({ workflows: [late] }));
    await kit.client.start(late, undefined, { id: "x" });
    await kit.settle();
    await kit.client.failCallback(tokens[0] ?? "", new Error("no"));
    expect(await kit.runToEnd("x")).toBe("caught no");
  });

  it("times out, and its late end is harmless", async () => {
    const tokens: string[] = [];
    const timed = workflow("timed", async (ctx) => {
      const callback = ctx.callback("done", { timeout: "1h" });
      await ctx.step("hand out", () => void tokens.push(callback.token));
      const end = await callback.promise.catch((error: Error) => `${error.name}: ${error.message}`);
      await ctx.sleep("1h");
      return end;
    });
    const kit = await testApp(app({ workflows: [timed] }));
    await kit.client.start(timed, undefined, { id: "x" });
    await kit.advance("61m");
    await kit.client.completeCallback(tokens[0] ?? "", "late");
    expect(await kit.runToEnd("x")).toMatch(/^WaitTimeoutError: .*callback "done"/);
    expect((await kit.client.history("x")).at(-1)?.event).toMatchObject({ unread: [expect.any(String)] });
  });

  it("that comes while a step waits for its next attempt leaves the attempt where it was", async () => {
    const tokens: string[] = [];
    let down = true;
    const both = workflow("both", async (ctx) => {
      const callback = ctx.callback("done");
      await ctx.step("hand out", () => void tokens.push(callback.token));
      const retried = ctx.step("flaky", () => (down ? Promise.reject(new Error("down")) : "up"), {
        retry: { maxAttempts: 3, initialInterval: "10m", maxInterval: "10m", jitter: "none" },
      });
      return Promise.all([callback.promise, retried]);
    });
    const kit = await testApp(app({ workflows: [both] }));
    await kit.client.start(both, undefined, { id: "x" });
    await kit.advance("1m");
    await kit.client.completeCallback(tokens[0] ?? "", "done");
    await kit.advance("1m");
    expect(kit.calls("flaky")).toHaveLength(1);
    down = false;
    await kit.advance("9m");
    expect(kit.calls("flaky").map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await kit.runToEnd("x")).toEqual(["done", "up"]);
  });

  it("that lost a race may be completed later", async () => {
    const tokens: string[] = [];
    const racing = workflow("racing", async (ctx) => {
      const { winner } = await ctx.race({
        approved: async (inner) => {
          const callback = inner.callback("approve");
          await inner.step("hand out", () => void tokens.push(callback.token));
          return callback.promise;
        },
        late: (inner) => inner.sleep("1h"),
      });
      await ctx.sleep("1h");
      const again = ctx.callback("approve");
      await ctx.step("hand out", () => void tokens.push(again.token));
      return [winner, await again.promise];
    });
    const kit = await testApp(app({ workflows: [racing] }));
    await kit.client.start(racing, undefined, { id: "x" });
    await kit.advance("90m");
    await kit.client.completeCallback(tokens[0] ?? "", "for the loser");
    await kit.advance("1h");
    expect(await statusOf(kit)).toBe("suspended");
    expect(new Set(tokens).size).toBe(2);
    await kit.client.completeCallback(tokens[1] ?? "", "for the other");
    expect(await kit.runToEnd("x")).toEqual(["late", "for the other"]);
  });

  it("in each item of a map has a token of its own", async () => {
    const tokens = new Map<string, string>();
    const mapping = workflow("mapping", async (ctx) => {
      const { values } = await ctx.map(["a", "b", "c"], async (inner, item) => {
        const callback = inner.callback<string>("done");
        await inner.step("hand out", () => void tokens.set(item, callback.token));
        return callback.promise;
      });
      return values;
    });
    const kit = await testApp(app({ workflows: [mapping] }));
    await kit.client.start(mapping, undefined, { id: "x" });
    await kit.settle();
    for (const item of ["c", "a", "b"]) {
      await kit.client.completeCallback(tokens.get(item) ?? "", item.toUpperCase());
      await kit.settle();
    }
    expect(await kit.runToEnd("x")).toEqual(["A", "B", "C"]);
  });

  it("keeps its token over a redrive", async () => {
    const tokens: string[] = [];
    let broken = true;
    const fragile = workflow("fragile", async (ctx) => {
      const callback = ctx.callback("done");
      await ctx.step("hand out", () => void tokens.push(callback.token));
      await ctx.step("break", () => (broken ? Promise.reject(new NonRetryableError("broken")) : 1));
      return callback.promise;
    });
    const kit = await testApp(app({ workflows: [fragile] }));
    await kit.client.start(fragile, undefined, { id: "x" });
    await kit.settle();
    expect(await statusOf(kit)).toBe("failed");
    broken = false;
    await kit.client.redrive("x");
    await kit.settle();
    await kit.client.completeCallback(tokens[0] ?? "", "after all");
    expect(await kit.runToEnd("x")).toBe("after all");
  });

  it("of a fork has a token of its own: the original's ends only the original's", async () => {
    const { kit, tokens } = await asked();
    await kit.client.fork("x", { from: "ask", id: "y" });
    await kit.settle();
    expect(new Set(tokens).size).toBe(2);
    await kit.client.completeCallback(tokens[0] ?? "", "for x");
    expect(await kit.runToEnd("x")).toBe("for x");
    await kit.client.completeCallback(tokens[1] ?? "", "for y");
    expect(await kit.runToEnd("y")).toBe("for y");
  });

  it("of an execution that was continued ends nothing of the one that goes on", async () => {
    const tokens: string[] = [];
    const again = workflow("again", async (ctx, round: number) => {
      const callback = ctx.callback("done");
      await ctx.step("hand out", () => void tokens.push(callback.token));
      if (round === 1) {
        await ctx.waitForSignal("on");
        return ctx.continueAsNew(2);
      }
      return callback.promise;
    });
    const kit = await testApp(app({ workflows: [again] }));
    await kit.client.start(again, 1, { id: "x" });
    await kit.settle();
    await kit.client.signal("x", "on");
    await kit.settle();
    await expect(kit.client.completeCallback(tokens[0] ?? "", "late")).rejects.toMatchObject({
      name: "ExecutionClosedError",
    });
    await kit.client.completeCallback(tokens[1] ?? "", "mine");
    await kit.settle();
    expect(await kit.client.result("x")).toBe("mine");
  });

  it("that ended unread before its execution was continued ends nothing of the one that goes on", async () => {
    const tokens: string[] = [];
    const again = workflow("again", async (ctx, round: number) => {
      const callback = ctx.callback("done", { timeout: "1h" });
      await ctx.step("hand out", () => void tokens.push(callback.token));
      if (round === 2) return callback.promise;
      await callback.promise.catch(() => undefined);
      await ctx.waitForSignal("on");
      return ctx.continueAsNew(2);
    });
    const kit = await testApp(app({ workflows: [again] }));
    await kit.client.start(again, 1, { id: "x" });
    await kit.advance("2h");
    await kit.client.completeCallback(tokens[0] ?? "", "late");
    await kit.settle();
    await kit.client.signal("x", "on");
    await kit.settle();
    await kit.client.completeCallback(tokens[1] ?? "", "mine");
    await kit.settle();
    expect(await kit.client.result("x")).toBe("mine");
  });
});

describe("a token", () => {
  it.each([
    ["cut", (token: string) => token.slice(0, -3)],
    ["cut in its middle", (token: string) => token.slice(5)],
    ["mistyped", (token: string) => `${token[0] === "W" ? "X" : "W"}${token.slice(1)}`],
    ["longer than it was", (token: string) => `${token}.x`],
    ["empty", () => ""],
    ["something else", () => "approve"],
  ])("that is %s is refused as what it is", async (_, spoil) => {
    const { kit, token } = await asked();
    for (const call of [
      () => kit.client.completeCallback(spoil(token), 1),
      () => kit.client.failCallback(spoil(token), new Error("no")),
      () => kit.client.heartbeatCallback(spoil(token)),
    ])
      await expect(call()).rejects.toMatchObject({ name: "InvalidCallbackTokenError" });
    expect(await statusOf(kit)).toBe("suspended");
  });

  it("that is no text is refused too", async () => {
    const { kit } = await asked();
    // @ts-expect-error tokens are text
    await expect(kit.client.completeCallback(undefined, 1)).rejects.toMatchObject({
      name: "InvalidCallbackTokenError",
    });
  });

  it("can be put into a URL as it is", async () => {
    const { token } = await asked();
    expect(encodeURIComponent(token)).toBe(token);
  });

  it("with an end that can't be stored is told so, and the callback stays open", async () => {
    const { kit, token } = await asked();
    await expect(kit.client.completeCallback(token, { when: () => 1 })).rejects.toMatchObject({
      name: "UnencodableValueError",
      message: expect.stringContaining("when"),
    });
    await kit.client.completeCallback(token, 1);
    expect(await kit.runToEnd("x")).toBe(1);
  });
});

describe("a callback that expects a sign of life", () => {
  it("fails without one, in words that say so", async () => {
    const { kit } = await asked({ heartbeat: "10m" });
    await kit.advance("11m");
    const end = await kit.runToEnd("x").catch((error: Error) => error.cause);
    expect(end).toMatchObject({ name: "WaitTimeoutError" });
    expect(String(end)).toMatch(
      /sign of life of callback "approve".*10 ?m|sign of life of callback "approve".*600/,
    );
  });

  it("waits on while it gets one, and for the whole time after the last", async () => {
    const { kit, token } = await asked({ heartbeat: "10m" });
    for (let beat = 0; beat < 20; beat++) {
      await kit.advance("9m");
      await kit.client.heartbeatCallback(token);
    }
    await kit.advance("9m");
    expect(await statusOf(kit)).toBe("suspended");
    await kit.advance("5m");
    await expect(kit.runToEnd("x")).rejects.toMatchObject({ cause: { name: "WaitTimeoutError" } });
  });

  it("is never given up sooner than it said, however its beats fall", async () => {
    for (const rest of [1, 50, 99, 150, 199]) {
      const { kit, token } = await asked({ heartbeat: "10m" });
      for (let beat = 0; beat < 400; beat++) {
        await kit.advance("1s");
        await kit.client.heartbeatCallback(token);
      }
      await kit.advance({ seconds: rest });
      await kit.client.heartbeatCallback(token);
      await kit.advance("599s");
      expect(await statusOf(kit), `${rest}`).toBe("suspended");
      await kit.advance("202s");
      expect(await statusOf(kit), `${rest}`).toBe("failed");
    }
  });

  it("still times out as a whole, and says that it was that", async () => {
    const { kit, token } = await asked({ heartbeat: "10m", timeout: "30m" });
    for (let beat = 0; beat < 4; beat++) {
      await kit.advance("8m");
      await kit.client.heartbeatCallback(token).catch(() => {});
    }
    const end = await kit.runToEnd("x").catch((error: Error) => error.cause);
    expect(String(end)).not.toContain("sign of life");
  });

  it("takes a thousand beats in a row as a few messages, and no turn before one is needed", async () => {
    const { kit, token } = await asked({ heartbeat: "10m" });
    const before = (await kit.client.history("x")).length;
    for (let beat = 0; beat < 1_000; beat++) {
      await kit.client.heartbeatCallback(token);
      await kit.advance("500ms");
    }
    // 500 seconds: no beat was due to be missed yet.
    expect((await kit.client.history("x")).length).toBe(before);
    const { progress } = await kit.client.describe("x");
    expect(progress.moves).toBe("timer");
    await kit.advance("2m");
    expect(
      (await kit.history("x")).filter((line) => line.startsWith("CallbackHeartbeat")).length,
    ).toBeLessThanOrEqual(4);
    await kit.client.completeCallback(token, "done");
    expect(await kit.runToEnd("x")).toBe("done");
  });

  it("is not looked at by the audit because beats lie in its inbox", async () => {
    const { kit, token } = await asked({ heartbeat: "10h" });
    await kit.advance("1h");
    await kit.client.heartbeatCallback(token);
    await kit.advance("1h");
    const before = await kit.history("x");
    await kit.audit();
    expect(await kit.history("x")).toEqual(before);
  });

  it("needs no heartbeat where none was asked for", async () => {
    const { kit, token } = await asked();
    await kit.client.heartbeatCallback(token);
    await kit.advance("300d");
    await kit.client.completeCallback(token, 1);
    expect(await kit.runToEnd("x")).toBe(1);
  });
});

describe("whatever process dies, at any call", () => {
  it.each(["before", "after", "reply-lost"] as const)(
    "%s it, the callback ends once and as it was told",
    async (when) => {
      for (let call = 1; call <= 22; call++) {
        const { tokens, app: approvals } = approving({ heartbeat: "1h" });
        const kit = await testApp(approvals, { seed: call });
        kit.crash({ call, when });
        const start = () => kit.client.start("approval", undefined, { id: "x" });
        await start().catch(start);
        await kit.advance("10m");
        const [token = ""] = tokens;
        const beat = () => kit.client.heartbeatCallback(token);
        await beat().catch(beat);
        const complete = () => kit.client.completeCallback(token, "done");
        await complete().catch(complete);
        await kit.advance("5m");
        expect(await kit.runToEnd("x"), `${when} call ${call}`).toBe("done");
        expect(new Set(tokens).size).toBe(1);
        const ends = (await kit.history("x")).filter((line) => line.startsWith("CallbackReceived"));
        expect(ends).toEqual(["CallbackReceived approve"]);
      }
    },
  );
});
