/** A turn that fails because a service does is no crash: an outage uses up no attempts, and stalls nobody. */
import { StepInterruptedError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { audit } from "../../lib/runtime/audit.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { intervening } from "../defects/intervening.js";
import { incompressible } from "../setup/text.js";
import { Bench } from "./bench.js";

const MINUTE = 60_000;
const LARGE = incompressible(140_000);

/** As the SDK throws what DynamoDB answers with 500. */
function unavailable(): never {
  throw Object.assign(new Error("The service is unavailable."), {
    name: "InternalServerError",
    $fault: "server",
    $metadata: { httpStatusCode: 500 },
  });
}

/** A store whose settlements fail while it is out; with `marks`, so do the notes that a turn failed. */
function failing({ marks = false } = {}): { readonly store: Store; out: boolean } {
  const memory = createMemoryStore();
  const check = (isOut: boolean): void => {
    if (isOut) unavailable();
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

describe("an outage of a day", () => {
  it("stalls no execution either, though its wake ends in the dead-letter queue again and again", async () => {
    const sleeping = workflow("sleeping", async (ctx) => {
      await ctx.sleep("5s");
      return "survived";
    });
    const shaky = failing();
    const bench = new Bench([sleeping], [], { store: shaky.store, replay: "off" });
    await bench.start(sleeping, undefined);
    await bench.cloud.settle();
    shaky.out = true;
    for (let five = 0; five < 24 * 12; five += 1) {
      await bench.cloud.advance(5 * MINUTE);
      await bench.cloud.audit();
    }
    expect(await bench.status()).toBe("suspended");
    shaky.out = false;
    await bench.cloud.advance(20 * MINUTE);
    expect(await bench.output()).toBe("survived");
  });

  it("of everything stalls nobody who came due in it, or was at work as it began", async () => {
    const memory = createMemoryStore();
    const shaky = { out: false };
    const store = intervening(memory, {
      before: () => {
        if (shaky.out) unavailable();
      },
    });
    const sleeping = workflow("sleeping", async (ctx) => {
      await ctx.sleep("5s");
      if (begins > 0 && --begins === 0) shaky.out = true;
      return "survived";
    });
    let begins = 5;
    const bench = new Bench([sleeping], [], { store, replay: "off" });
    const ids = Array.from({ length: 10 }, (_, n) => `x-${n}`);
    for (const id of ids) await bench.start(sleeping, undefined, id);
    const audits = async (hours: number): Promise<void> => {
      for (let five = 0; five < hours * 12; five += 1) {
        await bench.cloud.advance(5 * MINUTE);
        await bench.cloud.audit().catch(() => undefined);
      }
    };
    await audits(4);
    expect(bench.cloud.wakeQueue.dead.length).toBeGreaterThan(1);
    shaky.out = false;
    await audits(1);
    for (const id of ids) expect(await bench.status(id), id).toBe("completed");
  });

  it("keeps no child's end from its parent, and no successor from being created", async () => {
    const child = workflow("child", async (ctx) => {
      await ctx.sleep("5s");
      return "grown";
    });
    const parent = workflow("parent", (ctx) => ctx.child(child, undefined, { id: "the-child" }));
    const rounds = workflow("rounds", async (ctx, round: number) => {
      await ctx.sleep("5s");
      return round === 0 ? ctx.continueAsNew(1) : "round";
    });
    const memory = createMemoryStore();
    let out = false;
    const store: Store = {
      ...memory,
      appendMessage: async (id, message) =>
        out && id === "the-parent" ? unavailable() : memory.appendMessage(id, message),
      createExecution: async (execution) =>
        out && execution.executionId === "x-1:run2" ? unavailable() : memory.createExecution(execution),
    };
    const bench = new Bench([parent, child, rounds], [], { store, replay: "off" });
    await bench.start(parent, undefined, "the-parent");
    await bench.start(rounds, 0);
    await bench.cloud.settle();
    out = true;
    const audits = async (hours: number): Promise<void> => {
      for (let five = 0; five < hours * 12; five += 1) {
        await bench.cloud.advance(5 * MINUTE);
        await bench.cloud.audit();
      }
    };
    await audits(24);
    expect([await bench.status("the-child"), await bench.status("the-parent")]).toEqual([
      "completed",
      "suspended",
    ]);
    expect(await bench.status()).toBe("continued");
    out = false;
    await audits(1);
    expect(await bench.output("the-parent")).toBe("grown");
    expect(await bench.output("x-1:run2")).toBe("round");
  });
});

describe("a history that kills whoever loads it", () => {
  it("stalls in the end, and says so", async () => {
    const memory = createMemoryStore();
    const store = intervening(memory, {
      before: (call) => {
        if (call === "loadHistory") bench.cloud.killAll();
      },
    });
    const napping = workflow("napping", (ctx) => ctx.sleep("5s"));
    const bench: Bench = new Bench([napping], [], { store, replay: "off" });
    await bench.start(napping, undefined);
    for (let five = 0; five < 24 * 12 && (await bench.status()) !== "stalled"; five += 1) {
      await bench.cloud.advance(5 * MINUTE);
      await audit(bench.cloud.bare);
      await bench.cloud.audit().catch(() => undefined);
    }
    expect(JSON.stringify((await bench.head()).stall)).toContain("CrashLoopError");
  });
});

describe("a refusal that will be the same for ever", () => {
  it("is no outage: the attempts of the step run out, and it is named", async () => {
    let ran = 0;
    const paying = workflow("paying", async (ctx) => {
      await ctx.sleep("5s");
      return ctx.step("pay", () => `${++ran}${LARGE}`, { retry: { maxAttempts: 2 } });
    });
    const memory = createMemoryStore();
    const denied = async (): Promise<never> => {
      throw Object.assign(new Error("not authorized to perform kms:GenerateDataKey"), {
        name: "AccessDenied",
        $fault: "client",
        $metadata: { httpStatusCode: 403 },
      });
    };
    const store: Store = {
      ...memory,
      putPayload: (id, name, content) =>
        content.length > 10_000 ? denied() : memory.putPayload(id, name, content),
      putObject: denied,
    };
    const bench = new Bench([paying], [], { store, replay: "off" });
    await bench.start(paying, undefined);
    await bench.cloud.advance(60 * MINUTE);
    expect(ran).toBe(2);
    expect(await bench.status()).toBe("failed");
  });
});

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
