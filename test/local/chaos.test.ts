/** Each fault really happens, and a real SDK client sees of it what it would see on AWS. */
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateScheduleCommand, ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, inject, test } from "vitest";
import { Chaos } from "../../lib/local/chaos/chaos.js";
import { InvalidChaosError } from "../../lib/local/chaos/invalid-chaos-error.js";
import {
  CALLED_SERVICES,
  type CalledService,
  type ChaosFault,
  type ChaosOptions,
  type ChaosService,
  chaosSettings,
} from "../../lib/local/chaos/settings.js";
import type { Json } from "../../lib/local/json.js";
import { lambda, type Template, type TestCloud, testCloud } from "./harness.js";

const clouds: TestCloud[] = [];
afterEach(async () => {
  for (const t of clouds.splice(0)) await t.stop();
});

const arnOf = (id: string, attribute = "Arn"): Json => ({ "Fn::GetAtt": [id, attribute] });
const WORK: Template = {
  Work: { Type: "AWS::SQS::Queue", Properties: { QueueName: "work", VisibilityTimeout: 30 } },
};
const mapping = (source: Json, more: Template = {}): Json => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: {
    EventSourceArn: source,
    FunctionName: { Ref: "Consumer" },
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    ...more,
  },
});

const cloudWith = async (
  chaos: ChaosOptions,
  resources: Template = {},
  timeScale = 60,
): Promise<TestCloud> => {
  const t = await testCloud({ ...WORK, ...resources }, { chaos, timeScale });
  clouds.push(t);
  return t;
};
const always = (service: ChaosService, fault: ChaosFault, seed = 1): ChaosOptions => ({
  rate: 1,
  seed,
  services: [service],
  faults: [fault],
});

const settingsOf = (t: TestCloud, service: string, maxAttempts: number) => ({
  region: "us-east-1",
  credentials: { accessKeyId: t.cloud.environment.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: "local" },
  endpoint: t.cloud.endpoints[`AWS_ENDPOINT_URL_${service}`] ?? "",
  maxAttempts,
});
const workUrl = (t: TestCloud): string => `${t.cloud.endpoints.AWS_ENDPOINT_URL_SQS}/000000000000/work`;
const put = (pk: string) => new PutItemCommand({ TableName: "Seen", Item: { pk: { S: pk } } });

/** One harmless call of each service. */
const CALLS: Record<CalledService, (t: TestCloud, attempts: number) => Promise<unknown>> = {
  dynamodb: (t, n) => new DynamoDBClient(settingsOf(t, "DYNAMODB", n)).send(put("x")),
  s3: (t, n) =>
    new S3Client({ ...settingsOf(t, "S3", n), forcePathStyle: true }).send(
      new GetObjectCommand({ Bucket: "objects", Key: "x" }),
    ),
  sqs: (t, n) =>
    new SQSClient(settingsOf(t, "SQS", n)).send(
      new SendMessageCommand({ QueueUrl: workUrl(t), MessageBody: "x" }),
    ),
  eventbridge: (t, n) =>
    new EventBridgeClient(settingsOf(t, "EVENTBRIDGE", n)).send(
      new PutEventsCommand({ Entries: [{ Source: "shop", DetailType: "paid", Detail: "{}" }] }),
    ),
  scheduler: (t, n) => new SchedulerClient(settingsOf(t, "SCHEDULER", n)).send(new ListSchedulesCommand({})),
  lambda: (t, n) =>
    new LambdaClient(settingsOf(t, "LAMBDA", n)).send(
      new InvokeCommand({ FunctionName: "echo", InvocationType: "DryRun" }),
    ),
  cloudformation: (t, n) =>
    new CloudFormationClient(settingsOf(t, "CLOUDFORMATION", n)).send(new DescribeStacksCommand({})),
};
const SERVICES = CALLED_SERVICES;
const ECHO: Template = { Echo: lambda("echo", { FunctionName: "echo" }) };

const sees = async (t: TestCloud, service: CalledService): Promise<unknown> =>
  CALLS[service](t, 1).then(
    () => "an answer",
    (error: unknown) => error,
  );

