/** Each exit code of docs/command.md, from the command itself, as a process of its own; and its colours, on a terminal of its own. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EXIT } from "../../lib/cli/exit.js";
import { app, workflow } from "../../lib/index.js";
import { type Ground, openGround } from "./ground.js";

const waits = workflow("waits", async (ctx) => ctx.waitForSignal("go"));
const ends = workflow("ends", async () => "done");
const MAIN = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
const TIMEOUT_MS = 120_000;

let ground: Ground;
beforeAll(async () => {
  ground = await openGround(app({ workflows: [waits, ends] }));
  await ground.start("waits", "w-1");
  await ground.start("ends", "e-1");
  await ground.work();
});
afterAll(() => ground.close());

const argsOf = (...args: string[]) => ["--import", "tsx", MAIN, ...args, "--state-dir", ground.stateDir];

const codeOf = (...args: string[]): Promise<number> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, argsOf(...args));
    child.once("close", (code) => resolve(code ?? -1));
  });

test.each([
  [EXIT.ok, ["list"]],
  [EXIT.ok, ["watch", "e-1"]],
  [EXIT.error, ["doctor", "--stack", "Nowhere"]],
  [EXIT.error, ["cancel", "w-1", "nobody", "w-1", "--stack", "Nowhere"]],
  [EXIT.usage, ["list", "--status", "asleep"]],
  [EXIT.usage, ["cancel", "--workflow", "waits"]],
  [EXIT.notFound, ["show", "nobody"]],
  [EXIT.conflict, ["cancel", "e-1"]],
  [EXIT.timeout, ["watch", "w-1", "--timeout", "100ms"]],
])("%i: %j", async (code, args) => expect(await codeOf(...args)).toBe(code), TIMEOUT_MS);

test(
  "130: a watch that a person ends before the execution does",
  async () => {
    const child = spawn(process.execPath, argsOf("watch", "w-1"), { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    for await (const line of createInterface({ input: child.stdout }))
      if (line.includes("suspended")) child.kill("SIGINT");
    expect(await ended).toBe(EXIT.interrupted);
  },
  TIMEOUT_MS,
);

test("HOLDFAST_STACK is the stack that is meant where none is named", async () => {
  vi.stubEnv("HOLDFAST_STACK", "Nowhere");
  const { err, code } = await ground.holdfast(["list"]);
  vi.unstubAllEnvs();
  expect(err).toMatch(
    /There is no stack "Nowhere" in the local cloud of this directory, which has \w+\..*add --aws/,
  );
  expect(code).toBe(EXIT.error);
  expect((await ground.holdfast(["list"])).code).toBe(EXIT.ok);
});

/** `script` gives a process a terminal; where it is missing there is none to be had. */
const hasTerminal = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;

describe.skipIf(!hasTerminal)("on a terminal", () => {
  const onTerminal = (env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> => {
    const words = [process.execPath, ...argsOf(...args)].map((word) => `'${word}'`).join(" ");
    const { FORCE_COLOR: _forced, NO_COLOR: _none, ...rest } = process.env;
    // Not in this process's own time: the deployment answers from it.
    return new Promise((resolve) => {
      const options = { env: { ...rest, TERM: "xterm", ...env } };
      execFile("script", ["-qec", words, "/dev/null"], options, (_error, stdout) => resolve(stdout));
    });
  };

  test(
    "it has colours, and NO_COLOR takes them away",
    async () => {
      expect(await onTerminal({}, "show", "w-1")).toContain("\u001b[");
      const bare = await onTerminal({ NO_COLOR: "1" }, "show", "w-1");
      expect(bare).toContain("status    suspended");
      expect(bare).not.toContain("\u001b[");
    },
    TIMEOUT_MS,
  );
});
