/** Retention: what it deletes, what it leaves for later, how much it does in a run, and what it writes down before. */
import { gunzipSync } from "node:zlib";
import { event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { Outside } from "../../lib/runtime/outside.js";
import { parsePosition, placesFrom, positionText } from "../../lib/runtime/retention/position.js";
import { type Retention, type Retired, retire } from "../../lib/runtime/retention/retire.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { STAGED_SLOT, stagedId } from "../../lib/store/outbox.js";
import { objectPrefix, type Store } from "../../lib/store/ports.js";
import type { When } from "../../lib/testing/faults.js";
import { incompressible } from "../setup/text.js";
import { COMPLETED, commit, outgoing, owned, settlementOf, stepCompleted, T0 } from "../store/builders.js";
import { Bench } from "./bench.js";
import { inMemory, onDynamo } from "./grounds.js";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MONTH: Retention = { afterMs: 30 * DAY };
const FOREVER = Number.POSITIVE_INFINITY;

const Go = event<{ id: string }>("go", { key: ({ id }) => id });
const quick = workflow("quick", async (ctx, text: string) => ctx.step("one", () => text));
const large = workflow("large", async (ctx) => {
  await ctx.step("huge", () => incompressible(140_000));
  await ctx.sleep("5m");
});
const waits = workflow("waits", async (ctx) => ctx.waitForEvent(Go, { key: ctx.executionId }));
const fails = workflow("fails", async (ctx) =>
  ctx.step("fail", () => Promise.reject(new Error("no")), { retry: { maxAttempts: 1 } }),
);
const stalls = workflow("stalls", async () => new Promise<void>(() => {}));

const makeBench = (store?: Store): Bench =>
  new Bench([quick, large, waits, fails, stalls], [Go], { replay: "off", ...(store && { store }) });

interface RetentionRun extends Retired {
  readonly logged: readonly Readonly<Record<string, unknown>>[];
}

/** One run of the audit's retention, in a process of its own. */
async function run(bench: Bench, retention: Retention = MONTH, stopAt = FOREVER): Promise<RetentionRun> {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const outside: Outside = {
    ...bench.cloud.client(),
    log: { write: (level, message, more) => void logged.push({ level, message, ...more }) },
  };
  return { ...(await retire(outside, retention, stopAt)), logged };
}

/** So many rounds, an hour apart. */
async function rounds(bench: Bench, count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await run(bench);
    await bench.cloud.advance(HOUR);
  }
}

const there = async (bench: Bench, ids: readonly string[]): Promise<string[]> => {
  const heads = await Promise.all(ids.map((id) => bench.store.readHead(id)));
  return ids.filter((_, index) => heads[index] !== undefined);
};

/** Executions that were made by nobody's turn: completed at T0 + 1 s, with so many commits. */
async function completed(store: Store, workflowName: string, id: string, commits = 0): Promise<void> {
  const head = await owned(store, id, { workflow: workflowName });
  for (let slot = 1; slot <= commits; slot++)
    await store.appendCommit(commit(id, slot, { events: [stepCompleted(`s${slot}`)] }));
  await store.settle(settlementOf(head, COMPLETED, { slot: commits }));
}

async function known(store: Store, ...workflows: readonly string[]): Promise<void> {
  for (const workflowName of workflows)
    await store.setCurrentDefinition({ workflow: workflowName, hash: "h", since: T0, revision: 1 });
}

