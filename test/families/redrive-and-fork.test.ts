/** Going on after a failure: redrive, of the same execution; fork, of its history up to a step. */
import { app, ChildFailedError, type Context, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { Bench } from "../runtime/bench.js";

const ONCE = { retry: { maxAttempts: 1 } } as const;

/** A service outside that is down, by name, until it is mended. */
class Outside {
  readonly calls: string[] = [];
  readonly down = new Set<string>();
  call(name: string): string {
    this.calls.push(name);
    if (this.down.has(name)) throw new Error(`${name} is down`);
    return name;
  }
}

async function run(workflows: readonly AnyWorkflow[], input: unknown = undefined): Promise<Bench> {
  const bench = new Bench(workflows);
  const [first] = workflows;
  if (first === undefined) throw new Error("nothing to run");
  await bench.start(first, input);
  await bench.cloud.advance(60_000);
  return bench;
}

async function redrive(bench: Bench, id = "x-1"): Promise<void> {
  await bench.client.redrive(id, { by: "ada" });
  await bench.cloud.advance(60_000);
}

describe("a redrive of a failed execution", () => {
  it("goes on with the failed step, with all its attempts, and repeats nothing that completed", async () => {
    const outside = new Outside();
    outside.down.add("charge");
    const order = workflow("order", async (ctx) => {
      await ctx.step("reserve", () => outside.call("reserve"));
      return ctx.step("charge", () => outside.call("charge"), { retry: { maxAttempts: 3, jitter: "none" } });
    });
    const bench = await run([order]);
    expect(await bench.status()).toBe("failed");
    expect(outside.calls).toEqual(["reserve", "charge", "charge", "charge"]);
    outside.calls.length = 0;
    await redrive(bench);
    expect(outside.calls).toEqual(["charge", "charge", "charge"]);
    outside.down.clear();
    await redrive(bench);
    expect(await bench.output()).toBe("charge");
    expect(outside.calls).toEqual(["charge", "charge", "charge", "charge"]);
  });

  it("tries all that failed side by side, and composes with the redrives before it", async () => {
    const outside = new Outside();
    for (const name of ["a", "b"]) outside.down.add(name);
    const both = workflow("both", async (ctx) => {
      const one = await ctx.step("first", () => outside.call("first"));
      const two = await Promise.all(
        ["a", "b", "c"].map((name) => ctx.step(name, () => outside.call(name), ONCE)),
      );
      const last = await ctx.step("last", () => outside.call("last"), ONCE);
      return [one, ...two, last].join(" ");
    });
    const bench = await run([both]);
    outside.down.delete("a");
    outside.down.add("last");
    await redrive(bench);
    expect(await bench.status()).toBe("failed");
    outside.down.delete("b");
    await redrive(bench);
    expect(await bench.status()).toBe("failed");
    outside.down.clear();
    await redrive(bench);
    expect(await bench.output()).toBe("first a b c last");
    expect(outside.calls.filter((name) => name === "first" || name === "c")).toEqual(["first", "c"]);
    expect((await bench.story()).filter((line) => line === "ExecutionRedriven")).toHaveLength(3);
  });

  it("lets stand what the code caught and went on from", async () => {
    const outside = new Outside();
    outside.down.add("mail").add("charge");
    const order = workflow("order", async (ctx) => {
      const mailed = await ctx.step("mail", () => outside.call("mail"), ONCE).catch(() => "not mailed");
      return `${mailed}, ${await ctx.step("charge", () => outside.call("charge"), ONCE)}`;
    });
    const bench = await run([order]);
    outside.down.clear();
    await redrive(bench);
    expect(await bench.output()).toBe("not mailed, charge");
  });

  it("runs the code of a deploy that mended it", async () => {
    const before = workflow("order", async (ctx) => {
      await ctx.step("reserve", () => 1);
      throw new Error("a bug");
    });
    const after = workflow("order", async (ctx) => {
      await ctx.step("reserve", () => 1);
      return ctx.step("ship", () => "shipped");
    });
    const bench = await run([before]);
    expect(await bench.status()).toBe("failed");
    bench.cloud.deploy(app({ workflows: [after], events: [] }));
    await redrive(bench);
    expect(await bench.output()).toBe("shipped");
  });

  it("is refused once everything was undone, and tries again only the compensations that gave up", async () => {
    const outside = new Outside();
    const undoing = (name: string) => ({
      compensate: () => outside.call(`undo ${name}`),
      compensateRetry: { maxAttempts: 1 },
    });
    const order = workflow("order", async (ctx) => {
      await ctx.step("one", () => outside.call("one"), undoing("one"));
      await ctx.step("two", () => outside.call("two"), undoing("two"));
      throw new Error("no");
    });
    const whole = await run([order]);
    await expect(redrive(whole)).rejects.toThrow(/were undone.*fork it/);

    outside.down.add("undo two");
    const half = await run([order]);
    expect((await half.head()).compensation).toBe("incomplete");
    outside.calls.length = 0;
    outside.down.clear();
    await redrive(half);
    expect(outside.calls).toEqual(["undo two"]);
    expect(await half.status()).toBe("failed");
    expect((await half.head()).compensation).toBe("complete");
  });

  it("of one that was cancelled tries again the compensations that gave up, and is refused otherwise", async () => {
    const outside = new Outside();
    outside.down.add("undo hold");
    const order = workflow("order", async (ctx) => {
      await ctx.step("hold", () => outside.call("hold"), {
        compensate: () => outside.call("undo hold"),
        compensateRetry: { maxAttempts: 1 },
      });
      await ctx.sleep("1d");
    });
    const bench = await run([order]);
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect(await bench.head()).toMatchObject({ status: "cancelled", compensation: "incomplete" });
    outside.calls.length = 0;
    outside.down.clear();
    await redrive(bench);
    expect(outside.calls).toEqual(["undo hold"]);
    expect(await bench.head()).toMatchObject({ status: "cancelled", compensation: "complete" });
    await expect(redrive(bench)).rejects.toThrow(/was cancelled and ended as it was asked to/);
  });

  it("that is asked for twice is one", async () => {
    const outside = new Outside();
    outside.down.add("charge");
    const order = workflow("order", async (ctx) => ctx.step("charge", () => outside.call("charge"), ONCE));
    const bench = await run([order]);
    outside.down.clear();
    await bench.client.redrive("x-1");
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(await bench.output()).toBe("charge");
    expect((await bench.story()).filter((line) => line === "ExecutionRedriven")).toHaveLength(1);
    await expect(bench.client.redrive("x-1")).rejects.toThrow(/completed/);
  });

  it("is listed among the open ones while it goes on, and no longer among the failed", async () => {
    const outside = new Outside();
    outside.down.add("charge");
    const order = workflow("order", async (ctx) => {
      await ctx.step("charge", () => outside.call("charge"), ONCE);
      await ctx.sleep("1d");
    });
    const bench = await run([order]);
    const ids = async (status: "failed" | "suspended") =>
      (await bench.client.list({ status })).executions.map(({ executionId }) => executionId);
    expect(await ids("failed")).toEqual(["x-1"]);
    outside.down.clear();
    await redrive(bench);
    expect(await ids("failed")).toEqual([]);
    expect(await ids("suspended")).toEqual(["x-1"]);
  });

  it("is refused when its own timeout ended it", async () => {
    const slow = workflow("slow", { timeout: "10s" }, async (ctx) => ctx.sleep("1h"));
    const bench = await run([slow]);
    await expect(redrive(bench)).rejects.toThrow(/its own timeout has passed/);
    expect(await bench.status()).toBe("failed");
  });

  it.each(["child first", "parent first"])("waits again for the child that ended it: %s", async (order) => {
    const outside = new Outside();
    outside.down.add("charge");
    const child = workflow("child", async (ctx) => ctx.step("charge", () => outside.call("charge"), ONCE));
    const parent = workflow("parent", async (ctx) => ctx.child(child, undefined, { id: "c-1" }));
    const bench = await run([parent, child]);
    expect(await bench.error()).toBeInstanceOf(ChildFailedError);
    outside.down.clear();
    for (const id of order === "child first" ? ["c-1", "x-1"] : ["x-1", "c-1"]) await redrive(bench, id);
    expect(await bench.output()).toBe("charge");
  });

  it("tells the code the truth of a child that the failure had cancelled", async () => {
    const outside = new Outside();
    outside.down.add("charge");
    const child = workflow("child", async (ctx) => ctx.sleep("1d"));
    const all = workflow("all", async (ctx) => {
      const [told] = await Promise.all([
        ctx.child(child, undefined, { id: "c-1" }).catch((error: ChildFailedError) => error.status),
        ctx.sleep("5s").then(() => ctx.step("charge", () => outside.call("charge"), ONCE)),
      ]);
      return told;
    });
    const bench = await run([all, child]);
    expect(await bench.status()).toBe("failed");
    expect(await bench.status("c-1")).toBe("cancelled");
    outside.down.clear();
    await redrive(bench);
    expect(await bench.output()).toBe("cancelled");
  });

  it("survives a crash at every one of its outside calls", async () => {
    for (const when of ["before", "after", "reply-lost"] as const) {
      for (let call = 1, struck = true; struck; call++) {
        const outside = new Outside();
        outside.down.add("charge");
        const order = workflow("order", async (ctx) => {
          await ctx.step("reserve", () => outside.call("reserve"));
          return ctx.step("charge", () => outside.call("charge"), {
            retry: { maxAttempts: 2, jitter: "none" },
          });
        });
        const bench = await run([order]);
        outside.down.clear();
        bench.cloud.faults.plan({ call, when });
        await bench.client.redrive("x-1").catch(() => bench.client.redrive("x-1"));
        await bench.cloud.advance(600_000);
        struck = bench.cloud.faults.struck;
        expect(await bench.output(), `${when} call ${call}`).toBe("charge");
        expect(outside.calls.filter((name) => name === "reserve")).toHaveLength(1);
      }
    }
  });
});

describe("a redrive of one that completed although a saga in it was not undone to the end", () => {
  const undoing = (outside: Outside, name: string) => ({
    compensate: () => outside.call(`undo ${name}`),
    compensateRetry: { maxAttempts: 2, initialInterval: "30s", jitter: "none" } as const,
  });
  const sale =
    (outside: Outside, kept = "") =>
    async (ctx: Context) => {
      const sold = await ctx
        .saga(async (saga) => {
          await saga.step("hold", () => outside.call("hold"), undoing(outside, "hold"));
          await saga.step("pack", () => outside.call("pack"), undoing(outside, "pack"));
          await saga.step("charge", () => outside.call("charge"), ONCE);
          return "sold";
        })
        .catch(() => "not sold");
      await ctx.step("mail", () => outside.call("mail"));
      return `${sold}${kept}`;
    };
  const shop = (outside: Outside, kept = "") => workflow("shop", sale(outside, kept));
  const END = { status: "completed", output: { inline: "not sold" } };

  async function halfUndone(): Promise<{ bench: Bench; outside: Outside }> {
    const outside = new Outside();
    outside.down.add("charge").add("undo pack");
    const bench = await run([shop(outside)]);
    expect(await bench.head()).toMatchObject({ ...END, compensation: "incomplete" });
    outside.calls.length = 0;
    return { bench, outside };
  }

  it("tries again what gave up, and nothing else: the output stays, and no code runs on", async () => {
    const { bench, outside } = await halfUndone();
    await redrive(bench);
    expect(outside.calls).toEqual(["undo pack", "undo pack"]);
    expect(await bench.head()).toMatchObject({ ...END, compensation: "incomplete" });
    outside.down.delete("undo pack");
    await redrive(bench);
    expect(outside.calls).toEqual(["undo pack", "undo pack", "undo pack"]);
    expect(await bench.head()).toMatchObject({ ...END, compensation: "complete" });
    expect(await bench.client.result("x-1")).toBe("not sold");
    expect((await bench.story()).filter((line) => line === "ExecutionCompleted")).toHaveLength(3);
    await expect(redrive(bench)).rejects.toThrow(/"x-1" can't be redriven: it completed, and none of its/);
  });

  it("is refused where nothing gave up", async () => {
    const outside = new Outside();
    const plain = await run([shop(outside)]);
    await expect(redrive(plain)).rejects.toThrow(/it completed, and none of its compensations gave up/);
    outside.down.add("charge");
    const undone = await run([shop(outside)]);
    expect(await undone.head()).toMatchObject({ ...END, compensation: "complete" });
    await expect(redrive(undone)).rejects.toThrow(/it completed, and none of its compensations gave up/);
  });

  it("says why it undoes: what the saga failed for", async () => {
    const { bench } = await halfUndone();
    await redrive(bench);
    const began = (await bench.history()).findLast(({ type }) => type === "CompensationStarted");
    expect(JSON.stringify(began)).toContain("charge is down");
  });

  it("keeps its output, whatever the code of a later deploy would return", async () => {
    const { bench, outside } = await halfUndone();
    bench.cloud.deploy(app({ workflows: [shop(outside, ", sorry")], events: [] }));
    outside.down.clear();
    await redrive(bench);
    expect(outside.calls).toEqual(["undo pack"]);
    expect(await bench.head()).toMatchObject({ ...END, compensation: "complete" });
  });

  it("stalls where the code of a later deploy would not have completed, and goes on after a better one", async () => {
    const { bench, outside } = await halfUndone();
    const fails = workflow("shop", async (ctx) => {
      await sale(outside)(ctx);
      throw new Error("no");
    });
    bench.cloud.deploy(app({ workflows: [fails], events: [] }));
    outside.down.clear();
    await redrive(bench);
    expect(await bench.status()).toBe("stalled");
    bench.cloud.deploy(app({ workflows: [shop(outside)], events: [] }));
    await redrive(bench);
    expect(outside.calls).toEqual(["undo pack"]);
    expect(await bench.head()).toMatchObject({ ...END, compensation: "complete" });
  });

  it("does not begin what the code had left behind", async () => {
    const outside = new Outside();
    outside.down.add("undo hold").add("slow");
    const child = workflow("child", async (ctx) => ctx.sleep("10d"));
    const hasty = workflow("hasty", async (ctx) => {
      void ctx.step("slow", () => outside.call("slow"), { retry: { initialInterval: "1h" } });
      void ctx.child(child, undefined, { id: "left", onParentClose: "abandon" });
      void ctx.child(child, undefined, { id: "cancelled" });
      await ctx
        .saga(async (saga) => {
          await saga.step("hold", () => outside.call("hold"), undoing(outside, "hold"));
          throw new Error("no");
        })
        .catch(() => {});
      return "done";
    });
    const bench = await run([hasty, child]);
    expect(await bench.head()).toMatchObject({ status: "completed", compensation: "incomplete" });
    outside.down.clear();
    outside.calls.length = 0;
    await redrive(bench);
    expect(outside.calls).toEqual(["undo hold"]);
    expect(await bench.head()).toMatchObject({ status: "completed", compensation: "complete" });
    expect([await bench.status("left"), await bench.status("cancelled")]).toEqual(["suspended", "cancelled"]);
  });

  it("changes nothing for its parent, which was told its result", async () => {
    const outside = new Outside();
    outside.down.add("charge").add("undo pack");
    const own = shop(outside);
    const parent = workflow("parent", async (ctx) => {
      const told = await ctx.child(own, undefined, { id: "c-1" });
      await ctx.sleep("1h");
      return told;
    });
    const bench = await run([parent, own]);
    expect(await bench.head("c-1")).toMatchObject({ ...END, compensation: "incomplete" });
    outside.down.clear();
    await redrive(bench, "c-1");
    expect(await bench.head("c-1")).toMatchObject({ ...END, compensation: "complete" });
    await bench.cloud.advance(3_600_000);
    expect(await bench.head()).toMatchObject(END);
    expect((await bench.story()).filter((line) => line.startsWith("ChildEnded"))).toHaveLength(1);
  });

  it("can be paused and resumed, and a cancel changes nothing", async () => {
    const { bench, outside } = await halfUndone();
    outside.down.clear();
    await bench.client.redrive("x-1");
    await bench.client.pause("x-1");
    await bench.cloud.advance(60_000);
    expect([await bench.status(), outside.calls]).toEqual(["paused", []]);
    await bench.client.resume("x-1");
    await bench.client.cancel("x-1");
    await bench.cloud.advance(60_000);
    expect(await bench.head()).toMatchObject({ ...END, compensation: "complete" });
    expect(outside.calls).toEqual(["undo pack"]);
  });

  it("leaves its output where it stands, when it is terminated meanwhile", async () => {
    const { bench } = await halfUndone();
    await bench.client.redrive("x-1");
    await bench.cloud.advance(5_000);
    expect(await bench.status()).toBe("compensating");
    await bench.client.terminate("x-1");
    await bench.cloud.settle();
    expect(await bench.head()).toMatchObject({ status: "terminated", output: END.output });
  });

  it.each(["before", "after", "reply-lost"] as const)(
    "survives a crash %s every one of its outside calls",
    async (when) => {
      const undisturbed = await halfUndone();
      undisturbed.outside.down.clear();
      const before = undisturbed.bench.cloud.faults.calls.length;
      await redrive(undisturbed.bench);
      const story = await undisturbed.bench.story();
      const calls = undisturbed.bench.cloud.faults.calls.length - before;
      expect(calls).toBeGreaterThan(8);
      for (let call = 1; call <= calls; call++) {
        const at = `${when} call ${call}`;
        const { bench, outside } = await halfUndone();
        outside.down.clear();
        bench.cloud.faults.plan({ call, when });
        await bench.client.redrive("x-1").catch(() => bench.client.redrive("x-1"));
        await bench.cloud.advance(600_000);
        expect(bench.cloud.faults.struck, at).toBe(true);
        expect(await bench.head(), at).toMatchObject({ ...END, compensation: "complete" });
        // A crash after the body lets it run once more; nothing else runs again.
        expect(new Set(outside.calls), at).toEqual(new Set(["undo pack"]));
        const again = (await bench.story()).filter((line) => line !== "LeaseTaken");
        expect(again, at).toEqual(story);
      }
    },
  );
});

describe("a fork", () => {
  const draws: number[] = [];
  function order(outside: Outside) {
    return workflow("order", { timeout: "1h" }, async (ctx) => {
      const chance = ctx.random();
      draws.push(chance);
      await ctx.step("reserve", ({ idempotencyKey }) =>
        outside.call(`reserve ${idempotencyKey === "" ? "?" : ""}`),
      );
      await ctx.sleep("5s");
      const kept = await ctx.saga((inner) => inner.step("pick", () => outside.call("pick")));
      await ctx.step("pick", () => outside.call("second pick"));
      return `${kept} ${await ctx.step("ship", () => outside.call("ship"), ONCE)} ${chance}`;
    });
  }

  it("has the history up to the step, the original's chance, and goes on by itself", async () => {
    const outside = new Outside();
    outside.down.add("ship");
    const bench = await run([order(outside)]);
    expect(await bench.status()).toBe("failed");
    outside.calls.length = 0;
    outside.down.clear();
    const { executionId } = await bench.client.fork("x-1", { from: "ship" });
    await bench.cloud.settle();
    expect(await bench.output(executionId)).toBe(`pick ship ${draws[0]}`);
    expect(outside.calls).toEqual(["ship"]);
    expect(await bench.status("x-1")).toBe("failed");
    expect((await bench.client.describe(executionId)).origin).toEqual({ kind: "forked", executionId: "x-1" });
  });

  it("runs for the same application, and by the same pipeline configuration; so does one that is redriven", async () => {
    const outside = new Outside();
    outside.down.add("ship");
    const bench = new Bench([order(outside)]);
    const labels = { application: "shop", pipelineConfigId: "p-1" };
    await bench.start(order(outside), undefined, "x-1", labels);
    await bench.cloud.advance(60_000);
    outside.down.clear();
    await bench.client.fork("x-1", { from: "ship", id: "forked" });
    await redrive(bench);
    const { executions } = await bench.client.list(labels);
    expect(executions).toMatchObject([
      { executionId: "forked", status: "completed", ...labels },
      { executionId: "x-1", status: "completed", ...labels },
    ]);
  });

  it("begins with a step that is named by its path, by its occurrence, or inside a saga", async () => {
    const outside = new Outside();
    const bench = await run([order(outside)]);
    for (const [from, calls] of [
      ["saga/step:pick", ["pick", "second pick", "ship"]],
      ["step:pick", ["second pick", "ship"]],
      ["pick", ["pick", "second pick", "ship"]],
    ] as const) {
      outside.calls.length = 0;
      const { executionId } = await bench.client.fork("x-1", { from });
      await bench.cloud.settle();
      expect(outside.calls, from).toEqual(calls);
      expect(await bench.status(executionId), from).toBe("completed");
    }
  });

  it("twice is one, and the fork of a fork is its own with the timeout that was declared", async () => {
    const outside = new Outside();
    const bench = await run([order(outside)]);
    const first = await bench.client.fork("x-1", { from: "ship" });
    expect(first.created).toBe(true);
    expect(await bench.client.fork("x-1", { from: "ship" })).toMatchObject({
      executionId: first.executionId,
      created: false,
    });
    await bench.cloud.advance(60_000);
    const second = await bench.client.fork(first.executionId, { from: "ship", id: "again" });
    await bench.cloud.settle();
    expect(await bench.output(second.executionId)).toBe(await bench.output("x-1"));
    const { deadline, createdAt } = await bench.head("again");
    expect((deadline ?? 0) - createdAt).toBe(3_600_000);
  });

  it("of one that is open leaves that one alone; of an unknown step, or over another execution, is an error", async () => {
    const outside = new Outside();
    const waiting = workflow("waiting", async (ctx) => {
      await ctx.step("begin", () => outside.call("begin"));
      await ctx.waitForSignal("go");
      return ctx.step("end", () => outside.call("end"));
    });
    const bench = await run([waiting]);
    await bench.start(waiting, undefined, "other");
    await expect(bench.client.fork("x-1", { from: "nothing" })).rejects.toThrow(
      /no step "nothing" \(it has step:begin\)/,
    );
    await expect(bench.client.fork("x-1", { from: "begin", id: "other" })).rejects.toThrow(/"other"/);
    const { executionId } = await bench.client.fork("x-1", { from: "begin" });
    await bench.cloud.settle();
    await bench.client.signal(executionId, "go");
    await bench.cloud.settle();
    expect([await bench.status(executionId), await bench.status("x-1")]).toEqual(["completed", "suspended"]);
    await bench.client.signal("other", "go");
    await bench.cloud.settle();
    expect(await bench.output("other")).toBe("end");
  });

  it("of an unknown step is told of every step that was tried, also of one that failed", async () => {
    const outside = new Outside();
    outside.down.add("charge");
    const failing = workflow("failing", async (ctx) => {
      await ctx.step("reserve", () => outside.call("reserve"));
      return ctx.step("charge", () => outside.call("charge"), { retry: { maxAttempts: 2 } });
    });
    const bench = await run([failing]);
    await expect(bench.client.fork("x-1", { from: "chrage" })).rejects.toThrow(
      /no step "chrage" \(it has step:reserve, step:charge\)/,
    );
  });

  it("of one that was redriven knows what was made void", async () => {
    const outside = new Outside();
    outside.down.add("charge");
    const shop = workflow("shop", async (ctx) => {
      await ctx.step("charge", () => outside.call("charge"), ONCE);
      return ctx.step("ship", () => outside.call("ship"));
    });
    const bench = await run([shop]);
    outside.down.clear();
    await redrive(bench);
    outside.calls.length = 0;
    const { executionId } = await bench.client.fork("x-1", { from: "ship" });
    await bench.cloud.settle();
    expect(await bench.output(executionId)).toBe("ship");
    expect(outside.calls).toEqual(["ship"]);
  });

  it("asks children anew that had not ended by then", async () => {
    const outside = new Outside();
    const child = workflow("child", async (ctx) => {
      await ctx.sleep("10s");
      return ctx.step("work", () => outside.call("work"));
    });
    const parent = workflow("parent", async (ctx) => {
      const working = ctx.child(child, undefined);
      await ctx.sleep("1s");
      await ctx.step("middle", () => outside.call("middle"));
      return working;
    });
    const bench = await run([parent, child]);
    const { executionId } = await bench.client.fork("x-1", { from: "middle" });
    await bench.cloud.advance(60_000);
    expect(await bench.output(executionId)).toBe("work");
    expect(outside.calls).toEqual(["middle", "work", "middle", "work"]);
  });

  it("has idempotency keys of its own", async () => {
    const keys: string[] = [];
    const keyed = workflow("keyed", async (ctx) => ctx.step("pay", (step) => keys.push(step.idempotencyKey)));
    const bench = await run([keyed]);
    await bench.client.fork("x-1", { from: "pay" });
    await bench.cloud.settle();
    expect(new Set(keys).size).toBe(2);
  });
});
