/** Schedules that come round: what a firing starts, however often and late its message comes, and wherever its process dies. */
import { type Firing, InvalidInputError, type Overlap, UnknownWorkflowError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type FiringMessage, firingExecutionId } from "../../lib/model/firing.js";
import { isClosed } from "../../lib/model/status.js";
import { encode } from "../../lib/model/value.js";
import { type Fired, fire } from "../../lib/runtime/fire.js";
import type { Outside } from "../../lib/runtime/outside.js";
import type { Store } from "../../lib/store/ports.js";
import type { When } from "../../lib/testing/faults.js";
import { Bench } from "./bench.js";
import { keeping } from "./hearing.js";

const MINUTE = 60_000;
const RATE = "rate(10 minutes)";
const OVERLAPS: readonly Overlap[] = ["skip", "allow", "cancel-previous"];
const WHENS: readonly When[] = ["before", "after", "reply-lost"];

/** Ends an hour after its start. */
const hourly = (overlap: Overlap) =>
  workflow("hourly", { schedule: { expression: RATE, overlap } }, async (ctx, firing: Firing) => {
    await ctx.sleep("1h");
    return firing.scheduledAt;
  });

const HOURLY = { by: "workflow", workflow: "hourly", schedule: "default" } as const;
const idAt = (at: number) => firingExecutionId(HOURLY, at);

function fires(
  bench: Bench,
  scheduledAt: number,
  more: object = {},
  outside: Outside = bench.cloud.client(),
): Promise<Fired> {
  const message = { ...HOURLY, scheduledAt, ...more } as FiringMessage;
  return fire(outside, bench.app, message);
}

/** A queue: what was not done comes again. */
async function delivered(bench: Bench, scheduledAt: number): Promise<Fired> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fires(bench, scheduledAt);
    } catch (error) {
      if (tries === 10) throw error;
      await bench.cloud.advance(90_000);
    }
  }
}

/** Of each firing, by its minute: how its execution stands, or that it has none. */
async function standing(
  bench: Bench,
  begun: number,
  minutes: readonly number[],
): Promise<Record<number, string>> {
  const found: Record<number, string> = {};
  for (const minute of minutes)
    found[minute] = (await bench.store.readHead(idAt(begun + minute * MINUTE)))?.status ?? "none";
  return found;
}

