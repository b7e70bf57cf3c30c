/**
 * Replays of recorded steps by the real replay core, from the items that the document client reads to the end of the code. Prints one
 * line of JSON. Runs bundled, in a process of its own.
 */
import { app, workflow } from "holdfast";
import { createAwsOutside } from "../../../lib/aws/outside.js";
import { startExecution } from "../../../lib/runtime/start.js";
import { replayOf } from "../../../lib/runtime/turn/turn.js";
import { limitsUntil } from "../../../lib/runtime/turn/work.js";
import { commitItem, readCommitItem } from "../../../lib/store/dynamodb/commit-item.js";
import { createMemoryStore } from "../../../lib/store/memory/index.js";
import { given } from "../given.js";

export interface Given {
  readonly sizes: readonly number[];
  readonly rounds: number;
}

export interface Measured {
  /** The version of Node.js. */
  readonly node: string;
  /** Milliseconds of each replay, of which the first is that of a process that has never replayed. */
  readonly replays: readonly { readonly steps: number; readonly ms: readonly number[] }[];
}

const steps = workflow("steps", async (ctx, { count }: { count: number }) => {
  for (let n = 0; n < count; n++) await ctx.step("step", () => n);
  return "done";
});
const theApp = app({ workflows: [steps] });

const HOUR_MS = 3_600_000;

/** Runs it live; gives what its history is made of. */
async function recorded(count: number) {
  const outside = {
    ...createAwsOutside({ names: { service: "bench" } }),
    service: "bench",
    wakes: { send: async () => {}, schedule: async () => "created" as const },
    store: createMemoryStore(),
  };
  const limits = limitsUntil(Date.now() + HOUR_MS, HOUR_MS, 10_000);
  const id = `run-${count}`;
  const request = { workflow: steps.name, input: { count }, id };
  const { head } = await startExecution(outside, theApp, request, { owner: id, limits });
  const commits = await outside.store.loadHistory(id, 0);
  return { outside, head, items: commits.map((commit) => commitItem(commit, undefined)) };
}

async function main({ sizes, rounds }: Given): Promise<Measured> {
  const replays: { steps: number; ms: number[] }[] = [];
  for (const count of sizes) {
    const { outside, head, items } = await recorded(count);
    const ms: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      const events = items.flatMap((item) => readCommitItem(item).events);
      const replay = await replayOf(outside, theApp, head, {});
      await replay.begin();
      const recorded = [...events, ...(head.tail?.events ?? [])].map((event) => ({ event }));
      await replay.applyAll(recorded, new Set(), true);
      ms.push(performance.now() - began);
      if (replay.position < count || replay.outcome?.kind !== "completed")
        throw new Error(`A replay of ${count} steps came to ${replay.position}: ${replay.outcome?.kind}.`);
      replay.end();
    }
    replays.push({ steps: count, ms });
  }
  return { node: process.version, replays };
}

console.log(JSON.stringify(await main(given<Given>())));
