/** Ending an execution at once whose history can't be read: it ends all the same, does what can be known to be done, and says what can't. */
import { DeleteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { ChildFailedError, event, TerminatedUnreadError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { checkDense, emptySlots } from "../../lib/store/dense.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { commitKey } from "../../lib/store/dynamodb/keys.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Commit, Store } from "../../lib/store/ports.js";
import { Bench } from "../runtime/bench.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { incompressible } from "../setup/text.js";

const Paid = event<{ id: string }>("paid", { key: ({ id }) => id });
const HUGE = incompressible(200_000);

const sleeper = workflow("sleeper", async (ctx) => ctx.sleep("30d"));
const order = workflow("order", async (ctx) => {
  const before = ctx.child(sleeper, undefined, { id: "before" });
  await ctx.sleep("10s");
  const between = ctx.child(sleeper, undefined, { id: "between" });
  await ctx.sleep("10s");
  const after = ctx.child(sleeper, undefined, { id: "after" });
  await ctx.waitForEvent(Paid, { key: ctx.executionId });
  await Promise.all([before, between, after]);
});
const asking = workflow("asking", async (ctx) => {
  try {
    return await ctx.child(order, undefined, { id: "x-1" });
  } catch (error) {
    return error instanceof ChildFailedError ? `${error.status}: ${String(error.cause)}` : "?";
  }
});
const hoarder = workflow("hoarder", async (ctx) => {
  await ctx.step("hoard", () => HUGE);
  await ctx.waitForSignal<string>("go");
  await ctx.sleep("30d");
});

interface Damaged {
  readonly store: Store;
  /** Takes a commit away for good. */
  lose(slot: number): Promise<unknown>;
  /** Gives it back as it was. */
  restore(): Promise<unknown>;
}

async function inMemory(): Promise<Damaged> {
  const memory = createMemoryStore();
  const lost = new Set<number>();
  const left = (id: string, commits: readonly Commit[]) =>
    commits.filter(({ slot }) => id !== "x-1" || !lost.has(slot));
  return {
    store: {
      ...memory,
      loadHistory: async (id, after) => {
        const commits = left(id, await memory.loadHistory(id, after));
        checkDense(id, after, commits);
        return commits;
      },
      salvageHistory: async (id) => {
        const commits = left(id, (await memory.salvageHistory(id)).commits);
        return { commits, unread: emptySlots(commits, commits.at(-1)?.slot ?? 0) };
      },
    },
    lose: async (slot) => lost.add(slot),
    restore: async () => lost.clear(),
  };
}

async function onDynamo(): Promise<Damaged> {
  const { client, documents } = freshDynamo();
  await createTables(client);
  const store = createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    createMemoryPayloads(),
  );
  const commits: Commit[] = [];
  return {
    store,
    lose: async (slot) => {
      commits.push(...(await store.loadHistory("x-1", 0)).filter((one) => one.slot === slot));
      const Key = commitKey("x-1", slot);
      await documents.send(new DeleteCommand({ TableName: EXECUTIONS_TABLE, Key }));
    },
    restore: () => Promise.all(commits.map((commit) => store.appendCommit(commit))),
  };
}

const logged: { message: string; fields: unknown }[] = [];

/** An order that waits, with three children that have begun. */
async function waiting({ store }: Damaged): Promise<Bench> {
  logged.length = 0;
  const log = {
    write: (_level: string, message: string, fields: unknown) => logged.push({ message, fields }),
  };
  const bench = new Bench([asking, order, sleeper], [Paid], { store, log });
  await bench.start(asking, undefined, "parent");
  await bench.cloud.advance(60_000);
  expect(await bench.status("x-1")).toBe("suspended");
  return bench;
}

async function slotOf(bench: Bench, childId: string): Promise<number> {
  const commits = await bench.store.loadHistory("x-1", 0);
  const commit = commits.find(({ events }) =>
    events.some((one) => one.type === "ChildRequested" && one.childId === childId),
  );
  if (commit === undefined) throw new Error(`no commit requests ${childId}`);
  return commit.slot;
}