describe("a schedule that a workflow declares", () => {
  it("starts an execution that knows when it was due, under an id that says it", async () => {
    const bench = new Bench([hourly("skip")]);
    const at = Date.parse("2026-01-31T08:00:00Z");
    expect(await fires(bench, at)).toEqual({
      outcome: "started",
      executionId: "hourly@2026-01-31T08:00:00Z",
    });
    await bench.cloud.advance(61 * MINUTE);
    expect(await bench.output("hourly@2026-01-31T08:00:00Z")).toBe("2026-01-31T08:00:00.000Z");
    expect(await bench.store.readFirings("hourly")).toMatchObject({ decidedFor: at, skipped: 0 });
  });

  it("gives what it says, or makes of a firing, and each schedule of several counts for itself", async () => {
    const seen = workflow(
      "seen",
      {
        input: z.object({ region: z.string(), day: z.string().default("any") }),
        schedule: [
          { name: "eu", expression: RATE, input: { region: "eu" } },
          {
            name: "us",
            expression: RATE,
            input: ({ schedule, scheduledAt }) => ({ region: schedule, day: scheduledAt.slice(0, 10) }),
          },
        ],
      },
      async (_, input) => input,
    );
    const bench = new Bench([seen]);
    const at = Date.parse("2026-01-31T08:00:00Z");
    const outputs = [];
    for (const schedule of ["eu", "us"]) {
      const { executionId } = await fires(bench, at, { workflow: "seen", schedule });
      await bench.cloud.settle();
      outputs.push([executionId, await bench.output(executionId)]);
    }
    expect(outputs).toEqual([
      ["seen@eu@2026-01-31T08:00:00Z", { region: "eu", day: "any" }],
      ["seen@us@2026-01-31T08:00:00Z", { region: "us", day: "2026-01-31" }],
    ]);
  });

  it("of a client carries its input with it, values that JSON does not know too", async () => {
    const told = workflow("told", async (_, input: { since: Date }) => input.since.getFullYear());
    const bench = new Bench([told]);
    const fields = { by: "client", workflow: "told", schedule: "tenant-7", overlap: "skip" };
    const input = encode({ since: new Date("2020-05-05") });
    const { executionId } = await fires(bench, Date.parse("2026-01-31T08:00:00Z"), { ...fields, input });
    expect(executionId).toBe("told+tenant-7@2026-01-31T08:00:00Z");
    await bench.cloud.settle();
    expect(await bench.output(executionId)).toBe(2020);
  });

  it.each(OVERLAPS)(
    "of a client, with %s, knows what is running when it is put with another workflow",
    async (overlap) => {
      const daily = workflow("daily", async () => "done");
      const bench = new Bench([hourly("allow"), daily]);
      const firing = { by: "client", schedule: "t-7", overlap } as const;
      const { executionId } = await fires(bench, 0, firing);
      await bench.cloud.settle();
      const next = await fires(bench, MINUTE, { ...firing, workflow: "daily" });
      await bench.cloud.settle();
      expect(executionId).toBe("hourly+t-7@1970-01-01T00:00:00Z");
      if (overlap === "skip") expect(next).toEqual({ outcome: "skipped", executionId });
      else expect(next).toEqual({ outcome: "started", executionId: "daily+t-7@1970-01-01T00:01:00Z" });
      expect(await bench.status(executionId)).toBe(overlap === "cancel-previous" ? "cancelled" : "suspended");
    },
  );

  it("that is not declared any more starts nothing, and says so; a client's for an unknown workflow fails", async () => {
    const log = keeping();
    const bench = new Bench([hourly("skip")], [], { log });
    expect(await fires(bench, 0, { schedule: "gone" })).toMatchObject({ outcome: "not declared" });
    expect(await fires(bench, 0, { workflow: "gone" })).toMatchObject({ outcome: "not declared" });
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(2);
    await expect(fires(bench, 0, { by: "client", overlap: "skip", workflow: "gone" })).rejects.toThrow(
      UnknownWorkflowError,
    );
  });

  it("whose input does not fit fails before anything is written: it does not count as the one before", async () => {
    const strict = workflow(
      "hourly",
      { input: z.object({ n: z.number() }), schedule: { expression: RATE, input: { n: 1 } } },
      async () => {},
    );
    const bench = new Bench([strict]);
    const bad = { by: "client", schedule: "bad", overlap: "skip", input: encode({ n: "one" }) };
    await expect(fires(bench, 0, bad)).rejects.toThrow(InvalidInputError);
    expect(await bench.store.readFirings("+bad")).toBeUndefined();
  });

  it.each([
    ["with no value that can be kept in it", () => ({ at: () => 1 }), "UNENCODABLE_VALUE"],
    ["with a promise in it", () => ({ at: Promise.resolve(1) }), "UNENCODABLE_VALUE"],
    ["not that of another execution of its id", () => 1, "EXECUTION_CONFLICT"],
  ])(
    "whose input is one %s fails before anything is written: the one before runs on",
    async (_, make, code) => {
      let input: () => unknown = () => 1;
      const wide = workflow(
        "hourly",
        { schedule: { expression: RATE, overlap: "cancel-previous", input: () => input() } },
        async (ctx, _: unknown) => ctx.sleep("1h"),
      );
      const bench = new Bench([wide]);
      await fires(bench, 0);
      const record = await bench.store.readFirings("hourly");
      if (code === "EXECUTION_CONFLICT") await bench.start(wide, "another", idAt(MINUTE));
      input = make;
      for (const _ of [1, 2]) await expect(fires(bench, MINUTE)).rejects.toMatchObject({ code });
      await bench.cloud.settle();
      expect(await bench.status(idAt(0))).toBe("suspended");
      expect(await bench.store.readFirings("hourly")).toEqual(record);
    },
  );

  it("that was started by hand under its id counts from then on, and cancels the one before", async () => {
    const bench = new Bench([hourly("cancel-previous")]);
    await fires(bench, 0);
    const [declared] = bench.app.workflows.values();
    if (declared === undefined) throw new Error("no workflow");
    const firing: Firing = { schedule: "default", scheduledAt: new Date(MINUTE).toISOString() };
    await bench.start(declared, firing, idAt(MINUTE));
    expect(await fires(bench, MINUTE)).toMatchObject({ outcome: "started" });
    await bench.cloud.settle();
    expect(await bench.status(idAt(0))).toBe("cancelled");
    expect(await bench.status(idAt(MINUTE))).toBe("suspended");
  });

  it("says what is skipped, and how often; a paused execution is open", async () => {
    const log = keeping();
    const stepping = workflow("hourly", { schedule: RATE }, async (ctx, _: Firing) => {
      await ctx.sleep("1h");
      await ctx.step("end", () => "done");
    });
    const bench = new Bench([stepping], [], { log });
    await fires(bench, 0);
    await bench.client.pause(idAt(0));
    await bench.cloud.advance(61 * MINUTE);
    for (const n of [1, 2])
      expect(await fires(bench, n * MINUTE)).toEqual({ outcome: "skipped", executionId: idAt(0) });
    expect(log.lines.at(-1)).toMatchObject({ level: "info", skipped: 2, open: idAt(0) });
    expect(await bench.store.readFirings("hourly")).toMatchObject({ decidedFor: 2 * MINUTE, skipped: 2 });
    await bench.client.resume(idAt(0));
    await bench.cloud.settle();
    expect(await fires(bench, 2 * MINUTE)).toMatchObject({ outcome: "decided before" });
    expect(await fires(bench, 3 * MINUTE)).toMatchObject({ outcome: "started" });
    expect(await bench.store.readFirings("hourly")).toMatchObject({ skipped: 0 });
  });

  it.each(OVERLAPS)("with %s follows an execution that was continued", async (overlap) => {
    const chain = workflow("hourly", { schedule: { expression: RATE, overlap } }, async (ctx, _: Firing) => {
      await ctx.sleep("1h");
      return ctx.continueAsNew({ schedule: "again", scheduledAt: "" });
    });
    const bench = new Bench([chain]);
    await fires(bench, 0);
    await bench.cloud.advance(90 * MINUTE);
    const { continuedTo = "" } = await bench.head(idAt(0));
    const { outcome } = await fires(bench, MINUTE);
    await bench.cloud.settle();
    expect(outcome).toBe(overlap === "skip" ? "skipped" : "started");
    expect(await bench.status(continuedTo)).toBe(overlap === "cancel-previous" ? "cancelled" : "suspended");
  });

  /** A firing, and how many heads it has read. */
  async function firesReading(bench: Bench, at: number, store: Store): Promise<Fired & { reads: number }> {
    let reads = 0;
    const readHead = (id: string) => {
      reads += 1;
      return store.readHead(id);
    };
    const fired = await fires(bench, at, {}, { ...bench.cloud.client(), store: { ...store, readHead } });
    return { ...fired, reads };
  }

  it.each(["skip", "cancel-previous"] as const)(
    "with %s goes on from where the last one found the chain",
    async (overlap) => {
      const endless = workflow("hourly", { schedule: RATE, overlap: "skip" }, async (ctx, n: unknown) => {
        await ctx.sleep("1m");
        return ctx.continueAsNew(n);
      });
      const bench = new Bench([endless], [], { replay: "off" });
      await fires(bench, 0);
      await bench.cloud.advance(20 * MINUTE);
      expect(await firesReading(bench, MINUTE, bench.store)).toMatchObject({ outcome: "skipped", reads: 21 });
      await bench.cloud.advance(2 * MINUTE);
      const latest = (await bench.store.readFirings("hourly"))?.latest ?? "";
      expect(await bench.head(latest)).toMatchObject({ status: "continued" });
      expect(await firesReading(bench, 2 * MINUTE, bench.store)).toMatchObject({
        outcome: "skipped",
        reads: 3,
      });
      const before = (await bench.store.readFirings("hourly"))?.latest ?? "";
      expect(await bench.status(before)).toBe("suspended");
      if (overlap === "skip") return;
      // Put otherwise since: the cancel goes to where the chain is.
      const since = workflow("hourly", { schedule: RATE, overlap }, async (_, n: unknown) => n);
      const after = new Bench([since], [], { store: bench.store });
      expect(await fires(after, 3 * MINUTE)).toMatchObject({ outcome: "started" });
      expect(await bench.head(before)).toMatchObject({ inbox: [{ kind: "cancel" }] });
      expect((await bench.store.readFirings("hourly"))?.latest).toBeUndefined();
    },
  );

  it("follows a long chain a part at a time, and counts the rest as open; one deleted since has ended", async () => {
    const bench = new Bench([hourly("skip")]);
    await fires(bench, 0);
    const head = await bench.head(idAt(0));
    const LONG = 1_200;
    let isDeleted = false;
    const store: Store = {
      ...bench.store,
      async readHead(id) {
        const run = id === idAt(0) ? 1 : Number(/^hourly@.*:run(\d+)$/.exec(id)?.[1]);
        if (Number.isNaN(run)) return bench.store.readHead(id);
        if (isDeleted) return undefined;
        const status = run < LONG ? "continued" : "completed";
        return {
          ...head,
          executionId: id,
          status,
          ...(run < LONG ? { continuedTo: `${idAt(0)}:run${run + 1}` } : {}),
        };
      },
    };
    for (const n of [1, 2]) {
      const { outcome, reads } = await firesReading(bench, n * MINUTE, store);
      expect(outcome).toBe("skipped");
      expect(reads).toBeLessThan(LONG / 2);
    }
    const record = await bench.store.readFirings("hourly");
    expect(await firesReading(bench, 3 * MINUTE, store)).toMatchObject({ outcome: "started" });
    if (record === undefined) throw new Error("no record");
    const again = await bench.store.readFirings("hourly");
    await bench.store.saveFirings({ ...record, revision: (again?.revision ?? 0) + 1 });
    isDeleted = true;
    expect(await firesReading(bench, 4 * MINUTE, store)).toMatchObject({ outcome: "started" });
  });

  it("finds its execution when its input is made in another way since, and is a conflict for anybody else's", async () => {
    const bench = new Bench([hourly("allow")]);
    await fires(bench, 0);
    const changed = workflow(
      "hourly",
      { schedule: { expression: RATE, overlap: "allow", input: 7 } },
      async (_, n: number) => n,
    );
    const after = new Bench([changed], [], { store: bench.store });
    expect(await fires(after, 0)).toMatchObject({ outcome: "started" });
    await after.start(changed, 8, idAt(MINUTE));
    await expect(fires(after, MINUTE)).rejects.toMatchObject({ code: "EXECUTION_CONFLICT" });
  });
});

