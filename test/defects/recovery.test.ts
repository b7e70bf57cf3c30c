/** Known defects of recovery: whoever brings executions back must not be stopped by one of them, nor by another who does the same. */
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { app, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { CorruptHistoryError } from "../../lib/model/errors.js";
import type { Wake } from "../../lib/model/wake.js";
import { audit, rescue } from "../../lib/runtime/audit.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { handleWake } from "../../lib/runtime/turn/handle-wake.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "../runtime/bench.js";
import { dying } from "../runtime/outsides.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { intervening } from "./intervening.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const napping = workflow("napping", async (ctx) => {
  await ctx.step("before", () => 1);
  await ctx.sleep("1h");
  return ctx.step("after", () => "rested");
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `x-${index}`);
const limitsOf = (bench: Bench) => limitsUntil(bench.cloud.clock.now() + MINUTE, MINUTE, 10_000);

/** Executions that sleep, whose wakes have been lost, and whose time has come a while ago. */
async function overdue(bench: Bench, executions: readonly string[]): Promise<void> {
  for (const id of executions) await bench.start(napping, undefined, id);
  await bench.cloud.settle();
  bench.cloud.wakeQueue.purge();
  await bench.cloud.advance(2 * HOUR);
}

async function statusesOf(bench: Bench, executions: readonly string[]): Promise<string[]> {
  return Promise.all(executions.map((id) => bench.status(id)));
}

describe("a database that fails in the middle of a recovery", () => {
  const EXECUTIONS = ids(16);
  const throttled = () => {
    throw new Error("ProvisionedThroughputExceededException: try again later");
  };

  it.each<[what: string, strikes: (call: string, args: readonly unknown[]) => boolean]>([
    ["one execution's read", (call, [id]) => call === "readHead" && id === "x-3"],
    [
      "the listing of one shard",
      (call, [of]) => call === "listOpen" && Reflect.get(Object(of), "shard") === 0,
    ],
    ["one cursor's read", (call, [name]) => call === "readCursor" && name === "open#2"],
    ["every look for what the relay left", (call) => call === "listOutboxes"],
  ])(
    "keeps the audit from nobody else, and the next run heals what this one missed: %s",
    async (_, strikes) => {
      const bench = new Bench([napping]);
      await overdue(bench, EXECUTIONS);
      const errors: unknown[] = [];
      const log: Outside["log"] = { write: (level, message) => level === "error" && errors.push(message) };
      const store = intervening(bench.cloud.bare.store, {
        before: (call, args) => (strikes(call, args) ? throttled() : undefined),
      });
      const { failed } = await audit({ ...bench.cloud.bare, store, log });
      expect(failed).toBeGreaterThan(0);
      expect(errors).toHaveLength(failed);
      await bench.cloud.advance(SECOND);
      const missed = (await statusesOf(bench, EXECUTIONS)).filter((status) => status !== "completed");
      // A shard holds a few of them; everybody else's have been found.
      expect(missed.length).toBeLessThan(EXECUTIONS.length / 2);

      expect((await audit(bench.cloud.bare)).failed).toBe(0);
      await bench.cloud.advance(SECOND);
      expect(new Set(await statusesOf(bench, EXECUTIONS))).toEqual(new Set(["completed"]));
    },
  );

  it("makes the audit come back to a page of which it could wake nobody, instead of moving on", async () => {
    const many = ids(300);
    const bench = new Bench([napping], [], { replay: "off" });
    await overdue(bench, many);
    const wakeless = { ...bench.cloud.bare.wakes, send: async () => throttled() };
    expect((await audit({ ...bench.cloud.bare, wakes: wakeless })).woken).toBe(0);
    await audit(bench.cloud.bare);
    await bench.cloud.advance(SECOND);
    // The first page of each of the eight shards, of twenty-five or as many as there are. The second pages hold about a hundred.
    const completed = (await statusesOf(bench, many)).filter((status) => status === "completed");
    expect(completed.length).toBeGreaterThan(150);
  });

  it("costs a worker its turn, and its executions nothing: an outage of a minute at any time of theirs", async () => {
    for (let from = 0; from <= 200; from += 20) {
      let until = 0;
      const store = intervening(createMemoryStore(), {
        before: () => (bench.cloud.clock.now() < until ? throttled() : undefined),
      });
      const ran: string[] = [];
      const working = workflow("working", async (ctx, id: string) => {
        for (const name of ["a", "b", "c"]) {
          await ctx.step(name, async () => {
            ran.push(`${id} ${name}`);
            await bench.cloud.clock.sleep(20 * SECOND);
          });
          await ctx.sleep("30s");
        }
        return id;
      });
      const bench: Bench = new Bench([working], [], { store, replay: "off" });
      for (const id of ids(3)) await bench.start(working, id, id);
      await bench.cloud.advance(from * SECOND);
      until = bench.cloud.clock.now() + MINUTE;
      // The outage, and what the queue gives back after it.
      await bench.cloud.advance(20 * MINUTE);
      if (from < 150) expect(bench.cloud.errors.length, `from ${from} s`).toBeGreaterThan(0);
      expect(await Promise.all(ids(3).map((id) => bench.output(id))), `from ${from} s`).toEqual(ids(3));
      // A step that was under way may have been run once more.
      expect(ran.length, `from ${from} s`).toBeLessThanOrEqual(9 + 3);
    }
  });
});

describe("an execution that is damaged, or of a workflow that nobody knows", () => {
  it("is named, and keeps the audit and the workers from none of the others", async () => {
    const { client, documents } = freshDynamo();
    await createTables(client);
    const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
    const gone = workflow("gone", (ctx) => ctx.sleep("1h"));
    const bench = new Bench([napping, gone], [], {
      store: createDynamoStore(tables, createMemoryPayloads()),
      replay: "off",
    });
    const healthy = ids(12);
    await bench.start(gone, undefined, "unknown");
    await overdue(bench, ["head", "commit", ...healthy]);
    const damage = (pk: string, sk: string, name: string) =>
      documents.send(
        new UpdateCommand({
          TableName: EXECUTIONS_TABLE,
          Key: { pk, sk },
          UpdateExpression: "SET #name = :rubbish",
          ExpressionAttributeNames: { "#name": name },
          ExpressionAttributeValues: { ":rubbish": "{rubbish" },
        }),
      );
    await damage("head", "head", "epoch");
    await damage("commit", "head", "tail");
    bench.cloud.deploy(app({ workflows: [napping] }));

    const named: unknown[] = [];
    const log: Outside["log"] = {
      write: (level, _, fields) => level === "error" && named.push(fields?.executionId),
    };
    const { failed } = await audit({ ...bench.cloud.bare, log });
    expect(failed).toBe(2);
    expect(named.toSorted()).toEqual(["commit", "head"]);
    await bench.cloud.advance(SECOND);
    expect(new Set(await statusesOf(bench, healthy))).toEqual(new Set(["completed"]));
    expect(await bench.status("unknown")).toBe("stalled");
    expect((await bench.client.describe("unknown")).progress.reason).toMatch(/no workflow "gone"/);

    // Nor does its last wake, which comes out of the dead-letter queue and goes back into it.
    bench.cloud.wakeQueue.purge();
    bench.cloud.wakeQueue.dead.splice(0);
    for (const executionId of ["head", "absent"]) {
      const body = { executionId, reason: "timer", rescues: 3 } as const;
      bench.cloud.wakeQueue.dead.push({ id: executionId, body, visibleAt: 0, receives: 10 });
    }
    await bench.cloud.audit();
    expect(bench.cloud.wakeQueue.dead.map(({ id }) => id)).toEqual(["head"]);
  });

  /** A store in which the heads of some executions can't be read any more. */
  function damaged(isDamaged: (executionId: string) => boolean, store: Store = createMemoryStore()): Store {
    return intervening(store, {
      before: (call, [first]) => {
        if (typeof first === "string" && isDamaged(first) && /^(readHead|appendMessage)$/.test(call))
          throw new CorruptHistoryError(first, "its head is rubbish");
        const { executionId } = Object(first);
        if (call === "createExecution" && isDamaged(String(executionId)))
          throw new CorruptHistoryError(executionId, "its head is rubbish");
      },
    });
  }

  it("keeps an event from none of the others that wait for it, however many they are", async () => {
    const Closing = event<{ day: number }>("market.closing");
    const waits = workflow("waits", async (ctx) => (await ctx.waitForEvent(Closing)).day);
    let isBroken = false;
    const store = damaged((id) => isBroken && id === "x-0");
    const bench = new Bench([waits], [Closing], { store, replay: "off" });
    const many = ids(250);
    for (const id of many) await bench.start(waits, undefined, id);
    await bench.cloud.settle();
    isBroken = true;
    bench.publish(Closing, { day: 7 });
    await bench.cloud.advance(MINUTE);
    expect(String(bench.cloud.errors[0])).toContain('"x-0"');
    isBroken = false;
    const outputs = await Promise.all(many.map((id) => bench.output(id)));
    expect(outputs.slice(1)).toEqual(many.slice(1).map(() => 7));
    // Once it is restored, the event's next delivery brings it to that one, too.
    await bench.cloud.advance(MINUTE);
    expect(await bench.output("x-0")).toBe(7);
  });

  it("keeps no parent from hearing of its child's end, nor the child's other children from theirs", async () => {
    const low = workflow("low", (ctx) => ctx.sleep("30d"));
    const middle = workflow("middle", async (ctx) => {
      const children = ids(80).map((id) => ctx.child(low, undefined, { id }));
      await Promise.race([ctx.waitForSignal("end"), ...children]);
      return "ended";
    });
    const top = workflow("top", (ctx) => ctx.child(middle, undefined, { id: "middle" }));
    let isBroken = false;
    const bench = new Bench([low, middle, top], [], {
      store: damaged((id) => isBroken && id === "x-0"),
      replay: "off",
    });
    await bench.start(top, undefined, "top");
    await bench.cloud.settle();
    isBroken = true;
    await bench.client.signal("middle", "end");
    await bench.cloud.advance(MINUTE);
    isBroken = false;
    expect(await bench.output("top")).toBe("ended");
    expect(new Set(await statusesOf(bench, ids(80).slice(1)))).toEqual(new Set(["cancelled"]));
  });
});

describe("thousands of executions that can't be helped", () => {
  it("keep the audit from nobody: those behind them are found within a round", async () => {
    const BROKEN = 2_400;
    const bench = new Bench([napping], [], { replay: "off" });
    const { bare } = bench.cloud;
    for (let n = 0; n < BROKEN; n++)
      await bare.store.createExecution({
        executionId: `broken-${n}`,
        workflow: napping.name,
        definition: "",
        createdAt: bench.cloud.clock.now() - HOUR,
        startAt: bench.cloud.clock.now() - HOUR,
        input: { inline: null },
        flags: [],
        createToken: `broken-${n}`,
      });
    await overdue(bench, ids(16));
    // Their wakes change nothing, and they are there again in every round.
    const outside: Outside = {
      ...bare,
      wakes: {
        ...bare.wakes,
        send: async (wake, delay) =>
          wake.executionId.startsWith("broken") ? undefined : bare.wakes.send(wake, delay),
      },
    };
    let runs = 0;
    for (; new Set(await statusesOf(bench, ids(16))).has("suspended"); runs++) {
      expect(runs).toBeLessThanOrEqual(BROKEN / 8 / 25 + 10);
      const { looked } = await audit(outside);
      expect(looked).toBeLessThanOrEqual(200);
      await bench.cloud.advance(SECOND);
    }
    expect(runs).toBeGreaterThan(1);
  });
});

describe("two who recover the same execution", () => {
  const effects: string[] = [];

  /** Its owner dies in the middle of a step that may run at most once; then it waits. */
  async function orphan(): Promise<Bench> {
    effects.length = 0;
    const code = workflow("code", async (ctx) => {
      const first = await ctx
        .step(
          "once",
          async () => {
            effects.push("once");
            bench.cloud.killAll();
          },
          { semantics: "at-most-once" },
        )
        .catch((error: Error) => error.name);
      await ctx.step("next", () => effects.push("next"));
      await ctx.waitForSignal("go");
      await ctx.step("last", () => effects.push("last"));
      return first;
    });
    const bench: Bench = new Bench([code], [], { replay: "off" });
    await bench.start(code, undefined);
    await bench.cloud.settle();
    bench.cloud.wakeQueue.purge();
    // The lease has ended.
    await bench.cloud.advance(2 * MINUTE);
    return bench;
  }

  it.each<[string, (outside: Outside, bench: Bench) => Promise<unknown>]>([
    [
      "a worker",
      (outside, bench) =>
        handleWake(outside, bench.app, { executionId: "x-1", reason: "audit" }, "w-2", limitsOf(bench)),
    ],
    [
      "the audit, with a wake that came out of the dead-letter queue for the last time",
      (outside) => rescue(outside, { executionId: "x-1", reason: "audit", rescues: 3 }, "audit-1"),
    ],
  ])(
    "run nothing twice: %s saw it as an orphan before a worker took it over and let go of it again",
    async (_, second) => {
      const bench = await orphan();
      const { bare } = bench.cloud;
      let isStale = true;
      const late: Outside = {
        ...bare,
        store: intervening(bare.store, {
          after: async (call) => {
            if (call !== "readHead" || !isStale) return;
            isStale = false;
            const wake = { executionId: "x-1", reason: "audit" } as const;
            expect(await handleWake(bare, bench.app, wake, "w-1", limitsOf(bench))).toMatchObject({
              did: "turn",
            });
          },
        }),
      };
      await second(late, bench);
      expect(isStale).toBe(false);
      await bench.cloud.advance(5 * SECOND);
      expect(effects).toEqual(["once", "next"]);
      expect(await bench.status()).toBe("suspended");
      await bench.client.signal("x-1", "go");
      await bench.cloud.advance(SECOND);
      expect(await bench.output()).toBe("StepInterruptedError");
      expect(effects).toEqual(["once", "next", "last"]);
      expect((await bench.story()).filter((line) => line === "LeaseTaken")).toHaveLength(1);
    },
  );

  it.each(["appendCommit", "settle"] as const)(
    "get one answer: that of the history, and not that of the owner whose %s came too late",
    async (call) => {
      let owner = "";
      const asking = workflow("asking", async (ctx) => {
        const ask = (name: string) => async (): Promise<string> => `${name} of ${owner}`;
        const { winner, value } = await ctx.race({
          left: (branch) =>
            branch.step("left", () => (owner === "first" ? ask("left")() : new Promise<string>(() => {}))),
          right: (branch) =>
            branch.step("right", () => (owner === "first" ? new Promise<string>(() => {}) : ask("right")())),
        });
        if (call === "appendCommit") await ctx.step("more", ask("more"));
        return [winner, value];
      });
      const bench = new Bench([asking], [], { replay: "off" });
      const { bare } = bench.cloud;
      let open = (): void => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const first: Outside = {
        ...bare,
        store: intervening(bare.store, { before: (made) => (made === call ? gate : undefined) }),
      };
      await bench.start(asking, undefined);
      bench.cloud.wakeQueue.purge();
      owner = "first";
      const wake: Wake = { executionId: "x-1", reason: "start" };
      const lost = handleWake(first, bench.app, wake, "w-1", limitsOf(bench)).catch(
        (error: unknown) => error,
      );
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      owner = "second";
      await bench.cloud.advance(2 * MINUTE);
      bench.cloud.wakeQueue.send(wake, bench.cloud.clock.now());
      await bench.cloud.advance(2 * MINUTE);
      expect(await bench.output()).toEqual(["right", "right of second"]);
      const history = await bench.history();
      open();
      await bench.cloud.advance(MINUTE);
      expect(String(await lost)).toContain("FencedError");
      expect(await bench.output()).toEqual(["right", "right of second"]);
      expect(await bench.history()).toEqual(history);
    },
  );
});

describe("a worker that is about to go", () => {
  it("and takes an execution that was just handed on, gives it back or leaves its message to bring it back: dying anywhere", async () => {
    for (let call = 1, died = true; died; call++) {
      for (const when of ["before", "after"] as const) {
        const ran: string[] = [];
        const code = workflow("code", async (ctx) => {
          await ctx.step("one", () => ran.push("one"));
          await ctx.sleep("1s");
          await ctx.step("two", () => ran.push("two"));
          return "done";
        });
        const bench = new Bench([code], [], { replay: "off" });
        const { bare, clock, wakeQueue } = bench.cloud;
        await bench.start(code, undefined);
        wakeQueue.purge();
        const wake: Wake = { executionId: "x-1", reason: "yield" };
        // Half a second is left to it, and so it begins nothing.
        const limits = limitsUntil(clock.now() + 500, MINUTE, 10_000);
        const end = handleWake(dying(bare, call, when), bench.app, wake, "w-1", limits);
        died = await end.then(
          () => false,
          () => true,
        );
        // Its message is deleted, or comes back.
        if (died) wakeQueue.send(wake, clock.now() + 90 * SECOND);
        await bench.cloud.advance(5 * MINUTE);
        expect(await bench.output(), `${when} call ${call}`).toBe("done");
        expect(ran, `${when} call ${call}`).toEqual(["one", "two"]);
      }
      if (!died) expect(call).toBeGreaterThan(3);
    }
  });
});

describe("an execution that its process left between two steps", () => {
  it("begins the next one once it is recovered, and nobody stands behind it meanwhile", async () => {
    const ran: string[] = [];
    const code = workflow("code", async (ctx, id: string) => {
      await ctx.step("one", () => ran.push(`${id} one`));
      await ctx.step("two", () => ran.push(`${id} two`));
      await ctx.step("three", () => ran.push(`${id} three`));
    });
    const store = intervening(createMemoryStore(), {
      after: (call) => {
        if (call === "appendCommit" && ran.length === 1) bench.cloud.killAll();
      },
    });
    const bench: Bench = new Bench([code], [], { store, replay: "off" });
    await bench.start(code, "x-1");
    await bench.cloud.settle();
    bench.cloud.wakeQueue.purge();
    expect(ran).toEqual(["x-1 one"]);
    for (const id of ["x-2", "x-3"]) await bench.start(code, id, id);
    await bench.cloud.settle();
    expect(await statusesOf(bench, ["x-1", "x-2", "x-3"])).toEqual(["running", "completed", "completed"]);
    // Its lease ends after 65 s, and the audit leaves it two minutes more.
    await bench.cloud.advance(4 * MINUTE);
    await bench.cloud.audit();
    expect(await bench.status("x-1")).toBe("completed");
    expect(ran.filter((line) => line.startsWith("x-1"))).toEqual(["x-1 one", "x-1 two", "x-1 three"]);
  });

  it("can be cancelled, though nobody holds it who could hear of it", async () => {
    const undone: string[] = [];
    const code = workflow("code", async (ctx) => {
      await ctx.step("one", () => 1, { compensate: () => undone.push("one") });
      await ctx.step("two", async ({ attempt }) => {
        if (attempt === 1) bench.cloud.killAll();
        await bench.cloud.clock.sleep(HOUR);
      });
    });
    const bench: Bench = new Bench([code], [], { replay: "off" });
    await bench.start(code, undefined);
    await bench.cloud.settle();
    bench.cloud.wakeQueue.purge();
    await bench.client.cancel("x-1");
    // The cancel's own wake waits for the end of the lease; no redelivery, and no audit.
    await bench.cloud.advance(2 * MINUTE);
    expect(await bench.status()).toBe("cancelled");
    expect(undone).toEqual(["one"]);
  });
});
