/** `holdfast watch`: of one execution until its end, and of what is open. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LiveArea, liveArea } from "../../lib/cli/terminal.js";
import { DurableClient } from "../../lib/client/client.js";
import { app, workflow } from "../../lib/index.js";
import { type Ground, openGround } from "./ground.js";

const waits = workflow("waits", async (ctx) => {
  await ctx.step("reserve", () => "held");
  return ctx.waitForSignal("go");
});
const fails = workflow("fails", async (ctx) => {
  await ctx.step("charge", () => Promise.reject(new Error("declined")), { retry: { maxAttempts: 1 } });
});
const counts = workflow("counts", async (ctx, { id, left = 1 }: { id: string; left?: number }) => {
  await ctx.step(`count ${left}`, () => left);
  if (left > 0) return ctx.continueAsNew({ id, left: left - 1 });
  return "done";
});
const shop = app({ workflows: [waits, fails, counts] });

let ground: Ground;
beforeAll(async () => {
  ground = await openGround(shop);
});
afterAll(() => ground.close());

const client = () => new DurableClient({ outside: ground.deployment.outside });
const EVERY = ["--every", "100ms"];

describe("of one execution", () => {
  test("tells what has happened and what happens, each once, and ends with it", async () => {
    await ground.start("waits", "w-1");
    await ground.work();
    const watching = ground.holdfast(["watch", "w-1", ...EVERY, "--timeout", "60s"]);
    await client().signal("w-1", "go", 7);
    await ground.work();
    const { out, code } = await watching;
    expect(code).toBe(0);
    for (const told of ["ExecutionStarted", "StepCompleted", "SignalReceived", "ExecutionCompleted"])
      expect(out.split(told)).toHaveLength(2);
    expect(out).toMatch(/w-1 {2}waits {2}completed\n {2}7$/);
  });

  test("prints lines of JSON", async () => {
    const { out, code } = await ground.holdfast(["watch", "w-1", "--json"]);
    const lines = out.split("\n").map((line) => JSON.parse(line));
    expect(lines.map(({ type, status, event }) => status ?? event?.type ?? type)).toEqual([
      "ExecutionStarted",
      "StepCompleted",
      "SignalReceived",
      "ExecutionCompleted",
      "completed",
    ]);
    expect(code).toBe(0);
  });

  test("follows one that continues as new", async () => {
    await ground.start("counts", "c-1");
    await ground.work();
    const { out, code } = await ground.holdfast(["watch", "c-1", ...EVERY]);
    expect(out).toMatch(/^c-1 goes on as c-1.+$/m);
    expect(out).toMatch(/count 1[\s\S]*count 0/);
    expect(out).toMatch(/completed\n {2}"done"$/);
    expect(code).toBe(0);
  });

  test("ends with 1 for another end than completion, 5 when the time is over, 3 for an id that nobody has", async () => {
    await ground.start("fails", "f-1");
    await ground.start("waits", "w-2");
    await ground.work();
    const failed = await ground.holdfast(["watch", "f-1"]);
    expect(failed.code).toBe(1);
    expect(failed.out).toMatch(/f-1 {2}fails {2}failed\n {2}Error: declined/);
    const slow = await ground.holdfast(["watch", "w-2", "--timeout", "300ms", ...EVERY]);
    expect(slow.code).toBe(5);
    expect(slow.out).toContain('It waits for signal "go".');
    expect((await ground.holdfast(["watch", "nobody"])).code).toBe(3);
  });

  test("on a terminal, draws how it stands below its history, and leaves the end there", async () => {
    const drawn: string[][] = [];
    const live: LiveArea = { draw: (lines) => void drawn.push(lines.map(stripVTControlCharacters)) };
    const { out, code } = await ground.holdfast(["watch", "w-2", "--timeout", "300ms", ...EVERY], 60, {
      live,
    });
    expect(code).toBe(5);
    expect(out).not.toContain("It waits for");
    expect(drawn.at(-1)).toEqual([
      "",
      "w-2  waits  suspended",
      '  It waits for signal "go".',
      '  awaits signal "go"',
    ]);
    for (const line of [...out.split("\n").map(stripVTControlCharacters), ...drawn.flat()])
      expect(line.length).toBeLessThanOrEqual(60);
  });
});

describe("of what is open", () => {
  const MAIN = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));

  test("tells each change in a line, and ends cleanly at Ctrl-C", async () => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", MAIN, "watch", "-f", "waits", ...EVERY, "--state-dir", ground.stateDir],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const lines: string[] = [];
    let isTold = false;
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (/w-2 {2}waits {2}suspended$/.test(line) && !isTold) {
        isTold = true;
        await client().signal("w-2", "go");
        await ground.work();
      }
      if (/w-2 {2}waits {2}completed$/.test(line)) child.kill("SIGINT");
    }
    expect(await ended).toBe(0);
    expect(lines.filter((line) => line.includes("w-2")).length).toBe(2);
  });

  test("draws over what it drew, and shows the cursor no more than its own lines", () => {
    const written: string[] = [];
    const area = liveArea((text) => written.push(text));
    area.draw(["a", "b"]);
    area.draw(["c"]);
    area.draw([]);
    expect(written).toEqual(["a\nb\n", "\u001b[2A\u001b[0Jc\n", "\u001b[1A\u001b[0J"]);
  });
});

test("a time to wait that no timer of a process runs for is waited for all the same", async () => {
  await ground.start("waits", "long-1");
  const watching = ground.holdfast(["watch", "long-1", "--every", "100ms", "--timeout", "30d"]);
  await client().signal("long-1", "go");
  await ground.work();
  expect((await watching).code).toBe(0);
});

describe("what is asked for wrongly is refused:", () => {
  test.each([
    [["watch", "w-1", "-f", "waits"], "and not both"],
    [["watch", "--timeout", "5s"], "no id was given"],
    [["watch", "w-1", "--every", "1ms"], "--every is too often"],
    [["watch", "w-1", "--every", "often"], "--every is no duration"],
    [["watch", "--status", "completed"], "expected a workflow name"],
    [["watch", "no spaces"], "is no execution id"],
  ])("%j", async (args, message) => {
    const { err, code } = await ground.holdfast(args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