const statuses = (bench: Bench): Promise<string[]> =>
  Promise.all(["before", "between", "after"].map((id) => bench.status(id)));

describe.each([
  ["the memory twin", inMemory],
  ["DynamoDB Local", onDynamo],
] as const)("terminate, on %s,", (_, open) => {
  it.each(["before", "between", "after"])(
    "of an execution that has lost the commit that requested %s ends it, and tells the children that are known",
    async (lost) => {
      const damaged = await open();
      const bench = await waiting(damaged);
      const slot = await slotOf(bench, lost);
      await damaged.lose(slot);
      const told = { status: "terminated", error: expect.any(TerminatedUnreadError) };
      expect(await bench.client.terminate("x-1", { by: "ada" })).toEqual(told);
      await bench.cloud.advance(60_000);

      const head = await bench.head("x-1");
      expect(head).toMatchObject({ status: "terminated" });
      expect(await bench.waitRecords(Paid, "x-1")).toBe(0);
      const ends = ["before", "between", "after"].map((id) => (id === lost ? "suspended" : "cancelled"));
      expect(await statuses(bench)).toEqual(ends);
      expect(bench.cloud.errors).toEqual([]);

      // Whoever looks is told what can't be known: the person, the parent, and the log.
      const { error } = await bench.client.describe("x-1");
      expect(error).toMatchObject({ name: "TerminatedUnreadError", code: "TERMINATED_UNREAD" });
      expect(error?.message).toContain(`commit ${slot} is gone or can't be read`);
      expect(await bench.output("parent")).toMatch(/^terminated: TerminatedUnreadError: /);
      expect(logged.map(({ message }) => message)).toContain(
        "An execution was terminated whose history can't be read.",
      );

      // Once that is restored, asking again tells the rest.
      expect(await bench.client.terminate("x-1")).toEqual(told);
      await damaged.restore();
      expect(await bench.client.terminate("x-1")).toEqual({ status: "terminated" });
      await bench.cloud.advance(60_000);
      expect(await statuses(bench)).toEqual(["cancelled", "cancelled", "cancelled"]);
    },
  );

  it("of one that has stalled over it ends it, and twice is once", async () => {
    const damaged = await open();
    const bench = await waiting(damaged);
    await damaged.lose(await slotOf(bench, "between"));
    await bench.client.signal("x-1", "look");
    await bench.cloud.advance(60_000);
    expect(await bench.status("x-1")).toBe("stalled");
    expect(await bench.client.terminate("x-1")).toMatchObject({ status: "terminated" });
    expect(await bench.client.terminate("x-1")).toMatchObject({ status: "terminated" });
    await bench.cloud.advance(60_000);
    expect(await statuses(bench)).toEqual(["cancelled", "suspended", "cancelled"]);
  });

  it("fences its owner out all the same: what its body gives is recorded nowhere", async () => {
    const damaged = await open();
    const slow = workflow("slow", async (ctx) => {
      await ctx.step("quick", () => 1);
      await ctx.sleep("5s");
      await ctx.step("first", () => 1);
      await ctx.step("slow", () => bench.cloud.clock.sleep(20_000));
      await ctx.step("never", () => 1);
    });
    const bench: Bench = new Bench([slow], [], { store: damaged.store });
    await bench.start(slow, undefined, "x-1");
    await bench.cloud.advance(10_000);
    expect((await bench.head("x-1")).lease).toBeDefined();
    await damaged.lose(1);
    await bench.client.terminate("x-1");
    await bench.cloud.advance(200_000);
    expect(await bench.status("x-1")).toBe("terminated");
    const { commits } = await damaged.store.salvageHistory("x-1");
    const ops = commits.flatMap(({ events }) => events.flatMap((one) => ("op" in one ? [one.op] : [])));
    expect(ops).not.toContain("step:slow");
    expect(commits.at(-1)?.events.at(-1)?.type).toBe("LeaseTaken");
    expect(bench.cloud.errors.map(String)).toEqual([expect.stringMatching(/FencedError/)]);
  });

  it("needs no value of its history, nor of its inbox", async () => {
    const { store } = await open();
    let gone = false;
    const bench = new Bench([hoarder], [], {
      store: { ...store, getObject: async (key) => (gone ? undefined : store.getObject(key)) },
    });
    await bench.start(hoarder, undefined, "x-1");
    await bench.cloud.settle();
    gone = true;
    // It lies in the inbox when its turn finds that the result of the step is gone.
    await bench.client.signal("x-1", "go", HUGE);
    await bench.cloud.advance(60_000);
    expect(await bench.status("x-1")).toBe("stalled");
    expect(await bench.client.terminate("x-1")).toEqual({ status: "terminated" });
    await bench.cloud.advance(60_000);
    expect(await bench.head("x-1")).not.toHaveProperty("error");
    expect(bench.cloud.errors).toEqual([]);
  });

  it("ends the execution that goes on after one whose own history is lost", async () => {
    const damaged = await open();
    const loop = workflow("loop", async (ctx, n: number): Promise<unknown> => {
      await ctx.step("count", () => n);
      await ctx.sleep("10s");
      if (n === 1) return ctx.continueAsNew(2);
      return ctx.waitForSignal("stop");
    });
    const bench = new Bench([loop], [], { store: damaged.store });
    await bench.start(loop, 1, "x-1");
    await bench.cloud.advance(60_000);
    expect([await bench.status("x-1"), await bench.status("x-1:run2")]).toEqual(["continued", "suspended"]);
    await damaged.lose(1);
    expect(await bench.client.terminate("x-1")).toEqual({ status: "terminated" });
    expect(await bench.status("x-1:run2")).toBe("terminated");
  });
});

