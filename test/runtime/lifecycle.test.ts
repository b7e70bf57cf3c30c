/** What executions tell the bus of their lives: exactly what their histories hold, at least once, and nothing that was not asked for. */
import {
  app,
  type ExecutionEvent,
  event,
  InvalidDefinitionError,
  type LifecycleKind,
  workflow,
} from "holdfast";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../lib/model/history-event.js";
import { terminate } from "../../lib/runtime/ending/terminate.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import type { When } from "../../lib/testing/faults.js";
import { Bench } from "./bench.js";

const ALL = { lifecycleEvents: true } as const;
const HOUR = 3_600_000;

const quick = workflow("quick", { ...ALL, version: "7" }, async (ctx) => ctx.step("one", () => 1));
const fails = workflow("fails", ALL, async (ctx) =>
  ctx.step("fail", () => Promise.reject(new RangeError("no".repeat(1_000))), { retry: { maxAttempts: 1 } }),
);
const waits = workflow("waits", ALL, async (ctx) => ctx.waitForSignal("go"));
const times = workflow("times", { ...ALL, timeout: "5m" }, async (ctx) => ctx.waitForSignal("go"));
const stalls = workflow("stalls", ALL, async () => new Promise<void>(() => {}));
const goesOn = workflow(
  "goes-on",
  ALL,
  async (ctx, left: number): Promise<number> => (left > 0 ? ctx.continueAsNew(left - 1) : 0),
);
const parent = workflow("parent", async (ctx) => ctx.child(quick, undefined, { id: "kid" }));
const some = workflow("some", { lifecycleEvents: ["failed", "stalled"] }, async () => 1);
const none = workflow("none", async (ctx) => ctx.step("one", () => 1));
const WORKFLOWS = [quick, fails, waits, times, stalls, goesOn, parent, some, none];

const makeBench = (store?: Store): Bench =>
  new Bench(WORKFLOWS, [], { replay: "off", ...(store && { store }) });

interface Told {
  readonly name: string;
  readonly id: string | undefined;
  readonly detail: ExecutionEvent;
}

const told = (bench: Bench): Told[] =>
  bench.cloud.published.map(({ name, detail, resources }) => ({
    name: name.replace("holdfast.execution.", ""),
    id: resources.find((resource) => resource.startsWith("holdfast:event:")),
    detail: detail as ExecutionEvent,
  }));

const named = (bench: Bench, id = "x-1"): string[] =>
  told(bench)
    .filter(({ detail }) => detail.executionId === id)
    .map(({ name }) => name);

/** What a history says that is to be told, but for the start. */
const FACTS: Partial<Record<HistoryEvent["type"], LifecycleKind>> = {
  ExecutionCompleted: "completed",
  ExecutionFailed: "failed",
  ExecutionCancelled: "cancelled",
  ExecutionTerminated: "terminated",
  ExecutionStalled: "stalled",
  ExecutionContinued: "continued",
  ExecutionRedriven: "redriven",
};
const facts = async (bench: Bench, id = "x-1"): Promise<string[]> =>
  (await bench.history(id)).flatMap(({ type }) => FACTS[type] ?? []);

const stop = (bench: Bench, id = "x-1") => terminate(bench.cloud.client(), id, {}, []);

