/** What brings an execution back when a carrier, a function or a whole service fails (docs/architecture.md). */
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { Bench } from "./bench.js";
import { eventLoopTurn } from "./slow-store.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEEK_MS = 7 * 24 * HOUR_MS;
const AUDIT_PERIOD_MS = 5 * MINUTE_MS;
/** What the audit leaves to the ordinary carriers. */
const AUDIT_GRACE_MS = 2 * MINUTE_MS;

const napping = workflow("napping", async (ctx) => {
  const began = ctx.now().getTime();
  await ctx.sleep("2h");
  return ctx.now().getTime() - began;
});

describe("a long timer", () => {
  it("hops through the queue while the scheduler is down, and fires on time", async () => {
    const bench = new Bench([napping]);
    bench.cloud.schedulerIsOn = false;
    await bench.start(napping, undefined);
    await bench.cloud.advance(2 * HOUR_MS - 1);
    expect(await bench.status()).toBe("suspended");
    await bench.cloud.advance(1);
    expect(await bench.output()).toBe(2 * HOUR_MS);
    // One try at every hop, and none that was waited for between them.
    const tries = bench.cloud.faults.calls.filter((call) => call === "wakes.schedule").length;
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThanOrEqual(8);
  });

  it("goes back to the scheduler once it is up again", async () => {
    const bench = new Bench([napping]);
    bench.cloud.schedulerIsOn = false;
    await bench.start(napping, undefined);
    await bench.cloud.advance(20 * MINUTE_MS);
    bench.cloud.schedulerIsOn = true;
    await bench.cloud.advance(2 * HOUR_MS - 20 * MINUTE_MS);
    expect(await bench.output()).toBe(2 * HOUR_MS);
    expect(bench.cloud.faults.calls.filter((call) => call === "wakes.schedule")).toHaveLength(3);
  });
});

describe("a purged wake queue", () => {
  it("is repaired by the audit within its period, once what was lost is overdue", async () => {
    const bench = new Bench([napping]);
    await bench.start(napping, undefined);
    await bench.cloud.advance(MINUTE_MS);
    bench.cloud.wakeQueue.purge();
    await bench.cloud.advance(2 * HOUR_MS - MINUTE_MS);
    expect(await bench.status()).toBe("suspended");
    for (let late = 0; late < AUDIT_GRACE_MS + AUDIT_PERIOD_MS; late += AUDIT_PERIOD_MS) {
      await bench.cloud.audit();
      await bench.cloud.advance(AUDIT_PERIOD_MS);
    }
    expect(await bench.output()).toBeLessThanOrEqual(2 * HOUR_MS + AUDIT_GRACE_MS + AUDIT_PERIOD_MS);
  });
});

describe("outgoing events", () => {
  const Told = event<{ n: number }>("told");
  const telling = workflow("telling", async (ctx) => {
    for (let n = 0; n < 40; n++)
      await ctx.step(`s${n}`, () => n).then((said) => ctx.sendEvent(Told, { n: said }));
  });
  const toldBy = ({ cloud }: Bench): unknown[] => [
    ...new Set(cloud.published.map(({ detail }) => JSON.stringify(detail))),
  ];

  it("are all published after a week without the relay, once it is on again and the audit ran", async () => {
    const bench = new Bench([telling]);
    bench.cloud.relayIsOn = false;
    await bench.start(telling, undefined);
    await bench.cloud.advance(WEEK_MS);
    expect(await bench.status()).toBe("completed");
    expect(bench.cloud.published).toEqual([]);
    bench.cloud.relayIsOn = true;
    await bench.cloud.audit();
    await bench.cloud.advance(AUDIT_PERIOD_MS);
    expect(toldBy(bench)).toHaveLength(40);
  });

  it("are all published by the audit alone, when the stream has lost them", async () => {
    const bench = new Bench([telling]);
    bench.cloud.relayIsOn = false;
    await bench.start(telling, undefined);
    await bench.cloud.advance(HOUR_MS);
    // 25 commits of a shard at each run.
    await bench.cloud.audit();
    await bench.cloud.audit();
    expect(toldBy(bench)).toHaveLength(40);
    expect(bench.cloud.published).toHaveLength(40);
  });
});

describe("a wake behind a live lease", () => {
  const Paid = event<{ order: string }>("paid", { key: (data) => data.order });

  /** The owner dies in a body, and holds its lease for 65 s; an event comes after 5. */
  async function ownerless(): Promise<Bench> {
    const waiting = workflow("waiting", async (ctx) => {
      const paid = ctx.waitForEvent(Paid, { key: "o-1" });
      await ctx.step("deadly", async ({ attempt }) => {
        // Meanwhile the wait is registered.
        for (let turn = 0; turn < 20; turn++) await eventLoopTurn();
        if (attempt === 1) bench.cloud.killAll();
      });
      return (await paid).order;
    });
    const bench: Bench = new Bench([waiting], [Paid]);
    await bench.start(waiting, undefined);
    await bench.cloud.advance(5_000);
    bench.publish(Paid, { order: "o-1" });
    await bench.cloud.settle();
    return bench;
  }

  it("is put back to the lease's end, and takes over then", async () => {
    const bench = await ownerless();
    // The owner's own message comes back after 90 s; the lease ends after 65.
    await bench.cloud.advance(61_000);
    expect(await bench.output()).toBe("o-1");
  });
});