describe("terminate of an execution that has lost a commit", () => {
  it("survives a crash at every one of its outside calls", async () => {
    for (const when of ["before", "after", "reply-lost"] as const) {
      for (let call = 1, struck = true; struck; call++) {
        const damaged = await inMemory();
        const bench = await waiting(damaged);
        await damaged.lose(await slotOf(bench, "between"));
        bench.cloud.faults.plan({ call, when });
        // A client whose call was not answered repeats it.
        await bench.client.terminate("x-1").catch(() => bench.client.terminate("x-1"));
        await bench.cloud.advance(600_000);
        struck = bench.cloud.faults.struck;
        const at = `${when} call ${call}`;
        expect(await bench.status("x-1"), at).toBe("terminated");
        expect(await statuses(bench), at).toEqual(["cancelled", "suspended", "cancelled"]);
        expect(await bench.output("parent"), at).toMatch(/^terminated: /);
        if (!struck) expect(call).toBeGreaterThan(10);
      }
    }
  }, 300_000);
});

describe("terminate, on DynamoDB,", () => {
  it("of an execution with a commit that nobody can read ends it, and does not write over it", async () => {
    const { client, documents } = freshDynamo();
    await createTables(client);
    const store = createDynamoStore(
      { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
      createMemoryPayloads(),
    );
    const bench = await waiting({ store, lose: async () => {}, restore: async () => {} });
    const slot = await slotOf(bench, "after");
    await documents.send(
      new UpdateCommand({
        TableName: EXECUTIONS_TABLE,
        Key: commitKey("x-1", slot),
        UpdateExpression: "SET events = :damaged",
        ExpressionAttributeValues: { ":damaged": "[" },
      }),
    );
    await bench.client.terminate("x-1");
    await bench.cloud.advance(60_000);
    expect(await statuses(bench)).toEqual(["cancelled", "cancelled", "suspended"]);
    const { error } = await bench.client.describe("x-1");
    expect(error?.message).toContain(`commit ${slot} is gone or can't be read`);
    expect(error).toBeInstanceOf(TerminatedUnreadError);
  });
});
