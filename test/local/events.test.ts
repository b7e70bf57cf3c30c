import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../lib/local/json.js";
import { eventually, lambda, type TestCloud, testCloud } from "./harness.js";

let t: TestCloud;

const queue = (name: string): Json => ({ Type: "AWS::SQS::Queue", Properties: { QueueName: name } });
const rule = (pattern: Json, targets: Json): Json => ({
  Type: "AWS::Events::Rule",
  Properties: { EventBusName: { Ref: "Bus" }, EventPattern: pattern, State: "ENABLED", Targets: targets },
});
const arnOf = (id: string): Json => ({ "Fn::GetAtt": [id, "Arn"] });

beforeAll(async () => {
  t = await testCloud(
    {
      Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "orders" } },
      Paid: queue("paid"),
      Ids: queue("ids"),
      Lost: queue("lost"),
      Failures: queue("failures"),
      Observer: lambda("observe"),
      Failing: lambda("failing"),
      FailingConfig: {
        Type: "AWS::Lambda::EventInvokeConfig",
        Properties: {
          FunctionName: { Ref: "Failing" },
          Qualifier: "$LATEST",
          DestinationConfig: { OnFailure: { Destination: arnOf("Failures") } },
        },
      },
      Big: rule({ "detail-type": ["payment"], detail: { amount: [{ numeric: [">", 10] }] } }, [
        { Id: "whole", Arn: arnOf("Paid") },
        { Id: "part", Arn: arnOf("Ids"), InputPath: "$.detail.id" },
      ]),
      Function: rule({ "detail-type": ["observe"] }, [{ Id: "function", Arn: arnOf("Observer") }]),
      Broken: rule({ "detail-type": ["broken"] }, [{ Id: "function", Arn: arnOf("Failing") }]),
      Nowhere: rule({ "detail-type": ["nowhere"] }, [
        {
          Id: "nobody",
          Arn: "arn:aws:sqs:us-east-1:000000000000:nobody",
          DeadLetterConfig: { Arn: arnOf("Lost") },
        },
      ]),
      Clockwork: {
        Type: "AWS::Events::Rule",
        Properties: {
          ScheduleExpression: "rate(1 minute)",
          State: "ENABLED",
          Targets: [{ Id: "function", Arn: arnOf("Observer") }],
        },
      },
    },
    { timeScale: 60 },
  );
});
afterAll(() => t.stop());

const put = (detailType: string, detail: unknown, more: object = {}) =>
  t.events.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: "orders",
          Source: "shop",
          DetailType: detailType,
          Detail: JSON.stringify(detail),
          ...more,
        },
      ],
    }),
  );
const bodies = async (name: string, waitSeconds = 5): Promise<string[]> => {
  const QueueUrl = `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/${name}`;
  const answer = await t.sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: waitSeconds, MaxNumberOfMessages: 10 }),
  );
  return (answer.Messages ?? []).map((message) => message.Body ?? "");
};

describe("an event bus", () => {
  test("gives matching events to each target, in AWS's envelope, and only those", async () => {
    await put("payment", { id: "small", amount: 10 });
    const answer = await put("payment", { id: "big", amount: 11 }, { Resources: ["holdfast:1"] });
    expect(answer.FailedEntryCount).toBe(0);
    const [body, ...others] = await bodies("paid");
    expect(others).toEqual([]);
    expect(JSON.parse(body ?? "")).toMatchObject({
      version: "0",
      id: answer.Entries?.[0]?.EventId,
      source: "shop",
      "detail-type": "payment",
      resources: ["holdfast:1"],
      detail: { id: "big", amount: 11 },
    });
    expect(await bodies("ids")).toEqual(['"big"']);
  });

  test("invokes functions asynchronously", async () => {
    await put("observe", { n: 1 });
    await eventually(async () =>
      expect(await t.seen("event")).toContainEqual(expect.objectContaining({ detail: { n: 1 } })),
    );
  });

  test("retries a failing function twice, then sends it to the on-failure destination", async () => {
    await put("broken", { n: 2 });
    const [body] = await bodies("failures", 15);
    expect(JSON.parse(body ?? "")).toMatchObject({
      requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 3 },
      requestPayload: { detail: { n: 2 } },
      responsePayload: { errorMessage: "always" },
    });
    expect(await t.seen("attempt", 3)).toHaveLength(3);
  });

  test("sends what has no target to the rule's dead-letter queue, and says so", async () => {
    await put("nowhere", { n: 3 });
    expect(JSON.parse((await bodies("lost"))[0] ?? "")).toMatchObject({ detail: { n: 3 } });
    expect(t.notices.map((notice) => notice.text).join("\n")).toContain('there is no queue "nobody"');
  });

  test("fires rules with a schedule", async () => {
    await eventually(async () =>
      expect(await t.seen("event")).toContainEqual(
        expect.objectContaining({ "detail-type": "Scheduled Event" }),
      ),
    );
  });

  test("answers a bad entry by itself", async () => {
    const good = { EventBusName: "orders", Source: "shop", DetailType: "other", Detail: "{}" };
    const answer = await t.events.send(
      new PutEventsCommand({
        Entries: [good, { ...good, Detail: "{oops" }, { ...good, Source: "" }, { ...good, Detail: "[1]" }],
      }),
    );
    expect(answer.FailedEntryCount).toBe(3);
    expect(answer.Entries?.map((entry) => entry.ErrorCode)).toEqual([
      undefined,
      "MalformedDetail",
      "InvalidArgument",
      "MalformedDetail",
    ]);
  });

  test("refuses a call with more than ten entries, or with too large ones", async () => {
    const entry = { Source: "shop", DetailType: "other", Detail: "{}" };
    await expect(
      t.events.send(new PutEventsCommand({ Entries: Array(11).fill(entry) })),
    ).rejects.toMatchObject({
      name: "ValidationException",
    });
    await expect(put("other", { text: "x".repeat(256 * 1024) })).rejects.toMatchObject({
      name: "ValidationException",
    });
  });
});
