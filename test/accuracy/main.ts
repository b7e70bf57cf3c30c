/**
 * `npm run timers -- [--short 460] [--long 40] [--scale 600] [--json]`: how late timers fire in the local cloud, by percentiles. The short
 * ones, of 0.2 to 30 s, run in real time. The long ones, of 16 minutes, 2 hours and a day, run `scale` times as fast as the wall, and one
 * real second of theirs is `scale` seconds of their clock. Ten are started in a second.
 */
import { seededRandom } from "../../lib/testing/random.js";
import { optionsOf } from "../setup/options.js";
import { textTable } from "../setup/text-table.js";
import { KINDS, type Timer } from "./app.js";
import { type Fired, fire, type Lateness, latenessOf, openCloud } from "./measure.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What two processors do beside firing what is due. */
const STARTS_PER_SECOND = 10;

const values = optionsOf({
  short: { type: "string", default: "460" },
  long: { type: "string", default: "40" },
  scale: { type: "string", default: "600" },
  json: { type: "boolean", default: false },
});
const [short = 0, long = 0, scale = 1] = [values.short, values.long, values.scale].map(Number);
if ([short, long, scale].some((value) => !Number.isInteger(value) || value < 1)) {
  console.error("--short, --long and --scale take whole numbers from 1.");
  process.exit(2);
}
// The SDK's notice about this Node.js is for those who deploy on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const random = seededRandom(1);
const kindOf = (index: number) => KINDS[index % KINDS.length] ?? "sleep";
const shortTimers = Array.from({ length: short }, (_, index): Timer => {
  return { kind: kindOf(index), ms: Math.round(200 + random() * (30 * SECOND - 200)) };
});
const LONG = [16 * MINUTE, 2 * HOUR, 24 * HOUR];
const longTimers = Array.from({ length: long }, (_, index): Timer => {
  return { kind: kindOf(index), ms: LONG[Math.floor(index / KINDS.length) % LONG.length] ?? HOUR };
});

async function run(timers: readonly Timer[], timeScale: number): Promise<Fired[]> {
  const cloud = await openCloud({ timeScale });
  try {
    const patience = { seconds: 600 * timeScale };
    // Not counted: the cloud's processes are started by them.
    const first = Array.from({ length: 40 }, (): Timer => ({ kind: "sleep", ms: 1_000 * timeScale }));
    await fire(cloud, first, { patience, name: "first" });
    return await fire(cloud, timers, { patience, overMs: (timers.length / STARTS_PER_SECOND) * SECOND });
  } finally {
    await cloud.stop();
  }
}

const row = (what: string, { timers, early, withinASecond, p50, p90, p99, most }: Lateness) => [
  ...[what, timers, early, withinASecond],
  ...[p50, p90, p99, most].map(Math.round),
];

const found = { short: await run(shortTimers, 1), long: await run(longTimers, scale) };
const rows = [
  row("0.2 to 30 s", latenessOf(found.short, 1)),
  ...KINDS.map((kind) =>
    row(
      `  ${kind}`,
      latenessOf(
        found.short.filter((one) => one.kind === kind),
        1,
      ),
    ),
  ),
  row(`16 min to 1 day, ${scale} times as fast`, latenessOf(found.long, scale)),
];
if (values.json) console.log(JSON.stringify(found));
else
  console.log(
    textTable(["late by, in real ms", "timers", "early", "within 1 s, %", "p50", "p90", "p99", "most"], rows),
  );
