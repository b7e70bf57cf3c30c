import { createMemoryStore } from "../../lib/store/memory/index.js";
import { clientCalls } from "./entries/client.js";
import { commandLines } from "./entries/command.js";
import { runSeed, wordsOf } from "./run.js";

const seen = new Map<string, number>();
for (const entry of process.argv[3] === "client"
  ? [clientCalls]
  : process.argv[3] === "command"
    ? [commandLines]
    : [clientCalls, commandLines]) {
  const ends: Record<string, number> = {};
  const t = Date.now();
  let slow = 0,
    at = 0;
  for (let seed = 1; seed <= Number(process.argv[2] ?? 300); seed++) {
    const b = Date.now();
    const tried = await runSeed(entry, seed, createMemoryStore);
    if (Date.now() - b > slow) {
      slow = Date.now() - b;
      at = seed;
    }
    ends[tried.end] = (ends[tried.end] ?? 0) + 1;
    for (const b of tried.broken) {
      const frames = /at .*lib\/.*?:\d+/.exec(b.replace(/.*node_modules.*\n/g, ""))?.[0] ?? "";
      const k = entry.name + b.replace(/[0-9]+/g, "N").slice(0, 110) + frames;
      const n = seen.get(k) ?? 0;
      seen.set(k, n + 1);
      if (n === 0)
        console.log(wordsOf({ entry: entry.name, seed, tried: { ...tried, broken: [b] } }).slice(0, 1200));
    }
  }
  console.log(entry.name, ends, Date.now() - t, "ms, slowest", slow, "seed", at);
}
for (const [k, n] of seen) console.log(n, k);
process.exit(0);
