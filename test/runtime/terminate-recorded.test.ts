/** A terminate that finds an end recorded which nobody has settled yet: its owner, or a client before it, died in between. */
import { type ExecutionEvent, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { terminate } from "../../lib/runtime/ending/terminate.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { Bench } from "./bench.js";

const ALL = { lifecycleEvents: true } as const;
const HOUR = 3_600_000;

const waits = workflow("waits", ALL, async (ctx) => ctx.waitForSignal("go"));
const sleeper = workflow("sleeper", async (ctx) => ctx.sleep("300d"));
const chain = workflow("chain", ALL, async (ctx, run: number): Promise<unknown> => {
  void ctx.child(sleeper, undefined, { id: `beside-${run}` }).catch(() => undefined);
  await ctx.waitForSignal("go");
  return ctx.continueAsNew(run + 1);
});
const parent = workflow("parent", async (ctx) => {
  void ctx.child(chain, 1, { id: "kid", onParentClose: "terminate" }).catch(() => undefined);
  await ctx.waitForSignal("go");
});

const makeBench = (store: Store = createMemoryStore()): Bench =>
  new Bench([waits, chain, parent, sleeper], [], { replay: "off", store });

async function onDynamo(): Promise<Store> {
  const { client, documents } = freshDynamo();
  await createTables(client);
  return createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    createMemoryPayloads(),
  );
}

/** What the bus was told of it, each event once. */
function told(bench: Bench, id: string): string[] {
  const names = new Map<string | undefined, string>();
  for (const { name, detail, resources } of bench.cloud.published) {
    if ((detail as ExecutionEvent).executionId !== id) continue;
    const eventId = resources.find((resource) => resource.startsWith("holdfast:event:"));
    names.set(eventId, name.replace("holdfast.execution.", ""));
  }
  return [...names.values()];
}

const ends = async (bench: Bench, id: string) =>
  (await bench.history(id)).filter(({ type }) => /^Execution(Continued|Terminated)$/.test(type));

/** Strikes the turn that continues `id` as new at each of its calls; gives whether that left an end that was only recorded. */
async function continuing(bench: Bench, id: string, call: number): Promise<boolean> {
  await bench.client.signal(id, "go", 1);
  bench.cloud.faults.plan({ call, when: "after" });
  await bench.cloud.settle();
  const isRecorded = (await ends(bench, id)).length > 0;
  return isRecorded && (await bench.status(id)) !== "continued";
}

/** A chain whose first execution has recorded that it goes on, and whose owner died then. */
async function onlyRecorded(store?: Store): Promise<Bench> {
  const bench = makeBench(store);
  await bench.start(chain, 1, "kid");
  await bench.cloud.settle();
  const from = bench.cloud.faults.calls.length;
  await bench.client.signal("kid", "go", 1);
  const settle = await callsTo("store.settle", from);
  bench.cloud.faults.plan({ call: settle - bench.cloud.faults.calls.length, when: "before" });
  await bench.cloud.settle();
  expect(await bench.status("kid")).not.toBe("continued");
  return bench;
}

/** The number of the first call of that name after `from`, of an undisturbed chain that goes on. */
async function callsTo(name: string, from: number): Promise<number> {
  const bench = makeBench();
  await bench.start(chain, 1, "kid");
  await bench.cloud.settle();
  await bench.client.signal("kid", "go", 1);
  await bench.cloud.settle();
  return bench.cloud.faults.calls.indexOf(name, from) + 1;
}

/** The chain is over: with the execution that was terminated, or with its successor. */
async function expectOver(bench: Bench, id: string, at: string): Promise<void> {
  const successor = await bench.store.readHead(`${id}:run2`);
  const statuses = [await bench.status(id), successor?.status];
  const expected = successor === undefined ? ["terminated", undefined] : ["continued", "terminated"];
  expect(statuses, at).toEqual(expected);
  const recorded = (await ends(bench, id)).map(({ type }) => type);
  expect(recorded, at).toEqual([successor ? "ExecutionContinued" : "ExecutionTerminated"]);
  expect(await bench.status("beside-1"), at).toBe("cancelled");
}

