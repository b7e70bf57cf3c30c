/** What is done to many executions at once: shown, counted, asked about, done, told of, and done again. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcomeOf } from "../../lib/cli/bulk/run.js";
import {
  app,
  ExecutionClosedError,
  ExecutionNotFoundError,
  NotDeletableError,
  workflow,
} from "../../lib/index.js";
import { type Ground, openGround } from "./ground.js";

const waits = workflow("waits", async (ctx) => ctx.waitForSignal("go"));
const asks = workflow("asks", async (ctx) => ctx.waitForSignal("go"));
const rests = workflow("rests", async (ctx) => ctx.waitForSignal("go"));
const stalls = workflow("stalls", async (ctx) => {
  await ctx.step("a", () => 1);
  await new Promise(() => {});
});
const undone = workflow("undone", async (ctx) => {
  await ctx.step("reserve", () => "held", { compensate: () => "released" });
  throw new Error("sold out");
});
const fails = workflow("fails", async (ctx) => {
  await ctx.step("charge", () => Promise.reject(new Error("declined")), { retry: { maxAttempts: 1 } });
});
const aged = workflow("aged", async () => {});
const shop = app({ workflows: [waits, asks, rests, stalls, undone, fails, aged] });

let ground: Ground;
beforeAll(async () => {
  ground = await openGround(shop);
  await ground.start("waits", ...Array.from({ length: 7 }, (_, index) => `w-${index}`));
  await ground.start("asks", "a-1", "a-2");
  await ground.start("rests", "r-1", "r-2");
  await ground.start("stalls", "s-1");
  await ground.start("undone", "u-1");
  await ground.start("fails", "f-1");
  await ground.work();
});
afterAll(() => ground.close());

const inboxOf = async (id: string) => (await ground.deployment.outside.store.readHead(id))?.inbox ?? [];

describe("which executions are meant", () => {
  test.each([
    [["cancel"], "Which executions? Expected their ids, or a filter"],
    [["cancel", "w-1", "--workflow", "waits"], "and not both"],
    [["cancel", "w-1", "--yes"], "--yes and --dry-run belong to a filter"],
    [["cancel", "--workflow", "waits", "--yes", "--dry-run"], "--yes and --dry-run were both given"],
    [["cancel", "--status", "completed"], "Allowed choices are running, suspended, paused, stalled"],
    [["redrive", "--status", "terminated"], "Allowed choices are failed, stalled"],
    [["signal", "go"], "Expected an execution's id and the signal's name, or a filter and the name"],
    [["signal", "w-1", "go", "--workflow", "waits"], "and not both"],
    [["purge", "--status", "completed", "--yes"], "expected a workflow name"],
    [["purge", "--yes"], "Which executions?"],
    [["purge", "-f", "aged", "--older-than", "1d", "--closed-before", "2026-01-01", "--yes"], "both given"],
  ])("%j is refused", async (args, message) => {
    const { err, code } = await ground.holdfast(args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test("where nobody is there to say yes, nothing is done without --yes", async () => {
    const { err, code } = await ground.holdfast(["cancel", "--workflow", "waits"]);
    expect(err).toContain("Nobody is here to say yes");
    expect(code).toBe(2);
    expect(await inboxOf("w-1")).toEqual([]);
  });

  test("several are named without being asked about", async () => {
    const { out, code } = await ground.holdfast(["pause", "r-1", "r-2", "--reason", "audit"]);
    expect({ out, code }).toEqual({ out: "pause: 2 of 2 executions", code: 0 });
    await ground.work();
    expect((await ground.told("list", "-s", "paused")).executions).toHaveLength(2);
    expect((await ground.holdfast(["resume", "--status", "paused", "--yes"])).out).toBe(
      "resume: 2 of 2 executions",
    );
    await ground.work();
    expect((await ground.told("list", "-s", "paused")).executions).toEqual([]);
  });
});

test("an id that was mistyped is no success, and keeps the others from nothing", async () => {
  const { out, err, code } = await ground.holdfast(["pause", "r-1", "r-9"]);
  expect({ out, code }).toEqual({ out: "pause: 1 of 2 executions, 1 failed", code: 1 });
  expect(err).toContain('r-9 failed: There is no execution "r-9"');
  await ground.work();
  expect((await ground.holdfast(["resume", "r-1"])).code).toBe(0);
  await ground.work();
});

describe("cancel", () => {
  const filter = ["cancel", "--workflow", "waits"];

  test("a look counts, shows the first five, and does nothing", async () => {
    const { out, err, code } = await ground.holdfast([...filter, "--dry-run"]);
    expect(err).toBe("cancel: 7 executions\n… and 2 more\nNothing was done.");
    expect(out.split("\n")).toHaveLength(6);
    expect(code).toBe(0);
    const told = await ground.told(...filter, "--dry-run");
    expect(told).toMatchObject({ matched: 7 });
    expect(told.executions).toHaveLength(7);
    expect(await inboxOf("w-1")).toEqual([]);
  });

  test("who says no has done nothing, and it ends with 1", async () => {
    const asked: string[] = [];
    const { out, err, code } = await ground.holdfast(filter, undefined, {
      confirm: async (question) => asked.push(question) < 0,
    });
    expect(asked).toEqual(["cancel 7 executions?"]);
    expect({ out, code }).toEqual({ out: "", code: 1 });
    expect(err).toContain("w-6");
    expect(err).toContain("Nothing was done.");
    expect(await inboxOf("w-1")).toEqual([]);
  });

  test("who says yes asks each, and asking twice is asking once", async () => {
    const { out, code } = await ground.holdfast([...filter, "-r", "over"], undefined, {
      confirm: async () => true,
    });
    expect({ out, code }).toEqual({ out: "cancel: 7 of 7 executions", code: 0 });
    const told = await ground.told(...filter, "--yes");
    expect(told).toMatchObject({ matched: 7, passedOver: [], failed: [] });
    expect(told.done).toContainEqual({ executionId: "w-0", status: "suspended" });
    expect(await inboxOf("w-3")).toMatchObject([{ kind: "cancel", by: "holdfast", reason: "over" }]);
    await ground.work();
    const none = await ground.holdfast([...filter, "--yes"]);
    expect(none).toMatchObject({ out: "", err: "No execution fits.", code: 0 });
    expect(await ground.told(...filter, "--yes")).toEqual({
      ...{ matched: 0, done: [], passedOver: [], failed: [] },
    });
  });
});

test("redrive goes on with all that it can, tells of each that it can't, and ends with 1", async () => {
  const told = await ground.told("redrive", "--status", "failed", "stalled", "--dry-run");
  expect(told.executions.map(({ executionId }: { executionId: string }) => executionId).sort()).toEqual([
    "f-1",
    "s-1",
    "u-1",
  ]);
  const { out, err, code } = await ground.holdfast(["redrive", "--status", "failed", "stalled", "--yes"]);
  expect(out).toBe("redrive: 2 of 3 executions, 1 failed");
  expect(err).toContain('u-1 failed: Execution "u-1" can\'t be redriven');
  expect(code).toBe(1);
  await ground.work();
});

test("terminate takes those that are stalled, too", async () => {
  expect((await ground.holdfast(["terminate", "--workflow", "stalls", "--yes"])).out).toBe(
    "terminate: 1 of 1 execution",
  );
});

test("a signal reaches each once, however often the command is repeated with its id", async () => {
  const signal = (...more: string[]) =>
    ground.holdfast(["signal", "--workflow", "asks", "go", "-d", '{"n":1}', "--yes", ...more]);
  const first = await signal();
  expect(first.out).toBe('signal "go": 2 of 2 executions');
  const [, id] = /add --id (\S+)/.exec(first.err) ?? [];
  expect((await signal("--id", id ?? "")).code).toBe(0);
  for (const executionId of ["a-1", "a-2"])
    expect(await inboxOf(executionId)).toMatchObject([{ kind: "signal", name: "go", data: { n: 1 } }]);
  await ground.work();
});

describe("purge", () => {
  test("deletes what ended long enough ago, and counts it first", async () => {
    for (const [id, days] of [
      ["old-1", 40],
      ["old-2", 31],
      ["old-3", 2],
    ] as const)
      await ground.old(id, days, "aged");
    // What has just ended may still be written to.
    await ground.start("aged", "new-1");
    await ground.work();
    const filter = ["purge", "--workflow", "aged"];
    const ids = async (...more: string[]) =>
      (await ground.told(...filter, "--dry-run", ...more)).executions.map(
        ({ executionId }: { executionId: string }) => executionId,
      );
    expect(await ids()).toEqual(["old-3", "old-2", "old-1"]);
    expect(await ids("--older-than", "30d")).toEqual(["old-2", "old-1"]);
    expect(await ids("--closed-before", "2020-01-01")).toEqual([]);
    const { out, code } = await ground.holdfast([...filter, "--older-than", "30d", "--yes"]);
    expect({ out, code }).toEqual({ out: "delete: 2 of 2 executions", code: 0 });
    expect((await ground.holdfast(["show", "old-1"])).code).toBe(3);
    expect(await ids()).toEqual(["old-3"]);
  });

  test("says what it wants, and where ids belong", async () => {
    const { err, code } = await ground.holdfast(["purge", "--older-than", "30d", "--yes"]);
    expect(err).toContain("Expected a filter such as --workflow <name>");
    expect(err).toContain("holdfast delete <id…>");
    expect(code).toBe(2);
  });
});

describe("doing it to all", () => {
  test("has eight under way at once, and no more", async () => {
    let now = 0;
    let most = 0;
    const ids = Array.from({ length: 30 }, (_, index) => `e-${index}`);
    const { done } = await outcomeOf(ids, {
      verb: "try",
      act: async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now -= 1;
        return {};
      },
    });
    expect(done).toHaveLength(30);
    expect(most).toBe(8);
  });

  test("passes over what has ended meanwhile", async () => {
    const outcome = await outcomeOf(["e-1"], {
      verb: "cancel",
      act: async (id) => Promise.reject(new ExecutionClosedError(id, "completed")),
    });
    expect(outcome).toMatchObject({ done: [], passedOver: [{ executionId: "e-1" }], failed: [] });
    const gone = await outcomeOf(["e-2"], {
      ...{ verb: "cancel", listed: true as const },
      act: async (id) => Promise.reject(new ExecutionNotFoundError(id)),
    });
    expect(gone).toMatchObject({ done: [], passedOver: [{ executionId: "e-2" }], failed: [] });
  });

  test("tries those again that others of the same run set free, for as long as that helps", async () => {
    // Each can go once the one after it has gone; the last one never.
    const gone = new Set<string>();
    const tried: string[] = [];
    const outcome = await outcomeOf(["a", "b", "c", "kept"], {
      verb: "delete",
      mayPass: (error) => error instanceof NotDeletableError,
      act: async (id) => {
        tried.push(id);
        await Promise.resolve();
        const after = { a: "b", b: "c", kept: "kept" }[id];
        if (after !== undefined && !gone.has(after)) throw new NotDeletableError(id, "parent", "not yet");
        gone.add(id);
        return {};
      },
    });
    expect([...gone].sort()).toEqual(["a", "b", "c"]);
    expect(outcome.failed.map(({ executionId }) => executionId)).toEqual(["kept"]);
    expect(tried.length).toBeLessThan(20);
  });
});
