/** Every role, read in full: what is not listed here must not be there. */
import { Duration } from "aws-cdk-lib";
import { AccountPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { describe, expect, it } from "vitest";
import { permittedTo, resource, resources, statementsOf, synthesize } from "../support.js";

const { template } = synthesize();

const executions = "OrdersTablesExecutions.Arn";
const directory = "OrdersTablesDirectory.Arn";
const wakeQueue = "OrdersWakeQueue.Arn";

const logs = (name: string) => `logs:CreateLogStream logs:PutLogEvents on Orders${name}Logs.Arn`;
const sendsWakes = `sqs:SendMessage on ${wakeQueue}`;
const consumes = (queue: string) =>
  `sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on ${queue}.Arn`;
const publishes = "events:PutEvents on OrdersBus.Arn";

/** Wakes, near ones and far ones. */
const wakes = [
  sendsWakes,
  // The only wildcard: schedules are named by a hash of their timer, so the group is the limit that can be set.
  expect.stringMatching(
    /^scheduler:CreateSchedule on arn:AWS::Partition:scheduler:AWS::Region:AWS::AccountId:schedule\/Shop-Orders-Timers-Group-[0-9A-F]{8}\/\*$/,
  ),
  "iam:PassRole on OrdersTimersRole.Arn if StringEquals iam:PassedToService scheduler.amazonaws.com",
];

const payloads = "OrdersTablesPayloads.Arn";
const putsObjects = `s3:PutObject on ${payloads}/*`;
/** Listing is never asked for: without it S3 says of a missing object that access is denied. */
const getsObjects = [`s3:GetObject on ${payloads}/*`, `s3:ListBucket on ${payloads}`];

/** Reading and writing an execution's items, its waits, and its next wakes. */
const turn = [
  `dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on ${executions}`,
  `dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query on ${directory}`,
  putsObjects,
  ...getsObjects,
  ...wakes,
];

const handsOn = "sqs:SendMessage on OrdersDeliveriesEventsQueue.Arn";
const buriesDeliveries = "sqs:SendMessage on OrdersDeliveriesEventsDlq.Arn";
const buriesStarts = "sqs:SendMessage on OrdersStartsEventsDlq.Arn";

const expected: Record<string, unknown[]> = {
  Start: [logs("Start"), ...turn, consumes("OrdersStartsEventsQueue"), buriesStarts],
  Worker: [logs("Worker"), ...turn, publishes, consumes("OrdersWakeQueue")],
  Deliver: [
    logs("Deliver"),
    `dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on ${executions}`,
    `dynamodb:DeleteItem dynamodb:PutItem dynamodb:Query on ${directory}`,
    putsObjects,
    ...getsObjects,
    sendsWakes,
    consumes("OrdersDeliveriesEventsQueue"),
    handsOn,
    buriesDeliveries,
  ],
  Relay: [
    logs("Relay"),
    "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams on OrdersTablesExecutions.StreamArn",
    `dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on ${executions}`,
    putsObjects,
    ...getsObjects,
    sendsWakes,
    publishes,
    "sqs:SendMessage on OrdersRelayDlq.Arn",
  ],
  Audit: [
    logs("Audit"),
    `dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on ${executions}`,
    `dynamodb:Query on ${executions}/index/byStatus ${executions}/index/outboxPending`,
    `dynamodb:GetItem dynamodb:PutItem on ${directory}`,
    putsObjects,
    ...getsObjects,
    sendsWakes,
    "sqs:DeleteMessage sqs:ReceiveMessage on OrdersWakeDlq.Arn",
    "sqs:DeleteMessage sqs:ReceiveMessage on OrdersDeliveriesEventsDlq.Arn",
    handsOn,
    buriesDeliveries,
    "sqs:DeleteMessage sqs:ReceiveMessage on OrdersStartsEventsDlq.Arn",
    "sqs:SendMessage on OrdersStartsEventsQueue.Arn",
    buriesStarts,
    publishes,
  ],
  Timers: ["sqs:SendMessage on OrdersTimersDlq.Arn OrdersWakeQueue.Arn"],
};

describe("each role may do exactly this", () => {
  it.each(Object.entries(expected))("%s", (name, statements) => {
    const found = statementsOf(template, `Orders${name}Role`);
    expect(found).toHaveLength(statements.length);
    expect(found).toEqual(expect.arrayContaining(statements));
  });

  it("and there is no other role, nor a managed or inline policy", () => {
    const roles = resources(template, "AWS::IAM::Role");
    expect(Object.keys(roles).sort()).toEqual(
      Object.keys(expected)
        .map((name) => `Orders${name}Role`)
        .sort(),
    );
    for (const role of Object.values(roles)) {
      expect(role.Properties.ManagedPolicyArns).toBeUndefined();
      expect(role.Properties.Policies).toBeUndefined();
    }
    expect(Object.keys(template.findResources("AWS::IAM::Policy"))).toHaveLength(
      Object.keys(expected).length,
    );
  });
});

describe("with retention, the audit may do this, too", () => {
  const deletes = [
    `dynamodb:DeleteItem on ${directory}`,
    `dynamodb:Query on ${directory}`,
    `dynamodb:Query on ${executions}/index/byWorkflow`,
    `s3:DeleteObject on ${payloads}/*`,
  ];
  const elsewhere = { bucketName: "theirs", bucketArn: "arn:aws:s3:::theirs" };
  const before = permittedTo(template, "OrdersAuditRole");

  it.each([
    ["without an archive", {}, deletes],
    ["with an archive in the payload bucket", { archive: true }, deletes],
    [
      "with an archive elsewhere",
      { archive: elsewhere },
      [...deletes, "s3:PutObject on arn:aws:s3:::theirs/_archive/*"],
    ],
  ] as const)("%s", (_, props, more) => {
    const { template: retaining } = synthesize({ retention: Duration.days(30), ...props });
    const after = permittedTo(retaining, "OrdersAuditRole");
    expect(after.filter((line) => !before.includes(line))).toEqual(more);
    expect(before.filter((line) => !after.includes(line))).toEqual([]);
    for (const role of ["OrdersStartRole", "OrdersWorkerRole", "OrdersDeliverRole", "OrdersRelayRole"])
      expect(permittedTo(retaining, role)).toEqual(permittedTo(template, role));
  });
});

describe("who may take a role", () => {
  it.each(["Start", "Worker", "Deliver", "Relay", "Audit"])("%s: Lambda", (name) => {
    const { AssumeRolePolicyDocument } = resource(template, "AWS::IAM::Role", `Orders${name}Role`).Properties;
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      { Action: "sts:AssumeRole", Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" } },
    ]);
  });

  it("the timers': Scheduler, for this account and for schedules of this group", () => {
    const { AssumeRolePolicyDocument } = resource(template, "AWS::IAM::Role", "OrdersTimersRole").Properties;
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      {
        Action: "sts:AssumeRole",
        Effect: "Allow",
        Principal: { Service: "scheduler.amazonaws.com" },
        Condition: {
          StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
          ArnEquals: {
            "aws:SourceArn": { "Fn::GetAtt": [expect.stringMatching(/^OrdersTimersGroup/), "Arn"] },
          },
        },
      },
    ]);
  });
});

