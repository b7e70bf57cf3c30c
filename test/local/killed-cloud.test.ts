/** The process of a local cloud is killed in the middle of its work, twice: the second time its own state is lost, and only the tables are left. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { synthesizeApp } from "../../lib/local/synthesize-app.js";

const OWNER = fileURLToPath(new URL("./fixtures/owner.ts", import.meta.url));
const APP = fileURLToPath(new URL("./apps/storm.ts", import.meta.url));
const stateDir = mkdtempSync(join(tmpdir(), "killed-"));
const templates = join(stateDir, "templates");
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(stateDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** Plays a round in a process of its own and kills it as soon as it has said what it found. */
const play = async (round: string): Promise<unknown> => {
  const env = { ...process.env };
  delete env.AWS_ENDPOINT_URL_DYNAMODB;
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, ["--import", "tsx", OWNER, templates, stateDir, round], {
    env,
    stdio: [...stdio],
  });
  children.push(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const { stdout } = child;
  if (stdout === null) throw new Error("The child has no output.");
  const said = await new Promise<string | undefined>((resolve) => {
    createInterface({ input: stdout })
      .once("line", resolve)
      .once("close", () => resolve(undefined));
  });
  child.kill("SIGKILL");
  await ended;
  if (said === undefined) throw new Error(`The round "${round}" ended without a word.`);
  return JSON.parse(said);
};

/** Every message, schedule, invocation and place in a stream. The clock stays: the tables were written by it, and it must not run backwards. */
const loseState = (): void => {
  const file = join(stateDir, "cloud.json");
  const state = JSON.parse(readFileSync(file, "utf8"));
  expect(Object.values(state.queues).flat()).not.toEqual([]);
  expect(state.schedules).not.toEqual([]);
  writeFileSync(
    file,
    JSON.stringify({ ...state, queues: {}, schedules: [], invocations: [], checkpoints: {} }),
  );
};

const ALL = [30, "rested", { file: "report-2026-01.pdf", orders: 1_204, revenue: 98_310 }];

test("everything that was under way ends: timers, messages in flight, what was not sent yet; and without its state, by the tables alone", async () => {
  await synthesizeApp({ app: APP, workerTimeout: "10s", wakeVisibilityMargin: "3m" }, templates);
  expect(await play("first")).toEqual({
    ordered: { status: "shipped", tracking: "parcel-o-1" },
    followUps: [],
  });
  expect(await play("second")).toEqual({ results: ALL, followed: "How was parcel-o-1 of o-1?" });
  loseState();
  expect(await play("third")).toEqual({ results: ALL });
}, 300_000);
