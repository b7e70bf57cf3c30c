/** What comes while one deploy takes the other's place: it waits, and nothing of it is lost, whether the new one comes up or not. */
import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, expect, inject, test } from "vitest";
import { jsonAnswer, serve } from "../../lib/local/http.js";
import type { Json } from "../../lib/local/json.js";
import { assembly, lambda, ROLE, SEEN, type Template, type TestCloud, testCloud } from "./harness.js";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const arnOf = (id: string, attribute = "Arn"): Json => ({ "Fn::GetAtt": [id, attribute] });
const WORK: Template = {
  Work: { Type: "AWS::SQS::Queue", Properties: { QueueName: "work", VisibilityTimeout: 600 } },
};
const CONSUMED: Template = {
  Consumer: lambda("consume"),
  ConsumerMapping: {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: { EventSourceArn: arnOf("Work"), FunctionName: { Ref: "Consumer" }, BatchSize: 1 },
  },
};
const templates = (resources: Template): string =>
  assembly({ App: { Resources: { Seen: SEEN, Role: ROLE, ...resources } } });

const cloudWith = async (...given: Parameters<typeof testCloud>): Promise<TestCloud> => {
  const t = await testCloud(...given);
  undo.push(() => t.stop());
  return t;
};
const send = (t: TestCloud, body: string) =>
  t.sqs.send(
    new SendMessageCommand({
      QueueUrl: `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/work`,
      MessageBody: body,
    }),
  );
/** As long as nothing that was asked for before has any reason not to have happened. */
const meanwhile = (): Promise<void> => pause(300);

/** Ten seconds in the first deploy, and a minute in the next. */
const echo = (seconds: number): Template => ({ Echo: lambda("echo", { Timeout: seconds }) });

test("a call of a function that is just being closed is answered by the next deploy's", async () => {
  const t = await cloudWith(echo(10), { graceMs: 5_000 });
  const running = t.cloud.functions.invoke("Echo", { ms: 1_500 });
  await expect.poll(() => t.cloud.functions.processes()).toHaveLength(1);
  const deployed = t.cloud.deploy(templates(echo(60)));
  await meanwhile();

  const answered = t.lambda.send(new InvokeCommand({ FunctionName: "Echo" }));
  const inside = t.cloud.functions.invoke("Echo", {});
  const { FunctionError, Payload } = await answered;
  expect(FunctionError).toBeUndefined();
  expect(JSON.parse(Buffer.from(Payload ?? []).toString()).remaining).toBeGreaterThan(10_000);
  const outcome = await inside;
  expect(outcome.ok && JSON.parse(outcome.payload).remaining).toBeGreaterThan(10_000);
  // What ran was let run.
  const before = await running;
  expect(before.ok && JSON.parse(before.payload).remaining).toBeLessThan(10_000);
  await deployed;
});

test("calls that were in line for a free process when it was closed are answered, too; at the end they are told", async () => {
  const t = await cloudWith(echo(10), { graceMs: 5_000 });
  const all = Array.from({ length: 12 }, () => t.cloud.functions.invoke("Echo", { ms: 1_000 }));
  await expect.poll(() => t.cloud.functions.processes()).toHaveLength(10);
  await t.cloud.deploy(templates(echo(60)));
  expect((await Promise.all(all)).map(({ ok }) => ok)).toEqual(Array(12).fill(true));

  const last = Array.from({ length: 11 }, () => t.cloud.functions.invoke("Echo", { ms: 1_000 }));
  await expect.poll(() => t.cloud.functions.processes()).toHaveLength(10);
  await t.cloud.stop();
  expect((await Promise.all(last)).filter(({ ok }) => !ok)).toMatchObject([
    { error: { errorMessage: "The local cloud is stopping." } },
  ]);
});

test("a message that its function had no process for when it was closed is there at once for the next deploy's", async () => {
  const t = await cloudWith({ ...WORK, ...CONSUMED }, { graceMs: 5_000 });
  const slow = { Records: [{ body: "slow", attributes: {} }] };
  const all = Array.from({ length: 10 }, () => t.cloud.functions.invoke("Consumer", slow));
  await expect.poll(() => t.cloud.functions.processes()).toHaveLength(10);
  await send(t, "in line");
  await meanwhile();
  await t.cloud.deploy(templates({ ...WORK, ...CONSUMED }));
  await Promise.all(all);
  // Ten minutes would pass before one that counts as taken is seen again.
  expect(await t.seen("message", 11)).toContainEqual({ body: "in line", count: "2" });
});

