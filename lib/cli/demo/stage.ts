/**
 * The demo's stage: this repository's stacks in the local cloud, the meter before its DynamoDB, and the SDK clients of an
 * ordinary application. Everything that it starts, it ends.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { clientSettings, connectionFrom } from "../../aws/connection.js";
import { isMetricLine } from "../../aws/emf.js";
import { namesFromOutputs } from "../../aws/stack-names.js";
import { DurableClient } from "../../client/client.js";
import { type LocalCloudCore, startCloud } from "../../local/cloud.js";
import { startDynamoDb } from "../../local/dynamodb.js";
import { synthesize } from "../dev/synthesize.js";
import { UsageError } from "../exit.js";
import { Audience } from "./audience.js";
import { Effects } from "./effects.js";
import { type Meter, startMeter } from "./meter.js";

export interface Stage {
  readonly cloud: LocalCloudCore;
  readonly client: DurableClient;
  readonly effects: Effects;
  readonly audience: Audience;
  readonly meter: Meter;
  /** The source that the deployment stamps on its events. */
  readonly service: string;
  /** The last lines that are no effects: what one wants to read when a claim does not hold. */
  readonly lastLines: readonly string[];
  /** Puts an event on the bus as a stranger would, and says the id that the bus gave it. */
  publish(name: string, detail: Readonly<Record<string, unknown>>): Promise<string>;
  /** Invokes the start function and gives its answer. */
  invokeStart(payload: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  /** How many dead-letter queues there are, and how many messages in all of them together. */
  deadLetters(): Promise<{ readonly queues: number; readonly messages: number }>;
}

/** Seconds. A dead turn is back after both together; the defaults are 60 and 30. */
export const WORKER_TIMEOUT = 5;
export const VISIBILITY_MARGIN = 1;

const APP = "infra/demo.ts";
const STACK = "HoldfastRuntime";
const SOURCE = "demo.shop";
const LINES_KEPT = 40;

export interface SetUp {
  /** Tells what is being waited for, and what was done. */
  readonly progress: (text: string) => void;
  /** Everything that was begun adds how it is ended; the last is ended first. */
  readonly undo: (() => unknown)[];
  /** Nothing more is begun once it is aborted. */
  readonly signal: AbortSignal;
}

/** Throws {@link UsageError}. */
export function requireCheckout(): void {
  if (existsSync(APP)) return;
  throw new UsageError(
    `The demo runs this repository's own stacks, and ${APP} is not here. Run it in a checkout of holdfast, with: npm run demo`,
  );
}

export async function setStage({ progress, undo, signal }: SetUp): Promise<Stage> {
  const templates = mkdtempSync(join(tmpdir(), "holdfast-demo-"));
  undo.push(() => rmSync(templates, { recursive: true, force: true }));

  progress("Synthesizing the stacks, and starting DynamoDB Local …");
  const began = Date.now();
  const told = async <T>(what: string, work: Promise<T>): Promise<T> => {
    const done = await work;
    progress(`✓ ${what} (${seconds(began)})`);
    return done;
  };
  // Both are waited for, whatever becomes of the other: what was begun must be ended.
  const [synthesized, metered] = await Promise.allSettled([
    told("stacks synthesized", synthesizeInto(templates)),
    told("DynamoDB Local is up", startMetered(undo)),
  ]);
  if (synthesized.status === "rejected") throw synthesized.reason;
  if (metered.status === "rejected") throw metered.reason;
  signal.throwIfAborted();

  const meter = metered.value;
  const effects = new Effects();
  const lastLines: string[] = [];
  const keep = (text: string): void => {
    lastLines.push(text);
    lastLines.splice(0, lastLines.length - LINES_KEPT);
  };
  const cloudBegan = Date.now();
  const cloud = await startCloud({
    templates,
    inMemory: true,
    dynamodbEndpoint: meter.endpoint,
    // A database of its own, should this DynamoDB Local be somebody else's too.
    accessKeyId: `demo${randomBytes(6).toString("hex")}`,
    graceMs: 500,
    onLog: (line) => {
      if (!effects.hear(line) && !isMetricLine(line.text)) keep(`${line.logicalId}: ${line.text}`);
    },
    onNotice: ({ level, text }) => keep(`${level}: ${text}`),
  });
  undo.push(() => cloud.stop());
  progress(`✓ tables, queues, bus and scheduler are up (${seconds(cloudBegan)})`);
  return { ...dressed(cloud, undo), cloud, effects, meter, lastLines };
}

function synthesizeInto(templates: string): Promise<unknown> {
  return synthesize(`"${process.execPath}" --import tsx ${APP}`, templates, {
    workerTimeout: WORKER_TIMEOUT,
    wakeVisibilityMargin: VISIBILITY_MARGIN,
    dev: true,
  });
}

async function startMetered(undo: (() => unknown)[]): Promise<Meter> {
  const database = await startDynamoDb({ inMemory: true });
  undo.push(() => database.stop());
  const meter = await startMeter(database.endpoint);
  undo.push(() => meter.stop());
  return meter;
}

/** The clients of an application that knows nothing but the stacks' outputs. */
function dressed(
  cloud: LocalCloudCore,
  undo: (() => unknown)[],
): Omit<Stage, "cloud" | "effects" | "meter" | "lastLines"> {
  const outputs = new Map(cloud.stacks.flatMap((stack) => Object.entries(stack.outputs)));
  const names = namesFromOutputs(STACK, outputs);
  const connection = connectionFrom(cloud.environment);
  const events = new EventBridgeClient(clientSettings("eventbridge", connection));
  const lambda = new LambdaClient(clientSettings("lambda", connection));
  const sqs = new SQSClient({ ...clientSettings("sqs", connection), requestHandler: {} });
  undo.push(() => [events.destroy(), lambda.destroy(), sqs.destroy()]);
  const audience = new Audience(sqs, outputs.get("HeardQueueUrl") ?? "");
  undo.push(() => audience.stop());
  return {
    client: new DurableClient({ ...names, environment: cloud.environment }),
    audience,
    service: names.service ?? "",
    async publish(name, detail) {
      const { Entries = [] } = await events.send(
        new PutEventsCommand({
          Entries: [
            { EventBusName: names.busName, Source: SOURCE, DetailType: name, Detail: JSON.stringify(detail) },
          ],
        }),
      );
      const id = Entries[0]?.EventId;
      if (id === undefined) throw new Error(`The bus refused ${name}: ${JSON.stringify(Entries)}`);
      return `${SOURCE}/${id}`;
    },
    async invokeStart(payload) {
      const { Payload, FunctionError } = await lambda.send(
        new InvokeCommand({
          FunctionName: names.startFunction,
          Payload: Buffer.from(JSON.stringify(payload)),
        }),
      );
      const text = Payload?.transformToString() ?? "{}";
      if (FunctionError !== undefined) throw new Error(`The start function failed: ${text}`);
      return JSON.parse(text);
    },
    async deadLetters() {
      const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
      const counts = QueueUrls.filter((url) => /Dlq/.test(url)).map(async (QueueUrl) => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
        );
        return Number(Attributes?.ApproximateNumberOfMessages);
      });
      const messages = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
      return { queues: counts.length, messages };
    },
  };
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1_000).toFixed(1)} s`;
}