describe("an execution whose workflow asks for it tells the bus", () => {
  it("that it has started and completed, with what it is and no more", async () => {
    const bench = makeBench();
    await bench.start(quick, undefined);
    await bench.cloud.settle();
    expect(told(bench).map(({ name, detail }) => [name, detail])).toEqual([
      [
        "started",
        { executionId: "x-1", workflow: "quick", version: "7", status: "running", at: expect.any(String) },
      ],
      [
        "completed",
        { executionId: "x-1", workflow: "quick", version: "7", status: "completed", at: expect.any(String) },
      ],
    ]);
    expect(bench.cloud.published[1]?.resources[1]).toMatch(/^holdfast:order:test\/x-1\/\d+\/\d+$/);
  });

  it("that it has failed, with the error's name and the beginning of its message; then that it was redriven, and failed again", async () => {
    const bench = makeBench();
    await bench.start(fails, undefined);
    await bench.cloud.settle();
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(named(bench)).toEqual(["started", "failed", "redriven", "failed"]);
    expect(told(bench)[1]?.detail.error).toEqual({ name: "RangeError", message: "no".repeat(500) });
    expect(new Set(told(bench).map(({ id }) => id)).size).toBe(4);
  });

  it("that it has started though it only waits, was cancelled, terminated, has timed out, stalled, or goes on as another", async () => {
    const bench = makeBench();
    for (const id of ["cancelled", "terminated"]) await bench.start(waits, undefined, id);
    await bench.start(times, undefined, "late");
    await bench.start(stalls, undefined, "stalled");
    await bench.start(goesOn, 1, "chain");
    await bench.cloud.settle();
    expect(named(bench, "cancelled")).toEqual(["started"]);
    await bench.client.cancel("cancelled");
    await stop(bench, "terminated");
    await bench.cloud.advance(HOUR);
    expect(named(bench, "cancelled")).toEqual(["started", "cancelled"]);
    expect(named(bench, "terminated")).toEqual(["started", "terminated"]);
    expect(await bench.status("terminated")).toBe("terminated");
    expect(named(bench, "late")).toEqual(["started", "failed"]);
    expect(named(bench, "stalled")).toEqual(["started", "stalled"]);
    expect(named(bench, "chain")).toEqual(["started", "continued"]);
    expect(named(bench, "chain:run2")).toEqual(["started", "completed"]);
    expect(told(bench).find(({ name }) => name === "continued")?.detail).toMatchObject({
      continuedTo: "chain:run2",
    });
  });

  it("of its end alone when it was ended before it began", async () => {
    const bench = makeBench();
    for (const id of ["cancelled", "terminated"]) await bench.start(waits, undefined, id, { delayMs: HOUR });
    await bench.client.cancel("cancelled");
    await stop(bench, "terminated");
    await bench.cloud.advance(2 * HOUR);
    expect(named(bench, "cancelled")).toEqual(["cancelled"]);
    expect(named(bench, "terminated")).toEqual(["terminated"]);
  });

  it("that its history can't be read, and what becomes of it later", async () => {
    const memory = createMemoryStore();
    let gone = false;
    const bench = makeBench({
      ...memory,
      loadHistory: async (...args) => {
        const commits = await memory.loadHistory(...args);
        return gone ? commits.slice(1) : commits;
      },
    });
    await bench.start(waits, undefined);
    await bench.cloud.settle();
    gone = true;
    await bench.client.signal("x-1", "go", 5);
    await bench.cloud.settle();
    expect(await bench.status()).toBe("stalled");
    expect(named(bench)).toEqual(["started", "stalled"]);
    gone = false;
    await bench.client.redrive("x-1");
    await bench.cloud.settle();
    expect(named(bench)).toEqual(["started", "stalled", "redriven", "completed"]);
    expect(await bench.output()).toBe(5);
  });

  it("as a child of another, with its parent's id", async () => {
    const bench = makeBench();
    await bench.start(parent, undefined);
    await bench.cloud.settle();
    expect(told(bench).map(({ name, detail }) => [name, detail.executionId, detail.parent])).toEqual([
      ["started", "kid", "x-1"],
      ["completed", "kid", "x-1"],
    ]);
  });

  it("only of what the list names, and nothing where nothing is asked for: no commit, and no more writes", async () => {
    const bench = makeBench();
    await bench.start(some, undefined, "some");
    await bench.start(none, undefined, "none");
    await bench.cloud.settle();
    expect(told(bench)).toEqual([]);
    expect(await bench.store.loadHistory("some", 0)).toEqual([]);
    expect(await bench.head("none")).not.toHaveProperty("lifecycleEvents");
  });

  it("of its end in one more write, and nothing else changes", async () => {
    const ends = workflow("some", { lifecycleEvents: ["completed"] }, async () => 1);
    const writes = async (one: typeof some): Promise<string[]> => {
      const bench = new Bench([one], [], { replay: "off" });
      await bench.process();
      const from = bench.cloud.faults.calls.length;
      bench.cloud.relayIsOn = false;
      await bench.start(one, undefined);
      await bench.cloud.settle();
      expect(await bench.status()).toBe("completed");
      return bench.cloud.faults.calls.slice(from).filter((call) => call !== "store.appendCommit");
    };
    expect(await writes(ends)).toEqual(await writes(some));
    const bench = new Bench([ends], [], { replay: "off" });
    await bench.start(ends, undefined);
    await bench.cloud.settle();
    expect(bench.cloud.faults.calls.filter((call) => call === "store.appendCommit")).toHaveLength(1);
  });
});

