/** An end that is recorded, and whose owner died before it settled, is settled by the next owner: not recorded, told or acted upon again. */
import { event, NonRetryableError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { CorruptHistoryError } from "../../lib/model/errors.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const HOUR = 3_600_000;
const ALL = { lifecycleEvents: true } as const;

/** What the bus was told of an execution, each event once. */
function toldOf({ cloud }: Bench, executionId = "x-1"): string[] {
  const told = cloud.published
    .filter(({ detail }) => JSON.stringify(detail).includes(`"${executionId}"`))
    .map(({ name, resources }) => [resources[0], name.replace("holdfast.execution.", "")] as const);
  return [...new Map(told).values()];
}

/** Everything that happens from `act` on, with a death at each call, before and after it. */
async function atEveryCall(
  workflows: ConstructorParameters<typeof Bench>[0],
  prepare: (bench: Bench) => Promise<unknown>,
  act: (bench: Bench) => Promise<unknown>,
  check: (bench: Bench, at: string) => Promise<void>,
): Promise<void> {
  const run = async (crash?: { readonly call: number; readonly when: "before" | "after" }) => {
    const bench = new Bench(workflows, [], { replay: "off" });
    await prepare(bench);
    const from = bench.cloud.faults.calls.length;
    if (crash !== undefined) bench.cloud.faults.plan(crash);
    await act(bench).catch(() => act(bench));
    await bench.cloud.advance(2 * HOUR);
    return { bench, calls: bench.cloud.faults.calls.slice(from) };
  };
  const { bench, calls } = await run();
  await check(bench, "undisturbed");
  for (const when of ["before", "after"] as const) {
    for (let call = 1; call <= calls.length; call += 1) {
      const disturbed = await run({ call, when });
      await check(disturbed.bench, `${when} call ${call}, ${calls[call - 1]}`);
    }
  }
}

async function count(bench: Bench, type: string): Promise<number> {
  return (await bench.history()).filter((one) => one.type === type).length;
}

describe("an end that is recorded and not settled", () => {
  it("after a redrive is not redriven again", async () => {
    let broken = true;
    const once = workflow("once", ALL, async (ctx) => {
      const pay = (): number => {
        if (broken) throw new NonRetryableError("no");
        return 1;
      };
      return ctx.step("pay", pay, { retry: { maxAttempts: 5 } });
    });
    await atEveryCall(
      [once],
      async (bench) => {
        broken = true;
        await bench.start(once, undefined);
        await bench.cloud.settle();
        broken = false;
      },
      ({ client }) => client.redrive("x-1"),
      async (bench, at) => {
        expect(await bench.output(), at).toBe(1);
        expect(await count(bench, "ExecutionRedriven"), at).toBe(1);
        expect(toldOf(bench).toSorted(), at).toEqual(["completed", "failed", "redriven", "started"]);
      },
    );
  });

  it("of one that was cancelled before its start is recorded and told once", async () => {
    const waiting = workflow("waiting", ALL, (ctx) => ctx.waitForSignal("go"));
    await atEveryCall(
      [waiting],
      async (bench) => {
        await bench.start(waiting, undefined, "x-1", { delayMs: HOUR });
        await bench.cloud.settle();
      },
      ({ client }) => client.cancel("x-1"),
      async (bench, at) => {
        expect(await bench.status(), at).toBe("cancelled");
        expect(await count(bench, "ExecutionCancelled"), at).toBe(1);
        expect(toldOf(bench), at).toEqual(["cancelled"]);
      },
    );
  });
});

describe("a closing duty that can't be done", () => {
  it("stalls nobody who has ended", async () => {
    const Ended = event("ended");
    const child = workflow("child", (ctx) => ctx.waitForSignal("never"));
    const parent = workflow("parent", ALL, async (ctx) => {
      ctx.child(child, undefined, { id: "the-child" }).catch(() => undefined);
      await ctx.waitForSignal("go");
      await ctx.sendEvent(Ended, {});
      return "done";
    });
    const memory = createMemoryStore();
    let isDamaged = false;
    const store: Store = {
      ...memory,
      createExecution: async (execution) => {
        if (isDamaged) throw new CorruptHistoryError("the-child", "its head is damaged");
        return memory.createExecution(execution);
      },
    };
    const bench = new Bench([parent, child], [], { store, replay: "off" });
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    isDamaged = true;
    await bench.client.signal("x-1", "go");
    await bench.cloud.advance(HOUR);
    expect(await bench.status()).toBe("completed");
    expect(await count(bench, "ExecutionStalled")).toBe(0);
    expect(toldOf(bench)).toEqual(["started", "completed"]);
    expect(bench.cloud.errors.map(String).join()).toContain("its head is damaged");
  });
});
