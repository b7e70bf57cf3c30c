import { createMemoryStore } from "../../lib/store/memory/index.js";
import { auditRuns } from "./entries/audit.js";
import { deliverMessages } from "./entries/deliver.js";
import { relayRecords } from "./entries/relay.js";
import { startMessages, startRequests } from "./entries/start.js";
import { workerMessages } from "./entries/worker.js";
import { runSeed, wordsOf } from "./run.js";

const seen = new Map<string, number>();
for (const entry of [
  startRequests,
  startMessages,
  deliverMessages,
  workerMessages,
  relayRecords,
  auditRuns,
]) {
  const ends: Record<string, number> = {};
  const t = Date.now();
  let slow = 0;
  for (let seed = 1; seed <= Number(process.argv[2] ?? 300); seed++) {
    const b = Date.now();
    const tried = await runSeed(entry, seed, createMemoryStore);
    slow = Math.max(slow, Date.now() - b);
    ends[tried.end] = (ends[tried.end] ?? 0) + 1;
    for (const b of tried.broken) {
      const k = entry.name + b.replace(/[0-9]+/g, "N").slice(0, 120);
      const n = seen.get(k) ?? 0;
      seen.set(k, n + 1);
      if (n === 0)
        console.log(wordsOf({ entry: entry.name, seed, tried: { ...tried, broken: [b] } }).slice(0, 2500));
    }
  }
  console.log(entry.name, ends, Date.now() - t, "ms, slowest", slow);
}
for (const [k, n] of seen) console.log(n, k);
