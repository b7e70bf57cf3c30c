/**
 * What each function may do, in full. The lists are written by hand, from the calls that the function's code makes: CDK's
 * grants are wider. A call that is missing here fails with AccessDenied; a line that no call needs is a fault too.
 */
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { type HoldfastTables, indexNames, type TableHandle } from "./durable-tables.js";
import type { Bus } from "./event-routes.js";
import { type KeyHandle, type Locked, lockedQueues, withKeys } from "./keys.js";
import type { BucketHandle } from "./payload-bucket.js";
import type { Timers } from "./timers.js";

export type FunctionName = "start" | "worker" | "deliver" | "relay" | "audit";

/** What retention works with. */
export interface RetentionResources {
  readonly seconds: number;
  /** Where executions are written down before they are deleted. */
  readonly archive?: BucketHandle;
}

/** Where events come in, and where those end that can't be handled. */
export interface EventQueues {
  readonly queue: Queue;
  readonly dlq: Queue;
}

/** Everything of a deployment that a function may touch. */
export interface Resources {
  readonly tables: HoldfastTables;
  readonly bus: Bus;
  readonly wakeQueue: Queue;
  readonly wakeDlq: Queue;
  readonly timers: Timers;
  readonly relayDlq: Queue;
  /** There only if executions are deleted for their age. */
  readonly retention?: RetentionResources;
  /** There only if the app declares events. */
  readonly deliveries?: EventQueues;
  /** There only if an event starts a workflow. */
  readonly startEvents?: EventQueues;
}

