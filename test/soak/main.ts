/**
 * `npm run soak -- --executions 1000 --minutes 5 --chaos 0.05 [--seed N] [--json]`: executions with mixed waits and outgoing events on the
 * local cloud while things go wrong on purpose. All must end as they should; every event must be on the bus, as often as the faults explain;
 * no timer may be early. Exit code 1 when something is wrong.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DurableClient } from "holdfast";
import { type ChaosCounts, startCloud } from "holdfast/local";
import { clientSettings, connectionFrom } from "../../lib/aws/connection.js";
import { namesFromOutputs } from "../../lib/aws/stack-names.js";
import { seededRandom } from "../../lib/testing/random.js";
import { accountOf } from "./account.js";
import { Driver, planned } from "./drive.js";
import { Ear } from "./ear.js";
import { Persistence, pause } from "./persistence.js";
import { Reader } from "./reader.js";
import { type Asked, type Report, textOf, total } from "./report.js";
import { STACK, synthesize } from "./stack.js";

const asked = readArguments();
// The SDK's notice about this Node.js is for those who deploy on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/** How much longer than the soak itself its executions may take to end. */
const GRACE_MS = 300_000;
/** How long the ear listens on after the last end: a mark that the relay missed waits for the audit, which runs every minute. */
const LISTEN_MS = 120_000;
const LINES_SHOWN = 20;

const undo: (() => unknown)[] = [];
let isWrong = true;
try {
  const report = await soak();
  console.log(asked.json ? JSON.stringify(report) : textOf(report));
  isWrong = report.wrong.length > 0;
} finally {
  for (const step of undo.reverse()) await step();
}
process.exit(isWrong ? 1 : 0);

async function soak(): Promise<Report> {
  const templates = mkdtempSync(join(tmpdir(), "holdfast-soak-"));
  undo.push(() => rmSync(templates, { recursive: true, force: true }));
  console.error("Synthesizing, and starting the local cloud …");
  synthesize(join(import.meta.dirname, "app.ts"), templates);
  const lines: string[] = [];
  const cloud = await startCloud({
    templates,
    inMemory: true,
    chaos: { rate: asked.rate, seed: asked.seed },
    onLog: ({ logicalId, text }) => lines.push(`${logicalId}: ${text}`),
  });
  undo.push(() => cloud.stop());
  const outputs = new Map(cloud.stacks.flatMap((stack) => Object.entries(stack.outputs)));
  const client = new DurableClient({ ...namesFromOutputs(STACK, outputs), environment: cloud.environment });
  const sqs = new SQSClient({
    ...clientSettings("sqs", connectionFrom(cloud.environment)),
    requestHandler: {},
  });
  const ear = new Ear(sqs, outputs.get("HeardQueueUrl") ?? "");
  undo.push(() => ear.stop().then(() => sqs.destroy()));

  const random = seededRandom(asked.seed);
  const calls = new Persistence(random);
  const driver = new Driver(client, calls, random);
  const reader = new Reader(client, calls);
  const began = Date.now();
  const seconds = (): number => Math.round((Date.now() - began) / 1_000);
  const faults = (): ChaosCounts => cloud.chaos?.counts ?? {};
  let doing = "";
  const ticking = setInterval(
    () =>
      console.error(`${seconds()} s: ${doing}, ${ear.heard.length} events heard, ${total(faults())} faults`),
    10_000,
  );
  undo.push(() => clearInterval(ticking));

  const all = planned(asked.executions);
  const ringing = driver.ring();
  // The last fifth is for ending.
  await driver.drive(all, asked.minutes * 48_000, (count) => {
    doing = `${count} of ${all.length} started`;
  });
  doing = "waiting for their ends";
  const ids = all.map(({ executionId }) => executionId);
  const open = await reader.waitForEnds(ids, began + asked.minutes * 60_000 + GRACE_MS);
  driver.stop();
  await ringing;
  doing = "reading their histories";
  const ended = await reader.read([...ids, ...(await reader.idsOf("errand"))]);
  doing = "listening for the last events";
  const { sent } = accountOf(ended, [], 0).events;
  for (const until = Date.now() + LISTEN_MS; new Set(ear.heard).size < sent && Date.now() < until; )
    await pause(1_000);
  const account = accountOf(ended, ear.heard, explainedBy(faults()));
  if (open.length > 0 || account.wrong.length > 0)
    for (const line of lines.slice(-LINES_SHOWN)) console.error(line);
  return { asked, seconds: seconds(), repeats: calls.repeats, ...account, faults: faults() };
}

/** A call without an answer, and a relay that dies or is called twice, each publish up to ten entries again. */
function explainedBy({ eventbridge = {}, lambda = {}, mappings = {} }: ChaosCounts): number {
  const relays = (lambda.killed ?? 0) + (lambda.twice ?? 0) + (mappings.twice ?? 0);
  return (eventbridge.twice ?? 0) + 10 * ((eventbridge.unanswered ?? 0) + relays);
}

function readArguments(): Asked {
  const { values } = parseArgs({
    options: {
      executions: { type: "string", default: "1000" },
      minutes: { type: "string", default: "5" },
      chaos: { type: "string", default: "0.05" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const { json } = values;
  const executions = Number(values.executions);
  const minutes = Number(values.minutes);
  const rate = Number(values.chaos);
  const seed = Number(values.seed);
  if (
    Number.isInteger(executions) &&
    executions > 0 &&
    minutes > 0 &&
    rate >= 0 &&
    rate <= 1 &&
    Number.isInteger(seed)
  )
    return { executions, minutes, rate, seed, json };
  console.error(
    "Expected --executions and --seed as whole numbers, --minutes above 0, and --chaos from 0 to 1: npm run soak -- --executions 1000 --minutes 5 --chaos 0.05 --seed 1",
  );
  process.exit(2);
}
