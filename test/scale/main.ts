/**
 * `npm run scale -- --open 100,1000,10000 [--json]`: what starts, turns, deliveries, listings and the audit cost on DynamoDB Local beside
 * so many open executions, each waiting for an event of its own. The sizes are taken one after the other, each adding to the one before.
 *
 * `npm run scale -- --waiters 10000 [--json]`: what one event costs that so many wait for.
 */
import { parseArgs } from "node:util";
import { startDynamoDb } from "../../lib/local/dynamodb.js";
import { INDEX_SHARDS } from "../../lib/store/ports.js";
import { textTable } from "../setup/text-table.js";
import { type Ground, openGround } from "./ground.js";
import { type Measured, measure } from "./measure.js";
import { type Entries, ITEMS_EACH, seed, writeTemplate } from "./seed.js";
import { type Delivery, measureWaiters } from "./waiters.js";

/** As the construct schedules it. */
const AUDIT_EVERY_MINUTES = 5;

interface Partitions {
  readonly index: string;
  readonly partitions: number;
  /** The largest one's part of all entries. */
  readonly largest: number;
}

interface Size extends Measured {
  readonly seededSeconds: number;
  /** Until the audit has gone through its fullest shard, a part of a run's looks at a time. */
  readonly auditRoundHours: number;
  readonly partitions: readonly Partitions[];
}

const { values } = parseArgs({
  options: {
    open: { type: "string", default: "100,1000" },
    waiters: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const sizes = values.open.split(",").map(Number);
if (sizes.some((size, index) => !Number.isInteger(size) || size < 1 || size <= (sizes[index - 1] ?? 0))) {
  console.error(`--open takes whole numbers from 1, growing, such as 100,1000; found "${values.open}".`);
  process.exit(2);
}
const waiters = values.waiters === undefined ? undefined : Number(values.waiters);
if (waiters !== undefined && !(Number.isInteger(waiters) && waiters > 0)) {
  console.error(`--waiters takes a whole number from 1, such as 10000; found "${values.waiters}".`);
  process.exit(2);
}
// The SDK's notice about this Node.js is for those who deploy on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const database = await startDynamoDb({ inMemory: true, lasting: true });
try {
  const ground = await openGround(database.endpoint);
  if (waiters === undefined) {
    const measured = await measureAll(ground);
    console.log(values.json ? JSON.stringify({ sizes: measured }) : report(measured));
  } else {
    const deliveries = await measureWaiters(ground, waiters);
    console.log(values.json ? JSON.stringify({ deliveries }) : reportOf(deliveries));
  }
} finally {
  await database.stop();
}

async function measureAll(ground: Ground): Promise<Size[]> {
  const template = await writeTemplate(ground);
  const measured: Size[] = [];
  const indexes = new Map<string, Map<string, number>>();
  for (const [index, open] of sizes.entries()) {
    // What was measured before has completed.
    const there = sizes[index - 1] ?? 1;
    console.error(`Seeding ${open - there} open executions of ${ITEMS_EACH} items each…`);
    const seeded = await seed(ground, template, open - there);
    for (const [name, entries] of Object.entries(seeded.indexes)) add(indexes, name, entries);
    console.error(`Measuring beside ${open}…`);
    const one = await measure(ground, open);
    const partitions = [...indexes].map(([index, entries]) => partitionsOf(index, entries));
    const auditRoundHours = roundHours(one, partitions);
    measured.push({ ...one, seededSeconds: seeded.seconds, auditRoundHours, partitions });
  }
  return measured;
}

function add(indexes: Map<string, Map<string, number>>, name: string, more: Entries): void {
  const entries = indexes.get(name) ?? new Map<string, number>();
  for (const [partition, count] of more) entries.set(partition, (entries.get(partition) ?? 0) + count);
  indexes.set(name, entries);
}

function partitionsOf(index: string, entries: Entries): Partitions {
  const all = [...entries.values()].reduce((sum, count) => sum + count, 0);
  return { index, partitions: entries.size, largest: Math.max(0, ...entries.values()) / (all || 1) };
}

function roundHours({ open, looked }: Measured, partitions: readonly Partitions[]): number {
  const fullest = open * (partitions.find(({ index }) => index === "byStatus")?.largest ?? 1);
  const runs = looked >= open ? 1 : Math.ceil(fullest / (looked / INDEX_SHARDS));
  return (runs * AUDIT_EVERY_MINUTES) / 60;
}

function report(measured: readonly Size[]): string {
  const rows = (measured[0]?.costs ?? []).flatMap(({ what }) =>
    measured.map(({ open, costs }, index) => {
      const cost = costs.find((one) => one.what === what);
      return [
        index === 0 ? what : "",
        open,
        cost?.writes ?? 0,
        cost?.indexWrites ?? 0,
        cost?.reads ?? 0,
        cost?.calls ?? 0,
        cost?.ms ?? 0,
      ];
    }),
  );
  const units = textTable(["Of one", "open", "writes", "index", "reads", "calls", "ms"], rows);
  const around = textTable(
    [
      "Open executions",
      "seeded in s",
      "looked at per audit",
      "woken",
      "audit's round in h",
      "index partitions",
      "largest",
    ],
    measured.map((size) => [
      size.open.toLocaleString("en-US"),
      size.seededSeconds,
      size.looked,
      size.woken,
      size.auditRoundHours,
      size.partitions.map(({ index, partitions }) => `${index} ${partitions}`).join(", "),
      size.partitions
        .filter(({ partitions }) => partitions > 0)
        .map(({ largest }) => `${Math.round(largest * 100)}%`)
        .join(", "),
    ]),
  );
  return `${units}\n\n${around}\n\nUnits are DynamoDB's, averages of one; milliseconds are medians on this machine, DynamoDB Local in memory.`;
}

function reportOf(deliveries: readonly Delivery[]): string {
  const titles = [
    "An event",
    "waiters",
    "passes",
    "s",
    "writes",
    "index",
    "reads",
    "refused",
    "calls",
    "partitions",
  ];
  const rows = deliveries.map((one) => [
    one.what,
    one.waiters,
    one.passes,
    one.seconds,
    one.writes,
    one.indexWrites,
    one.reads,
    one.refused,
    one.roundTrips,
    `${one.partitions}, the fullest ${Math.round(one.largest * 100)}%`,
  ]);
  return `${textTable(titles, rows)}\n\nEach has the event once, and one wake. Units are DynamoDB's, of the whole delivery.`;
}
