/**
 * `npm run scale -- --open 100,1000,10000 [--json]`: what starts, turns, deliveries, listings and the audit cost on DynamoDB Local beside
 * so many open executions, each waiting for an event of its own. The sizes are taken one after the other, each adding to the one before.
 *
 * `npm run scale -- --waiters 10000 [--json]`: what one event costs that so many wait for.
 */
import { startDynamoDb } from "../../lib/local/dynamodb.js";
import { optionsOf } from "../setup/options.js";
import { textTable } from "../setup/text-table.js";
import { openGround } from "./ground.js";
import { measureSizes, type Size } from "./sizes.js";
import { type Delivery, measureWaiters } from "./waiters.js";

const values = optionsOf({
  open: { type: "string", default: "100,1000" },
  waiters: { type: "string" },
  json: { type: "boolean", default: false },
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
    const measured = await measureSizes(ground, sizes, (line) => console.error(line));
    console.log(values.json ? JSON.stringify({ sizes: measured }) : report(measured));
  } else {
    const deliveries = await measureWaiters(ground, waiters);
    console.log(values.json ? JSON.stringify({ deliveries }) : reportOf(deliveries));
  }
} finally {
  await database.stop();
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
