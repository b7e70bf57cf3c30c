/**
 * `npm run chaos -- --executions 1000 --seconds 300 [--rate 0.05] [--seed N] [--json]`: executions on the local cloud while processes are
 * killed and stand still, connections to DynamoDB are cut and slow, deliveries come twice and late, and every process has a clock that is off. Then a calm,
 * in which all must end as they should, having done what histories, a ledger of effects, the bus and a table of the user's own agree on.
 * Exit code 1 when something is wrong.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DurableClient } from "holdfast";
import { type ChaosCounts, type LocalCloudCore, startCloud, startDynamoDb } from "holdfast/local";
import { clientSettings, connectionFrom } from "../../lib/aws/connection.js";
import { namesFromOutputs } from "../../lib/aws/stack-names.js";
import { CHAOS_FAULTS } from "../../lib/local/chaos/settings.js";
import { seededRandom } from "../../lib/testing/random.js";
import { optionsOf } from "../setup/options.js";
import { type Account, accountOf } from "./account/account.js";
import type { Evidence } from "./account/evidence.js";
import { sentBy } from "./account/outside.js";
import { Driver, planned } from "./drive.js";
import { Ear } from "./ear.js";
import { readLedger } from "./ledger.js";
import { readMoney } from "./money.js";
import { Persistence, pause } from "./persistence.js";
import { Reader } from "./reader.js";
import { Reaper, type Struck } from "./reaper.js";
import { type Asked, type Report, textOf, total } from "./report.js";
import { STACK, synthesize } from "./stack.js";

const asked = readArguments();
// The SDK's notice about this Node.js is for those who deploy on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const SKEW_SECONDS = 30;
/** The part of the storm in which executions are started. */
const STARTING = 0.8;
/** How long the calm may take: on a machine with much other work, it begins with a long backlog. */
const GRACE_MS = 600_000;
/** How long the ear listens on after the last end: a mark that the relay missed waits for the audit, which runs every minute. */
const LISTEN_MS = 120_000;
const LINES_SHOWN = 20;

const undo: (() => unknown)[] = [];
let isWrong = true;
try {
  const report = await chaos();
  console.log(asked.json ? JSON.stringify(report) : textOf(report));
  isWrong = report.wrong.length > 0;
} finally {
  for (const step of undo.reverse()) await step();
}
process.exit(isWrong ? 1 : 0);

async function chaos(): Promise<Report> {
  const { cloud, databasePid, lines, ledger } = await open();
  const outputs = new Map(cloud.stacks.flatMap((stack) => Object.entries(stack.outputs)));
  const client = new DurableClient({ ...namesFromOutputs(STACK, outputs), environment: cloud.environment });
  const connection = connectionFrom(cloud.environment);
  const sqs = new SQSClient({ ...clientSettings("sqs", connection), requestHandler: {} });
  const ear = new Ear(sqs, outputs.get("HeardQueueUrl") ?? "");
  undo.push(() => ear.stop().then(() => sqs.destroy()));

  // Each has a row of its own: what one of them draws depends on nobody else.
  const calls = new Persistence(seededRandom(asked.seed));
  const driver = new Driver(client, calls, seededRandom(asked.seed + 1));
  const reaper = new Reaper(cloud.functions, databasePid, seededRandom(asked.seed + 2));
  const reader = new Reader(client, calls);
  const began = Date.now();
  const seconds = (): number => Math.round((Date.now() - began) / 1_000);
  const faults = (): ChaosCounts => cloud.chaos?.counts ?? {};
  let doing = "";
  const ticking = setInterval(
    () =>
      console.error(
        `${seconds()} s: ${doing}, ${ear.heard.length} events heard, ${total(reaper.struck)} strikes, ${total(faults())} other faults`,
      ),
    10_000,
  );
  undo.push(() => clearInterval(ticking));

  const all = planned(asked.executions);
  const ringing = driver.ring();
  const driving = driver.drive(all, asked.seconds * 1_000 * STARTING, (count) => {
    doing = `${count} of ${all.length} started`;
  });
  const reaping = reaper.reap();
  await pause(asked.seconds * 1_000);
  reaper.stop();
  await reaping;
  cloud.chaos?.calm();
  await driving;
  const ids = all.map(({ executionId }) => executionId);
  await reader.waitForEnds(ids, Date.now() + GRACE_MS, (open) => {
    doing = `calm, ${open} have not ended`;
  });
  driver.stop();
  await ringing;
  doing = "reading their histories";
  const ended = await reader.read([...ids, ...(await reader.idsOf("errand"))]);
  doing = "listening for the last events";
  const sent = sentBy(ended).size;
  const distinct = (): number => new Set(ear.heard.map(({ id }) => id)).size;
  for (const until = Date.now() + LISTEN_MS; distinct() < sent && Date.now() < until; ) await pause(1_000);
  const account: Account = accountOf({
    ended,
    ledger: readLedger(ledger),
    heard: ear.heard,
    explainedCopies: explainedBy(faults(), reaper.struck),
    ...(await readMoney(connection, outputs.get("MoneyTable") ?? "")),
    skewMs: SKEW_SECONDS * 1_000,
  } satisfies Evidence);
  if (account.wrong.length > 0) for (const line of lines.slice(-LINES_SHOWN)) console.error(line);
  return {
    asked,
    seconds: seconds(),
    repeats: calls.repeats,
    ...account,
    struck: reaper.struck,
    faults: faults(),
  };
}

