/**
 * Every crash point of families: the process dies just before, just after, or loses the reply of every single outside call, one at a time,
 * and parent and children still end as they would have, without the audit's help. A child's end and its parent's message can't be torn
 * apart.
 */
import { type Context, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import type { When } from "../../lib/testing/faults.js";
import { Bench } from "../runtime/bench.js";

interface Family {
  readonly workflows: (world: string[]) => readonly AnyWorkflow[];
  /** What a client does in between. */
  readonly meddle?: (bench: Bench) => Promise<unknown>;
  /** Status of each execution at the end. */
  readonly ends: Readonly<Record<string, string>>;
  /** What was done to the world, each at least once, in any order. */
  readonly world: readonly string[];
}

const sleeper = (world: string[]) =>
  workflow("sleeper", async (ctx) => {
    await ctx.step("begin", () => world.push("begun"), { compensate: () => world.push("undone") });
    await ctx.sleep("1h");
  });
const worker = (world: string[]) =>
  workflow("worker", async (ctx, n: number) => ctx.step("work", () => world.push(`work ${n}`) && n));
const parentOf = (code: (ctx: Context, input: unknown) => Promise<unknown>) => workflow("parent", code);

const families: Record<string, Family> = {
  "a parent that needs what its children give": {
    workflows: (world) => {
      const work = worker(world);
      return [
        parentOf(async (ctx) => {
          const [one, two] = await Promise.all([
            ctx.child(work, 1, { id: "one" }),
            ctx.child(work, 2, { id: "two" }),
          ]);
          await ctx.step("sum", () => world.push(`sum ${one + two}`));
        }),
        work,
      ];
    },
    ends: { "x-1": "completed", one: "completed", two: "completed" },
    world: ["sum 3", "work 1", "work 2"],
  },
  "a parent that is cancelled, with its child and its grandchild": {
    workflows: (world) => {
      const low = sleeper(world);
      const middle = workflow("middle", async (ctx) => ctx.child(low, undefined, { id: "low" }));
      return [parentOf(async (ctx) => ctx.child(middle, undefined, { id: "middle" })), middle, low];
    },
    meddle: (bench) => bench.client.cancel("x-1"),
    ends: { "x-1": "cancelled", middle: "cancelled", low: "cancelled" },
    world: ["begun", "undone"],
  },
  "a parent that ends with children of each kind still open": {
    workflows: (world) => {
      const child = sleeper(world);
      return [
        parentOf(async (ctx) => {
          void ctx.child(child, undefined, { id: "cancelled" });
          void ctx.child(child, undefined, { id: "terminated", onParentClose: "terminate" });
          await ctx.sleep("10s");
          void ctx.child(child, undefined, { id: "left", onParentClose: "abandon" });
        }),
        child,
      ];
    },
    ends: { "x-1": "completed", cancelled: "cancelled", terminated: "terminated", left: "suspended" },
    world: ["begun", "undone"],
  },
  "a race whose loser is a child": {
    workflows: (world) => {
      const child = sleeper(world);
      return [
        parentOf(async (ctx) => {
          await ctx.race({
            child: (inner) => inner.child(child, undefined, { id: "loser" }),
            soon: (inner) => inner.sleep("10s"),
          });
          await ctx.step("after", () => world.push("after"));
        }),
        child,
      ];
    },
    ends: { "x-1": "completed", loser: "cancelled" },
    world: ["after", "begun", "undone"],
  },
  "a child that continues as new, with a signal on its way": {
    workflows: (world) => {
      const counting = workflow("counting", async (ctx, n: number): Promise<unknown> => {
        await ctx.sleep("5s");
        if (n < 3) return ctx.continueAsNew(n + 1);
        const note = await ctx.waitForSignal<string>("note");
        return ctx.step("note", () => world.push(note));
      });
      return [parentOf(async (ctx) => ctx.child(counting, 1, { id: "c" })), counting];
    },
    meddle: (bench) => bench.client.signal("c", "note", "noted", { id: "n-1" }),
    ends: { "x-1": "completed", c: "continued", "c:run2": "continued", "c:run3": "completed" },
    world: ["noted"],
  },
};

async function run(family: Family, crash?: { call: number; when: When }) {
  const world: string[] = [];
  const workflows = family.workflows(world);
  const bench = new Bench(workflows);
  if (crash !== undefined) bench.cloud.faults.plan(crash);
  const [parent] = workflows;
  if (parent === undefined) throw new Error("a family has a parent");
  await bench.start(parent, undefined).catch(() => bench.start(parent, undefined));
  await bench.cloud.advance(1_000);
  // A child may be late by a redelivery: whoever asks for it asks again.
  for (let tries = 0; family.meddle !== undefined && tries < 5; tries++) {
    const done = await family.meddle(bench).then(
      () => true,
      (error: Error) => error.name === "ExecutionClosedError",
    );
    if (done) break;
    await bench.cloud.advance(120_000);
  }
  await bench.cloud.advance(900_000);
  return { bench, world };
}

/** A crash may put a child off until nobody wants it any more: then it never is, and that is as good as ended. */
async function endOf(bench: Bench, id: string, wanted: string): Promise<string> {
  const head = await bench.store.readHead(id);
  return head?.status ?? (["cancelled", "terminated"].includes(wanted) ? wanted : "never begun");
}

describe.each(Object.entries(families))("%s", (_, family) => {
  it.each(["before", "after", "reply-lost"] as const)(
    "survives a crash %s every one of its outside calls",
    async (when) => {
      const undisturbed = await run(family);
      const { calls } = undisturbed.bench.cloud.faults;
      expect([...new Set(undisturbed.world)].sort()).toEqual(family.world);
      for (const [id, status] of Object.entries(family.ends))
        expect(await undisturbed.bench.status(id)).toBe(status);
      expect(calls.length).toBeGreaterThan(20);
      for (let call = 1; call <= calls.length; call++) {
        const at = `${when} call ${call} (${calls[call - 1]})`;
        const { bench, world } = await run(family, { call, when });
        expect(bench.cloud.faults.struck, at).toBe(true);
        for (const [id, status] of Object.entries(family.ends)) {
          expect(await endOf(bench, id, status), `${id} ${at}`).toBe(status);
        }
        // What began is undone; a child that was cancelled before it began did nothing at all.
        expect(family.world, at).toEqual(expect.arrayContaining([...new Set(world)]));
        if (!family.world.includes("undone")) expect([...new Set(world)].sort(), at).toEqual(family.world);
        for (const id of Object.keys(family.ends)) {
          expect((await bench.store.readHead(id))?.inbox ?? [], `${id} ${at}`).toEqual([]);
        }
      }
    },
    300_000,
  );
});