describe.each(["skip", "cancel-previous"] as const)(
  "with %s, a firing that comes again an hour later",
  (overlap) => {
    /** The first delivery of minute 0 has died between its record and the execution. */
    async function died(): Promise<{ bench: Bench; begun: number }> {
      const bench = new Bench([hourly(overlap)]);
      const begun = bench.cloud.clock.now();
      const dead = bench.cloud.client();
      const createExecution = () => Promise.reject(new Error("the table does not answer"));
      const store = { ...dead.store, createExecution };
      await expect(fires(bench, begun, {}, { ...dead, store })).rejects.toThrow("does not answer");
      await bench.cloud.advance(60 * MINUTE);
      return { bench, begun };
    }

    it("and is slow never runs beside the next one, which finds nothing there yet", async () => {
      const { bench, begun } = await died();
      const slow = bench.cloud.client();
      let next: Fired | undefined;
      const store: Store = {
        ...slow.store,
        async createExecution(wanted) {
          next ??= await fires(bench, begun + 60 * MINUTE);
          return slow.store.createExecution(wanted);
        },
      };
      await fires(bench, begun, {}, { ...slow, store });
      await bench.cloud.settle();
      expect(next?.outcome).toBe(overlap === "skip" ? "skipped" : "started");
      const found = await standing(bench, begun, [0, 60]);
      if (overlap === "skip") expect(found).toEqual({ 0: "suspended", 60: "none" });
      else expect(found).toEqual({ 0: "cancelled", 60: "suspended" });
    });

    it("starts nothing where the next one was decided on since it has read the record", async () => {
      const { bench, begun } = await died();
      const slow = bench.cloud.client();
      let next: Fired | undefined;
      const store: Store = {
        ...slow.store,
        async saveFirings(wanted) {
          next ??= await fires(bench, begun + 60 * MINUTE);
          return slow.store.saveFirings(wanted);
        },
      };
      expect(await fires(bench, begun, {}, { ...slow, store })).toMatchObject({ outcome: "decided before" });
      await bench.cloud.settle();
      expect(next).toMatchObject({ outcome: "started" });
      expect(await standing(bench, begun, [0, 60])).toEqual({ 0: "none", 60: "suspended" });
    });
  },
);

