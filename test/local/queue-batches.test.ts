/** How a queue feeds a function: windows, sizes, concurrency, partial failures; and what a queue does by its own settings. */
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../lib/local/json.js";
import { eventually, lambda, type TestCloud, testCloud } from "./harness.js";

let t: TestCloud;

const queue = (name: string, more: Record<string, Json> = {}): Json => ({
  Type: "AWS::SQS::Queue",
  Properties: { QueueName: name, VisibilityTimeout: 600, ...more },
});
const mapping = (from: string, to: string, more: Record<string, Json> = {}): Json => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: {
    EventSourceArn: { "Fn::GetAtt": [from, "Arn"] },
    FunctionName: { Ref: to },
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    ...more,
  },
});

// Ten seconds of the cloud's are one of ours.
beforeAll(async () => {
  t = await testCloud(
    {
      Gathered: queue("gathered"),
      Gatherer: lambda("gather"),
      GathererMapping: mapping("Gathered", "Gatherer", { BatchSize: 50, MaximumBatchingWindowInSeconds: 10 }),
      Crowded: queue("crowded"),
      Slow: lambda("slowly"),
      SlowMapping: mapping("Crowded", "Slow", { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } }),
      Parted: queue("parted", { VisibilityTimeout: 20 }),
      Parter: lambda("partly"),
      PartedMapping: mapping("Parted", "Parter", { BatchSize: 10, MaximumBatchingWindowInSeconds: 2 }),
      Delayed: queue("delayed", { DelaySeconds: 30 }),
      Forgetful: queue("forgetful", { MessageRetentionPeriod: 60 }),
    },
    { timeScale: 10 },
  );
});
afterAll(() => t.stop());

const urlOf = (name: string): string => `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/${name}`;
const send = (name: string, ...bodies: readonly string[]) =>
  t.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: urlOf(name),
      Entries: bodies.map((body, index) => ({ Id: `m${index}`, MessageBody: body })),
    }),
  );
const receive = async (name: string) =>
  (await t.sqs.send(new ReceiveMessageCommand({ QueueUrl: urlOf(name) }))).Messages ?? [];

describe("a function that a queue feeds", () => {
  test("is given what comes within the batching window, in one batch of more than ten", async () => {
    await send("gathered", ...Array.from({ length: 8 }, (_, n) => `a${n}`));
    await send("gathered", ...Array.from({ length: 8 }, (_, n) => `b${n}`));
    expect(await t.seen("batch")).toEqual([16]);
  });

  test("is at work on no more batches at one time than its mapping allows", async () => {
    await send("crowded", ...Array.from({ length: 6 }, (_, n) => `c${n}`));
    const spans = (await t.seen("span", 6)) as { from: number; until: number }[];
    const atOnce = spans.map(
      ({ from }) => spans.filter((one) => one.from <= from && from < one.until).length,
    );
    expect(Math.max(...atOnce)).toBe(2);
  }, 30_000);

  test("gets those of a batch again that it reports, after their visibility timeout, and no others", async () => {
    await send("parted", "good-1", "bad-1", "good-2", "bad-2");
    await eventually(async () => {
      const taken = (await t.seen("part", 6)) as { body: string; count: string }[];
      expect(taken.map(({ body, count }) => `${body}, time ${count}`).toSorted()).toEqual([
        "bad-1, time 1",
        "bad-1, time 2",
        "bad-2, time 1",
        "bad-2, time 2",
        "good-1, time 1",
        "good-2, time 1",
      ]);
    });
    await eventually(async () => {
      const { Attributes: left } = await t.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: urlOf("parted"), AttributeNames: ["All"] }),
      );
      expect(left).toMatchObject({
        ApproximateNumberOfMessages: "0",
        ApproximateNumberOfMessagesNotVisible: "0",
      });
    });
  }, 30_000);
});

describe("a queue's own settings", () => {
  test("hold messages back that say nothing themselves, and not those that do", async () => {
    const sent = t.cloud.now();
    await t.sqs.send(
      new SendMessageCommand({ QueueUrl: urlOf("delayed"), MessageBody: "now", DelaySeconds: 0 }),
    );
    await send("delayed", "later");
    expect((await receive("delayed")).map(({ Body: body }) => body)).toEqual(["now"]);
    await eventually(async () =>
      expect((await receive("delayed")).map(({ Body: body }) => body)).toEqual(["later"]),
    );
    expect(t.cloud.now() - sent).toBeGreaterThanOrEqual(30_000);
  });

  test("let messages go that nobody took in time", async () => {
    await send("forgetful", "lost");
    await new Promise((resolve) => setTimeout(resolve, 6_100));
    expect(await receive("forgetful")).toEqual([]);
  });
});
