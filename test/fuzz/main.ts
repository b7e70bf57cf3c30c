/**
 * `npm run fuzz`: rubbish for every way into Holdfast. `--minutes M` (default 1) or `--count N` seeds for each, from `--seed S` on; `--entry NAME`
 * for one alone; `--store memory|dynamodb` for the store under the functions (default: memory). Prints how each ended how often, and what went
 * wrong, each kind once. Ends with 1 when anything did not hold.
 */
import { startDynamoDb } from "../../lib/local/dynamodb.js";
import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads, createMemoryStore } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamoAt } from "../setup/database.js";
import { optionsOf } from "../setup/options.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import type { Entry } from "./entries/entry.js";
import { ENTRIES } from "./entries/index.js";
import { damagedTables } from "./entries/tables.js";
import { type Failure, runSeed, wordsOf } from "./run.js";

const values = optionsOf({
  minutes: { type: "string" },
  count: { type: "string" },
  seed: { type: "string", default: "1" },
  entry: { type: "string" },
  store: { type: "string", default: "memory" },
  json: { type: "boolean", default: false },
});

const refuse = (what: string): never => {
  console.error(what);
  process.exit(2);
};
const numberOf = (name: string, given: string, least: number): number => {
  const number = Number(given);
  return number >= least
    ? number
    : refuse(`Expected --${name} to be a number from ${least}, found ${given}.`);
};
const first = numberOf("seed", values.seed, 0);
const count = values.count === undefined ? Number.POSITIVE_INFINITY : numberOf("count", values.count, 1);
const minutes =
  values.minutes === undefined
    ? values.count === undefined
      ? 1
      : Number.POSITIVE_INFINITY
    : numberOf("minutes", values.minutes, 0);
if (values.store !== "memory" && values.store !== "dynamodb")
  refuse(`Expected --store to be memory or dynamodb, found ${values.store}.`);

const database = await startDynamoDb({ inMemory: true, lasting: true });

async function freshDocuments() {
  const { client, documents } = freshDynamoAt(database.endpoint);
  await createTables(client);
  return documents;
}

/** Of one table for all seeds: each has a database of its own only where it is asked to be empty, and executions of the same ids are. */
async function storeFor(): Promise<() => Promise<Store>> {
  if (values.store === "memory") return async () => createMemoryStore();
  return async () =>
    createDynamoStore(
      {
        documents: await freshDocuments(),
        executionsTable: EXECUTIONS_TABLE,
        directoryTable: DIRECTORY_TABLE,
      },
      createMemoryPayloads(),
    );
}

const all: readonly Entry[] = [...ENTRIES, damagedTables(await freshDocuments())];
const chosen = all.filter(({ name }) => values.entry === undefined || name === values.entry);
if (chosen.length === 0)
  refuse(
    `Expected --entry to be one of ${all.map(({ name }) => `"${name}"`).join(", ")}, found ${values.entry}.`,
  );

const open = await storeFor();
const kinds = new Map<string, { readonly failure: Failure; times: number }>();
const report: Record<string, { runs: number; seconds: number; ends: Record<string, number> }> = {};

for (const entry of chosen) {
  const began = Date.now();
  const until = began + (minutes * 60_000) / chosen.length;
  const ends: Record<string, number> = {};
  let runs = 0;
  for (let seed = first; seed < first + count && Date.now() < until; seed++) {
    const store = await open();
    const tried = await runSeed(entry, seed, () => store);
    runs += 1;
    ends[tried.end] = (ends[tried.end] ?? 0) + 1;
    for (const sentence of tried.broken) {
      const kind = `${entry.name}: ${sentence.replaceAll(/\d+/g, "0").slice(0, 120)}`;
      const known = kinds.get(kind);
      if (known !== undefined) known.times += 1;
      else
        kinds.set(kind, {
          times: 1,
          failure: { entry: entry.name, seed, tried: { ...tried, broken: [sentence] } },
        });
      if (known === undefined && !values.json) console.error(wordsOf({ entry: entry.name, seed, tried }));
    }
  }
  const seconds = (Date.now() - began) / 1_000;
  report[entry.name] = { runs, seconds, ends };
  if (!values.json)
    console.log(`${entry.name}: ${runs} runs in ${seconds.toFixed(0)} s; ends: ${JSON.stringify(ends)}`);
}
if (values.json) console.log(JSON.stringify({ report, failures: [...kinds.values()] }));
else for (const [kind, { times }] of kinds) console.log(`${String(times).padStart(6)}  ${kind}`);
await database.stop();
process.exit(kinds.size > 0 ? 1 : 0);
