import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloudCore, startCloud } from "../../lib/local/cloud.js";
import { assembly, eventually, lambda, ROLE, SEEN, type Template } from "./harness.js";

/** With a DynamoDB Local of its own, on disk: this is what `holdfast dev` does. */
const stateDir = mkdtempSync(join(tmpdir(), "restart-"));
const app = (environment: Template): Template => ({
  Resources: {
    Role: ROLE,
    Seen: SEEN,
    Source: {
      Type: "AWS::DynamoDB::GlobalTable",
      Properties: {
        TableName: "Source",
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        StreamSpecification: { StreamViewType: "NEW_IMAGE" },
      },
    },
    Streamer: lambda("stream", {
      Environment: { Variables: { SEEN_TABLE: { Ref: "Seen" }, ...environment } },
    }),
    Mapping: {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: {
        EventSourceArn: { "Fn::GetAtt": ["Source", "StreamArn"] },
        FunctionName: { Ref: "Streamer" },
        StartingPosition: "TRIM_HORIZON",
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      },
    },
  },
});
/** The first can't take what is marked as failing; the second is the fixed deployment. */
const broken = assembly({ App: app({}) });
const fixed = assembly({ App: app({ LENIENT: "yes" }) });

const outer = process.env.AWS_ENDPOINT_URL_DYNAMODB;
beforeAll(() => {
  delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
});
afterAll(() => {
  if (outer !== undefined) process.env.AWS_ENDPOINT_URL_DYNAMODB = outer;
  for (const path of [stateDir, broken, fixed]) rmSync(path, { recursive: true, force: true });
});

const clientOf = (cloud: LocalCloudCore): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: cloud.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "",
    region: cloud.environment.AWS_REGION ?? "",
    credentials: {
      accessKeyId: cloud.environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: cloud.environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
  });
const put = (client: DynamoDBClient, pk: string, fail = false) =>
  client.send(
    new PutItemCommand({
      TableName: "Source",
      Item: { pk: { S: pk }, ...(fail ? { fail: { BOOL: true } } : {}) },
    }),
  );
const seen = async (client: DynamoDBClient): Promise<string[]> => {
  const { Items: items = [] } = await client.send(
    new ScanCommand({ TableName: "Seen", ConsistentRead: true }),
  );
  return items.map((item) => JSON.parse(item.data?.S ?? "{}").pk).sort();
};

test("a stream goes on where it was left: nothing is lost, and what was taken is not handed over again", async () => {
  const first = await startCloud({ templates: broken, stateDir, graceMs: 200 });
  const before = clientOf(first);
  await put(before, "a");
  await eventually(async () => expect(await seen(before)).toEqual(["a"]));
  // It is retried for ever, so it is in the way when the cloud stops, with "c" behind it.
  await put(before, "b", true);
  await put(before, "c");
  await first.stop();

  const second = await startCloud({ templates: fixed, stateDir, graceMs: 200 });
  try {
    const after = clientOf(second);
    await put(after, "d");
    await eventually(async () => expect(await seen(after)).toEqual(["a", "b", "c", "d"]));
  } finally {
    await second.stop();
  }
});
