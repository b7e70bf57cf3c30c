/** What is sent to an execution that has gone on as a new one. */
import { ExecutionClosedError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { checkExecutionId, derivedChildId, LONGEST_EXECUTION_ID } from "../../lib/model/ids.js";
import { successorOf } from "../../lib/runtime/ending/successor.js";
import { executionIdFor } from "../../lib/runtime/start.js";
import { Bench } from "./bench.js";

describe("a callback of an execution that was continued", () => {
  const tokens: string[] = [];
  const asks = workflow("asks", async (ctx, generation: number) => {
    const { token, promise } = ctx.callback("answer");
    if (!tokens.includes(token)) tokens.push(token);
    const result = await Promise.race([promise, ctx.sleep(generation === 0 ? "10s" : "1h")]);
    return generation === 0 ? ctx.continueAsNew(1) : result;
  });

  it("is another than that of its successor, though both stand at the same place of the code", async () => {
    tokens.length = 0;
    const bench = new Bench([asks]);
    await bench.start(asks, 0);
    await bench.cloud.advance(20_000);
    expect(await bench.status()).toBe("continued");
    const [before = "", after = ""] = tokens;
    await expect(bench.client.completeCallback(before, "for the one before")).rejects.toThrow(
      ExecutionClosedError,
    );
    await bench.client.completeCallback(after, "for this one");
    await bench.cloud.advance(1_000);
    expect(await bench.output("x-1:run2")).toBe("for this one");
  });

  it("can be completed where that of the one before was", async () => {
    tokens.length = 0;
    const again = workflow("again", async (ctx, generation: number) => {
      const { token, promise } = ctx.callback("answer");
      if (!tokens.includes(token)) tokens.push(token);
      const result = await promise;
      return generation === 0 ? ctx.continueAsNew(1) : result;
    });
    const bench = new Bench([again]);
    await bench.start(again, 0);
    await bench.cloud.advance(1_000);
    await bench.client.completeCallback(tokens[0] ?? "", "first");
    await bench.cloud.advance(1_000);
    await bench.client.completeCallback(tokens[1] ?? "", "second");
    await bench.cloud.advance(1_000);
    expect(await bench.output("x-1:run2")).toBe("second");
  });
});

describe("a child that goes on as a new execution", () => {
  it("tells its parent how that one ends", async () => {
    const child = workflow("child", async (ctx, generation: number) => {
      await ctx.sleep("1s");
      return generation < 2 ? ctx.continueAsNew(generation + 1) : "at last";
    });
    const parent = workflow("parent", async (ctx) => ctx.child(child, 0));
    const bench = new Bench([parent, child]);
    await bench.start(parent, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.output()).toBe("at last");
  });

  it("is terminated where it goes on when its parent no longer waits for it", async () => {
    const child = workflow("child", async (ctx, generation: number) => {
      await ctx.sleep(generation === 0 ? "1s" : "1h");
      return generation === 0 ? ctx.continueAsNew(1) : "at last";
    });
    const parent = workflow("parent", async (ctx) =>
      ctx.race({
        child: (own) => own.child(child, 0, { id: "c-1", onParentClose: "terminate" }),
        late: (own) => own.sleep("10s"),
      }),
    );
    const bench = new Bench([parent, child]);
    await bench.start(parent, undefined);
    await bench.cloud.advance(60_000);
    expect(await bench.status()).toBe("completed");
    expect(await bench.status("c-1:run2")).toBe("terminated");
  });
});

describe("the successor of an execution that was cancelled", () => {
  it("can be cancelled in its turn", async () => {
    const stubborn = workflow("stubborn", async (ctx, generation: number) => {
      try {
        await ctx.sleep("1h");
      } catch (error) {
        if (generation === 0) return ctx.continueAsNew(1);
        throw error;
      }
      return "slept";
    });
    const bench = new Bench([stubborn]);
    await bench.start(stubborn, 0);
    await bench.cloud.advance(1_000);
    await bench.client.cancel("x-1");
    await bench.cloud.advance(1_000);
    expect(await bench.status()).toBe("continued");
    await bench.client.cancel("x-1");
    await bench.cloud.advance(1_000);
    expect(await bench.status("x-1:run2")).toBe("cancelled");
  });
});

describe("an id that is derived", () => {
  it("is one that a user could have chosen, however long the one is that it comes from", () => {
    const longest = Array.from({ length: 300 }, (_, n) => `${n}-`.padEnd(LONGEST_EXECUTION_ID, "x"));
    for (const id of longest) {
      checkExecutionId(successorOf(id));
      checkExecutionId(successorOf(successorOf(id)));
      checkExecutionId(derivedChildId(id, "child"));
      checkExecutionId(executionIdFor("w".repeat(128), id));
    }
  });
});
