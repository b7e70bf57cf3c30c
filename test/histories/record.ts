/**
 * Makes histories: `npx tsx test/histories/record.ts`. Only those that are not there; what is there is never written again, since a history
 * that a release has recorded is what later releases must replay.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { callbackToken } from "../../lib/model/callback-token.js";
import { digest } from "../../lib/model/ids.js";
import { encode } from "../../lib/model/value.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { type TestApp, testApp } from "../../lib/testing/index.js";
import { Paid, recorded, world } from "./workflows.js";

/** The input, and what is done to the execution until it has ended (or stands where its history is to stop). */
interface Story {
  readonly input?: unknown;
  readonly events?: (t: TestApp, id: string) => Promise<void>;
}

const STORIES: Readonly<Record<string, Story>> = {
  steps: { input: { name: "Ada", at: new Date(86_400_000) } },
  retries: {},
  parallel: { input: 12 },
  racing: {
    events: async (t) => {
      await t.advance("1h");
      await t.publish(Paid, { order: "o-1", amount: 40 });
      await t.settle();
    },
  },
  mapping: { input: ["a", "bb", "", "cccc", "ddddd"] },
  saga: {},
  cancelled: {
    events: async (t, id) => {
      await t.advance("1d");
      await t.client.cancel(id, { reason: "changed my mind", by: "Ada" });
      await t.settle();
    },
  },
  parent: {},
  messages: {
    events: async (t, id) => {
      await t.client.signal(id, "early", 0);
      await t.settle();
      await t.client.signal(id, "go", 1);
      await t.client.signal(id, "go", 2);
      await t.client.update(id, "add", 40);
      await t.client.update(id, "add", 2);
      await t.client.completeCallback(callbackToken({ executionId: id, op: "callback:approval" }), "yes");
    },
  },
  transaction: {},
  patched: {},
  counting: {
    input: { left: 1, heard: [] },
    events: async (t, id) => {
      await t.client.signal(id, "tick", 1);
      await t.client.signal(id, "tick", 2);
      await t.settle();
    },
  },
  redriven: {
    events: async (t, id) => {
      await t.settle();
      world.isMended = true;
      await t.client.redrive(id, { reason: "mended", by: "Ada" });
    },
  },
  killed: {},
  once: {},
  beating: {},
  timing: {},
  large: {},
};

async function record(name: string, { input, events }: Story): Promise<void> {
  const t = await testApp(recorded, { store: createMemoryStore({ transact: () => undefined }), seed: 7 });
  world.isMended = false;
  world.kill = () => t.killAll();
  const id = `history-${name}`;
  await t.client.start(name, input, { id });
  await t.settle();
  await events?.(t, id);
  await t.runToEnd(id).catch(() => {});
  const { status, output, error, compensation } = await t.client.describe(id);
  const history = `${JSON.stringify(await t.client.history(id), null, 1)}\n`;
  const outcome = {
    status,
    ...(status === "completed" ? { output: encode(output) } : {}),
    ...(error === undefined ? {} : { error: String(error) }),
    ...(compensation === undefined ? {} : { compensation }),
    // Of the history's file: nobody edits it unseen.
    digest: digest(history, 22),
  };
  writeFileSync(join(import.meta.dirname, `${name}.json`), history);
  writeFileSync(
    join(import.meta.dirname, "outcomes", `${name}.json`),
    `${JSON.stringify(outcome, null, 1)}\n`,
  );
  console.log(`${name}: ${status}`);
}

// Where the code lies on the machine that records has no place in a history.
Error.stackTraceLimit = 0;
mkdirSync(join(import.meta.dirname, "outcomes"), { recursive: true });
for (const [name, story] of Object.entries(STORIES)) {
  if (existsSync(join(import.meta.dirname, `${name}.json`))) continue;
  await record(name, story);
}
process.exit(0);