describe("retention", () => {
  it.each([
    ["in memory", inMemory],
    ["on DynamoDB Local", onDynamo],
  ])("deletes what ended long ago, of every workflow, and nothing else, %s", async (_, ground) => {
    const { store } = await ground();
    const bench = makeBench(store);
    const old = ["a", "b", "c", "d", "e", "f"];
    for (const id of old) await bench.start(quick, incompressible(500), id);
    await bench.start(large, undefined, "l");
    await bench.start(fails, undefined, "f-1");
    await bench.start(stalls, undefined, "s");
    await bench.start(waits, undefined, "open");
    await bench.start(waits, undefined, "ends-later");
    await bench.cloud.advance(DAY);
    bench.publish(Go, { id: "ends-later" });
    await bench.cloud.advance(29 * DAY + HOUR);
    await bench.start(quick, "", "young");
    await bench.cloud.advance(HOUR);
    expect(await run(bench)).toMatchObject({ deleted: 8, failed: 0 });
    const all = [...old, "l", "f-1", "s", "open", "ends-later", "young"];
    expect(await there(bench, all)).toEqual(["s", "open", "ends-later", "young"]);
    for (const id of [...old, "l", "f-1"]) {
      expect(await store.surveyItems(id)).toEqual({ any: false });
      expect(await store.listObjects(objectPrefix(id), 10)).toEqual([]);
    }
    await bench.cloud.advance(DAY);
    expect(await run(bench)).toMatchObject({ deleted: 1 });
    expect(await there(bench, all)).toEqual(["s", "open", "young"]);
  });

  it("rests for an hour once a round has ended, and costs one read until then", async () => {
    const bench = makeBench();
    await bench.start(quick, "", "a");
    await bench.cloud.advance(29 * DAY);
    expect(await run(bench)).toMatchObject({ deleted: 0 });
    await bench.cloud.advance(HOUR - 1);
    const from = bench.cloud.faults.calls.length;
    expect(await run(bench)).toMatchObject({ looked: 0 });
    expect(bench.cloud.faults.calls.slice(from)).toEqual(["store.readCursor"]);
    await bench.cloud.advance(2 * DAY);
    expect(await run(bench)).toMatchObject({ looked: 1, deleted: 1 });
  });

  it("deletes a long history in several runs, and nothing else meanwhile", async () => {
    const store = createMemoryStore();
    await known(store, "quick");
    await completed(store, "quick", "long", 12_000);
    const bench = makeBench(store);
    await bench.cloud.advance(40 * DAY);
    const left: number[] = [];
    let runs = 0;
    for (; (await there(bench, ["long"])).length > 0 && runs < 10; runs++) {
      await run(bench);
      left.push(
        (await store.readCommits({ executionId: "long", afterSlot: 0, limit: 20_000 })).commits.length,
      );
      await bench.cloud.advance(300_000);
    }
    expect(left).toEqual([7_000, 2_000, 0]);
    await bench.start(quick, "", "long");
    await bench.cloud.settle();
    expect(await bench.output("long")).toBe("");
  });

  it("looks at a thousand heads in a run, and goes on behind them in the next", async () => {
    const store = createMemoryStore();
    await known(store, "one", "two");
    for (let n = 0; n < 1_300; n++) await completed(store, n % 2 === 0 ? "one" : "two", `e-${n}`);
    const bench = makeBench(store);
    await bench.cloud.advance(40 * DAY);
    const first = await run(bench);
    expect(first.looked).toBeGreaterThanOrEqual(1_000);
    expect(first.looked).toBeLessThan(1_010);
    expect(first.deleted).toBe(first.looked);
    const second = await run(bench);
    expect(second.deleted).toBe(1_300 - first.deleted);
    expect(await run(bench)).toMatchObject({ looked: 0 });
  });

  it("begins nothing more when its time is over, and goes on there in the next run", async () => {
    const store = createMemoryStore();
    await known(store, "quick");
    for (let n = 0; n < 50; n++) await completed(store, "quick", `e-${n}`);
    const bench = makeBench(store);
    await bench.cloud.advance(40 * DAY);
    expect(await run(bench, MONTH, bench.cloud.clock.now())).toMatchObject({ looked: 0, deleted: 0 });
    let now = bench.cloud.clock.now();
    const ticking = { ...bench.cloud.clock, now: () => now++, sleep: async () => {} };
    const outside = { ...bench.cloud.client(), clock: ticking };
    const { deleted } = await retire(outside, MONTH, now + 60);
    expect(deleted).toBeGreaterThan(0);
    expect(deleted).toBeLessThan(50);
    expect(await run(bench)).toMatchObject({ deleted: 50 - deleted });
  });

  it("begins anew behind a cursor that it can't read", async () => {
    const bench = makeBench();
    await bench.start(quick, "", "a");
    await bench.cloud.advance(40 * DAY);
    await bench.store.saveCursor("retention", "{rubbish", 0);
    expect(await run(bench)).toMatchObject({ deleted: 1 });
  });

  it("passes over what may not be deleted yet, with a line for who debugs, and comes back to it", async () => {
    const sends = workflow("sends", async (ctx) => {
      await ctx.sendEvent(Go, { id: "nobody" });
    });
    const bench = new Bench([sends], [], { replay: "off" });
    bench.cloud.relayIsOn = false;
    await bench.start(sends, undefined);
    await bench.cloud.advance(40 * DAY);
    expect(await bench.status("x-1")).toBe("completed");
    const refused = await run(bench);
    expect(refused).toMatchObject({ looked: 1, deleted: 0, failed: 0 });
    expect(refused.logged).toMatchObject([{ level: "debug", executionId: "x-1", refusal: "outgoing" }]);
    bench.cloud.relayIsOn = true;
    await bench.cloud.advance(HOUR);
    expect(await run(bench)).toMatchObject({ deleted: 1 });
  });

  it("deletes chains of runs, and children behind their parents, within a few rounds", async () => {
    const chain = workflow("chain", async (ctx, left: number) => {
      await ctx.sleep("1h");
      return left > 0 ? ctx.continueAsNew(left - 1) : "over";
    });
    const child = workflow("child", async (ctx) => ctx.sleep("1h"));
    const parent = workflow("parent", async (ctx) => {
      await Promise.all([1, 2, 3].map((n) => ctx.child(child, undefined, { id: `c-${n}` })));
      await ctx.sleep("40d");
      throw new Error("no");
    });
    const bench = new Bench([chain, child, parent], [], { replay: "off" });
    await bench.start(chain, 20);
    await bench.start(parent, undefined, "p");
    const runs = ["x-1", ...Array.from({ length: 20 }, (_, n) => `x-1:run${n + 2}`)];
    const children = ["c-1", "c-2", "c-3"];
    await bench.cloud.advance(35 * DAY);
    // All lose their histories in the first, and the last takes the heads along in the second at the latest.
    await rounds(bench, 2);
    expect(await there(bench, runs)).toEqual([]);
    // Their parent may still ask for them.
    expect(await there(bench, children)).toEqual(children);
    await bench.cloud.advance(40 * DAY);
    expect(await bench.status("p")).toBe("failed");
    await rounds(bench, 2);
    expect(await there(bench, ["p", ...children])).toEqual([]);
  });

  it("keeps a chain's heads while it goes on, and all else of it goes", async () => {
    const loop = workflow("loop", async (ctx, n: number): Promise<never> => {
      await ctx.step("work", () => incompressible(300));
      await ctx.sleep("10d");
      return ctx.continueAsNew(n + 1);
    });
    const bench = new Bench([loop], [], { replay: "off" });
    await bench.start(loop, 1);
    await bench.cloud.advance(95 * DAY);
    await rounds(bench, 2);
    expect(await bench.store.surveyItems("x-1")).toEqual({ any: false });
    expect(await bench.head()).toMatchObject({ continuedTo: "x-1:run2", deletedAt: expect.any(Number) });
    await bench.client.signal("x-1", "hello");
    expect((await bench.head("x-1:run10")).inbox).toMatchObject([{ name: "hello" }]);
  });
});

