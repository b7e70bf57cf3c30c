import { app, ExecutionFailedError, event, ResultTimeoutError, WaitTimeoutError, workflow } from "holdfast";
import { DoesNotEndError, testApp } from "holdfast/testing";
import { describe, expect, it } from "vitest";

const Paid = event<{ id: string }>("paid", { key: (data) => data.id });
const sleepy = workflow("sleepy", async (ctx, days: number) => {
  for (let day = 0; day < days; day++) await ctx.sleep("1d");
  return days;
});
const nap = workflow("nap", async (ctx, minutes: number) => {
  await ctx.sleep({ minutes });
  return minutes;
});
const waiting = workflow("waiting", async (ctx, timeout: "1d" | undefined) => {
  const paid = await ctx.waitForEvent(Paid, { key: "p-1", ...(timeout === undefined ? {} : { timeout }) });
  return paid.id;
});
const paying = workflow("paying", async (ctx) => {
  await ctx.sleep("2h");
  await ctx.sendEvent(Paid, { id: "p-1" });
});
const endless = workflow("endless", async (ctx) => {
  for (;;) await ctx.sleep("7d");
});
const all = app({ workflows: [sleepy, nap, waiting, paying, endless], events: [Paid] });

describe("running to the end", () => {
  it("lets pass what time is needed, and no more", async () => {
    const t = await testApp(all);
    const before = t.now().getTime();
    expect(await t.run(sleepy, 3)).toBe(3);
    expect(t.now().getTime() - before).toBeGreaterThanOrEqual(3 * 86_400_000);
    expect(t.now().getTime() - before).toBeLessThan(3 * 86_400_000 + 5_000);
  });

  it("says what an execution waits for that time does not bring", async () => {
    const t = await testApp(all);
    await expect(t.run(waiting, undefined, { id: "x-1" })).rejects.toThrow(
      /"x-1" does not end by itself\. It waits for event "paid" with key "p-1"/,
    );
    await t.publish(Paid, { id: "p-1" });
    expect(await t.runToEnd("x-1")).toBe("p-1");
  });

  it("times waits out", async () => {
    const t = await testApp(all);
    const error = await t.run(waiting, "1d").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExecutionFailedError);
    expect(error).toMatchObject({ cause: expect.any(WaitTimeoutError) });
  });

  it("waits for what another execution will send", async () => {
    const t = await testApp(all);
    await t.client.start(paying, undefined, { id: "p-1" });
    expect(await t.run(waiting, undefined)).toBe("p-1");
  });

  it("gives up on what does not end within its time", async () => {
    const t = await testApp(all);
    await expect(t.run(endless, undefined, { within: "90d" })).rejects.toThrow(DoesNotEndError);
    await expect(t.runToEnd("no-such")).rejects.toThrow(/no execution "no-such"/);
  });

  it("leaves a planned crash where it was planned", async () => {
    const t = await testApp(all);
    await t.client.start(sleepy, 2, { id: "x-1" });
    t.crash({ call: 3, when: "after" });
    expect(await t.runToEnd("x-1")).toBe(2);
    await t.expectHistory("x-1").toContainInOrder(["LeaseTaken", "TimerFired sleep"]);
  });
});

describe("a client that waits", () => {
  it("makes time pass", async () => {
    const t = await testApp(all);
    await t.client.start(nap, 5, { id: "x-1" });
    expect(await t.client.result("x-1", { timeout: "10m" })).toBe(5);
    await t.client.start(nap, 5, { id: "x-2" });
    await expect(t.client.result("x-2")).rejects.toThrow(ResultTimeoutError);
    expect(await t.client.start(nap, 5, { id: "x-2", wait: "5m" })).toMatchObject({ output: 5 });
  });

  it("waits for the test, where the test lets time pass itself", async () => {
    const t = await testApp(all);
    await t.client.start(nap, 5, { id: "x-1" });
    const result = t.client.result("x-1", { timeout: "1h" });
    await t.advance("20m");
    expect(await result).toBe(5);
    expect(t.now().toISOString()).toBe("2026-01-01T12:20:00.000Z");
  });
});

describe("a body with real work", () => {
  const slow = workflow("slow", async (ctx) =>
    ctx.step("fetch", async () => {
      await new Promise((fetched) => setTimeout(fetched, 250));
      return "fetched";
    }),
  );

  it("is waited for as long as the test has patience", async () => {
    const t = await testApp(app({ workflows: [slow] }), { patience: "5s" });
    expect(await t.run(slow, undefined)).toBe("fetched");
    expect(t.calls("fetch")).toHaveLength(1);
  });
});