type Story = readonly [what: string, run: (bench: Bench) => Promise<unknown>];

const STORIES: readonly Story[] = [
  ["completes", (bench) => bench.start(quick, undefined)],
  [
    "fails, and is redriven",
    async (bench) => {
      await bench.start(fails, undefined);
      await bench.cloud.advance(HOUR);
      await bench.client.redrive("x-1");
    },
  ],
  [
    "is cancelled",
    async (bench) => {
      await bench.start(waits, undefined);
      await bench.cloud.advance(HOUR);
      await bench.client.cancel("x-1");
    },
  ],
  [
    "is terminated",
    async (bench) => {
      await bench.start(waits, undefined);
      await bench.cloud.advance(HOUR);
      await stop(bench);
    },
  ],
  ["stalls", (bench) => bench.start(stalls, undefined)],
  ["continues as new", (bench) => bench.start(goesOn, 1)],
];

/** Runs it to its end; a client whose process died asks again. */
async function play(bench: Bench, [, run]: Story): Promise<void> {
  await run(bench).catch(() => run(bench).catch(() => undefined));
  await bench.cloud.advance(4 * HOUR);
}

describe("wherever a process dies, what is told is what is recorded", () => {
  it.each(
    STORIES.flatMap((story) =>
      (["before", "after", "reply-lost"] as const).map((when) => [story[0], when, story] as const),
    ),
  )(
    "of one that %s: %s each of its calls",
    async (_, when: When, story) => {
      const undisturbed = makeBench();
      await play(undisturbed, story);
      const calls = undisturbed.cloud.faults.calls.length;
      expect(calls).toBeLessThan(60);
      expect(named(undisturbed).length).toBeGreaterThan(1);
      for (let call = 1; call <= calls; call++) {
        const bench = makeBench();
        bench.cloud.faults.plan({ call, when });
        await play(bench, story);
        if ((await bench.store.readHead("x-1")) === undefined) continue;
        const at = `${when} call ${call} (${bench.cloud.faults.calls[call - 1]})`;
        const ids = told(bench).filter(({ detail }) => detail.executionId === "x-1");
        const once = [...new Map(ids.map((one) => [one.id, one.name])).values()];
        expect(once.filter((name) => name !== "started").sort(), at).toEqual((await facts(bench)).sort());
        expect(
          once.filter((name) => name === "started"),
          at,
        ).toHaveLength(1);
        const status = await bench.status();
        expect((await facts(bench)).at(-1), at).toBe(status);
      }
    },
    60_000,
  );
});

describe("lifecycle events as events of an app", () => {
  const Failed = event<ExecutionEvent>("holdfast.execution.failed");
  const onFailure = workflow("on-failure", { startOn: Failed }, async (ctx, failed: ExecutionEvent) =>
    ctx.step("report", () => failed.executionId),
  );

  it("start workflows, once each", async () => {
    const bench = new Bench([fails, onFailure], [], { replay: "off" });
    await bench.start(fails, undefined);
    await bench.cloud.settle();
    const { executions } = await bench.client.list({ workflow: "on-failure" });
    expect(executions).toHaveLength(1);
    expect(await bench.output(executions[0]?.executionId)).toBe("x-1");
  });

  it("can't start what sends some itself: that would be a loop, and is refused", () => {
    const loops = workflow("loops", { startOn: Failed, lifecycleEvents: ["failed"] }, async () => 1);
    expect(() => app({ workflows: [loops] })).toThrow(InvalidDefinitionError);
    expect(() => app({ workflows: [loops] })).toThrow(/"loops" is started by "holdfast.execution.failed"/);
    expect(() => app({ workflows: [onFailure, fails] })).not.toThrow();
  });

  it.each([["often"], [["completed", "exploded"]], [7]])("asked for as %j are refused", (lifecycleEvents) => {
    // biome-ignore lint/suspicious/noExplicitAny: what a program without types may give
    const options: any = { lifecycleEvents };
    expect(() => workflow("wrong", options, async () => 1)).toThrow(InvalidDefinitionError);
  });
});