describe("an archive", () => {
  const archived = () => {
    const objects = new Map<string, Uint8Array>();
    const retention: Retention = {
      ...MONTH,
      archive: { putObject: async (key, content) => void objects.set(key, content) },
    };
    const linesOf = (key: string): string[] =>
      gunzipSync(objects.get(key) ?? new Uint8Array())
        .toString()
        .trimEnd()
        .split("\n");
    return { objects, retention, linesOf };
  };

  it("gets each execution as it is exported, before it is deleted", async () => {
    const bench = makeBench();
    await bench.start(large, undefined, "l/1");
    await bench.start(quick, "hello", "q");
    await bench.cloud.advance(40 * DAY);
    const exported: string[] = [];
    for await (const line of bench.client.export("l/1")) exported.push(line);
    const { objects, retention, linesOf } = archived();
    expect(await run(bench, retention)).toMatchObject({ deleted: 2 });
    expect([...objects.keys()].sort()).toEqual([
      "_archive/large/2026/01/01/l%2F1.jsonl.gz",
      "_archive/quick/2026/01/01/q.jsonl.gz",
    ]);
    expect(linesOf("_archive/large/2026/01/01/l%2F1.jsonl.gz")).toEqual(exported);
    expect(JSON.parse(linesOf("_archive/quick/2026/01/01/q.jsonl.gz")[0] ?? "")).toMatchObject({
      execution: { executionId: "q", output: "hello" },
    });
  });

  it("of a long history is whole, in pieces", async () => {
    const store = createMemoryStore();
    await known(store, "quick");
    await completed(store, "quick", "long", 4_000);
    const bench = makeBench(store);
    await bench.cloud.advance(40 * DAY);
    const { retention, linesOf } = archived();
    await run(bench, retention);
    const lines = linesOf("_archive/quick/2026/01/01/long.jsonl.gz");
    expect(lines).toHaveLength(4_003);
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ end: { entries: 4_001 } });
    expect(JSON.parse(lines.at(-2) ?? "")).toMatchObject({ slot: 4_000 });
  });

  it("that can't be written keeps its execution, and after three of them the run ends", async () => {
    const store = createMemoryStore();
    await known(store, "quick");
    for (let n = 0; n < 10; n++) await completed(store, "quick", `e-${n}`);
    const bench = makeBench(store);
    await bench.cloud.advance(40 * DAY);
    const { retention, objects } = archived();
    const down = { ...MONTH, archive: { putObject: () => Promise.reject(new Error("AccessDenied")) } };
    const failed = await run(bench, down);
    expect(failed).toMatchObject({ looked: 3, deleted: 0, failed: 3 });
    expect(failed.logged).toHaveLength(3);
    expect(failed.logged[0]).toMatchObject({ level: "error", executionId: expect.any(String) });
    const ids = Array.from({ length: 10 }, (_, n) => `e-${n}`);
    expect(await there(bench, ids)).toEqual(ids);
    for (const id of ids) expect(await bench.head(id)).not.toHaveProperty("deletedAt");
    // Those behind come first, and with the next round the three.
    expect(await run(bench, retention)).toMatchObject({ deleted: 7 });
    await bench.cloud.advance(HOUR);
    expect(await run(bench, retention)).toMatchObject({ deleted: 3 });
    expect(objects.size).toBe(10);
  });

  it("that would be too large keeps its execution, and says what to do", async () => {
    const bench = makeBench();
    await bench.start(large, undefined, "l");
    await bench.cloud.advance(40 * DAY);
    await bench.store.putObject(`${objectPrefix("l")}result-x`, new Uint8Array(4_000_001));
    const { retention, objects } = archived();
    const { logged, deleted } = await run(bench, retention);
    expect(deleted).toBe(0);
    expect(logged).toMatchObject([
      { level: "warn", refusal: "archive", why: expect.stringContaining("holdfast export l") },
    ]);
    expect(objects.size).toBe(0);
    // Without an archive it goes.
    await bench.cloud.advance(HOUR);
    expect(await run(bench)).toMatchObject({ deleted: 1 });
  });
});

