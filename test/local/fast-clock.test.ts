import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lambda, type TestCloud, testCloud } from "./harness.js";

let t: TestCloud;

beforeAll(async () => {
  t = await testCloud(
    {
      Work: { Type: "AWS::SQS::Queue", Properties: { QueueName: "work", VisibilityTimeout: 30 } },
      Consumer: lambda("consume"),
      ConsumerMapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: {
          EventSourceArn: { "Fn::GetAtt": ["Work", "Arn"] },
          FunctionName: { Ref: "Consumer" },
          BatchSize: 1,
          FunctionResponseTypes: ["ReportBatchItemFailures"],
        },
      },
    },
    // Half a second of real time hides a message, and the function takes three times as long.
    { timeScale: 60 },
  );
});
afterAll(() => t.stop());

const send = (body: string) =>
  t.sqs.send(
    new SendMessageCommand({
      QueueUrl: `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/work`,
      MessageBody: body,
    }),
  );

test("a message stays hidden for as long as its function really runs", async () => {
  await send("slow");
  await t.seen("message");
  // Another copy would have been handed over by now, and be seen within its own second and a half.
  await new Promise((wake) => setTimeout(wake, 2_000));
  expect(await t.seen("message")).toEqual([{ body: "slow", count: "1" }]);
});

test("and comes back within the scaled timeout when its process has died", async () => {
  const began = Date.now();
  await send("die-first");
  expect(await t.seen("message", 2)).toContainEqual({ body: "die-first", count: "2" });
  expect(Date.now() - began).toBeLessThan(5_000);
});