/** Firings of minutes 0, 10 and 90 of an execution that takes an hour; each message comes once more at the end. */
const MINUTES = [0, 10, 90];

describe.each(OVERLAPS)("with %s, wherever a firing's process dies", (overlap) => {
  const UNDISTURBED: Record<Overlap, Record<number, string>> = {
    skip: { 0: "completed", 10: "none", 90: "suspended" },
    allow: { 0: "completed", 10: "completed", 90: "suspended" },
    "cancel-previous": { 0: "cancelled", 10: "completed", 90: "suspended" },
  };

  async function play(dies?: {
    firing: number;
    call: number;
    when: When;
  }): Promise<{ bench: Bench; struck: boolean }> {
    const bench = new Bench([hourly(overlap)], [], { replay: "off" });
    const begun = bench.cloud.clock.now();
    let struck = true;
    for (const [index, minute] of MINUTES.entries()) {
      const at = begun + minute * MINUTE;
      await bench.cloud.advance(Math.max(0, at - bench.cloud.clock.now()));
      if (dies?.firing === index) {
        bench.cloud.faults.plan(dies);
        const calls = bench.cloud.faults.calls.length;
        await delivered(bench, at);
        // What was planned behind the firing's last call is no crash of it.
        struck = bench.cloud.faults.calls.length >= calls + dies.call;
        if (!struck) return { bench, struck };
      } else await delivered(bench, at);
      await bench.cloud.settle();
    }
    for (const minute of MINUTES) await delivered(bench, begun + minute * MINUTE);
    await bench.cloud.settle();
    expect(await standing(bench, begun, MINUTES)).toEqual(UNDISTURBED[overlap]);
    return { bench, struck };
  }

  it("comes to the same end, dead just before, just after or unanswered at every call of every firing", async () => {
    await play();
    let deaths = 0;
    for (const firing of MINUTES.keys()) {
      for (const when of WHENS) {
        for (let call = 1; (await play({ firing, call, when })).struck; call += 1) deaths += 1;
      }
    }
    expect(deaths).toBeGreaterThan(30);
  });

  it("lets no two run at once, starts none twice and cancels no later one, when a message comes again after the next one's", async () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 60; round += 1) {
      const bench = new Bench([hourly(overlap)], [], { replay: "off", seed: round + 1 });
      const begun = bench.cloud.clock.now();
      const late: number[] = [];
      for (const minute of MINUTES) {
        await bench.cloud.advance(begun + minute * MINUTE - bench.cloud.clock.now());
        if (random(3) > 0)
          bench.cloud.faults.plan({ call: 1 + random(12), when: WHENS[random(3)] ?? "before" });
        const at = begun + minute * MINUTE;
        const waiting = late.splice(0);
        await fires(bench, at).catch(() => late.push(at));
        for (const each of waiting) await fires(bench, each).catch(() => late.push(each));
        await bench.cloud.settle();
        await expectOne(bench, begun);
      }
      for (const each of [...late, ...MINUTES.map((minute) => begun + minute * MINUTE)].reverse()) {
        await delivered(bench, each);
        await bench.cloud.settle();
        await expectOne(bench, begun);
      }
      // What was planned and met no firing has killed a turn, which comes again.
      await bench.cloud.advance(5 * MINUTE);
      const found = await standing(bench, begun, MINUTES);
      // The last one runs, whatever became of those before it; unless one of them had come back so late that it was skipped for it.
      const { skipped = 0 } = (await bench.store.readFirings("hourly")) ?? {};
      expect(found[90]).toBe(overlap === "skip" && skipped > 0 ? "none" : "suspended");
      await bench.cloud.advance(120 * MINUTE);
      expect(Object.values(await standing(bench, begun, MINUTES))).not.toContain("suspended");
    }
  });

  async function expectOne(bench: Bench, begun: number): Promise<void> {
    if (overlap === "allow") return;
    const heads = await Promise.all(
      MINUTES.map((minute) => bench.store.readHead(idAt(begun + minute * MINUTE))),
    );
    // One whose turn has died, with the cancel before it, is as good as closed.
    const open = heads.filter(
      (head) =>
        head !== undefined && !isClosed(head.status) && !head.inbox.some(({ kind }) => kind === "cancel"),
    );
    expect(open.length).toBeLessThanOrEqual(1);
  }
});