describe("a run that dies", () => {
  it.each(["before", "after", "reply-lost"] as const)(
    "%s any of its calls leaves what the next runs delete",
    async (when: When) => {
      const ids = ["a", "b", "l"];
      const prepare = async (): Promise<{ bench: Bench; retention: Retention; kept: Set<string> }> => {
        const bench = makeBench();
        await bench.start(quick, incompressible(400), "a");
        await bench.start(quick, "", "b");
        await bench.start(large, undefined, "l");
        await bench.cloud.advance(40 * DAY);
        const kept = new Set<string>();
        const putObject = async (key: string) => void kept.add(key);
        return { bench, kept, retention: { ...MONTH, archive: { putObject } } };
      };
      const undisturbed = await prepare();
      const from = undisturbed.bench.cloud.faults.calls.length;
      expect(await run(undisturbed.bench, undisturbed.retention)).toMatchObject({ deleted: 3 });
      const calls = undisturbed.bench.cloud.faults.calls.slice(from);
      for (const name of [
        "readCursor",
        "listCreated",
        "readCommits",
        "deleteItems",
        "deleteHead",
        "saveCursor",
      ])
        expect(calls).toContain(`store.${name}`);
      for (let call = 1; call <= calls.length; call++) {
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const { bench, retention, kept } = await prepare();
        bench.cloud.faults.plan({ call, when });
        await run(bench, retention).catch(() => undefined);
        expect(bench.cloud.faults.struck, at).toBe(true);
        for (let runs = 0; runs < 3; runs++) {
          await bench.cloud.advance(HOUR);
          await run(bench, retention);
        }
        expect(await there(bench, ids), at).toEqual([]);
        for (const id of ids) {
          expect(await bench.store.surveyItems(id), at).toEqual({ any: false });
          expect(await bench.store.listObjects(objectPrefix(id), 10), at).toEqual([]);
        }
        expect(kept.size, at).toBe(3);
      }
    },
    120_000,
  );
});

