import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestCloud, testCloud } from "./harness.js";

let t: TestCloud;
let url: string;
let deadUrl: string;

// A minute of the cloud's time is a second of ours, so that delays and visibility can be waited for.
beforeAll(async () => {
  t = await testCloud(
    {
      Dead: { Type: "AWS::SQS::Queue", Properties: { QueueName: "dead" } },
      Work: {
        Type: "AWS::SQS::Queue",
        Properties: {
          QueueName: "work",
          VisibilityTimeout: 30,
          RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": ["Dead", "Arn"] }, maxReceiveCount: 2 },
        },
      },
    },
    { timeScale: 60 },
  );
  const find = async (name: string) =>
    (await t.sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? "";
  url = await find("work");
  deadUrl = await find("dead");
});
afterAll(() => t.stop());
beforeEach(async () => {
  await t.sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
});

const send = (body: string, more: object = {}) =>
  t.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, ...more }));
const receive = async (more: object = {}, from = url) =>
  (
    await t.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MessageSystemAttributeNames: ["All"],
        WaitTimeSeconds: 3,
        ...more,
      }),
    )
  ).Messages ?? [];

describe("a queue", () => {
  test("hands over a message once, with attributes and digests that the SDK accepts, until it is deleted", async () => {
    const attributes = { kind: { DataType: "String", StringValue: "wake" } };
    const sent = await send("hello", { MessageAttributes: attributes });
    const [message] = await receive({ MessageAttributeNames: ["All"] });
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: "hello",
      MessageAttributes: attributes,
    });
    expect(sent.MD5OfMessageAttributes).toBe(message?.MD5OfMessageAttributes);
    expect(message?.Attributes?.ApproximateReceiveCount).toBe("1");
    expect(Math.abs(Number(message?.Attributes?.SentTimestamp) - t.cloud.now())).toBeLessThan(60_000);
    expect(await receive({ WaitTimeSeconds: 0 })).toEqual([]);
    await t.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
    const { Attributes: counts } = await t.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    expect(counts).toMatchObject({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
  });

  test("holds a delayed message back in scaled time, and a long poll wakes for it", async () => {
    await send("later", { DelaySeconds: 30 });
    const began = Date.now();
    expect(await receive({ WaitTimeSeconds: 0 })).toEqual([]);
    expect((await receive())[0]?.Body).toBe("later");
    expect(Date.now() - began).toBeGreaterThan(400);
    expect(Date.now() - began).toBeLessThan(2_500);
  });

  test("brings an undeleted message back after its visibility timeout, and buries it after the last receive", async () => {
    await send("poison");
    expect((await receive())[0]?.Attributes?.ApproximateReceiveCount).toBe("1");
    const [again] = await receive();
    expect(again?.Attributes?.ApproximateReceiveCount).toBe("2");
    await t.sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: again?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(await receive({ WaitTimeSeconds: 0 })).toEqual([]);
    const [dead] = await receive({}, deadUrl);
    expect(dead?.Body).toBe("poison");
    expect(dead?.Attributes?.DeadLetterQueueSourceArn).toMatch(/:work$/);
  });

  test("does not let an old receipt delete what somebody else has received since", async () => {
    await send("mine");
    const [first] = await receive({ VisibilityTimeout: 0 });
    const [second] = await receive();
    await t.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    await t.sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: second?.ReceiptHandle,
        VisibilityTimeout: 60,
      }),
    );
  });

  test("answers a batch entry by entry", async () => {
    const sent = await t.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "good", MessageBody: "a" },
          { Id: "late", MessageBody: "b", DelaySeconds: 901 },
        ],
      }),
    );
    expect(sent.Successful?.map((entry) => entry.Id)).toEqual(["good"]);
    expect(sent.Failed).toMatchObject([{ Id: "late", Code: "InvalidParameterValue", SenderFault: true }]);
    const [message] = await receive();
    const removed = await t.sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "1", ReceiptHandle: message?.ReceiptHandle },
          { Id: "2", ReceiptHandle: "nonsense" },
        ],
      }),
    );
    expect(removed.Failed).toMatchObject([{ Id: "2", Code: "ReceiptHandleIsInvalid" }]);
  });

  test.each([
    ["a delay above 15 minutes", "x", { DelaySeconds: 901 }, "InvalidParameterValue"],
    ["a message above 1 MiB", "x".repeat(1024 * 1024 + 1), {}, "InvalidParameterValue"],
    ["an unknown queue", "x", { QueueUrl: "http://127.0.0.1/000000000000/nobody" }, "QueueDoesNotExist"],
  ])("refuses %s", async (_what, body, more, name) => {
    await expect(send(body, more)).rejects.toMatchObject(
      name === "QueueDoesNotExist" ? { constructor: QueueDoesNotExist } : { name },
    );
  });

  const entries = (count: number, body = "x") =>
    Array.from({ length: count }, (_none, n) => ({ Id: `e-${n}`, MessageBody: body }));
  test.each<[string, { Id: string; MessageBody: string }[], string]>([
    ["no entry", [], "EmptyBatchRequest"],
    ["eleven entries", entries(11), "TooManyEntriesInBatchRequest"],
    ["one id twice", [...entries(1), ...entries(1)], "BatchEntryIdsNotDistinct"],
    ["more than 1 MiB in all", entries(2, "x".repeat(600_000)), "BatchRequestTooLong"],
  ])("refuses a batch with %s, as a whole", async (_what, Entries, name) => {
    await expect(t.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))).rejects.toMatchObject({
      name,
    });
    expect(await receive({ WaitTimeSeconds: 0 })).toEqual([]);
  });

  test.each([
    { MaxNumberOfMessages: 11 },
    { MaxNumberOfMessages: 0 },
    { WaitTimeSeconds: 21 },
    { VisibilityTimeout: 43_201 },
  ])("refuses to receive with %j", async (more) => {
    await expect(receive(more)).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  test("keeps a message hidden for longer when asked to, and gives up no message that is not in flight", async () => {
    await send("slow");
    const [message] = await receive({ VisibilityTimeout: 30 });
    const hide = (seconds: number) =>
      t.sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    await hide(120);
    expect(await receive({ WaitTimeSeconds: 1 })).toEqual([]);
    await hide(0);
    await expect(hide(30)).rejects.toMatchObject({ name: "MessageNotInflight" });
    expect((await receive({}))[0]?.Attributes?.ApproximateReceiveCount).toBe("2");
  });

  test("is listed", async () => {
    const { QueueUrls: urls } = await t.sqs.send(new ListQueuesCommand({ QueueNamePrefix: "wo" }));
    expect(urls).toEqual([url]);
  });
});