describe("a call", () => {
  test("that is throttled is refused by the name that the service has for it, which the SDK takes for throttling", async () => {
    const t = await cloudWith({ rate: 1, faults: ["throttled"] }, ECHO);
    const names = await Promise.all(SERVICES.map((service) => sees(t, service)));
    expect(names).toMatchObject([
      { name: "ProvisionedThroughputExceededException", $metadata: { httpStatusCode: 400 } },
      { name: "SlowDown", $metadata: { httpStatusCode: 503 } },
      { name: "RequestThrottled", $metadata: { httpStatusCode: 403 } },
      { name: "ThrottlingException", $metadata: { httpStatusCode: 400 } },
      { name: "ThrottlingException", $metadata: { httpStatusCode: 429 } },
      { name: "TooManyRequestsException", $metadata: { httpStatusCode: 429 } },
      { name: "Throttling", $metadata: { httpStatusCode: 400 } },
    ]);
    await Promise.all(
      SERVICES.map((service) =>
        expect(CALLS[service](t, 2)).rejects.toMatchObject({ $metadata: { attempts: 2 } }),
      ),
    );
    expect(t.cloud.chaos?.counts).toEqual(
      Object.fromEntries(SERVICES.map((service) => [service, { throttled: 3 }])),
    );
  });

  test("that fails is answered with 500 by the service's name for it, or with 503, and has no effect", async () => {
    const t = await cloudWith({ rate: 1, seed: 3, faults: ["failed"], services: SERVICES }, ECHO);
    const found = new Map<string, number>();
    for (const service of [...SERVICES, ...SERVICES, ...SERVICES, ...SERVICES]) {
      const error = await sees(t, service);
      expect(error).toBeInstanceOf(Error);
      const { name, $metadata } = Object(error);
      found.set(`${service} ${name}`, $metadata.httpStatusCode);
    }
    expect(Object.fromEntries(found)).toMatchObject({
      "dynamodb InternalServerError": 500,
      "s3 InternalError": 500,
      "sqs InternalFailure": 500,
      "eventbridge InternalException": 500,
      "scheduler InternalServerException": 500,
      "lambda ServiceException": 500,
      "cloudformation InternalFailure": 500,
      "sqs ServiceUnavailable": 503,
    });
    expect(await directly(t, "x")).toBeUndefined();
  });

  test("that is cut has no effect; one that is unanswered has: the client can't tell which it was", async () => {
    const cut = await cloudWith({ rate: 1, faults: ["cut"] }, ECHO);
    const lost = await cloudWith({ rate: 1, faults: ["unanswered"] }, ECHO);
    for (const t of [cut, lost])
      for (const service of SERVICES) expect(await sees(t, service)).toMatchObject({ code: "ECONNRESET" });
    expect(await directly(cut, "x")).toBeUndefined();
    expect(await directly(lost, "x")).toEqual({ pk: { S: "x" } });
    expect(cut.cloud.chaos?.counts).toMatchObject({ sqs: { cut: 1 } });
    expect(lost.cloud.chaos?.counts).toMatchObject({ sqs: { unanswered: 1 } });
  });

  test("that is delayed is answered later", async () => {
    const t = await cloudWith({ rate: 1, seed: 1, faults: ["delayed"], services: ["dynamodb"] });
    const began = Date.now();
    for (let n = 0; n < 4; n++) expect(await sees(t, "dynamodb")).toBe("an answer");
    expect(Date.now() - began).toBeGreaterThan(300);
    expect(t.cloud.chaos?.counts).toEqual({ dynamodb: { delayed: 4 } });
  });

  test("that is a transaction may meet another one", async () => {
    const t = await cloudWith(always("dynamodb", "conflict"));
    expect(await sees(t, "dynamodb")).toBe("an answer");
    const items = ["a", "b"].map((pk) => ({ Put: { TableName: "Seen", Item: { pk: { S: pk } } } }));
    const error = await t.dynamodb
      .send(new TransactWriteItemsCommand({ TransactItems: items }))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error).toMatchObject({ CancellationReasons: [{ Code: "TransactionConflict" }, { Code: "None" }] });
    expect(await t.seen("nothing", 0)).toEqual([]);
  });

  test("gets through by the SDK's own retries, and every other setting leaves it alone", async () => {
    const faults: ChaosFault[] = ["failed", "cut", "unanswered"];
    const t = await cloudWith({ rate: 0.3, seed: 11, services: ["dynamodb"], faults });
    const client = new DynamoDBClient(settingsOf(t, "DYNAMODB", 10));
    await Promise.all(Array.from({ length: 30 }, (_none, n) => client.send(put(`p-${n}`))));
    const { dynamodb = {} } = t.cloud.chaos?.counts ?? {};
    for (const fault of faults) expect(dynamodb[fault]).toBeGreaterThan(0);
    for (let n = 0; n < 20; n++) expect(await sees(t, "sqs")).toBe("an answer");
    expect(t.cloud.chaos?.counts).toEqual({ dynamodb });
  });
});

