/** Some rubbish for every entry point, the same at every run. `npm run fuzz` takes any amount. */
import { expect, test } from "vitest";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { freshDynamo } from "../setup/client.js";
import { createTables } from "../setup/tables.js";
import { ENTRIES } from "./entries/index.js";
import { damagedTables } from "./entries/tables.js";
import { runSeed, wordsOf } from "./run.js";

const SEEDS = 40;
const DAMAGES = 4;

test.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
  "%s",
  { timeout: 120_000 },
  async (_, entry) => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const tried = await runSeed(entry, seed, createMemoryStore);
      expect(tried.broken, wordsOf({ entry: entry.name, seed, tried })).toEqual([]);
      ends.add(tried.end);
    }
    // Rubbish that always ends in the same way gets no further than the first check.
    expect(ends.size).toBeGreaterThan(1);
  },
);

test("tables: damaged", { timeout: 120_000 }, async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  const entry = damagedTables(documents);
  for (let seed = 1; seed <= DAMAGES; seed++) {
    const tried = await runSeed(entry, seed, createMemoryStore);
    expect(tried.broken, wordsOf({ entry: entry.name, seed, tried })).toEqual([]);
  }
});
