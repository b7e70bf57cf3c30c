/** A deployment without its functions: real DynamoDB Local, the local cloud's queue, bus and scheduler over HTTP, and our handlers in this process. */
import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { connectionFrom } from "../../lib/aws/connection.js";
import type { Names } from "../../lib/aws/environment.js";
import { type EventQueue, eventQueue } from "../../lib/aws/event-queue.js";
import type { LambdaContext } from "../../lib/aws/lambda-context.js";
import { type AwsOutside, createAwsOutside, eventQueueUrls } from "../../lib/aws/outside.js";
import type { Wake } from "../../lib/model/wake.js";
import type { Log } from "../../lib/runtime/outside.js";
import { type TestCloud, testCloud } from "../local/harness.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";

export interface Deployment {
  readonly cloud: TestCloud;
  readonly names: Names;
  readonly outside: AwsOutside;
  /** A client of the tables that is nobody's: a user's own. */
  readonly documents: DynamoDBDocumentClient;
  readonly logged: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[];
  /** The bodies of what lies in a queue now, taken out of it. */
  drain(queue: QueueName): Promise<string[]>;
  /** The events that deliver, or start, consumes. */
  events(which: "deliver" | "start"): EventQueue;
  /** Any queue, read as if it held dead letters. */
  eventsOf(queue: QueueName): EventQueue;
  wakes(): Promise<Wake[]>;
}

type QueueName = "wake" | "dead" | "events" | "deliveries" | "deliveries-dead" | "starts" | "starts-dead";

const ROLE_ARN = "arn:aws:iam::000000000000:role/scheduler";

/** What the command finds the deployment by. */
const OUTPUTS = {
  HoldfastService: { Value: "orders" },
  HoldfastExecutionsTable: { Value: EXECUTIONS_TABLE },
  HoldfastDirectoryTable: { Value: DIRECTORY_TABLE },
  HoldfastPayloadBucket: { Value: { Ref: "Payloads" } },
  HoldfastWakeQueueUrl: { Value: { Ref: "Wake" } },
  HoldfastBusName: { Value: { Ref: "Bus" } },
  HoldfastFiringGroup: { Value: "timers" },
  HoldfastFiringRoleArn: { Value: ROLE_ARN },
  HoldfastFiringQueueArn: { Value: "arn:aws:sqs:us-east-1:000000000000:events" },
  HoldfastFiringDlqArn: { Value: "arn:aws:sqs:us-east-1:000000000000:dead" },
  HoldfastDeliverQueueUrl: { Value: { Ref: "Deliveries" } },
  HoldfastDeliverDlqUrl: { Value: { Ref: "DeliveriesDead" } },
  HoldfastStartQueueUrl: { Value: { Ref: "Starts" } },
  HoldfastStartDlqUrl: { Value: { Ref: "StartsDead" } },
};

export async function openDeployment(): Promise<Deployment> {
  const resources = {
    Wake: { Type: "AWS::SQS::Queue", Properties: { QueueName: "wake" } },
    Dead: { Type: "AWS::SQS::Queue", Properties: { QueueName: "dead" } },
    Events: { Type: "AWS::SQS::Queue", Properties: { QueueName: "events" } },
    Deliveries: { Type: "AWS::SQS::Queue", Properties: { QueueName: "deliveries" } },
    DeliveriesDead: { Type: "AWS::SQS::Queue", Properties: { QueueName: "deliveries-dead" } },
    Starts: { Type: "AWS::SQS::Queue", Properties: { QueueName: "starts" } },
    StartsDead: { Type: "AWS::SQS::Queue", Properties: { QueueName: "starts-dead" } },
    Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "bus" } },
    Payloads: { Type: "AWS::S3::Bucket", Properties: { BucketName: "payloads" } },
    Group: { Type: "AWS::Scheduler::ScheduleGroup", Properties: { Name: "timers" } },
    All: {
      Type: "AWS::Events::Rule",
      Properties: {
        EventBusName: { Ref: "Bus" },
        EventPattern: { source: ["orders"] },
        Targets: [{ Id: "1", Arn: { "Fn::GetAtt": ["Events", "Arn"] } }],
      },
    },
  };
  const cloud = await testCloud(resources, {}, { Outputs: OUTPUTS });
  const { environment } = cloud.cloud;
  const connection = connectionFrom(environment);
  const dynamo = new DynamoDBClient({
    region: connection.region ?? "",
    endpoint: connection.endpoints?.dynamodb ?? "",
    ...(connection.credentials === undefined ? {} : { credentials: connection.credentials }),
  });
  await createTables(dynamo);
  const url = (queue: string) => `${environment.AWS_ENDPOINT_URL_SQS}/000000000000/${queue}`;
  const names: Names = {
    service: "orders",
    executionsTable: EXECUTIONS_TABLE,
    directoryTable: DIRECTORY_TABLE,
    payloadBucket: "payloads",
    wakeQueueUrl: url("wake"),
    wakeDlqUrl: url("dead"),
    wakeQueueArn: "arn:aws:sqs:us-east-1:000000000000:wake",
    scheduleGroup: "timers",
    scheduleRoleArn: ROLE_ARN,
    scheduleDlqArn: "arn:aws:sqs:us-east-1:000000000000:dead",
    busName: "bus",
    deliverQueueUrl: url("deliveries"),
    deliverDlqUrl: url("deliveries-dead"),
    startQueueUrl: url("starts"),
    startDlqUrl: url("starts-dead"),
  };
  const logged: Deployment["logged"] = [];
  const log: Log = { write: (level, message, fields = {}) => logged.push({ level, message, fields }) };
  const drain: Deployment["drain"] = async (queue) => {
    const { Messages = [] } = await cloud.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url(queue), MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    return Messages.flatMap(({ Body: body }) => (body === undefined ? [] : [body]));
  };
  return {
    cloud,
    names,
    outside: createAwsOutside({ names, connection, log }),
    documents: DynamoDBDocumentClient.from(dynamo),
    logged,
    drain,
    eventsOf: (queue) => eventQueue({ queue: url(queue), dead: url(queue) }, connection),
    events: (which) => eventQueue(eventQueueUrls(names, which), connection),
    wakes: async () => (await drain("wake")).map((body): Wake => JSON.parse(body)),
  };
}

/** An invocation with this much time. */
export function invocation(remainingMs = 60_000): LambdaContext {
  const ends = Date.now() + remainingMs;
  return { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => ends - Date.now() };
}

/** A batch as an event source mapping hands it over. */
export function batchOf(...bodies: unknown[]): { Records: { messageId: string; body: string }[] } {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `m-${index + 1}`,
      body: typeof body === "string" ? body : JSON.stringify(body),
    })),
  };
}

/** An event as EventBridge puts it into a queue. */
export function busEvent(name: string, detail: unknown, id = "e-1"): unknown {
  return { version: "0", id, source: "shop", "detail-type": name, resources: [], detail };
}
