/**
 * A local cloud for a test: a hand-written template, the functions of `fixtures/`, the run's own DynamoDB
 * Local with a database of its own, and the real SDK clients.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SQSClient } from "@aws-sdk/client-sqs";
import { inject } from "vitest";
import { type CloudOptions, type LocalCloudCore, startCloud } from "../../lib/local/cloud.js";
import type { Json } from "../../lib/local/json.js";
import type { LogLine, Notice } from "../../lib/local/notices.js";

export const FIXTURES = fileURLToPath(new URL("./fixtures", import.meta.url));

export type Template = { [key: string]: Json };

/** Writes templates as `cdk synth` would; the first is the stack that others may import from. */
export const assembly = (stacks: Record<string, Template>): string => {
  const directory = mkdtempSync(join(tmpdir(), "assembly-"));
  const names = Object.keys(stacks);
  const artifacts = Object.fromEntries(
    names.map((name, index) => [
      name,
      {
        type: "aws:cloudformation:stack",
        properties: { templateFile: `${name}.template.json`, stackName: name },
        dependencies: names.slice(0, index),
      },
    ]),
  );
  // Listed backwards, so that only the dependencies can bring them into order.
  const reversed = Object.fromEntries(Object.entries(artifacts).reverse());
  writeFileSync(join(directory, "manifest.json"), JSON.stringify({ version: "55.0.0", artifacts: reversed }));
  for (const [name, template] of Object.entries(stacks))
    writeFileSync(join(directory, `${name}.template.json`), JSON.stringify(template));
  return directory;
};

export const lambda = (handler: string, properties: Template = {}): Template => ({
  Type: "AWS::Lambda::Function",
  Metadata: { "aws:asset:path": FIXTURES },
  Properties: {
    Code: { S3Bucket: "assets", S3Key: "key.zip" },
    Handler: `index.${handler}`,
    Runtime: "nodejs22.x",
    Role: { "Fn::GetAtt": ["Role", "Arn"] },
    Timeout: 10,
    MemorySize: 256,
    Environment: { Variables: { SEEN_TABLE: { Ref: "Seen" } } },
    ...properties,
  },
});

export const SEEN: Json = {
  Type: "AWS::DynamoDB::GlobalTable",
  Properties: {
    TableName: "Seen",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
    Replicas: [
      { Region: "us-east-1", PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
    ],
  },
};

export const ROLE: Json = { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: {} } };

export interface TestCloud {
  readonly cloud: LocalCloudCore;
  readonly sqs: SQSClient;
  readonly events: EventBridgeClient;
  readonly scheduler: SchedulerClient;
  readonly lambda: LambdaClient;
  readonly dynamodb: DynamoDBClient;
  readonly logs: LogLine[];
  readonly notices: Notice[];
  /** What the functions saw of a kind, as soon as there are so many. */
  seen(what: string, atLeast?: number): Promise<unknown[]>;
  stop(): Promise<void>;
}

export const testCloud = async (
  resources: Template,
  options: Partial<CloudOptions> = {},
  extra: Template = {},
): Promise<TestCloud> => {
  const templates = assembly({ App: { Resources: { Seen: SEEN, Role: ROLE, ...resources }, ...extra } });
  return openCloud({ templates, inMemory: true, ...options });
};

export const openCloud = async (options: CloudOptions): Promise<TestCloud> => {
  process.env.AWS_ENDPOINT_URL_DYNAMODB = inject("dynamodbEndpoint");
  const accessKeyId = options.accessKeyId ?? `T${randomBytes(8).toString("hex")}`;
  const logs: LogLine[] = [];
  const notices: Notice[] = [];
  const cloud = await startCloud({
    graceMs: 200,
    onLog: (line) => logs.push(line),
    onNotice: (notice) => notices.push(notice),
    ...options,
    accessKeyId,
  });
  const at = (service: string) => ({
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey: "local" },
    endpoint: cloud.endpoints[`AWS_ENDPOINT_URL_${service}`] ?? "",
  });
  const dynamodb = new DynamoDBClient(at("DYNAMODB"));
  const seen = async (what: string): Promise<unknown[]> => {
    const { Items: items = [] } = await dynamodb.send(
      new ScanCommand({ TableName: "Seen", ConsistentRead: true }),
    );
    return items.filter((item) => item.what?.S === what).map((item) => JSON.parse(item.data?.S ?? "null"));
  };
  return {
    cloud,
    sqs: new SQSClient(at("SQS")),
    events: new EventBridgeClient(at("EVENTBRIDGE")),
    scheduler: new SchedulerClient(at("SCHEDULER")),
    lambda: new LambdaClient({ ...at("LAMBDA"), maxAttempts: 1 }),
    dynamodb,
    logs,
    notices,
    seen: (what, atLeast = 1) => eventually(async () => atLeastSoMany(await seen(what), atLeast)),
    stop: () => cloud.stop(),
  };
};

const atLeastSoMany = <T>(list: T[], count: number): T[] => {
  if (list.length < count)
    throw new Error(`expected ${count} or more, found ${list.length}: ${JSON.stringify(list)}`);
  return list;
};

/** Repeats until it does not throw; the last error is the test's. */
export const eventually = async <T>(check: () => Promise<T> | T, withinMs = 15_000): Promise<T> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((wake) => setTimeout(wake, 30));
    }
  }
};
