/** The command against a real table, queue, bus and CloudFormation of the local cloud, found as `holdfast dev` leaves them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorker } from "../../functions/worker.js";
import { writeLocalFile } from "../../lib/cli/local-file.js";
import { app, event, workflow } from "../../lib/index.js";
import { callbackToken } from "../../lib/model/callback-token.js";
import { startExecution } from "../../lib/runtime/start.js";
import { batchOf, type Deployment, invocation, openDeployment } from "../functions/deployment.js";
import { eventually } from "../local/harness.js";
import { commit, outgoing, owned, settlementOf, T0 } from "../store/builders.js";
import { type Run, runCommand } from "./run.js";

const Paid = event<{ order: string }>("payment.completed", { key: ({ order }) => order });
const waits = workflow("waits", async (ctx, { id }: { id: string }) => {
  await ctx.step("reserve\nit", () => "held\u001b[31m");
  await ctx.waitForEvent(Paid, { key: id });
});
const stalls = workflow("stalls", async (ctx) => {
  await ctx.step("a", () => 1);
  await new Promise(() => {});
});
const fails = workflow("fails", async (ctx) => {
  await ctx.step("reserve", () => "held", { compensate: () => "released" });
  throw new Error("sold out");
});
const half = workflow("half", async (ctx) => {
  await ctx
    .saga(async (saga) => {
      await saga.step("hold", () => "held", {
        compensate: () => Promise.reject(new Error("the warehouse is closed")),
        compensateRetry: { maxAttempts: 1 },
      });
      throw new Error("sold out");
    })
    .catch(() => {});
  return "not sold";
});
let token = "";
const chats = workflow("chats", async (ctx) => {
  const callback = ctx.callback("approve");
  await ctx.step("hand out", () => {
    token = callback.token;
  });
  ctx.handleUpdate("double", (_inner, count: number) => count * 2);
  ctx.setState({ at: "the desk" });
  const go = await ctx.waitForSignal("go");
  return [go, await callback.promise.catch((error: Error) => error.message)];
});
const shop = app({ workflows: [waits, stalls, fails, half, chats], events: [Paid] });

let deployment: Deployment;
let stateDir: string;
beforeAll(async () => {
  deployment = await openDeployment();
  stateDir = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  const { environment, stacks } = deployment.cloud.cloud;
  writeLocalFile(stateDir, { pid: process.pid, environment, stacks: stacks.map(({ name }) => name) });
  for (const [workflowName, id, labels] of [
    ["waits", "w-1"],
    ["waits", "w-2"],
    ["waits", "w-3"],
    ["stalls", "s-1"],
    ["stalls", "s-2"],
    ["fails", "f-1", { application: "tills", pipelineConfigId: "nightly" }],
    ["half", "h-1"],
    ["chats", "gap-1"],
    ["chats", "c-1", { application: "tills" }],
    ["chats", "c-2"],
  ] as const) {
    await startExecution(deployment.outside, shop, { workflow: workflowName, input: { id }, id, ...labels });
  }
  const worker = createWorker(shop, () => deployment.outside);
  for (const wake of await deployment.wakes()) await worker(batchOf(wake), invocation());
});
afterAll(async () => {
  rmSync(stateDir, { recursive: true, force: true });
  await deployment.cloud.stop();
});

const holdfast = (args: readonly string[], width?: number): Promise<Run> =>
  runCommand([...args, "--state-dir", stateDir], width);

describe("outbox", () => {
  test("shows what is on its way and what was given up, and has it tried again", async () => {
    const { store } = deployment.outside;
    await store.appendCommit(commit("o-1", 1, { outgoing: [outgoing("e1")] }), T0);
    const listed = await holdfast(["outbox", "list"]);
    expect(listed.out.split("\n")[0]).toMatch(
      /^COMMIT +MESSAGE +STATE +TRIES +NEXT TRY OR GIVEN UP +LAST ERROR$/,
    );
    expect(listed.out).toMatch(/o-1\/1 +event order.shipped +pending +0 +2026-01-01/);
    expect(await holdfast(["outbox", "list", "--given-up"])).toMatchObject({
      out: "",
      err: "Nothing was given up.",
    });
    expect(await holdfast(["outbox", "retry", "o-1/1"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("expected one of which a message was given up"),
    });

    const states = [{ state: "dead", tries: 9, lastError: "the bus is gone" } as const];
    await store.markOutbox({ executionId: "o-1", slot: 1, version: 0, states, givenUpAt: T0 });
    const { out, err } = await holdfast(["outbox", "list", "--given-up"]);
    expect(out).toMatch(/o-1\/1 +event order.shipped +dead +9 +2026-01-01.* the bus is gone/);
    expect(err).toContain("holdfast outbox retry <commit>");
    expect(await holdfast(["outbox", "retry", "o-1/1"])).toMatchObject({
      code: 0,
      out: "1 message of o-1/1 will be tried again now.",
    });
    expect(await deployment.wakes()).toMatchObject([{ executionId: "o-1", reason: "relay", slot: 1 }]);
    expect(JSON.parse((await holdfast(["outbox", "list", "--json"])).out)).toMatchObject({
      messages: [{ commit: "o-1/1", state: "pending", tries: 0 }],
    });
  });
});

describe("list", () => {
  test("shows open and stalled executions, newest first", async () => {
    const { out } = await holdfast(["list"]);
    expect(out.split("\n")[0]).toMatch(/^EXECUTION +WORKFLOW +STATUS +CREATED +CLOSED OR DUE$/);
    expect(out).toMatch(/w-1 +waits +suspended/);
    expect(out).toMatch(/s-1 +stalls +stalled/);
  });

  test("fits a narrow terminal without cutting ids", async () => {
    const { out } = await holdfast(["list"], 70);
    const lines = out.split("\n").map(stripVTControlCharacters);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
    expect(out).toContain("w-1");
  });

  test("filters, pages and prints JSON for machines", async () => {
    const first = JSON.parse((await holdfast(["list", "--workflow", "waits", "-n", "1", "--json"])).out);
    expect(first).toMatchObject({ executions: [{ workflow: "waits", status: "suspended" }] });
    const second = await holdfast(["list", "-f", "waits", "-n", "1", "--json", "--cursor", first.cursor]);
    const ids = [first, JSON.parse(second.out)].map(({ executions }) => executions[0].executionId);
    expect(ids.every((id) => /^w-[123]$/.test(id)) && new Set(ids).size === 2).toBe(true);
  });

  test("takes several statuses, and instants as it shows them", async () => {
    const ids = async (...args: string[]): Promise<string[]> => {
      const { executions } = JSON.parse((await holdfast(["list", "-n", "100", "--json", ...args])).out);
      return executions.map(({ executionId }: { executionId: string }) => executionId).sort();
    };
    expect(await ids("--status", "stalled", "failed")).toEqual(["f-1", "s-1", "s-2"]);
    const { createdAt } = JSON.parse((await holdfast(["list", "-f", "fails", "--json"])).out).executions[0];
    const exactly = ["--created-after", createdAt, "-f", "fails"];
    expect(await ids(...exactly)).toEqual(["f-1"]);
    expect(await ids(...exactly, "--created-before", createdAt)).toEqual([]);
    expect(await ids("-f", "fails", "--created-before", "2020-01-31 17:05:09")).toEqual([]);
    expect(await ids("-f", "fails", "--created-after", "2020-01-31")).toEqual(["f-1"]);
    expect((await holdfast(["list", "-s", "stalled", "failed", "--count"])).out).toBe("3");
    expect((await holdfast(["list", "-f", "waits", "--count", "--json"])).out).toBe('{\n  "count": 3\n}');
    expect(await ids("--due-before", "2020-01-31")).toEqual([]);
    expect(await ids("--lease-expired-before", "2099-01-31")).toEqual([]);
    expect(await ids("--application", "tills")).toEqual(["c-1", "f-1"]);
    expect(await ids("--pipeline-config", "nightly", "-s", "failed")).toEqual(["f-1"]);
  });

  test("show says for which application it is, and by which configuration", async () => {
    const { out } = await holdfast(["show", "f-1"]);
    expect(out).toMatch(/for +application tills\nby +pipeline configuration nightly/);
  });
});

describe("waiting", () => {
  test("shows who waits for an event, for which key and until when", async () => {
    const { out } = await holdfast(["waiting", "payment.completed"]);
    expect(out.split("\n")[0]).toMatch(/^EXECUTION +WORKFLOW +STATUS +KEY +UNTIL$/);
    for (const id of ["w-1", "w-2", "w-3"]) expect(out).toMatch(new RegExp(`${id} +waits +suspended +${id}`));
    const one = JSON.parse((await holdfast(["waiting", "payment.completed", "-k", "w-2", "--json"])).out);
    expect(one).toEqual({
      waiting: [{ executionId: "w-2", workflow: "waits", status: "suspended", key: "w-2", certain: true }],
    });
    const nobody = await holdfast(["waiting", "payment.completed", "--key", "nobody"]);
    expect({ out: nobody.out, err: nobody.err }).toEqual({
      out: "",
      err: "Nobody that was looked at waits for it.",
    });
  });
});

describe("show and history", () => {
  test("show says what it waits for and what would free it", async () => {
    const { out, code } = await holdfast(["show", "w-1"]);
    expect(out).toMatch(/status +suspended/);
    expect(out).toMatch(/now +It waits for event "payment.completed" with key "w-1"\./);
    expect(out).toMatch(
      /freed by +Event "payment.completed" with key "w-1"\. To end it: holdfast cancel w-1/,
    );
    expect(code).toBe(0);
  });

  test("show names what it awaits, a line for each", async () => {
    const { out } = await holdfast(["show", "c-1"]);
    expect(out).toMatch(
      /freed by +Callback "approve" or signal "go"\. .*\nawaits +callback "approve"\n {10}signal "go"\ntry +holdfast callback/,
    );
    const shown = JSON.parse((await holdfast(["show", "w-1", "--json"])).out);
    expect(shown.progress).toMatchObject({
      awaits: [{ kind: "event", name: "payment.completed", key: "w-1", op: "wait:payment.completed" }],
      awaitCount: 1,
    });
  });

  test("history is a table; what users store can't break its lines or colour the screen", async () => {
    const { out } = await holdfast(["history", "w-1"]);
    const lines = out.split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^0 .*ExecutionStarted +waits +\{"id":"w-1"\}$/);
    expect(lines[2]).toMatch(/StepCompleted +step:reserve.*held/);
    expect(out).not.toContain("\u001b");
    const stored = JSON.parse((await holdfast(["history", "w-1", "--json"])).out);
    expect(stored[1].event).toMatchObject({ type: "StepCompleted", result: "held\u001b[31m" });
  });

  test("an id that nobody has ends with 3", async () => {
    const { err, out, code } = await holdfast(["show", "nope"]);
    expect({ out, code }).toEqual({ out: "", code: 3 });
    expect(err).toContain('There is no execution "nope"');
  });
});

describe("send, cancel and redrive", () => {
  test("send puts the event on the bus, for one execution if it is told so", async () => {
    const file = join(stateDir, "data.json");
    writeFileSync(file, '{"order":"w-1"}');
    const { out } = await holdfast([
      "send",
      "payment.completed",
      "--data",
      `@${file}`,
      "--target",
      "w-1",
      "--id",
      "p",
    ]);
    expect(out).toBe("published payment.completed, id p");
    const [body] = await eventually(async () => {
      const bodies = await deployment.drain("events");
      expect(bodies).not.toHaveLength(0);
      return bodies;
    });
    expect(JSON.parse(body ?? "")).toMatchObject({
      source: "orders",
      detail: { order: "w-1" },
      resources: ["holdfast:event:p", "holdfast:execution:w-1"],
    });
  });

  test("cancel appends the message and sends the wake", async () => {
    const { out } = await holdfast(["cancel", "w-2", "--reason", "test"]);
    expect(out).toBe("asked w-2 to cancel; it was suspended");
    expect(await deployment.wakes()).toEqual([{ executionId: "w-2", reason: "message" }]);
    expect((await deployment.outside.store.readHead("w-2"))?.inbox).toMatchObject([
      { kind: "cancel", reason: "test", by: "holdfast" },
    ]);
  });

  test("redrive reopens one that completed and was not undone to the end; show says so before", async () => {
    expect((await holdfast(["show", "h-1"])).out).toMatch(
      /status +completed.*undone +incomplete; to try again what gave up: holdfast redrive h-1/s,
    );
    expect((await holdfast(["redrive", "h-1"])).out).toBe("h-1 goes on; it is running");
    expect(await deployment.wakes()).toEqual([{ executionId: "h-1", reason: "redrive" }]);
  });

  test("redrive reopens a stalled execution and wakes it", async () => {
    expect((await holdfast(["redrive", "s-1"])).out).toBe("s-1 goes on; it is running");
    expect(await deployment.wakes()).toEqual([{ executionId: "s-1", reason: "redrive" }]);
  });
});

describe("pause, resume, terminate and fork", () => {
  test("pause and resume are messages, with a wake each", async () => {
    expect((await holdfast(["pause", "w-3", "-r", "look"])).out).toBe("asked w-3 to pause; it was suspended");
    const { out } = await holdfast(["resume", "w-3", "--json"]);
    expect(JSON.parse(out)).toEqual({ executionId: "w-3", status: "suspended" });
    const inbox = (await deployment.outside.store.readHead("w-3"))?.inbox;
    expect(inbox).toMatchObject([
      { kind: "pause", reason: "look", by: "holdfast" },
      { kind: "resume", by: "holdfast" },
    ]);
    expect(await deployment.wakes()).toHaveLength(2);
  });

  test("terminate ends a stalled execution at once", async () => {
    expect((await holdfast(["terminate", "s-2", "-r", "wrong"])).out).toBe("s-2 is terminated");
    expect((await deployment.outside.store.readHead("s-2"))?.status).toBe("terminated");
    expect((await holdfast(["show", "s-2"])).out).toMatch(
      /asked +to terminate, \d{4}-\d\d-\d\d [\d:]+, by holdfast, wrong/,
    );
    const again = await holdfast(["cancel", "s-2"]);
    expect(again.code).toBe(4);
    expect(again.err).toMatch(/terminated/);
  });

  test("terminate tells what it could not know", async () => {
    await deployment.outside.store.appendCommit(commit("gap-1", 3));
    const { out, err, code } = await holdfast(["terminate", "gap-1"]);
    expect([out, code]).toEqual(["gap-1 is terminated", 0]);
    expect(err).toMatch(/commits 1, 2 are gone or can't be read\. Children .* cancel them by their ids/);
    expect((await holdfast(["show", "gap-1"])).out).toMatch(/error +TerminatedUnreadError: /);
  });

  test("redrive says why there is nothing to go on from", async () => {
    const { err, code } = await holdfast(["redrive", "f-1"]);
    expect(code).toBe(4);
    expect(err).toMatch(/"f-1" can't be redriven: its completed steps were undone/);
  });

  test("fork begins a new execution from a step, once", async () => {
    const args = ["fork", "f-1", "--from", "reserve", "--id", "f-2"];
    expect((await holdfast(args)).out).toBe("f-2 begins; it is running");
    expect(JSON.parse((await holdfast([...args, "--json"])).out)).toMatchObject({
      executionId: "f-2",
      created: false,
    });
    expect((await holdfast(args)).out).toMatch(/^f-2 has begun already; it is/);
    const { out } = await holdfast(["show", "f-2"]);
    expect(out).toMatch(/forked of +f-1/);
    // Its code's clock begins where that of the other began, which is no start that is still to come.
    expect(out).not.toMatch(/^starts/m);
    const { err, code } = await holdfast(["fork", "f-1", "--from", "ship"]);
    expect(code).toBe(4);
    expect(err).toMatch(/no step "ship"/);
  });
});

describe("signal, update and callback", () => {
  const work = async (): Promise<void> => {
    const worker = createWorker(shop, () => deployment.outside);
    for (const wake of await deployment.wakes()) await worker(batchOf(wake), invocation());
  };
  const ending = (id: string) => deployment.outside.store.readHead(id);

  test("show tells the state that the code has set", async () => {
    expect((await holdfast(["show", "c-2"])).out).toMatch(/state +\{"at":"the desk"\}/);
  });

  test("update prints what the handler answers, and gives up in time with 5", async () => {
    const late = await holdfast(["update", "c-2", "double", "-i", "21", "--id", "u-1", "--timeout", "10ms"]);
    expect(late.code).toBe(5);
    expect(late.err).toContain('send it again with the id "u-1"');
    await work();
    const { out } = await holdfast(["update", "c-2", "double", "-i", "21", "--id", "u-1"]);
    expect(out).toBe("42");
    await work();
    const again = await holdfast(["update", "c-2", "double", "-i", "21", "--id", "u-1", "--json"]);
    expect(JSON.parse(again.out)).toEqual({ executionId: "c-2", answer: 42 });
  });

  test("signal and callback complete bring the execution to its end", async () => {
    const { out } = await holdfast(["signal", "c-2", "go", "--data", '{"by":"ada"}', "--id", "m-1"]);
    expect(out).toBe("signalled c-2, id m-1");
    await work();
    expect((await holdfast(["callback", "heartbeat", token])).code).toBe(0);
    const done = await holdfast(["callback", "complete", token, "--result", "[1]"]);
    expect(done.out).toBe("the callback is completed, unless it had ended before");
    await work();
    expect(await ending("c-2")).toMatchObject({
      status: "completed",
      output: { inline: [{ by: "ada" }, [1]] },
    });
    expect((await holdfast(["signal", "c-2", "go"])).code).toBe(4);
  });

  test("a signal that was given no id names the one that makes a repeat the same message", async () => {
    const signal = ["signal", "w-3", "twice"];
    const { out } = await holdfast(signal);
    const [, id = ""] = /^signalled w-3, id (\S+)$/.exec(out) ?? [];
    await holdfast([...signal, "--id", id]);
    const inbox = (await deployment.outside.store.readHead("w-3"))?.inbox ?? [];
    expect(inbox.flatMap(({ kind, id: own }) => (kind === "signal" ? [own] : []))).toEqual([`signal:${id}`]);
  });

  test("callback fail lets it throw", async () => {
    const own = callbackToken({ executionId: "c-1", op: "callback:approve" });
    const sent = await holdfast(["signal", "c-1", "go", "--data", "1", "--json"]);
    expect(JSON.parse(sent.out)).toMatchObject({
      executionId: "c-1",
      messageId: expect.stringMatching(/^signal:/),
    });
    const failed = await holdfast(["callback", "fail", own, "--reason", "too late", "--json"]);
    expect(JSON.parse(failed.out)).toEqual({ callback: "failed" });
    await work();
    expect(await ending("c-1")).toMatchObject({
      status: "completed",
      output: { inline: [1, "too late"] },
    });
  });
});

describe("mistakes", () => {
  test.each([
    [["send", "x", "--data", "{oops"], 2, "--data is no JSON"],
    [["send", "x", "--data", "@nowhere.json"], 2, "names a file that can't be read"],
    [["send", "x", "--data", "[1]"], 2, "expected an object"],
    [["start", "waits", "--delay", "60"], 2, "--delay is no duration"],
    // Said before anybody on AWS is asked.
    [["start", "waits", "--wait", "soon", "--aws"], 2, "--wait is no duration"],
    [["start", "waits"], 2, 'There is no workflow "waits"'],
    [["signal", "nope", "go"], 3, 'There is no execution "nope"'],
    [["signal", "w-1", "go", "--data", "{"], 2, "--data is no JSON"],
    [["update", "w-1", "go", "--timeout", "soon"], 2, "--timeout is no duration"],
    [["callback", "complete", "rubbish"], 2, "token"],
    [["show", "w-1", "--stack", "Nope"], 1, 'There is no stack "Nope"'],
  ])("%j ends with %i: %s", async (args, code, message) => {
    const run = await holdfast(args);
    expect(run.code).toBe(code);
    expect(run.err).toContain(message);
    expect(run.err).not.toMatch(/^ +at /m);
  });

  test.each([
    ["show"],
    ["list", "--status", "fine"],
    ["lst"],
    ["list", "-n", "0"],
    ["list", "--created-after", "lately"],
  ])("%j is refused by the command line", async (...args) => {
    const { err, out } = await holdfast(args);
    expect(err).toMatch(/^error /);
    expect(out).toBe("");
  });
});

describe("export and delete", () => {
  const old = async (id: string, days: number, workflowName = "aged") => {
    const at = Date.now() - days * 86_400_000;
    const { store } = deployment.outside;
    const head = await owned(store, id, { workflow: workflowName, createdAt: at });
    await store.appendCommit(commit(id, 1));
    await store.settle(settlementOf(head, { status: "completed", closedAt: at + 1_000 }, { slot: 1 }));
  };

  test("export writes lines that stand for themselves, and progress where it gets into no pipe", async () => {
    const { out, err, code } = await holdfast(["export", "f-1", "w-1"]);
    const lines = out.split("\n").map((line): Record<string, unknown> => JSON.parse(line));
    expect(lines.flatMap(({ execution }) => execution ?? [])).toMatchObject([
      { executionId: "f-1", workflow: "fails", status: "failed" },
      { executionId: "w-1", workflow: "waits", status: "suspended" },
    ]);
    expect(lines.filter((line) => "end" in line)).toHaveLength(2);
    expect(err).toContain("2 executions exported");
    expect(code).toBe(0);
  });

  test("export chooses by workflow, and by when they ended", async () => {
    await Promise.all([old("aged-1", 20), old("aged-2", 3), old("aged-3", 1)]);
    const ids = async (...options: string[]) => {
      const { out } = await holdfast(["export", "--workflow", "aged", ...options]);
      return out
        .split("\n")
        .filter((line) => line.startsWith('{"execution"'))
        .map((line): string => JSON.parse(line).execution.executionId)
        .sort();
    };
    expect(await ids()).toEqual(["aged-1", "aged-2", "aged-3"]);
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 19);
    expect(await ids("--closed-before", `${day}Z`)).toEqual(["aged-1", "aged-2"]);
  });

  test.each([
    [["export"], /Nothing to export/],
    [["export", "f-1", "--workflow", "aged"], /and not both/],
    [["export", "f-1", "--closed-before", "2026-01-01"], /chooses among the executions/],
    [["export", "--workflow", "aged", "--closed-before", "soon"], /Expected an instant/],
    [["export", "no spaces"], /no execution id/],
    [["delete"], /missing required argument/],
    [["delete", "no spaces"], /no execution id/],
  ])("%j is refused as a wrong command line", async (args, message) => {
    const { err, code } = await holdfast(args);
    expect(err).toMatch(message);
    expect([1, 2]).toContain(code);
  });

  test("delete takes one away for good", async () => {
    await old("gone-1", 5, "going");
    await old("gone-2", 5, "going");
    const { out, code } = await holdfast(["delete", "gone-1", "gone-2"]);
    expect({ out, code }).toEqual({ out: "delete: 2 of 2 executions", code: 0 });
    expect((await holdfast(["show", "gone-1"])).code).toBe(3);
    expect((await holdfast(["delete", "gone-1"])).code).toBe(3);
  });

  test("delete of many goes on where one is not there, or may not be deleted", async () => {
    await old("gone-4", 5, "going");
    await old("gone-5", 5, "going");
    const { out, err, code } = await holdfast(["delete", "gone-4", "gone-1", "w-2", "gone-5"]);
    expect({ out, code }).toEqual({ out: "delete: 2 of 4 executions, 2 failed", code: 1 });
    expect(err).toContain('gone-1 failed: There is no execution "gone-1"');
    expect(err).toContain('w-2 failed: Execution "w-2" can\'t be deleted now');
    expect((await holdfast(["show", "gone-5"])).code).toBe(3);
  });

  test("delete of what may not be deleted now ends with 4, and says why", async () => {
    const { err, code } = await holdfast(["delete", "w-2"]);
    expect(code).toBe(4);
    expect(err).toContain('Execution "w-2" can\'t be deleted now: it is suspended');
    expect((await holdfast(["delete", "f-1"])).err).toMatch(/it ended at .*Delete it then/);
    await old("gone-3", 5, "going");
    const { out } = await holdfast(["delete", "gone-3", "--json"]);
    expect(JSON.parse(out)).toEqual({ executionId: "gone-3", deleted: "all" });
  });
});
