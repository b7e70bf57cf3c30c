/** Known defects of recovery: whoever brings executions back, or brings them something, must not be stopped by one of them. */
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { app, event, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { CorruptHistoryError } from "../../lib/model/errors.js";
import { audit, OPEN_PER_RUN } from "../../lib/runtime/audit.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { Bench } from "../runtime/bench.js";
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
    const [error] = bench.cloud.errors;
    expect(error instanceof Error ? String(error.cause) : error).toContain('"x-0"');
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
      expect(runs).toBeLessThanOrEqual(BROKEN / OPEN_PER_RUN + 10);
      const { looked } = await audit(outside);
      expect(looked).toBeLessThanOrEqual(OPEN_PER_RUN);
      await bench.cloud.advance(SECOND);
    }
    expect(runs).toBeGreaterThan(1);
  });
});
