import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../lib/local/json.js";
import { failedItems } from "../../lib/local/mappings/batch-response.js";
import { afterBatch } from "../../lib/local/mappings/stream-batch.js";
import { eventually, lambda, type TestCloud, testCloud } from "./harness.js";

let t: TestCloud;

const arnOf = (id: string, attribute = "Arn"): Json => ({ "Fn::GetAtt": [id, attribute] });

beforeAll(async () => {
  t = await testCloud(
    {
      Dead: { Type: "AWS::SQS::Queue", Properties: { QueueName: "dead" } },
      Work: {
        Type: "AWS::SQS::Queue",
        Properties: {
          QueueName: "work",
          VisibilityTimeout: 10,
          RedrivePolicy: { deadLetterTargetArn: arnOf("Dead"), maxReceiveCount: 3 },
        },
      },
      Consumer: lambda("consume"),
      ConsumerMapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: {
          EventSourceArn: arnOf("Work"),
          FunctionName: { Ref: "Consumer" },
          BatchSize: 1,
          FunctionResponseTypes: ["ReportBatchItemFailures"],
          ScalingConfig: { MaximumConcurrency: 3 },
        },
      },
      Source: {
        Type: "AWS::DynamoDB::GlobalTable",
        Properties: {
          TableName: "Source",
          AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
          StreamSpecification: { StreamViewType: "NEW_IMAGE" },
          Replicas: [{ Region: "us-east-1" }],
        },
      },
      Streamer: lambda("stream"),
      StreamerMapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: {
          EventSourceArn: arnOf("Source", "StreamArn"),
          FunctionName: arnOf("Streamer"),
          StartingPosition: "LATEST",
          BatchSize: 10,
          MaximumBatchingWindowInSeconds: 0,
          MaximumRetryAttempts: 1,
          BisectBatchOnFunctionError: true,
          FunctionResponseTypes: ["ReportBatchItemFailures"],
          DestinationConfig: { OnFailure: { Destination: arnOf("Dead") } },
          FilterCriteria: {
            Filters: [
              { Pattern: '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"kind":{"S":["wanted"]}}}}' },
            ],
          },
        },
      },
    },
    // Ten seconds of the cloud's are two thirds of one of ours: what failed is soon back.
    { timeScale: 15 },
  );
});
afterAll(() => t.stop());

const queueUrl = (name: string): string => `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/${name}`;
const send = (body: string) =>
  t.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("work"), MessageBody: body }));
const dead = async (): Promise<string[]> => {
  const answer = await t.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl("dead"), WaitTimeSeconds: 10, VisibilityTimeout: 600 }),
  );
  return (answer.Messages ?? []).map((message) => message.Body ?? "");
};
const put = (
  pk: string,
  kind: string,
  more: Record<string, { S: string } | { BOOL: boolean } | { B: Uint8Array }> = {},
) =>
  t.dynamodb.send(
    new PutItemCommand({ TableName: "Source", Item: { pk: { S: pk }, kind: { S: kind }, ...more } }),
  );

describe("a queue as an event source", () => {
  test("deletes what the function took", async () => {
    await send("fine");
    expect(await t.seen("message")).toContainEqual({ body: "fine", count: "1" });
    await eventually(async () => {
      const { Attributes: counts } = await t.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl("work"), AttributeNames: ["All"] }),
      );
      expect(counts).toMatchObject({
        ApproximateNumberOfMessages: "0",
        ApproximateNumberOfMessagesNotVisible: "0",
      });
    });
  });

  test.each(["die-first", "fail-first"])("gets a message back after %s", async (body) => {
    await send(body);
    await eventually(async () => expect(await t.seen("message")).toContainEqual({ body, count: "2" }));
  });

  test("ends poison in the dead-letter queue", async () => {
    await send("never");
    expect(await dead()).toEqual(["never"]);
  });
});

describe("a table's stream as an event source", () => {
  test("hands over what the filter lets through, with images as Lambda shows them", async () => {
    await put("skipped", "other");
    await put("first", "wanted", { bytes: { B: Buffer.from("hi") } });
    await put("first", "wanted", { changed: { BOOL: true } });
    const records = await t.seen("record");
    expect(records).toEqual([
      expect.objectContaining({
        eventName: "INSERT",
        pk: "first",
        image: expect.objectContaining({ bytes: { B: "aGk=" } }),
      }),
    ]);
  });

  test("gives a record up after its retries, to the on-failure destination, and goes on behind it", async () => {
    await put("bad", "wanted", { fail: { BOOL: true } });
    await put("after", "wanted");
    const [body] = await dead();
    expect(JSON.parse(body ?? "")).toMatchObject({
      requestContext: { condition: "RetryAttemptsExhausted" },
      DDBStreamBatchInfo: { batchSize: 1 },
    });
    await eventually(async () =>
      expect(await t.seen("record")).toContainEqual(expect.objectContaining({ pk: "after" })),
    );
  });
});

describe("what a function says about its batch", () => {
  const batch = ["a", "b"];
  test.each<[string, string, string[]]>([
    ["null", "null", []],
    ["an empty list", '{"batchItemFailures":[]}', []],
    ["no list", "{}", []],
    ["one of them", '{"batchItemFailures":[{"itemIdentifier":"b"}]}', ["b"]],
    ["an unknown one", '{"batchItemFailures":[{"itemIdentifier":"x"}]}', batch],
    ["an empty identifier", '{"batchItemFailures":[{"itemIdentifier":""}]}', batch],
    ["no object", '"yes"', batch],
  ])("%s", (_what, payload, failed) => {
    expect(failedItems(payload, batch)).toEqual(failed);
  });
});

describe("a stream batch after its invocation", () => {
  const records = ["a", "b", "c"];
  const settings = { retriesMax: 2, bisect: false };
  test("is done on success", () => {
    expect(afterBatch({ records, attempt: 1 }, undefined, settings)).toEqual({ action: "done" });
  });
  test("is retried from the first failed record", () => {
    expect(afterBatch({ records, attempt: 1 }, 1, settings)).toEqual({
      action: "again",
      work: [{ records: ["b", "c"], attempt: 2 }],
      pauseMs: 100,
    });
  });
  test("is halved when it may be", () => {
    expect(afterBatch({ records, attempt: 2 }, 0, { ...settings, bisect: true })).toMatchObject({
      action: "again",
      work: [
        { records: ["a", "b"], attempt: 3 },
        { records: ["c"], attempt: 3 },
      ],
    });
  });
  test("is given up when no retries are left", () => {
    expect(afterBatch({ records, attempt: 3 }, 2, settings)).toEqual({ action: "give-up", records: ["c"] });
  });
  test("is retried for ever without a limit", () => {
    expect(afterBatch({ records, attempt: 1000 }, 0, { retriesMax: -1, bisect: false }).action).toBe("again");
  });
});
