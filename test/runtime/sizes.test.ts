/** Values beyond what is stored of one: each is the failure of whoever made it, and costs no effect a second run. */
import { event, PayloadTooLargeError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { Journal } from "../../lib/runtime/turn/journal.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { outgoing, stepCompleted, T0 } from "../store/builders.js";
import { Bench } from "./bench.js";

const Report = event<{ text: string }>("report");
const tooLong = "x".repeat(33_000_000);

describe("messages that together are too large for a commit", () => {
  it("are an error of their transaction, where the room for what becomes of each counts too", async () => {
    const sends = workflow("sends", async (ctx, bytes: number) => {
      try {
        await ctx.transaction("send", (tx) => {
          for (let sent = 0; sent < 190; sent++) tx.sendEvent(Report, { text: "x".repeat(bytes) });
        });
        return "sent";
      } catch (error) {
        return error instanceof PayloadTooLargeError ? "too large" : String(error);
      }
    });
    const bench = new Bench([sends]);
    await bench.start(sends, 1_950, "crowded");
    await bench.start(sends, 1_750, "fits");
    await bench.cloud.settle();
    expect([await bench.output("crowded"), await bench.output("fits")]).toEqual(["too large", "sent"]);
    expect(bench.cloud.published).toHaveLength(190);
  });

  it("are spread over several commits where they are sent one by one, however small they are", async () => {
    const store = createMemoryStore();
    const journal = new Journal({
      store,
      executionId: "x-1",
      epoch: 1,
      leaseToken: "lease",
      slot: 0,
      loaded: 0,
      carried: [],
      pendingAt: () => T0,
    });
    for (let sent = 0; sent < 2_000; sent++) journal.add(stepCompleted("s"), [outgoing(`e-${sent}`)]);
    await journal.flush();
    const commits = await store.loadHistory("x-1", 0);
    expect(commits.flatMap((commit) => commit.outgoing)).toHaveLength(2_000);
    expect(commits.length).toBeLessThan(4);
  });
});

describe("a value too large to store", () => {
  it("is an error that the code can catch, where it is sent as an event", async () => {
    const reporter = workflow("reporter", async (ctx) => {
      try {
        await ctx.sendEvent(Report, { text: tooLong });
        return "sent";
      } catch (error) {
        return error instanceof PayloadTooLargeError ? "too large" : String(error);
      }
    });
    const bench = new Bench([reporter]);
    await bench.start(reporter, undefined);
    await bench.cloud.settle();
    expect(await bench.output()).toBe("too large");
    expect(bench.cloud.published).toEqual([]);
  });

  it("is one, too, whose text grows beyond a commit by what JSON escapes in it", async () => {
    const quoting = workflow("quoting", async (ctx) => {
      await ctx.sendEvent(Report, { text: '"'.repeat(100_000) });
    });
    const bench = new Bench([quoting]);
    await bench.start(quoting, undefined);
    await bench.cloud.settle();
    expect(String(await bench.error())).toContain('The payload of event "report" is');
    expect(bench.cloud.errors).toEqual([]);
  });

  it("is refused as an input, before anything is written", async () => {
    const reader = workflow("reader", async (_, text: string) => text.length);
    const bench = new Bench([reader]);
    await expect(bench.client.start(reader, tooLong, { id: "x-1" })).rejects.toThrow(
      'The input of workflow "reader" is 33000002 bytes, and at most 32000000 can be stored',
    );
    await expect(bench.head()).rejects.toThrow("no execution");
  });

  it.each([
    { what: "an output", end: () => tooLong, error: /The output of workflow "wordy" is [\d,.]+ bytes/ },
    {
      what: "an error",
      end: () => {
        throw Object.assign(new Error("the service answered"), { body: tooLong });
      },
      error: /the service answered/,
    },
  ])(
    "fails the execution where it is $what: no body runs again, and what was done is undone",
    async ({ end, error }) => {
      const world: string[] = [];
      const wordy = workflow("wordy", async (ctx) => {
        await ctx.step("pay", () => world.push("pay"), { compensate: () => world.push("refund") });
        return end();
      });
      const bench = new Bench([wordy]);
      await bench.start(wordy, undefined);
      await bench.cloud.advance(3_600_000);
      expect(await bench.status()).toBe("failed");
      expect(String(await bench.error())).toMatch(error);
      expect(world).toEqual(["pay", "refund"]);
      expect(bench.cloud.errors).toEqual([]);
    },
  );
});
