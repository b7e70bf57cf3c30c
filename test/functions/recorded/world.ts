/**
 * A deployment in the local cloud, whose functions are called by nobody but the test: what its templates say of queues, streams and clocks that feed
 * them is taken out, so that each call has one reason. All that functions and clients call goes through the recorder.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { AccountPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { DurableFunctions } from "holdfast/cdk";
import { inject } from "vitest";
import { type Connection, connectionFrom } from "../../../lib/aws/connection.js";
import type { Names } from "../../../lib/aws/environment.js";
import { type AwsOutside, createAwsOutside } from "../../../lib/aws/outside.js";
import { namesFromOutputs } from "../../../lib/aws/stack-names.js";
import { ACCOUNT } from "../../../lib/local/arn.js";
import { type LocalCloudCore, startCloud } from "../../../lib/local/cloud.js";
import { isObject, type Json, type JsonObject } from "../../../lib/local/json.js";
import { temporaryApp } from "../../infra/support.js";
import { policiesIn, type Statement } from "./policies.js";
import { type Recorder, startRecorder } from "./recorder.js";

export const FUNCTIONS = ["Start", "Worker", "Deliver", "Relay", "Audit"] as const;
export type FunctionId = (typeof FUNCTIONS)[number];

/** Who was granted what, by the name of the role and of the access key. */
export const GRANTEES = ["Starter", "Reader", "Waker", "Signaler", "Client", "Deleter", "Keeper"] as const;
export type Grantee = (typeof GRANTEES)[number];