describe("what was staged and given up", () => {
  const DEAD = [{ state: "dead", tries: 9 }] as const;
  const staged = async (store: Store, id: string, givenUpAt?: number): Promise<void> => {
    const place = { executionId: stagedId(id), slot: STAGED_SLOT };
    await store.appendCommit(commit(place.executionId, place.slot, { outgoing: [outgoing(id)] }), T0);
    if (givenUpAt !== undefined) await store.markOutbox({ ...place, version: 0, states: DEAD, givenUpAt });
  };
  const isThere = async (store: Store, id: string): Promise<boolean> =>
    (await store.readOutbox(stagedId(id), STAGED_SLOT)) !== undefined;

  it.each([
    ["in memory", inMemory],
    ["on DynamoDB Local", onDynamo],
  ])(
    "goes by its age; what is younger, or still to be sent, or of an execution, stays, %s",
    async (_, ground) => {
      const { store } = await ground();
      const bench = makeBench(store);
      const now = bench.cloud.clock.now();
      for (let index = 0; index < 30; index++) await staged(store, `old-${index}`, now - 31 * DAY);
      await staged(store, "young", now - 29 * DAY);
      await staged(store, "pending");
      await store.appendCommit(commit("x-1", 1, { outgoing: [outgoing("e1")] }), T0);
      const ofExecution = { executionId: "x-1", slot: 1, version: 0 };
      await store.markOutbox({ ...ofExecution, states: DEAD, givenUpAt: now - 31 * DAY });
      await rounds(bench, 1);
      for (let index = 0; index < 30; index++) expect(await isThere(store, `old-${index}`)).toBe(false);
      expect(await isThere(store, "young")).toBe(true);
      expect(await isThere(store, "pending")).toBe(true);
      expect(await store.readOutbox("x-1", 1)).toMatchObject({ states: DEAD });
    },
  );

  it("stays when somebody has it tried again just then", async () => {
    const memory = createMemoryStore();
    const bench = makeBench({
      ...memory,
      deleteStaged: async (outbox) => {
        const states = [{ state: "pending", tries: 0 }] as const;
        await memory.markOutbox({ ...outbox, states, pendingAt: T0 });
        return memory.deleteStaged(outbox);
      },
    });
    await staged(memory, "s-1", T0 - 40 * DAY);
    await rounds(bench, 1);
    expect(await memory.readOutbox(stagedId("s-1"), STAGED_SLOT)).toMatchObject({ pendingAt: T0 });
  });

  it.each<When>(["before", "after", "reply-lost"])(
    "is gone in the end, wherever a run dies: %s each of its calls",
    async (when) => {
      const prepare = async (): Promise<Bench> => {
        const bench = makeBench();
        for (const id of ["s-1", "s-2", "s-3"]) await staged(bench.store, id, T0 - 40 * DAY);
        return bench;
      };
      const undisturbed = await prepare();
      await run(undisturbed);
      const calls = undisturbed.cloud.faults.calls.slice();
      expect(calls).toContain("store.deleteStaged");
      for (let call = 1; call <= calls.length; call++) {
        const bench = await prepare();
        bench.cloud.faults.plan({ call, when });
        await run(bench).catch(() => undefined);
        expect(bench.cloud.faults.struck, `${call}`).toBe(true);
        await bench.cloud.advance(HOUR);
        await rounds(bench, 2);
        for (const id of ["s-1", "s-2", "s-3"]) expect(await isThere(bench.store, id), `${call}`).toBe(false);
      }
    },
  );
});

describe("the position of a round", () => {
  it("comes back as it was written", () => {
    for (const position of [
      { workflow: "a/b", shard: 7, after: { executionId: "x", createdAt: 5 } },
      { workflow: "", shard: 0 },
      { staged: "a cursor" },
      { roundEnded: T0 },
    ])
      expect(parsePosition(positionText(position))).toEqual(position);
  });

  it.each([undefined, "", "{", "7", "null", "{}", '{"workflow":1,"shard":0}', '{"roundEnded":"x"}'])(
    "is the beginning for %j",
    (text) => expect(parsePosition(text)).toEqual({ workflow: "", shard: 0 }),
  );

  it("goes through every shard of every workflow from there on, also of one that is gone", () => {
    const names = ["a", "c"];
    const at = (position: ReturnType<typeof parsePosition>) =>
      [...placesFrom(position, names, 2)].map(
        ({ workflow: name, shard, after }) => `${name}${shard}${after ? "+" : ""}`,
      );
    const after = { executionId: "x", createdAt: 1 };
    expect(at({ workflow: "", shard: 0 })).toEqual(["a0", "a1", "c0", "c1"]);
    expect(at({ roundEnded: 1 })).toEqual(["a0", "a1", "c0", "c1"]);
    expect(at({ workflow: "a", shard: 1, after })).toEqual(["a1+", "c0", "c1"]);
    expect(at({ workflow: "b", shard: 1, after })).toEqual(["c0", "c1"]);
    expect(at({ workflow: "d", shard: 0 })).toEqual([]);
  });
});
