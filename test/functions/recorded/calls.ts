/** What IAM is asked when a request comes in: which actions, on which resources, in which context. */
import { arn } from "../../../lib/local/arn.js";

/** One thing that must be allowed. */
export interface Call {
  /** As in a policy: `dynamodb:GetItem`. */
  readonly action: string;
  /** An ARN, or `*` for actions that know no resources. */
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

export interface Exchange {
  /** As in the signature. */
  readonly service: string;
  readonly method: string;
  readonly url: URL;
  /** The operation, where a header names it. */
  readonly target: string;
  readonly body: string;
  /** Of the answer, once there is one. */
  readonly status?: number;
}

/** @throws Error for a request that this list does not know: it must be added, and not passed over. */
export function callsOf(exchange: Exchange): Call[] {
  switch (exchange.service) {
    case "dynamodb":
      return dynamodbCalls(exchange);
    case "s3":
      return s3Calls(exchange);
    case "sqs":
      return sqsCalls(exchange);
    case "events":
      return eventsCalls(exchange);
    case "scheduler":
      return schedulerCalls(exchange);
    case "lambda":
      return lambdaCalls(exchange);
    default:
      throw unknown(exchange);
  }
}

const plain = (action: string, resource: string): Call => ({ action, resource, context: {} });

function dynamodbCalls(exchange: Exchange): Call[] {
  const { target } = exchange;
  const input = json(exchange.body);
  const table = at(input, "TableName");
  const index = at(input, "IndexName");
  if (table !== undefined)
    return [plain(`dynamodb:${target}`, arn.table(table) + (index === undefined ? "" : `/index/${index}`))];
  if (target === "BatchGetItem" || target === "BatchWriteItem")
    return Object.keys(Object(field(input, "RequestItems"))).map((name) =>
      plain(`dynamodb:${target}`, arn.table(name)),
    );
  // A transaction is allowed by what is allowed of each of its writes.
  const writes: unknown = field(input, "TransactItems");
  if (target !== "TransactWriteItems" || !Array.isArray(writes)) throw unknown(exchange);
  return writes.flatMap((write: unknown) =>
    Object.entries(Object(write)).map(([kind, item]) => {
      const action = kind === "ConditionCheck" ? "ConditionCheckItem" : `${kind}Item`;
      return plain(`dynamodb:${action}`, arn.table(at(item, "TableName") ?? "?"));
    }),
  );
}

function s3Calls({ method, url, status, ...exchange }: Exchange): Call[] {
  const [bucket = "", ...rest] = decodeURIComponent(url.pathname).slice(1).split("/");
  const key = rest.join("/");
  const whole = `arn:aws:s3:::${bucket}`;
  const object = `${whole}/${key}`;
  if (key === "" && method === "GET") return [plain("s3:ListBucket", whole)];
  if (key === "" && method === "POST" && url.searchParams.has("delete"))
    return [...exchange.body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, name]) =>
      plain("s3:DeleteObject", `${whole}/${name}`),
    );
  if (key !== "" && method === "PUT") return [plain("s3:PutObject", object)];
  if (key !== "" && (method === "GET" || method === "HEAD"))
    // Who may not list is told that a missing object is forbidden.
    return [plain("s3:GetObject", object), ...(status === 404 ? [plain("s3:ListBucket", whole)] : [])];
  throw unknown({ method, url, ...exchange });
}

function sqsCalls({ target, body }: Exchange): Call[] {
  const url = at(json(body), "QueueUrl") ?? "?";
  // A batch is allowed by what is allowed of one.
  const action = target.replace(/Batch$/, "");
  return [plain(`sqs:${action}`, arn.queue(url.slice(url.lastIndexOf("/") + 1)))];
}

function eventsCalls(exchange: Exchange): Call[] {
  const entries: unknown = field(json(exchange.body), "Entries");
  if (exchange.target !== "PutEvents" || !Array.isArray(entries)) throw unknown(exchange);
  const buses = new Set(entries.map((entry: unknown) => at(entry, "EventBusName") ?? "default"));
  return [...buses].map((bus) => plain("events:PutEvents", arn.bus(bus)));
}

const SCHEDULER_ACTIONS: Readonly<Record<string, string>> = {
  POST: "CreateSchedule",
  PUT: "UpdateSchedule",
  GET: "GetSchedule",
  DELETE: "DeleteSchedule",
};

function schedulerCalls(exchange: Exchange): Call[] {
  const { method, url } = exchange;
  const [, collection, name] = url.pathname.split("/");
  if (collection !== "schedules") throw unknown(exchange);
  if (name === undefined || name === "") return [plain("scheduler:ListSchedules", "*")];
  const input = json(exchange.body);
  const group = at(input, "GroupName") ?? url.searchParams.get("groupName") ?? "default";
  const role = at(field(input, "Target"), "RoleArn");
  const call = plain(
    `scheduler:${SCHEDULER_ACTIONS[method] ?? "?"}`,
    arn.schedule(group, decodeURIComponent(name)),
  );
  if (role === undefined) return [call];
  // IAM is asked for it of whoever names a role to a service.
  const context = { "iam:PassedToService": "scheduler.amazonaws.com" };
  return [call, { action: "iam:PassRole", resource: role, context }];
}

function lambdaCalls(exchange: Exchange): Call[] {
  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(exchange.url.pathname)?.[1];
  if (name === undefined) throw unknown(exchange);
  const version = exchange.url.searchParams.get("Qualifier");
  const invoked = arn.lambda(decodeURIComponent(name)) + (version === null ? "" : `:${version}`);
  return [plain("lambda:InvokeFunction", invoked)];
}

function unknown({ service, method, url, target }: Exchange): Error {
  return new Error(`Nobody has said what IAM is asked for ${service} ${method} ${url.pathname} ${target}.`);
}

function json(text: string): unknown {
  return text === "" ? {} : JSON.parse(text);
}

function at(from: unknown, name: string): string | undefined {
  const found = field(from, name);
  return typeof found === "string" ? found : undefined;
}

function field(from: unknown, name: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
}