describe("grants", () => {
  const { template: after } = synthesize({}, (durable, stack) => {
    const someone = (name: string) =>
      new Role(stack, name, { assumedBy: new AccountPrincipal(stack.account) });
    durable.grantStart(someone("Starter"));
    durable.grantRead(someone("Reader"));
    durable.grantWake(someone("Waker"));
    durable.grantClient(someone("Client"));
    durable.grantDelete(someone("Deleter"));
  });
  const listings = ["byApplication", "byPipelineConfig", "byStatus", "byWorkflow"]
    .map((name) => `${executions}/index/${name}`)
    .join(" ");
  const reads = [
    `dynamodb:BatchGetItem dynamodb:GetItem dynamodb:Query on ${executions}`,
    `dynamodb:Query on ${listings} ${executions}/index/outboxPending`,
    `dynamodb:GetItem dynamodb:Query on ${directory}`,
    ...getsObjects,
  ];

  it.each([
    ["Starter", ["lambda:InvokeFunction on OrdersStartFunction.Arn"]],
    ["Reader", reads],
    ["Waker", [sendsWakes]],
    [
      "Deleter",
      [
        `dynamodb:DeleteItem dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem on ${executions}`,
        `dynamodb:DeleteItem on ${directory}`,
        `s3:DeleteObject on ${payloads}/*`,
        `s3:ListBucket on ${payloads}`,
        sendsWakes,
      ],
    ],
    [
      "Client",
      [
        `dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on ${executions}`,
        `dynamodb:Query on ${listings} ${executions}/index/outboxPending`,
        `dynamodb:GetItem dynamodb:PutItem dynamodb:Query on ${directory}`,
        putsObjects,
        ...getsObjects,
        ...wakes,
        publishes,
      ],
    ],
  ])("a %s gets exactly this", (name, statements) => {
    const found = statementsOf(after, name);
    expect(found).toHaveLength(statements.length);
    expect(found).toEqual(expect.arrayContaining(statements));
  });
});
