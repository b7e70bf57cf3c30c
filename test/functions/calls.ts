/** Writes down every call that the SDK's clients make, as IAM would see it, and for which function it was made. */
import { AsyncLocalStorage } from "node:async_hooks";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export interface Calls {
  /** Runs it as this function: what it calls, and what it leaves running, is written down under that name. */
  as<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** `action on resource`, sorted, each once. Resources are told by their names here. */
  of(name: string): string[];
  /** Lets go of the clients. */
  stop(): void;
}

const SERVICES = [
  { client: DynamoDBDocumentClient, service: "dynamodb" },
  { client: DynamoDBClient, service: "dynamodb" },
  { client: S3Client, service: "s3" },
  { client: SQSClient, service: "sqs" },
  { client: SchedulerClient, service: "scheduler" },
  { client: EventBridgeClient, service: "events" },
] as const;

export function recordCalls(): Calls {
  const current = new AsyncLocalStorage<string>();
  const seen = new Map<string, Set<string>>();
  const note = (service: string, command: unknown): void => {
    const name = current.getStore();
    if (name === undefined) return;
    const calls = seen.get(name) ?? new Set();
    for (const call of callsOf(service, command)) calls.add(call);
    seen.set(name, calls);
  };
  for (const { client, service } of SERVICES) {
    // A property of the class's own, in front of the one that it inherits: the SDK's clients are made where no test reaches.
    const send: unknown = Reflect.get(client.prototype, "send");
    if (typeof send !== "function") throw new Error(`${client.name} has no method "send" to listen at`);
    Object.defineProperty(client.prototype, "send", {
      configurable: true,
      value: function (this: unknown, command: unknown, ...rest: unknown[]): unknown {
        note(service, command);
        return Reflect.apply(send, this, [command, ...rest]);
      },
    });
  }
  return {
    as: (name, work) => current.run(name, work),
    of: (name) => [...(seen.get(name) ?? [])].sort(),
    stop() {
      for (const { client } of SERVICES) Reflect.deleteProperty(client.prototype, "send");
    },
  };
}

/** The document client's names for what IAM calls by DynamoDB's own. */
const DOCUMENT_ACTIONS: Readonly<Record<string, string>> = {
  Get: "GetItem",
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  BatchGet: "BatchGetItem",
  BatchWrite: "BatchWriteItem",
};

/** What IAM calls the calls of S3 that go by another name, and whether it is about the objects or the bucket. */
const S3_ACTIONS: Readonly<Record<string, { readonly action: string; readonly objects: boolean }>> = {
  ListObjectsV2: { action: "ListBucket", objects: false },
  DeleteObjects: { action: "DeleteObject", objects: true },
};

function callsOf(service: string, command: unknown): string[] {
  if (typeof command !== "object" || command === null) return [`${service}:? on ?`];
  const name = command.constructor.name.replace(/Command$/, "");
  const input: unknown = Reflect.get(command, "input");
  const s3 = service === "s3" ? S3_ACTIONS[name] : undefined;
  if (s3 !== undefined) return [`s3:${s3.action} on ${at(input, "Bucket") ?? "?"}${s3.objects ? "/*" : ""}`];
  const action = `${service}:${service === "dynamodb" ? (DOCUMENT_ACTIONS[name] ?? name) : name}`;
  const calls = resourcesOf(input).map((resource) => `${action} on ${resource}`);
  // IAM checks it for whoever names a role to a service.
  const role = at(input, "Target", "RoleArn");
  return role === undefined ? calls : [...calls, `iam:PassRole on ${role}`];
}

function resourcesOf(input: unknown): string[] {
  const table = at(input, "TableName");
  if (table !== undefined) {
    const index = at(input, "IndexName");
    return [index === undefined ? table : `${table}/index/${index}`];
  }
  const batch = field(input, "RequestItems");
  if (typeof batch === "object" && batch !== null) return Object.keys(batch);
  const entries = field(input, "Entries");
  if (Array.isArray(entries)) return entries.map((entry) => at(entry, "EventBusName") ?? "the default bus");
  const bucket = at(input, "Bucket");
  if (bucket !== undefined) return [at(input, "Key") === undefined ? bucket : `${bucket}/*`];
  const queue = at(input, "QueueUrl");
  if (queue !== undefined) return [queue.slice(queue.lastIndexOf("/") + 1)];
  return [at(input, "GroupName") ?? "?"];
}

function at(from: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce(field, from);
  return typeof found === "string" ? found : undefined;
}

function field(from: unknown, name: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
}