/** What each function does with the deployment's own. */
const own: Record<FunctionName, (resources: Resources) => PolicyStatement[]> = {
  start: (r) => [...turns(r), ...consumes(r.startEvents?.queue), ...buries(r.startEvents)],

  // A nudge has it try again what the relay could not carry, events for the bus among them.
  worker: (r) => [...turns(r), publishes(r.bus), ...consumes(r.wakeQueue)],

  deliver: (r) => [
    // It queries a history, and reads large values, only to create a successor that is missing.
    allow(r.tables.executions, "GetItem", "Query", "PutItem", "UpdateItem"),
    allow(r.tables.directory, "PutItem", "Query", "DeleteItem"),
    putsObjects(r.tables),
    ...getsObjects(r.tables),
    sends(r.wakeQueue),
    ...consumes(r.deliveries?.queue),
    // The rest of what is too much for one invocation.
    ...(r.deliveries === undefined ? [] : [sends(r.deliveries.queue)]),
    ...buries(r.deliveries),
  ],

  relay: (r) => [
    readsStream(r.tables.executions),
    // Marks, signals into inboxes, heads of what is started; their large values are items of their own. What was staged ends here. A
    // successor that is missing is created from the history before it.
    allow(r.tables.executions, "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    putsObjects(r.tables),
    ...getsObjects(r.tables),
    sends(r.wakeQueue),
    publishes(r.bus),
    sends(r.relayDlq),
  ],

  audit: (r) => [
    allow(r.tables.executions, "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    queriesIndexes(r.tables.executions, indexNames.byStatus, indexNames.outboxPending),
    allow(r.tables.directory, "GetItem", "PutItem"),
    putsObjects(r.tables),
    ...getsObjects(r.tables),
    sends(r.wakeQueue),
    statement(["sqs:ReceiveMessage", "sqs:DeleteMessage"], [r.wakeDlq.queueArn]),
    ...redrives(r.deliveries),
    ...redrives(r.startEvents),
    publishes(r.bus),
    ...(r.retention === undefined ? [] : retires(r, r.retention)),
  ],
};

/** The statements of a function's role, those for customers' keys included; its log group's and its network's aside. */
export function permissionsOf(name: FunctionName, resources: Resources): PolicyStatement[] {
  return withKeys(own[name](resources), locked(resources));
}

/** Everything that may be locked by a key of a customer's. */
export function locked(r: Resources): Locked[] {
  const { executions, directory, payloads } = r.tables;
  const archive = r.retention?.archive;
  const stream = executions.tableStreamArn;
  const events = [r.deliveries, r.startEvents].filter((each) => each !== undefined);
  return [
    ...[executions, directory].map((table) => lockedBy(table.encryptionKey, "dynamodb", table.tableArn)),
    ...(stream === undefined ? [] : [lockedBy(executions.encryptionKey, "dynamodb", stream)]),
    lockedBy(payloads.encryptionKey, "s3", payloads.bucketArn),
    ...(archive === undefined ? [] : [lockedBy(archive.encryptionKey, "s3", archive.bucketArn)]),
    ...lockedQueues(r.wakeQueue, r.wakeDlq, r.relayDlq, ...events.flatMap(({ queue, dlq }) => [queue, dlq])),
  ];
}

function lockedBy(key: KeyHandle | undefined, service: Locked["service"], arn: string): Locked {
  return { key, service, arn };
}

/** What the audit does more where executions are deleted for their age: it walks through them, writes them down, and deletes them. */
function retires({ tables }: Resources, { archive }: RetentionResources): PolicyStatement[] {
  return [
    queriesIndexes(tables.executions, indexNames.byWorkflow),
    allow(tables.directory, "Query", "DeleteItem"),
    statement(["s3:DeleteObject"], [`${tables.payloads.bucketArn}/*`]),
    // Into the payload bucket it puts objects anyway.
    ...(archive === undefined || archive === tables.payloads
      ? []
      : [statement(["s3:PutObject"], [`${archive.bucketArn}/_archive/*`])]),
  ];
}

/** What runs a turn: it owns an execution's items, answers waits, and makes its next wakes, near ones and far ones. */
export function turns(r: Pick<Resources, "tables" | "wakeQueue" | "timers">): PolicyStatement[] {
  return [
    allow(r.tables.executions, "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    // Waits, recent events, and the definition of what is started.
    allow(r.tables.directory, "GetItem", "PutItem", "Query", "DeleteItem"),
    putsObjects(r.tables),
    ...getsObjects(r.tables),
    ...wakes(r),
  ];
}

/** Makes wakes, near ones and far ones. */
function wakes(r: Pick<Resources, "wakeQueue" | "timers">): PolicyStatement[] {
  return [
    sends(r.wakeQueue),
    statement(["scheduler:CreateSchedule"], [r.timers.anySchedule]),
    // A schedule is created with the role under which it will send.
    passes(r.timers.role),
  ];
}

/** What executions are listed by. */
const LISTINGS = [
  indexNames.byWorkflow,
  indexNames.byApplication,
  indexNames.byPipelineConfig,
  indexNames.byStatus,
];

/** What `DurableClient` does itself: starts, looks, cancels, redrives and publishes. It runs no turn. */
export function clients(r: Pick<Resources, "tables" | "wakeQueue" | "timers" | "bus">): PolicyStatement[] {
  return [
    allow(r.tables.executions, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"),
    queriesIndexes(r.tables.executions, ...LISTINGS, indexNames.outboxPending),
    // Definitions: of what it starts, and of what it is asked for. Whether the table answers (`client.health`).
    allow(r.tables.directory, "GetItem", "PutItem", "Query"),
    putsObjects(r.tables),
    ...getsObjects(r.tables),
    ...wakes(r),
    publishes(r.bus),
  ];
}

/**
 * What a client does to tell an execution something: signals, updates, the ends and heartbeats of callbacks. It reads a history, and large values, to
 * make the successor that is missing where an execution went on, and to await the answer of an update.
 */
export function signals(r: Pick<Resources, "tables" | "wakeQueue">): PolicyStatement[] {
  return [
    allow(r.tables.executions, "GetItem", "Query", "PutItem", "UpdateItem"),
    putsObjects(r.tables),
    ...getsObjects(r.tables),
    sends(r.wakeQueue),
  ];
}

/** What `client.schedules` does. A schedule is created, and changed, with the role under which it will send. */
export function schedules(
  r: Pick<Resources, "tables">,
  { role, anyOf }: { readonly role: IRole; readonly anyOf: string },
): PolicyStatement[] {
  return [
    statement(
      ["CreateSchedule", "UpdateSchedule", "GetSchedule", "DeleteSchedule"].map(
        (name) => `scheduler:${name}`,
      ),
      [anyOf],
    ),
    // It is not restricted to a group, and shows no more than names and targets.
    statement(["scheduler:ListSchedules"], ["*"]),
    passes(role),
    // What became of firings.
    allow(r.tables.directory, "GetItem"),
  ];
}

/** Handing the role to anything but Scheduler is refused. */
function passes(role: IRole): PolicyStatement {
  return new PolicyStatement({
    actions: ["iam:PassRole"],
    resources: [role.roleArn],
    conditions: { StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" } },
  });
}

/**
 * What `DurableClient.delete` does, all of it: whoever deletes need not be allowed to start or to read values. The wake is for executions whose
 * duties are not done.
 */
export function deletes(r: Pick<Resources, "tables" | "wakeQueue">): PolicyStatement[] {
  return [
    allow(r.tables.executions, "GetItem", "Query", "UpdateItem", "DeleteItem"),
    allow(r.tables.directory, "DeleteItem"),
    statement(["s3:DeleteObject"], [`${r.tables.payloads.bucketArn}/*`]),
    statement(["s3:ListBucket"], [r.tables.payloads.bucketArn]),
    sends(r.wakeQueue),
  ];
}

/** What a console, or a command that only looks, may do. */
export function reads(tables: HoldfastTables): PolicyStatement[] {
  return [
    allow(tables.executions, "GetItem", "BatchGetItem", "Query"),
    queriesIndexes(tables.executions, ...LISTINGS, indexNames.outboxPending),
    allow(tables.directory, "GetItem", "Query"),
    ...getsObjects(tables),
  ];
}

function putsObjects({ payloads }: HoldfastTables): PolicyStatement {
  return statement(["s3:PutObject"], [`${payloads.bucketArn}/*`]);
}

/** S3 tells only those who may list a bucket that an object is not there; to all others it says that access is denied. */
function getsObjects({ payloads }: HoldfastTables): PolicyStatement[] {
  return [
    statement(["s3:GetObject"], [`${payloads.bucketArn}/*`]),
    statement(["s3:ListBucket"], [payloads.bucketArn]),
  ];
}

export function sends(queue: Queue): PolicyStatement {
  return statement(["sqs:SendMessage"], [queue.queueArn]);
}

function publishes(bus: Bus): PolicyStatement {
  return statement(["events:PutEvents"], [bus.eventBusArn]);
}

/** Puts what can't be handled aside, with the reason. */
function buries(events: EventQueues | undefined): PolicyStatement[] {
  return events === undefined ? [] : [sends(events.dlq)];
}

/** Sends back what lies in the dead-letter queue without a reason, or gives it one. */
function redrives(events: EventQueues | undefined): PolicyStatement[] {
  if (events === undefined) return [];
  return [
    statement(["sqs:ReceiveMessage", "sqs:DeleteMessage"], [events.dlq.queueArn]),
    sends(events.queue),
    ...buries(events),
  ];
}

/** What Lambda itself does in the role's name to feed a function from a queue. */
function consumes(queue: Queue | undefined): PolicyStatement[] {
  if (queue === undefined) return [];
  return [statement(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue.queueArn])];
}

/** What Lambda itself does in the role's name to feed a function from a table's stream. */
function readsStream(table: TableHandle): PolicyStatement {
  if (table.tableStreamArn === undefined) throw new Error(`The table ${table.tableName} has no stream.`);
  return statement(
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    [table.tableStreamArn],
  );
}

function queriesIndexes(table: TableHandle, ...names: string[]): PolicyStatement {
  return statement(
    ["dynamodb:Query"],
    names.map((name) => `${table.tableArn}/index/${name}`),
  );
}

function allow(table: TableHandle, ...actions: string[]): PolicyStatement {
  return statement(
    actions.map((action) => `dynamodb:${action}`),
    [table.tableArn],
  );
}

function statement(actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}
