/** A turn that fails because a service does is no crash: an outage uses up no attempts, and stalls nobody. */
import { StepInterruptedError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "./bench.js";

const MINUTE = 60_000;

/** A store whose settlements fail while it is out; with `marks`, so do the notes that a turn failed. */
function failing({ marks = false } = {}): { readonly store: Store; out: boolean } {
  const memory = createMemoryStore();
  const check = (isOut: boolean): void => {
    if (isOut) throw new Error("The service is unavailable.");
  };
  const shaky = {
    out: false,
    store: {
      ...memory,
      settle: async (...settlement: Parameters<Store["settle"]>) => {
        check(shaky.out);
        return memory.settle(...settlement);
      },
      failLease: async (...lease: Parameters<Store["failLease"]>) => {
        check(shaky.out && marks);
        return memory.failLease(...lease);
      },
    },
  };
  return shaky;
}

async function takeovers(bench: Bench): Promise<number> {
  return (await bench.story()).filter((line) => line === "LeaseTaken").length;
}

describe("an outage of ten minutes", () => {
  it("stalls no execution, however many of its turns fail", async () => {
    const sleeping = workflow("sleeping", async (ctx) => {
      await ctx.sleep("5s");
      return "survived";
    });
    const shaky = failing();
    const bench = new Bench([sleeping], [], { store: shaky.store });
    await bench.start(sleeping, undefined);
    await bench.cloud.settle();
    shaky.out = true;
    await bench.cloud.advance(10 * MINUTE);
    expect(await bench.status()).toBe("suspended");
    shaky.out = false;
    await bench.cloud.advance(2 * MINUTE);
    expect(await bench.output()).toBe("survived");
    // More than a process may die in a row.
    expect(await takeovers(bench)).toBeGreaterThan(5);
  });

  it("takes no attempt from a step whose result could not be recorded", async () => {
    const attempts: number[] = [];
    const stepping = workflow("stepping", async (ctx) => {
      await ctx.sleep("5s");
      return ctx.step("charge", (step) => attempts.push(step.attempt), { retry: { maxAttempts: 2 } });
    });
    const shaky = failing();
    const bench = new Bench([stepping], [], { store: shaky.store, replay: "off" });
    await bench.start(stepping, undefined);
    await bench.cloud.settle();
    shaky.out = true;
    await bench.cloud.advance(10 * MINUTE);
    shaky.out = false;
    await bench.cloud.advance(2 * MINUTE);
    expect(await bench.status()).toBe("completed");
    expect(attempts.length).toBeGreaterThan(2);
    expect(new Set(attempts)).toEqual(new Set([1]));
  });

  it("ends a step that may run once only, and had begun, as interrupted", async () => {
    let ran = 0;
    const once = workflow("once", async (ctx) => {
      await ctx.sleep("5s");
      return ctx
        .step("charge", () => ++ran, { semantics: "at-most-once" })
        .catch((error: unknown) => error instanceof StepInterruptedError);
    });
    const shaky = failing();
    const bench = new Bench([once], [], { store: shaky.store, replay: "off" });
    await bench.start(once, undefined);
    await bench.cloud.settle();
    shaky.out = true;
    await bench.cloud.advance(10 * MINUTE);
    shaky.out = false;
    await bench.cloud.advance(2 * MINUTE);
    expect([ran, await bench.output()]).toEqual([1, true]);
  });

  it("hides no crash: what kills its process at every try still stalls", async () => {
    const deadly = workflow("deadly", async (ctx) => {
      await ctx.sleep("5s");
      if (!shaky.out) bench.cloud.killAll();
      return "survived";
    });
    const shaky = failing();
    const bench: Bench = new Bench([deadly], [], { store: shaky.store });
    await bench.start(deadly, undefined);
    await bench.cloud.settle();
    for (let minute = 0; minute < 40; minute += 1) {
      shaky.out = minute % 4 === 1;
      await bench.cloud.advance(MINUTE);
    }
    shaky.out = false;
    await bench.cloud.advance(30 * MINUTE);
    expect(JSON.stringify((await bench.head()).stall)).toContain("CrashLoopError");
  });

  it("is told by the turn that failed, once; that it can't be told changes nothing but the count", async () => {
    const sleeping = workflow("sleeping", async (ctx) => {
      await ctx.sleep("5s");
      return "survived";
    });
    const shaky = failing({ marks: true });
    const bench = new Bench([sleeping], [], { store: shaky.store });
    await bench.start(sleeping, undefined);
    await bench.cloud.settle();
    shaky.out = true;
    await bench.cloud.advance(3 * MINUTE);
    shaky.out = false;
    await bench.cloud.advance(3 * MINUTE);
    expect(await bench.output()).toBe("survived");
    expect((await bench.history()).filter((event) => event.type === "LeaseTaken" && event.failed)).toEqual(
      [],
    );
  });
});
