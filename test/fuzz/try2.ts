import { startDynamoDb } from "../../lib/local/dynamodb.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { freshDynamoAt } from "../setup/database.js";
import { createTables } from "../setup/tables.js";
import { damagedTables } from "./entries/tables.js";
import { runSeed, wordsOf } from "./run.js";

const db = await startDynamoDb({ inMemory: true });
const { client, documents } = freshDynamoAt(db.endpoint);
await createTables(client);
const entry = damagedTables(documents);
const seen = new Map<string, number>();
const ends: Record<string, number> = {};
const t = Date.now();
let slow = 0;
const from = Number(process.argv[3] ?? 1);
for (let seed = from; seed < from + Number(process.argv[2] ?? 50); seed++) {
  const b = Date.now();
  const tried = await runSeed(entry, seed, createMemoryStore);
  slow = Math.max(slow, Date.now() - b);
  ends[tried.end] = (ends[tried.end] ?? 0) + 1;
  for (const b of tried.broken) {
    const k = b.replace(/[0-9]+/g, "N").slice(0, 130);
    const n = seen.get(k) ?? 0;
    seen.set(k, n + 1);
    if (n === 0)
      console.log(wordsOf({ entry: entry.name, seed, tried: { ...tried, broken: [b] } }).slice(0, 2000));
  }
}
console.log(ends, Date.now() - t, "ms, slowest", slow);
for (const [k, n] of seen) console.log(n, k);
await db.stop();
process.exit(0);
