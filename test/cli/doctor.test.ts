/** The doctor: what it judges, and what it finds in a deployment that is not well. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unmade } from "../../lib/cli/doctor/finding.js";
import {
  judgeClock,
  judgeDeadLetters,
  judgeMappings,
  judgeNode,
  judgeOutbox,
  judgeOverdue,
  judgeQueue,
  judgeStack,
  judgeTable,
} from "../../lib/cli/doctor/judge.js";
import { app, workflow } from "../../lib/index.js";
import { commit, execution, outgoing, T0 } from "../store/builders.js";
import { type Ground, openGround } from "./ground.js";

const MINUTE = 60_000;
const stalls = workflow("stalls", async (ctx) => {
  await ctx.step("a", () => 1);
  await new Promise(() => {});
});

describe("judges", () => {
  test.each([
    ["v20.18.9", "wrong"],
    ["v20.19.0", "ok"],
    ["v22.1.0", "ok"],
    ["v18.20.0", "wrong"],
  ])("Node.js %s as %s", (version, verdict) => expect(judgeNode(version).verdict).toBe(verdict));

  test.each([
    ["CREATE_COMPLETE", "ok"],
    ["UPDATE_COMPLETE", "ok"],
    ["UPDATE_IN_PROGRESS", "note"],
    ["UPDATE_ROLLBACK_COMPLETE", "note"],
    ["ROLLBACK_COMPLETE", "wrong"],
    ["UPDATE_ROLLBACK_FAILED", "wrong"],
  ])("a stack that is %s as %s", (status, verdict) =>
    expect(judgeStack("Shop", status).verdict).toBe(verdict),
  );

  test.each([
    [400, "ok"],
    [-4_900, "ok"],
    [6_000, "note"],
    [-61_000, "wrong"],
    [3_600_000, "wrong"],
  ])("a clock that is %i ms ahead as %s", (skewMs, verdict) =>
    expect(judgeClock(skewMs).verdict).toBe(verdict),
  );

  test("a clock in words", () => {
    expect(judgeClock(-90_000).found).toBe("1m 30s behind the service's");
    expect(judgeClock(7_000).found).toBe("7s ahead of the service's");
  });

  test.each([
    ["is ACTIVE with its stream", { status: "ACTIVE", stream: "NEW_IMAGE", unready: [] }, "ok"],
    ["has no stream", { status: "ACTIVE", unready: [] }, "wrong"],
    ["has a stream of keys", { status: "ACTIVE", stream: "KEYS_ONLY", unready: [] }, "wrong"],
    ["is being made", { status: "CREATING", stream: "NEW_IMAGE", unready: [] }, "wrong"],
    ["waits for an index", { status: "ACTIVE", stream: "NEW_AND_OLD_IMAGES", unready: ["byStatus"] }, "note"],
  ])("a table that %s", (_, facts, verdict) =>
    expect(judgeTable("Executions table", facts, true).verdict).toBe(verdict),
  );

  test.each([
    [[], "wrong"],
    [[{ state: "Enabled" }], "ok"],
    [[{ state: "Enabled", lastResult: "OK" }, { state: "Disabled" }], "wrong"],
    [[{ state: "Updating" }], "note"],
    [[{ state: "Enabled", lastResult: "PROBLEM: Function call failed" }], "wrong"],
  ])("the feeds %j as %s", (mappings, verdict) =>
    expect(judgeMappings("worker's feed", mappings).verdict).toBe(verdict),
  );

  test("a long queue is noted, since what is late is told by executions", () => {
    expect(judgeQueue("queue of wakes", { waiting: 3, inFlight: 1, delayed: 9 })).toEqual({
      what: "queue of wakes",
      verdict: "ok",
      found: "3 waiting, 1 in flight, 9 delayed",
    });
    expect(judgeQueue("queue of wakes", { waiting: 5_000, inFlight: 0, delayed: 0 }).verdict).toBe("note");
  });

  test("dead letters that the audit looks after are noted, others are wrong", () => {
    expect(judgeDeadLetters("deliver", 0, undefined).verdict).toBe("ok");
    expect(judgeDeadLetters("wakes", 2, MINUTE).verdict).toBe("note");
    expect(judgeDeadLetters("deliver", 2, 90 * MINUTE)).toMatchObject({
      verdict: "wrong",
      found: "2, the oldest since 1h 30m",
      next: "holdfast dead-letters list --queue deliver",
    });
  });

  test("what has been due for longer than the audit takes is wrong", () => {
    expect(judgeOverdue(0, undefined, 0).verdict).toBe("ok");
    expect(judgeOverdue(3, 0, 30 * MINUTE)).toMatchObject({ verdict: "wrong", found: "3, one since 30m" });
  });

  test("messages on their way are well until they are late", () => {
    expect(judgeOutbox([], 0, 0).map(({ verdict }) => verdict)).toEqual(["ok", "ok"]);
    expect(judgeOutbox([0, MINUTE], 2, 2 * MINUTE).map(({ verdict }) => verdict)).toEqual(["ok", "wrong"]);
    expect(judgeOutbox([0], 0, 60 * MINUTE)[0]?.verdict).toBe("wrong");
  });

  test("what may not be asked is unknown; what does not answer is wrong", () => {
    const denied = Object.assign(new Error("User is not authorized to perform: dynamodb:DescribeTable"), {
      name: "AccessDeniedException",
    });
    expect(unmade("Executions table", denied)).toMatchObject({ verdict: "unknown" });
    const gone = Object.assign(new Error("Cannot do operations on a non-existent table"), {
      name: "ResourceNotFoundException",
    });
    expect(unmade("Executions table", gone)).toEqual({
      what: "Executions table",
      verdict: "wrong",
      found: "ResourceNotFoundException: Cannot do operations on a non-existent table",
    });
  });
});

describe("in a deployment", () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround(app({ workflows: [stalls] }));
  });
  afterAll(() => ground.close());

  const findings = async (): Promise<Record<string, string>> => {
    const told = await ground.told("doctor");
    return Object.fromEntries(
      told.findings.map(({ what, verdict }: { what: string; verdict: string }) => [what, verdict]),
    );
  };

  test("that is well, nothing is wrong, and it ends with 0", async () => {
    const { out, code } = await ground.holdfast(["doctor"]);
    expect(out).toContain("Nothing is wrong.");
    expect(out).toMatch(/ok +Executions table +ACTIVE, its stream is on/);
    expect(out).toMatch(/ok +clock +agrees with the service's/);
    expect(code).toBe(0);
    expect(await ground.told("doctor")).toMatchObject({ healthy: true });
  });

  test("that is not, it says what is wrong and the next command, and ends with 1", async () => {
    const { outside } = ground.deployment;
    await ground.start("stalls", "s-1");
    await ground.work();
    await ground.deployment.events("deliver").bury({ body: "an outage's", attributes: {} });
    await outside.store.appendCommit(commit("o-1", 1, { outgoing: [outgoing("e1")] }), T0);
    const { out, code } = await ground.holdfast(["doctor"]);
    expect(out).toMatch(/wrong +stalled executions +1: each waits for a person\n +→ holdfast list --status/);
    expect(out).toMatch(/wrong +dead letters: deliver +1.*\n +→ holdfast dead-letters list --queue deliver/);
    expect(out).toMatch(/wrong +outgoing messages +1 on their way, the oldest since \d+d/);
    expect(out).toMatch(/3 of \d+ are wrong\.$/);
    expect(code).toBe(1);

    expect((await findings())["overdue executions"]).toBe("ok");
    // Due for an hour, with nobody on the way to it.
    const hourAgo = Date.now() - 60 * MINUTE;
    await outside.store.createExecution(execution("l-1", { createdAt: hourAgo, startAt: hourAgo }));
    expect((await findings())["overdue executions"]).toBe("wrong");
  });

  test("that is not there, it says so and asks no further", async () => {
    const { out, code } = await ground.holdfast(["doctor", "--stack", "Nowhere"]);
    expect(out).toMatch(/wrong +stack Nowhere +There is no stack "Nowhere" in the local cloud/);
    expect(out).toMatch(/1 of 3 are wrong\.$/);
    expect(code).toBe(1);
  });
});
