import { app, event, type Workflow, workflow } from "holdfast";
import { HiddenNonDeterminismError, testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";

const Paid = event<{ id: string }>("paid", { key: (data) => data.id });

async function findIn(of: Workflow<unknown, unknown>): Promise<HiddenNonDeterminismError> {
  const t = await testApp(app({ workflows: [of], events: [Paid] }));
  const found: unknown = await t.run(of, undefined, { id: "x-1" }).catch((error: unknown) => error);
  if (found instanceof HiddenNonDeterminismError) return found;
  throw new Error(`nothing was found: ${found}`);
}

describe("a replay after every turn", () => {
  it("finds a branch on the clock, though no time has passed", async () => {
    const began = Date.now();
    const late = workflow("late", async (ctx) => {
      if (Date.now() - began > 3_600_000) await ctx.step("remind", () => {});
      await ctx.step("charge", () => {});
      await ctx.sleep("1h");
    });
    const error = await findIn(late);
    expect(error.message).toMatch(/Workflow "late" does not do the same again .*\(execution "x-1"\)/);
    expect(error.message).toMatch(/first it asked for step "charge" and, replayed, for step "remind"/);
    expect(error.message).toMatch(/It called Date\.now\(\)\./);
  });

  it("finds chance in how long it sleeps, which no history records", async () => {
    const jittery = workflow("jittery", async (ctx) => {
      await ctx.step("call", () => {});
      await ctx.sleep({ milliseconds: 60_000 + Math.floor(Math.random() * 60_000) });
    });
    const error = await findIn(jittery);
    expect(error.message).toMatch(/after step "call" it asked for ctx\.sleep\(.*replayed, for ctx\.sleep\(/);
    expect(error.message).toMatch(/It called Math\.random\(\)\./);
  });

  it("finds a variable outside of the handler that counts", async () => {
    let runs = 0;
    const counting = workflow("counting", async (ctx) => {
      runs += 1;
      await ctx.step(`run-${runs}`, () => {});
      await ctx.waitForEvent(Paid, { key: "p", timeout: "1d" });
    });
    const error = await findIn(counting);
    expect(error.message).toMatch(/asked for step "run-1" and, replayed, for step "run-2"/);
    expect(error.message).toMatch(/a variable outside of the handler/);
  });

  it("finds an order that another module has changed", async () => {
    const shared = new Map([["a", 1]]);
    const ordered = workflow("ordered", async (ctx) => {
      await Promise.all([...shared.keys()].map((key) => ctx.step(key, () => {})));
      await ctx.step("change", () => {
        shared.delete("a");
        shared.set("b", 2).set("a", 1);
      });
      await ctx.sleep("1h");
    });
    const error = await findIn(ordered);
    expect(error.message).toMatch(/first it asked for step "a" and, replayed, for step "b"/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("finds a result that is another each time", async () => {
    const stamped = workflow("stamped", async () => ({ at: new Date().toISOString() }));
    const error = await findIn(stamped);
    expect(error.message).toMatch(/it returned .* and, replayed, /);
    expect(error.message).toMatch(/new Date\(\)/);
  });

  it("finds a failure that is another each time", async () => {
    const failing = workflow("failing", async (ctx) => {
      await ctx.step("begin", () => {});
      throw new Error(`failed at ${Date.now()}`);
    });
    expect((await findIn(failing)).message).toMatch(/it failed for .* and, replayed, for /);
  });

  it("tells the test once, at the call that let it happen", async () => {
    const chancy = workflow("chancy", async (ctx) => {
      await ctx.sleep({ milliseconds: 100_000 + Math.floor(Math.random() * 100_000) });
    });
    const t = await testApp(app({ workflows: [chancy] }));
    await t.client.start(chancy, undefined, { id: "x-1" });
    await expect(t.settle()).rejects.toThrow(HiddenNonDeterminismError);
    await t.settle();
  });

  it("has nothing against time and chance from the context, or in a step", async () => {
    const honest = workflow("honest", async (ctx) => {
      const at = await ctx.step("now", () => Date.now());
      await ctx.sleep({ milliseconds: 1_000 + Math.floor(ctx.random() * 1_000) });
      return { at, id: ctx.uuid(), later: ctx.now() };
    });
    const t = await testApp(app({ workflows: [honest] }));
    const before = Date.now();
    const { at } = await t.run(honest, undefined);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThan(before + 60_000);
  });

  it("has nothing against functions, classes and definitions that the code makes anew", async () => {
    const making = workflow("making", async (ctx) => {
      class Full extends Error {}
      const options = { retry: { nonRetryable: [Full] }, compensate: () => {} };
      await ctx.step("try", () => {}, options);
      await ctx.waitForEvent(event("paid", { key: () => "x" }), { key: "p", timeout: "1h" }).catch(() => {});
      await ctx.sendEvent(event("told"), { at: ctx.now(), list: [new Map([[1, { n: 1 }]])] });
    });
    const t = await testApp(app({ workflows: [making], events: [Paid] }));
    await t.run(making, undefined, { id: "x-1" });
    await t.expectHistory("x-1").toContainInOrder(["WaitTimedOut paid", "EventSent told"]);
  });

  it("finds an event that says something else each time", async () => {
    const telling = workflow("telling", async (ctx) => {
      await ctx.sendEvent(event("told"), { deep: [{ at: Date.now() }] });
    });
    expect((await findIn(telling)).message).toMatch(
      /ctx\.sendEvent\(\["event","told"\], \{"deep":\[\{"at":\d+\}\]\}\) and, replayed, for ctx\.sendEvent/,
    );
  });

  it("leaves the clock and chance of the process as they were", async () => {
    const { Date: date } = globalThis;
    const { random } = Math;
    const stamped = workflow("stamped", async () => Date.now());
    await findIn(stamped);
    expect(globalThis.Date).toBe(date);
    expect(Math.random).toBe(random);
  });

  it("leaves them so when several tests run at the same time", async () => {
    const { Date: date } = globalThis;
    const { random } = Math;
    const seen: number[] = [];
    const honest = workflow("honest", async (ctx) => {
      for (let n = 0; n < 5; n++) {
        await ctx.step("look", () => void seen.push(Date.now()));
        await ctx.sleep("1d");
      }
    });
    const began = Date.now();
    await Promise.all(
      Array.from({ length: 10 }, async () =>
        (await testApp(app({ workflows: [honest] }))).run(honest, undefined),
      ),
    );
    expect(seen).toHaveLength(50);
    expect(Math.max(...seen) - began).toBeLessThan(3_600_000);
    expect(globalThis.Date).toBe(date);
    expect(Math.random).toBe(random);
  });

  it("runs no body, and can be switched off", async () => {
    let bodies = 0;
    const chancy = workflow("chancy", async (ctx) => {
      await ctx.step("body", () => {
        bodies += 1;
      });
      await ctx.sleep("1d");
      return Math.random();
    });
    const t = await testApp(app({ workflows: [chancy] }), { replay: "off" });
    await t.run(chancy, undefined);
    expect(bodies).toBe(1);
    const checked = await testApp(app({ workflows: [chancy] }));
    await expect(checked.run(chancy, undefined)).rejects.toThrow(HiddenNonDeterminismError);
    expect(bodies).toBe(2);
  });
});
