import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../lib/local/json.js";
import { readAssembly } from "../../lib/local/template/assembly.js";
import { planOf } from "../../lib/local/template/plan.js";
import { resolveStacks } from "../../lib/local/template/resources.js";
import {
  assembly,
  FIXTURES,
  lambda,
  openCloud,
  ROLE,
  SEEN,
  type Template,
  type TestCloud,
} from "./harness.js";

const ENDPOINT = "http://127.0.0.1:1";

const plan = (resources: Template, extra: Template = {}) => {
  const templates = readAssembly(assembly({ App: { Resources: resources, ...extra } }));
  return planOf(resolveStacks(templates, { endpoint: ENDPOINT }), "/unused", 0);
};
const outputs = (values: Record<string, Json>, extra: Template = {}) => {
  const template = {
    Resources: { Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q" } }, Role: ROLE },
    Outputs: Object.fromEntries(Object.entries(values).map(([key, Value]) => [key, { Value }])),
    ...extra,
  };
  return resolveStacks(readAssembly(assembly({ App: template })), { endpoint: ENDPOINT })[0]?.outputs;
};

describe("an intrinsic function", () => {
  test.each<[string, Json, string]>([
    ["Ref of a queue", { Ref: "Queue" }, `${ENDPOINT}/000000000000/q`],
    ["Ref of a parameter", { Ref: "Stage" }, "dev"],
    ["Ref of a pseudo parameter", { Ref: "AWS::Region" }, "us-east-1"],
    ["GetAtt", { "Fn::GetAtt": ["Queue", "Arn"] }, "arn:aws:sqs:us-east-1:000000000000:q"],
    ["GetAtt with a dot", { "Fn::GetAtt": "Queue.QueueName" }, "q"],
    ["Join", { "Fn::Join": ["-", ["a", { Ref: "Stage" }, { Ref: "AWS::NoValue" }]] }, "a-dev"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
    ["Sub", { "Fn::Sub": "${Stage}/${Queue.QueueName}/${!Literal}" }, "dev/q/${Literal}"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
    ["Sub with variables", { "Fn::Sub": ["${x}-${Stage}", { x: "y" }] }, "y-dev"],
    ["Select of Split", { "Fn::Select": [1, { "Fn::Split": [":", "a:b:c"] }] }, "b"],
    ["FindInMap", { "Fn::FindInMap": ["Sizes", { Ref: "Stage" }, "memory"] }, "256"],
    ["If", { "Fn::If": ["IsProduction", "yes", "no"] }, "no"],
  ])("%s", (_name, value, expected) => {
    const extra: Template = {
      Parameters: { Stage: { Type: "String", Default: "dev" } },
      Mappings: { Sizes: { dev: { memory: 256 } } },
      Conditions: { IsProduction: { "Fn::Equals": [{ Ref: "Stage" }, "production"] } },
    };
    expect(outputs({ value }, extra)?.value).toBe(expected);
  });

  test.each<[string, Json, RegExp]>([
    ["an unknown function", { "Fn::Cidr": [] }, /Fn::Cidr is not understood/],
    ["an unknown reference", { Ref: "Nobody" }, /no parameter or resource "Nobody"/],
    ["a name that every object inherits", { Ref: "constructor" }, /no parameter or resource "constructor"/],
    ["an unknown import", { "Fn::ImportValue": "nothing" }, /exports "nothing"/],
  ])("refuses %s", (_name, value, message) => {
    expect(() => outputs({ value })).toThrow(message);
  });
});

describe("a mapping from a queue", () => {
  const mapped = (visibility: number, timeout: number) =>
    plan({
      Role: ROLE,
      Seen: SEEN,
      Work: { Type: "AWS::SQS::Queue", Properties: { QueueName: "work", VisibilityTimeout: visibility } },
      Consumer: lambda("consume", { FunctionName: "consumer", Timeout: timeout }),
      Mapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: {
          EventSourceArn: { "Fn::GetAtt": ["Work", "Arn"] },
          FunctionName: { Ref: "Consumer" },
        },
      },
    });
  test("is refused, as on AWS, when messages come back before their function must have ended", () => {
    expect(mapped(60, 60).mappings).toHaveLength(1);
    expect(() => mapped(59, 60)).toThrow(
      /mapping from work to consumer .* 59 s, is less than the function's timeout, 60 s/,
    );
  });
});

describe("what is ignored", () => {
  test("is listed with a reason, and a property that is not known is listed, too", () => {
    const { ignored } = plan({
      Role: ROLE,
      Alarm: { Type: "AWS::CloudWatch::Alarm" },
      Future: { Type: "AWS::Something::New" },
      Meta: { Type: "AWS::CDK::Metadata" },
      Queue: { Type: "AWS::SQS::Queue", Properties: { SqsManagedSseEnabled: true, FutureSetting: 1 } },
      Python: { Type: "AWS::Lambda::Function", Properties: { Runtime: "python3.13", Handler: "x.y" } },
    });
    expect(ignored.map(({ logicalId, property, reason }) => [logicalId, property, reason])).toEqual([
      ["Role", undefined, "permissions are not checked locally"],
      ["Alarm", undefined, "there are no metrics, alarms or dashboards locally"],
      ["Future", undefined, "the local cloud does not know this type"],
      ["Queue", "FutureSetting", "the local cloud does not know this property"],
      ["Python", undefined, "only Node.js functions run locally, and this one needs python3.13"],
    ]);
  });

  test("never includes what would be misread: that is refused", () => {
    const rule = (properties: Template): Template => ({
      Rule: { Type: "AWS::Events::Rule", Properties: properties },
    });
    expect(() => plan({ Fifo: { Type: "AWS::SQS::Queue", Properties: { FifoQueue: true } } })).toThrow(
      /FIFO/,
    );
    expect(() => plan(rule({ EventPattern: { source: [{ regex: "x" }] } }))).toThrow(
      /event pattern is not understood/,
    );
    expect(() =>
      plan(rule({ EventPattern: { source: ["x"] }, Targets: [{ Id: "1", Arn: "a", InputTransformer: {} }] })),
    ).toThrow(/InputTransformer/);
  });

  test("the code of a function is found by its asset, when the template does not say where it was", () => {
    const templates = assembly({
      App: { Resources: { Echo: { ...lambda("echo"), Metadata: {} }, Seen: SEEN, Role: ROLE } },
    });
    const files = { hash: { source: { path: FIXTURES }, destinations: { here: { objectKey: "key.zip" } } } };
    expect(() =>
      planOf(resolveStacks(readAssembly(templates), { endpoint: ENDPOINT }), "/unused", 0),
    ).toThrow(/"key.zip"/);
    writeFileSync(join(templates, "App.assets.json"), JSON.stringify({ files }));
    const [echo] = planOf(
      resolveStacks(readAssembly(templates), { endpoint: ENDPOINT }),
      "/unused",
      0,
    ).functions;
    expect(echo?.spec.codeDir).toBe(FIXTURES);
  });

  test("names are the same on every run", () => {
    const resources = { Queue: { Type: "AWS::SQS::Queue" } };
    expect(plan(resources).queues).toEqual(plan(resources).queues);
    expect(plan(resources).queues[0]?.name).toMatch(/^App-Queue-[0-9a-f]{8}$/);
  });
});

describe("two stacks", () => {
  let t: TestCloud;
  beforeAll(async () => {
    const storage: Template = {
      Resources: {
        Role: ROLE,
        Seen: {
          Type: "AWS::DynamoDB::GlobalTable",
          Properties: {
            AttributeDefinitions: [
              { AttributeName: "pk", AttributeType: "S" },
              { AttributeName: "status", AttributeType: "S" },
            ],
            KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
            GlobalSecondaryIndexes: [
              {
                IndexName: "byStatus",
                KeySchema: [{ AttributeName: "status", KeyType: "HASH" }],
                Projection: { ProjectionType: "KEYS_ONLY" },
              },
            ],
            StreamSpecification: { StreamViewType: "NEW_IMAGE" },
            SSESpecification: { SSEEnabled: true },
            Replicas: [{ Region: "us-east-1" }],
          },
        },
      },
      Outputs: {
        ExportTable: { Value: { Ref: "Seen" }, Export: { Name: "Storage:Table" } },
        Ampersand: { Value: "a&b" },
      },
    };
    const runtime: Template = {
      Resources: {
        Role: ROLE,
        Echo: lambda("echo", {
          Environment: { Variables: { SEEN_TABLE: { "Fn::ImportValue": "Storage:Table" } } },
        }),
      },
    };
    t = await openCloud({ templates: assembly({ Storage: storage, Runtime: runtime }), inMemory: true });
  });
  afterAll(() => t.stop());

  test("are told to clients by DescribeStacks, and their tables exist with index and stream", async () => {
    const client = new CloudFormationClient({
      region: "us-east-1",
      endpoint: t.cloud.endpoints.AWS_ENDPOINT_URL_CLOUDFORMATION ?? "",
      credentials: { accessKeyId: "x", secretAccessKey: "x" },
    });
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: "Storage" }));
    const named = Object.fromEntries(
      (stack?.Outputs ?? []).map((output) => [output.OutputKey, output.OutputValue]),
    );
    expect(named.Ampersand).toBe("a&b");
    expect(named).toEqual(t.cloud.stacks.find(({ name }) => name === "Storage")?.outputs);
    await expect(client.send(new DescribeStacksCommand({ StackName: "Nobody" }))).rejects.toThrow(
      /does not exist/,
    );

    const { Table: table } = await t.dynamodb.send(
      new DescribeTableCommand({ TableName: named.ExportTable }),
    );
    expect(table?.GlobalSecondaryIndexes?.[0]?.Projection?.ProjectionType).toBe("KEYS_ONLY");
    expect(table?.StreamSpecification).toMatchObject({ StreamEnabled: true, StreamViewType: "NEW_IMAGE" });
  });

  test("run a function whose environment comes from the other stack", async () => {
    expect((await t.cloud.functions.invoke("Echo", {})).ok).toBe(true);
  });

  test("list the roles among what was ignored", () => {
    expect(t.cloud.ignored.map(({ type }) => type)).toEqual(["AWS::IAM::Role", "AWS::IAM::Role"]);
  });
});

test("the table of the harness needs nothing that is ignored", () => {
  expect(plan({ Seen: SEEN }).ignored).toEqual([]);
});