export interface World {
  readonly cloud: LocalCloudCore;
  readonly names: Names;
  readonly recorder: Recorder;
  /** Each role's statements, by its name: `OrdersWorkerRole`, `Client`. */
  readonly policies: ReadonlyMap<string, readonly Statement[]>;
  /** The test's own way to everything, which nobody records. */
  readonly outside: AwsOutside;
  readonly connection: Connection;
  readonly documents: DynamoDBDocumentClient;
  /** Somebody's way to everything, which is recorded under their name. */
  outsideOf(grantee: Grantee): AwsOutside;
  connectionOf(grantee: Grantee): Connection;
  /** Invokes a function, or a version of it, with an event; its answer. A function that fails is an error. */
  invoke(name: FunctionId, event: unknown, version?: string): Promise<unknown>;
  stop(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const recorder = await startRecorder();
  const { directory, template } = synthesized(recorder.endpoint);
  rewrite(template, recorder.endpoint);
  const accessKeyId = `T${randomBytes(8).toString("hex")}`;
  const cloud = await startCloud({
    templates: directory,
    inMemory: true,
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId,
    graceMs: 200,
  });
  const { endpoints } = cloud;
  const gateway = endpoints.AWS_ENDPOINT_URL ?? "";
  recorder.connect({ dynamodb: endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? "", gateway, accessKeyId });
  const outputs = cloud.stacks.flatMap((stack) => Object.entries(stack.outputs));
  const names = namesFromOutputs("Shop", outputs);
  const connection = connectionFrom(cloud.environment);
  const connectionOf = (grantee: Grantee): Connection =>
    connectionFrom({ ...through(recorder.endpoint), AWS_ACCESS_KEY_ID: grantee });
  const quiet = { write: () => {} };
  return {
    cloud,
    names,
    recorder,
    policies: policiesIn(directory, gateway),
    outside: createAwsOutside({ names, connection, log: quiet }),
    connection,
    documents: DynamoDBDocumentClient.from(
      new DynamoDBClient({
        region: connection.region ?? "",
        endpoint: connection.endpoints?.dynamodb ?? "",
        ...(connection.credentials === undefined ? {} : { credentials: connection.credentials }),
      }),
    ),
    connectionOf,
    outsideOf: (grantee) => createAwsOutside({ names, connection: connectionOf(grantee), log: quiet }),
    async invoke(name, event, version) {
      const physical = outputs.find(([key]) => key === `OrdersHoldfast${name}Function`)?.[1] ?? name;
      const outcome = await cloud.functions.invoke(
        version === undefined ? physical : `${physical}:${version}`,
        event,
      );
      if (!outcome.ok) throw new Error(`${name} failed: ${JSON.stringify(outcome.error)}`);
      return JSON.parse(outcome.payload || "null");
    },
    async stop() {
      await cloud.stop();
      await recorder.close();
    },
  };
}

/** A stack with everything that a deployment can have, and a role for each grant. */
function synthesized(outside: string): { directory: string; template: string } {
  const app = temporaryApp();
  const stack = new Stack(app, "Shop");
  const partitionKey = { name: "id", type: AttributeType.STRING };
  const books = new TableV2(stack, "Books", { partitionKey, removalPolicy: RemovalPolicy.DESTROY });
  const durable = new DurableFunctions(stack, "Orders", {
    app: fileURLToPath(new URL("app.ts", import.meta.url)),
    retention: Duration.days(30),
    archive: new Bucket(stack, "Archive", { removalPolicy: RemovalPolicy.DESTROY }),
    clientSchedules: true,
    environment: { OUTSIDE: outside, BOOKS_TABLE: books.tableName },
  });
  for (const runsSteps of durable.turnFunctions)
    books.grant(runsSteps, "dynamodb:PutItem", "dynamodb:ConditionCheckItem");
  const grants: Record<Grantee, (role: Role) => unknown> = {
    Starter: (role) => durable.grantStart(role),
    Reader: (role) => durable.grantRead(role),
    Waker: (role) => durable.grantWake(role),
    Signaler: (role) => durable.grantSignal(role),
    Client: (role) => durable.grantClient(role),
    Deleter: (role) => durable.grantDelete(role),
    Keeper: (role) => durable.grantSchedules(role),
  };
  for (const name of GRANTEES)
    grants[name](new Role(stack, name, { assumedBy: new AccountPrincipal(stack.account) }));
  const { directory } = app.synth();
  return { directory, template: join(directory, "Shop.template.json") };
}

/** What feeds the functions, and what names it. */
const FEEDS = [
  "AWS::Lambda::EventSourceMapping",
  "AWS::Events::Rule",
  "AWS::Lambda::Permission",
  "AWS::SQS::QueuePolicy",
];

/** Takes out what feeds the functions, and sends each of them to the recorder under a key of its own. */
function rewrite(file: string, endpoint: string): void {
  const template: JsonObject = JSON.parse(readFileSync(file, "utf8"));
  const kept = Object.entries(objectOf(template.Resources)).filter(
    ([, resource]) => !FEEDS.includes(String(objectOf(resource).Type)),
  );
  const resources = kept.map(([id, found]) => {
    const resource = objectOf(found);
    const name = FUNCTIONS.find((each) => id.startsWith(`Orders${each}Function`));
    if (resource.Type !== "AWS::Lambda::Function" || name === undefined) return [id, resource] as const;
    const properties = objectOf(resource.Properties);
    const told = Object.entries(objectOf(objectOf(properties.Environment).Variables));
    const variables = {
      ...Object.fromEntries(told.map(([key, value]) => [key, queueThrough(endpoint, value)])),
      ...through(endpoint),
      AWS_ACCESS_KEY_ID: name,
    };
    return [
      id,
      { ...resource, Properties: { ...properties, Environment: { Variables: variables } } },
    ] as const;
  });
  writeFileSync(file, JSON.stringify({ ...template, Resources: Object.fromEntries(resources) }));
}

/** The SDK calls a queue where its address says, whatever else it is told. */
function queueThrough(endpoint: string, value: Json): Json {
  if (!isObject(value) || typeof value.Ref !== "string" || !/(Queue|Dlq)[0-9A-F]{8}$/.test(value.Ref))
    return value;
  return { "Fn::Join": ["/", [endpoint, ACCOUNT, { "Fn::GetAtt": [value.Ref, "QueueName"] }]] };
}

function through(endpoint: string): Record<string, string> {
  const services = ["DYNAMODB", "S3", "SQS", "EVENTBRIDGE", "SCHEDULER", "LAMBDA"];
  return {
    ...Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${service}`, endpoint])),
    AWS_REGION: "us-east-1",
    AWS_SECRET_ACCESS_KEY: "local",
  };
}

function objectOf(value: Json | undefined): JsonObject {
  if (isObject(value)) return value;
  throw new Error(`expected an object in the template, found ${JSON.stringify(value)}`);
}