async function open(): Promise<{
  readonly cloud: LocalCloudCore;
  readonly databasePid: number | undefined;
  readonly lines: readonly string[];
  readonly ledger: string;
}> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-chaos-"));
  undo.push(() => rmSync(directory, { recursive: true, force: true }));
  const [templates, ledger] = [join(directory, "cdk.out"), join(directory, "ledger")];
  mkdirSync(ledger);
  console.error("Synthesizing, and starting the local cloud …");
  synthesize(join(import.meta.dirname, "app.ts"), templates, ledger);
  const database = await startDynamoDb({ inMemory: true, lasting: true });
  undo.push(() => database.stop());
  const lines: string[] = [];
  const cloud = await startCloud({
    templates,
    inMemory: true,
    dynamodbEndpoint: database.endpoint,
    chaos: {
      rate: asked.rate,
      seed: asked.seed,
      // Processes are killed by the reaper, whatever they do.
      faults: CHAOS_FAULTS.filter((fault) => fault !== "killed"),
      skew: `${SKEW_SECONDS}s`,
    },
    onLog: ({ logicalId, text }) => lines.push(`${logicalId}: ${text}`),
  });
  undo.push(() => cloud.stop());
  return { cloud, databasePid: database.pid, lines, ledger };
}

/** A call without an answer, and a relay that dies or is called twice, each publish up to ten entries again. */
function explainedBy(
  { eventbridge = {}, lambda = {}, mappings = {} }: ChaosCounts,
  { Relay }: Readonly<Record<string, Readonly<Struck>>>,
): number {
  const relays = (Relay?.killed ?? 0) + (Relay?.frozen ?? 0) + (lambda.twice ?? 0) + (mappings.twice ?? 0);
  return (eventbridge.twice ?? 0) + 10 * ((eventbridge.unanswered ?? 0) + relays);
}

function readArguments(): Asked {
  const values = optionsOf({
    executions: { type: "string", default: "1000" },
    seconds: { type: "string", default: "300" },
    rate: { type: "string", default: "0.05" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  });
  const { json } = values;
  const [executions = 0, seconds = 0, rate = -1, seed = -1] = [
    values.executions,
    values.seconds,
    values.rate,
    values.seed,
  ].map(Number);
  if (
    Number.isInteger(executions) &&
    executions > 0 &&
    seconds > 0 &&
    rate >= 0 &&
    rate <= 1 &&
    Number.isInteger(seed) &&
    seed >= 0
  )
    return { executions, seconds, rate, seed, json };
  console.error(
    "Expected --executions and --seed as whole numbers, --seconds above 0, and --rate from 0 to 1: npm run chaos -- --executions 1000 --seconds 300 --rate 0.05 --seed 1",
  );
  process.exit(2);
}