describe("a message", () => {
  const receiveAll = async (t: TestCloud, count: number, waits = 3) => {
    const ids: (string | undefined)[] = [];
    for (let n = 0; n < waits && ids.length < count; n++) {
      const request = new ReceiveMessageCommand({
        QueueUrl: workUrl(t),
        WaitTimeSeconds: 1,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 3_600,
      });
      for (const { MessageId } of (await t.sqs.send(request)).Messages ?? []) ids.push(MessageId);
    }
    return ids;
  };
  const send = (t: TestCloud) =>
    t.sqs.send(new SendMessageCommand({ QueueUrl: workUrl(t), MessageBody: "x" }));

  test("is delivered twice, under one id", async () => {
    const t = await cloudWith(always("sqs", "twice"));
    const { MessageId: id } = await send(t);
    expect(await receiveAll(t, 2)).toEqual([id, id]);
    expect(t.cloud.chaos?.counts).toEqual({ sqs: { twice: 1 } });
  });

  test("is late", async () => {
    const t = await cloudWith(always("sqs", "late", 5), {}, 10);
    const { MessageId: id } = await send(t);
    const sentAt = t.cloud.now();
    expect(await receiveAll(t, 1)).toEqual([id]);
    expect(t.cloud.now() - sentAt).toBeGreaterThan(1_000);
  });
});

describe("what is delivered at least once", () => {
  test("a schedule fires twice", async () => {
    const t = await cloudWith(always("scheduler", "twice"), {
      ...ECHO,
      Observer: lambda("observe", { FunctionName: "observe" }),
    });
    await t.scheduler.send(
      new CreateScheduleCommand({
        Name: "once",
        ScheduleExpression: `at(${new Date(t.cloud.now() + 60_000).toISOString().slice(0, 19)})`,
        FlexibleTimeWindow: { Mode: "OFF" },
        ActionAfterCompletion: "DELETE",
        Target: {
          Arn: "arn:aws:lambda:us-east-1:000000000000:function:observe",
          RoleArn: "arn:aws:iam::000000000000:role/x",
          Input: '{"n":1}',
        },
      }),
    );
    expect(await t.seen("event", 2)).toEqual([{ n: 1 }, { n: 1 }]);
    expect(t.cloud.chaos?.counts).toEqual({ scheduler: { twice: 1 } });
  });

  test("an event reaches its target twice, and an asynchronous invocation runs twice", async () => {
    const resources = {
      Observer: lambda("observe"),
      Rule: {
        Type: "AWS::Events::Rule",
        Properties: {
          EventPattern: { source: ["shop"] },
          State: "ENABLED",
          Targets: [{ Id: "function", Arn: arnOf("Observer") }],
        },
      },
    };
    const events = await cloudWith(always("eventbridge", "twice"), resources);
    await CALLS.eventbridge(events, 1);
    expect(await events.seen("event", 2)).toHaveLength(2);
    const invocations = await cloudWith(always("lambda", "twice"), resources);
    await CALLS.eventbridge(invocations, 1);
    expect(await invocations.seen("event", 2)).toHaveLength(2);
  });

  test("a batch of a queue, and one of a stream, come again", async () => {
    const t = await cloudWith(always("mappings", "twice"), {
      Consumer: lambda("consume"),
      FromQueue: mapping(arnOf("Work"), { BatchSize: 1 }),
    });
    await CALLS.sqs(t, 1);
    expect(await t.seen("message", 2)).toEqual(
      expect.arrayContaining([
        { body: "x", count: "1" },
        { body: "x", count: "2" },
      ]),
    );
    const s = await cloudWith(always("mappings", "twice"), {
      Source: {
        Type: "AWS::DynamoDB::GlobalTable",
        Properties: {
          TableName: "Source",
          AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
          StreamSpecification: { StreamViewType: "NEW_IMAGE" },
        },
      },
      Consumer: lambda("stream"),
      FromStream: mapping(arnOf("Source", "StreamArn"), { StartingPosition: "TRIM_HORIZON" }),
    });
    await s.dynamodb.send(new PutItemCommand({ TableName: "Source", Item: { pk: { S: "a" } } }));
    const [first, second] = await s.seen("record", 2);
    expect(second).toEqual(first);
  });
});

test("a function's process is killed in the middle of an invocation, and nobody else's", async () => {
  const t = await cloudWith(always("lambda", "killed"), ECHO);
  const invoke = async () => {
    const request = new InvokeCommand({ FunctionName: "echo", Payload: '{"ms":2000}' });
    const answer = await t.lambda.send(request);
    return JSON.parse(answer.Payload?.transformToString() ?? "");
  };
  expect(await invoke()).toMatchObject({
    errorType: "Runtime.ExitError",
    errorMessage: expect.stringContaining("signal: SIGKILL"),
  });
  expect(t.cloud.chaos?.counts).toEqual({ lambda: { killed: 1 } });
});