/** The run's own DynamoDB, whose streams can't be read from some time on; to say so takes until it is told to. */
const withoutStreams = async () => {
  let asked = (): void => {};
  let refuse = (): void => {};
  const reading = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const refused = new Promise<void>((resolve) => {
    refuse = resolve;
  });
  const server = await serve(
    0,
    async ({ method, path, headers, body }) => {
      if (headers.get("x-amz-target")?.endsWith(".DescribeStream")) {
        asked();
        await refused;
        return jsonAnswer({ __type: "AccessDeniedException", message: "No streams." }, 400);
      }
      const sent = [...headers].filter(([name]) => !["connection", "host", "content-length"].includes(name));
      const url = `${inject("dynamodbEndpoint")}${path}`;
      const reply = await fetch(url, { method, headers: sent, body: new Uint8Array(body) });
      return { status: reply.status, body: Buffer.from(await reply.arrayBuffer()) };
    },
    () => {},
  );
  undo.push(() => server.close());
  return { endpoint: `http://127.0.0.1:${server.port}`, reading, refuse };
};

test("what is told while a deploy is about to fail goes to the one before, which goes on", async () => {
  const database = await withoutStreams();
  const source: Template = {
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
  };
  const t = await cloudWith(
    { ...WORK, ...CONSUMED, ...source, Observer: lambda("observe") },
    { dynamodbEndpoint: database.endpoint },
  );
  const deployed = t.cloud.deploy(
    templates({
      ...WORK,
      ...source,
      Observer: lambda("observe"),
      Streamer: lambda("stream"),
      StreamerMapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: {
          EventSourceArn: arnOf("Source", "StreamArn"),
          FunctionName: { Ref: "Streamer" },
          StartingPosition: "LATEST",
        },
      },
    }),
  );
  const failure = deployed.then(
    () => "no failure",
    (error: unknown) => String(error),
  );
  await database.reading;
  const told = [
    send(t, "hello"),
    t.lambda.send(
      new InvokeCommand({ FunctionName: "Observer", InvocationType: "Event", Payload: '{"told":1}' }),
    ),
  ];
  await meanwhile();
  database.refuse();
  expect(await failure).toContain("No streams.");
  await Promise.all(told);
  expect(await t.seen("message")).toEqual([{ body: "hello", count: "1" }]);
  expect(await t.seen("event")).toEqual([{ told: 1 }]);
});

test("a call that was delayed on its way finds the deploy that is there when it comes", async () => {
  // The first call of this seed takes nearly half a second; a deploy without functions, much less.
  const chaos = { rate: 1, seed: 29, services: ["sqs"], faults: ["delayed"] } as const;
  const t = await cloudWith(WORK, { chaos });
  const sent = send(t, "late");
  await pause(20);
  await t.cloud.deploy(templates(WORK));
  await sent;
  const { Messages: messages } = await t.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/work`,
      WaitTimeSeconds: 1,
    }),
  );
  expect(messages).toMatchObject([{ Body: "late" }]);
});

test("a write that was delayed on its way until all had ended is dropped", async () => {
  const chaos = { rate: 1, seed: 29, services: ["dynamodb"], faults: ["delayed"] } as const;
  const t = await cloudWith({}, { chaos, accessKeyId: "Dropped" });
  const Item = { pk: { S: "late" } };
  const written = t.dynamodb.send(new PutItemCommand({ TableName: "Seen", Item })).catch(() => "dropped");
  await pause(20);
  await t.cloud.stop();
  expect(await written).toBe("dropped");
  await pause(600);
  const credentials = { accessKeyId: "Dropped", secretAccessKey: "local" };
  const endpoint = inject("dynamodbEndpoint");
  const direct = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  const found = await direct.send(new GetItemCommand({ TableName: "Seen", Key: { pk: { S: "late" } } }));
  expect(found.Item).toBeUndefined();
  direct.destroy();
});

test("who waits for a message through a deploy takes none that the next one has, too", async () => {
  const t = await cloudWith(WORK);
  const QueueUrl = `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/work`;
  const send = new SendMessageCommand({ QueueUrl, MessageBody: "once", DelaySeconds: 2 });
  await t.sqs.send(send);
  const receive = () => t.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 4 }));
  const before = receive();
  await meanwhile();
  await t.cloud.deploy(templates(WORK));
  const [first, second] = await Promise.all([before, receive()]);
  expect([first.Messages, second.Messages?.map(({ Body }) => Body)]).toEqual([[], ["once"]]);
});