describe("terminate of an execution that has recorded that it goes on as another, and not settled it", () => {
  it("ends the one that goes on, whoever asks for it: a parent that has ended", async () => {
    let unsettled = 0;
    for (let call = 1; ; call++) {
      const bench = makeBench();
      await bench.start(parent, undefined);
      await bench.cloud.settle();
      if (await continuing(bench, "kid", call)) unsettled += 1;
      if (!bench.cloud.faults.struck) break;
      await bench.client.signal("x-1", "go", 1);
      await bench.cloud.advance(3 * HOUR);
      expect(await bench.status("x-1")).toBe("completed");
      await expectOver(bench, "kid", `call ${call}`);
    }
    expect(unsettled).toBeGreaterThan(0);
  });

  it.each([
    ["the memory twin", async () => createMemoryStore()],
    ["DynamoDB Local", onDynamo],
  ])(
    "ends the one that goes on, whoever asks for it: a client, on %s",
    async (_, open) => {
      const bench = await onlyRecorded(await open());
      expect((await ends(bench, "kid")).map(({ type }) => type)).toEqual(["ExecutionContinued"]);
      const ended = await terminate(bench.cloud.client(), "kid", { by: "ada" }, []);
      expect(ended).toMatchObject({ executionId: "kid:run2", status: "terminated" });
      await bench.cloud.advance(HOUR);
      await expectOver(bench, "kid", "a client");
      expect(told(bench, "kid")).toEqual(["started", "continued"]);
    },
    60_000,
  );

  it("hands on what was in its inbox", async () => {
    const bench = await onlyRecorded();
    await bench.client.signal("kid", "later", "kept");
    await terminate(bench.cloud.client(), "kid", {}, []);
    const inherited = (await bench.history("kid:run2")).flatMap((one) =>
      one.type === "MessagesInherited" ? one.carried : [],
    );
    expect(inherited).toMatchObject([{ kind: "signal", name: "later" }]);
  });

  it("survives a crash at every one of its own calls", async () => {
    for (const when of ["before", "after", "reply-lost"] as const) {
      for (let call = 1, struck = true; struck; call++) {
        const bench = await onlyRecorded();
        bench.cloud.faults.plan({ call, when });
        const stop = () => terminate(bench.cloud.client(), "kid", {}, []);
        await stop().catch(stop);
        struck = bench.cloud.faults.struck;
        await bench.cloud.advance(HOUR);
        await expectOver(bench, "kid", `${when} call ${call}`);
      }
    }
  }, 120_000);
});

describe("terminate that is repeated since nobody answered", () => {
  it("records and tells one end, that of the call that recorded it first", async () => {
    let recordedFirst = 0;
    for (const when of ["before", "after", "reply-lost"] as const) {
      for (let call = 1; ; call++) {
        const bench = makeBench();
        await bench.start(waits, undefined);
        await bench.cloud.settle();
        bench.cloud.faults.plan({ call, when });
        const stop = (by: string) => terminate(bench.cloud.client(), "x-1", { by, reason: `for ${by}` }, []);
        await stop("ada").catch(() => undefined);
        if (!bench.cloud.faults.struck) break;
        const first = (await ends(bench, "x-1"))[0];
        if (first !== undefined && (await bench.status()) !== "terminated") recordedFirst += 1;
        const by = first === undefined ? "bob" : "ada";
        const again = await stop("bob");
        expect(again).toMatchObject({ status: "terminated", executionId: "x-1" });
        await bench.cloud.advance(HOUR);
        const at = `${when} call ${call}`;
        expect(await ends(bench, "x-1"), at).toEqual([
          { type: "ExecutionTerminated", at: expect.any(Number), by, reason: `for ${by}` },
        ]);
        expect(await bench.head(), at).toMatchObject({
          status: "terminated",
          closedAt: (await ends(bench, "x-1"))[0]?.at,
        });
        expect(told(bench, "x-1"), at).toEqual(["started", "terminated"]);
      }
    }
    expect(recordedFirst).toBeGreaterThan(0);
  });
});
