/** Ends that somebody began and did not bring to their end: a termination, a cancel, an end that is recorded and waits for its settlement. */
import { NonRetryableError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { CorruptHistoryError } from "../../lib/model/errors.js";
import { terminate } from "../../lib/runtime/ending/terminate.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { intervening } from "../defects/intervening.js";
import { Bench } from "./bench.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ALL = { lifecycleEvents: true } as const;

/** A store whose settlements, while `fails`, are not made: as if each process died right before. */
function unsettled(): { readonly store: Store; fails: boolean } {
  const shaky = {
    fails: false,
    store: intervening(createMemoryStore(), {
      before: (call) => {
        if (call === "settle" && shaky.fails) throw new Error("It dies.");
      },
    }),
  };
  return shaky;
}

function toldOf({ cloud }: Bench, id = "x-1"): string[] {
  const told = cloud.published.filter(({ detail }) => JSON.stringify(detail).includes(`"${id}"`));
  return [...new Set(told.map(({ name }) => name.replace("holdfast.execution.", "")))];
}

describe("a termination that died half-way", () => {
  it("of one that is not to start yet makes it start no sooner", async () => {
    const shaky = unsettled();
    const begun: string[] = [];
    const later = workflow("later", ALL, async (ctx) => ctx.step("begin", () => begun.push("now")));
    const bench = new Bench([later], [], { store: shaky.store, replay: "off" });
    await bench.start(later, undefined, "x-1", { delayMs: 7 * DAY });
    shaky.fails = true;
    await expect(bench.client.terminate("x-1")).rejects.toThrow("It dies.");
    shaky.fails = false;
    await bench.cloud.advance(DAY);
    await bench.cloud.audit();
    expect(begun).toEqual([]);
    await bench.cloud.advance(7 * DAY);
    // Its end was told, as it is of an execution that ends: it was recorded.
    expect([await bench.status(), begun, toldOf(bench)]).toEqual(["terminated", [], ["terminated"]]);
  });

  it("before it was recorded lets it begin at its time", async () => {
    const shaky = unsettled();
    const begun: number[] = [];
    const later = workflow("later", async (ctx) => ctx.step("begin", () => begun.push(0)));
    const bench = new Bench([later], [], { store: shaky.store, replay: "off" });
    await bench.start(later, undefined, "x-1", { delayMs: 7 * DAY });
    shaky.fails = true;
    await expect(bench.client.terminate("x-1")).rejects.toThrow("It dies.");
    shaky.fails = false;
    await bench.cloud.advance(6 * DAY);
    expect([await bench.status(), begun]).toEqual(["running", []]);
    expect(await bench.head()).not.toHaveProperty("lease");
    await bench.cloud.advance(DAY);
    expect([await bench.status(), begun.length]).toEqual(["completed", 1]);
  });

  it("of a stalled child has its parent told, though the first wake came while it was at work", async () => {
    const child = workflow("child", async (ctx) => {
      await ctx.waitForSignal("go");
      await new Promise(() => {});
    });
    const parent = workflow("parent", async (ctx) =>
      ctx.child(child, undefined, { id: "kid" }).then(
        () => "?",
        () => "told",
      ),
    );
    const bench = new Bench([child, parent], [], { replay: "off" });
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    await bench.client.signal("kid", "go", 1);
    await bench.cloud.settle();
    expect(await bench.status("kid")).toBe("stalled");
    const { bare } = bench.cloud;
    let sent = 0;
    const dying = {
      ...bare,
      wakes: {
        ...bare.wakes,
        send: async (...wake: Parameters<typeof bare.wakes.send>) => {
          if (++sent > 1) throw new Error("It dies.");
          await bare.wakes.send(...wake);
          await bench.cloud.settle();
        },
      },
    };
    await expect(terminate(dying, "kid", {}, [])).rejects.toThrow("It dies.");
    // No audit: the wake that came too soon was put back behind the lease.
    await bench.cloud.advance(2 * MINUTE);
    expect([await bench.status("kid"), await bench.output()]).toEqual(["terminated", "told"]);
  });

  it("of a stalled one stands, and can't be redriven away", async () => {
    const shaky = unsettled();
    let fixed = false;
    const ran: string[] = [];
    const stuck = workflow("stuck", ALL, async (ctx) => {
      await ctx.sleep("5s");
      if (!fixed) await new Promise(() => {});
      return ctx.step("work", () => ran.push("work"));
    });
    const bench = new Bench([stuck], [], { store: shaky.store, replay: "off" });
    await bench.start(stuck, undefined);
    await bench.cloud.advance(MINUTE);
    expect(await bench.status()).toBe("stalled");
    shaky.fails = true;
    await expect(bench.client.terminate("x-1")).rejects.toThrow("It dies.");
    shaky.fails = false;
    fixed = true;
    await expect(bench.client.redrive("x-1")).rejects.toThrow(/termination is recorded.*terminate it again/);
    // Both at once: the redrive had read the history before.
    const head = await bench.head();
    await bench.store.reopen("x-1", head, { kind: "redrive", id: "r-1", at: bench.cloud.clock.now() });
    await bench.cloud.bare.wakes.send({ executionId: "x-1", reason: "redrive" }, 0);
    await bench.cloud.advance(10 * MINUTE);
    expect([await bench.status(), ran]).toEqual(["terminated", []]);
    expect(toldOf(bench)).toEqual(["started", "stalled", "terminated"]);
  });
});

describe("a cancel before the start that is recorded, and found after it", () => {
  it.each([
    ["and told", ALL, undefined],
    ["too large for the head", {}, "because ".repeat(70)],
  ])("%s, is settled as it was recorded: no code begins", async (_, options, reason) => {
    const shaky = unsettled();
    const begun: string[] = [];
    const later = workflow("later", options, async (ctx) => ctx.step("begin", () => begun.push("now")));
    const bench = new Bench([later], [], { store: shaky.store, replay: "off" });
    await bench.start(later, undefined, "x-1", { delayMs: MINUTE });
    await bench.cloud.advance(MINUTE / 2);
    shaky.fails = true;
    await bench.client.cancel("x-1", reason === undefined ? {} : { reason });
    await bench.cloud.settle();
    await bench.cloud.advance(MINUTE);
    shaky.fails = false;
    await bench.cloud.advance(10 * MINUTE);
    expect([await bench.status(), begun]).toEqual(["cancelled", []]);
    expect(toldOf(bench)).toEqual(reason === undefined ? ["cancelled"] : []);
    if (reason !== undefined) expect((await bench.client.describe("x-1")).error?.message).toContain(reason);
  });
});

describe("a cancel that came while it failed anyway", () => {
  it("does not swallow the next one, after a redrive", async () => {
    let broken = true;
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const pay = (): number => {
      if (broken) throw new NonRetryableError("no");
      return 1;
    };
    const paying = workflow("paying", async (ctx) => {
      // It may have to be undone, so the end waits for it.
      const slow = ctx.step("slow", () => released.then(pay), { compensate: () => {} });
      await Promise.all([slow, ctx.step("pay", pay)]);
      await ctx.sleep("10d");
    });
    const bench: Bench = new Bench([paying], [], { replay: "off" });
    await bench.start(paying, undefined);
    await bench.cloud.settle();
    await bench.client.cancel("x-1");
    await bench.cloud.advance(MINUTE / 2);
    release();
    await bench.cloud.advance(10 * MINUTE);
    expect(await bench.status()).toBe("failed");
    expect((await bench.story()).some((line) => line.startsWith("MessageBuffered"))).toBe(true);
    broken = false;
    await bench.client.redrive("x-1");
    await bench.cloud.advance(MINUTE);
    expect(await bench.status()).toBe("suspended");
    await bench.client.cancel("x-1");
    await bench.cloud.advance(MINUTE);
    expect(await bench.status()).toBe("cancelled");
  });
});

describe("a message that is accepted between a recorded end and its settlement", () => {
  it("stays in the inbox, and whoever looks is told of it", async () => {
    const shaky = unsettled();
    const quick = workflow("quick", ALL, (ctx) => ctx.waitForSignal("go"));
    const bench = new Bench([quick], [], { store: shaky.store, replay: "off" });
    await bench.start(quick, undefined);
    await bench.cloud.settle();
    await bench.client.signal("x-1", "early", 0, { id: "s-0" });
    shaky.fails = true;
    await bench.client.signal("x-1", "go", "done", { id: "s-1" });
    await bench.cloud.settle();
    await bench.client.signal("x-1", "late", 1, { id: "s-2" });
    shaky.fails = false;
    await bench.cloud.advance(10 * MINUTE);
    expect(await bench.output()).toBe("done");
    const end = (await bench.history()).find(({ type }) => type === "ExecutionCompleted");
    expect(end).toMatchObject({ unread: ["signal:s-0"] });
    expect((await bench.head()).inbox.map(({ id }) => id)).toEqual(["signal:s-2"]);
    const { progress } = await bench.client.describe("x-1");
    expect(progress.reason).toContain("1 accepted message came as it ended, and nobody read it: signal:s-2.");
  });
});

describe("a message that is accepted while an execution fails", () => {
  it("is there when it is redriven", async () => {
    let broken = true;
    const sending = workflow("sending", async (ctx) => {
      await ctx.step("tell", async () => {
        if (broken) await bench.client.signal("x-1", "go", "on");
        if (broken) throw new NonRetryableError("no");
      });
      return ctx.waitForSignal("go");
    });
    const bench: Bench = new Bench([sending], [], { replay: "off" });
    await bench.start(sending, undefined);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("failed");
    broken = false;
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect([await bench.status(), await bench.output()]).toEqual(["completed", "on"]);
  });

  it("and is a request to cancel, cancels nobody who is redriven, though it was left behind", async () => {
    let broken = true;
    const sending = workflow("sending", async (ctx) => {
      await ctx.step("tell", async () => {
        if (broken) await bench.client.cancel("x-1", { reason: "too late ".repeat(200) });
        if (broken) throw new NonRetryableError("no");
      });
      return ctx.waitForSignal("go");
    });
    const store = intervening(createMemoryStore(), {
      before: (call) => {
        if (call === "deleteMessages" && broken) throw new Error("It dies.");
      },
    });
    const bench: Bench = new Bench([sending], [], { store, replay: "off" });
    await bench.start(sending, undefined);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("failed");
    broken = false;
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    await bench.client.signal("x-1", "other", "x".repeat(2_000));
    await bench.cloud.settle();
    expect(await bench.status()).toBe("suspended");
    await bench.client.signal("x-1", "go", 1);
    await bench.cloud.settle();
    expect(await bench.output()).toBe(1);
  });
});

describe("a clock that is behind", () => {
  it("takes nobody who has begun for one who has not: a cancel undoes what was done", async () => {
    const undone: string[] = [];
    let behind = 0;
    const paying = workflow("paying", async (ctx) => {
      await ctx.step("charge", () => 1, { compensate: () => undone.push("charge") });
      await ctx.waitForSignal("go");
    });
    const bench = new Bench([paying], [], { replay: "off", skewMs: () => behind });
    await bench.start(paying, undefined, "x-1", { delayMs: MINUTE });
    await bench.cloud.advance(MINUTE + 1_000);
    expect(await bench.status()).toBe("suspended");
    behind = -10_000;
    await bench.client.cancel("x-1");
    await bench.cloud.settle();
    expect([await bench.status(), undone]).toEqual(["cancelled", ["charge"]]);
  });

  it("or a slow look at the inbox records no cancel at a time after the start that it forestalls", async () => {
    const later = workflow("later", ALL, async (ctx) => ctx.step("begin", () => 1));
    let fails = false;
    const store = intervening(createMemoryStore(), {
      before: async (call) => {
        // The look at what lies beside its head takes its time.
        if (call === "loadMessages" && ++looks === 3) {
          const { clock } = bench.cloud;
          clock.moveTo(clock.now() + 10_000);
        }
        if (call === "settle" && fails) throw new Error("It dies.");
      },
    });
    let looks = 0;
    const bench: Bench = new Bench([later], [], { store, replay: "off" });
    await bench.start(later, undefined, "x-1", { delayMs: MINUTE });
    await bench.cloud.advance(MINUTE - 5_000);
    fails = true;
    await bench.client.cancel("x-1", { reason: "because ".repeat(200) });
    await bench.cloud.advance(30_000);
    fails = false;
    await bench.cloud.advance(10 * MINUTE);
    expect(looks).toBeGreaterThan(2);
    expect([await bench.status(), toldOf(bench)]).toEqual(["cancelled", ["cancelled"]]);
  });
});

describe("a termination that is recorded of a history that can't be read", () => {
  it("stands, and is settled by whoever finds it", async () => {
    const shaky = unsettled();
    let isLost = false;
    const store: Store = {
      ...shaky.store,
      salvageHistory: async (id) => {
        const { commits, unread } = await shaky.store.salvageHistory(id);
        return isLost
          ? { commits: commits.filter(({ slot }) => slot !== 1), unread: [...unread, 1] }
          : { commits, unread };
      },
      loadHistory: async (id, after) => {
        const commits = await shaky.store.loadHistory(id, after);
        if (isLost && id === "kid") throw new CorruptHistoryError(id, "commit 1 is gone");
        return commits;
      },
    };
    const child = workflow("child", ALL, (ctx) => ctx.waitForSignal("go"));
    const parent = workflow("parent", async (ctx) =>
      ctx.child(child, undefined, { id: "kid" }).then(
        () => "?",
        () => "told",
      ),
    );
    const bench = new Bench([child, parent], [], { store, replay: "off" });
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    isLost = true;
    shaky.fails = true;
    await expect(bench.client.terminate("kid")).rejects.toThrow("It dies.");
    shaky.fails = false;
    await bench.cloud.advance(10 * MINUTE);
    expect([await bench.status("kid"), await bench.output()]).toEqual(["terminated", "told"]);
    expect(toldOf(bench, "kid")).toEqual(["started", "terminated"]);
  });
});