test("each process of a function has a clock of its own, and as much time for its work as any", async () => {
  const t = await cloudWith({ rate: 0, seed: 1, skew: "10m" }, ECHO);
  const invoke = async () => {
    const { Payload } = await t.lambda.send(
      new InvokeCommand({ FunctionName: "echo", Payload: '{"ms":500}' }),
    );
    return { ...JSON.parse(Payload?.transformToString() ?? ""), at: Date.now() };
  };
  const seen = await Promise.all([invoke(), invoke(), invoke()]);
  const MOST_MS = 600_000 / 60;
  const skews = seen.map(({ now, at }) => now - at);
  for (const skew of skews) expect(Math.abs(skew)).toBeLessThan(MOST_MS + 500);
  expect(Math.max(...skews) - Math.min(...skews)).toBeGreaterThan(1_000);
  for (const { now, made, said, isDate, remaining } of seen) {
    expect(isDate).toBe(true);
    expect(Date.parse(made) - now).toBeLessThan(500);
    expect(Math.abs(said - now)).toBeLessThan(1_500);
    expect(remaining).toBeLessThanOrEqual(10_000);
    expect(remaining).toBeGreaterThan(5_000);
  }
});

test("a calm ends it", async () => {
  const t = await cloudWith({ rate: 1, faults: ["throttled"] });
  expect(await sees(t, "dynamodb")).toBeInstanceOf(Error);
  t.cloud.chaos?.calm();
  expect(await sees(t, "dynamodb")).toBe("an answer");
  expect(t.cloud.chaos?.counts).toEqual({ dynamodb: { throttled: 1 } });
});

test("without chaos, everybody meets DynamoDB Local itself, and there is nothing to count", async () => {
  const t = await testCloud({});
  clouds.push(t);
  expect(t.cloud.endpoints.AWS_ENDPOINT_URL_DYNAMODB).toBe(inject("dynamodbEndpoint"));
  expect(t.cloud.chaos).toBeUndefined();
});

describe("what goes wrong", () => {
  const faults: ChaosFault[] = ["throttled", "cut"];
  const series = (seed: number, places: readonly string[]): unknown[] => {
    const chaos = new Chaos({ rate: 0.3, seed, services: ["sqs"], faults, skewMs: 0 });
    const strikes = places.map((place) => [place, chaos.strike("sqs", place, faults)]);
    return strikes.filter(([place]) => place === "send").map(([, strike]) => strike);
  };
  const sends = Array.from({ length: 2_000 }, () => "send");

  test("is the same for the same seed, whatever happens in other places, and another one for another seed", () => {
    expect(
      series(
        1,
        sends.flatMap((place) => ["receive", place]),
      ),
    ).toEqual(series(1, sends));
    expect(series(2, sends)).not.toEqual(series(1, sends));
  });

  test("happens about as often as it is asked for, each kind as often as the others", () => {
    const struck = series(1, sends).filter((strike) => strike !== undefined);
    expect(struck.length / sends.length).toBeCloseTo(0.3, 1);
    const cuts = struck.filter((strike) => Object(strike).fault === "cut");
    expect(cuts.length / struck.length).toBeCloseTo(0.5, 1);
  });

  test.each<[string, unknown, RegExp]>([
    [
      "a rate above 1",
      1.5,
      /rate of the chaos must be a probability from 0 to 1, such as 0\.05, and was 1\.5/,
    ],
    ["a rate below 0", -0.1, /rate/],
    ["a rate that is no number", { rate: "often" }, /rate .* was "often"/],
    ["a seed with a fraction", { rate: 0.1, seed: 0.5 }, /seed/],
    ["an unknown service", { rate: 0.1, services: ["sns"] }, /services .* dynamodb, s3, .* was "sns"/],
    ["an unknown fault", { rate: 0.1, faults: ["earthquake"] }, /faults .* was "earthquake"/],
  ])("is refused when it is %s", (_what, given, message) => {
    // As from a configuration that no compiler has seen.
    const options: ChaosOptions = JSON.parse(JSON.stringify(given));
    expect(() => chaosSettings(options)).toThrow(InvalidChaosError);
    expect(() => chaosSettings(options)).toThrow(message);
  });

  test("is nothing at a rate of 0", () => {
    expect(chaosSettings(0)).toBeUndefined();
  });
});

/** Past the proxy. */
const directly = async (t: TestCloud, pk: string) => {
  const client = new DynamoDBClient({
    ...settingsOf(t, "DYNAMODB", 1),
    endpoint: inject("dynamodbEndpoint"),
  });
  return (
    await client.send(new GetItemCommand({ TableName: "Seen", Key: { pk: { S: pk } }, ConsistentRead: true }))
  ).Item;
};
