/** What a platform's owners ask of a deployment: keys of their own, their network, traces, and a second stage in the same account. */
import { Aspects, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AttributeType, StreamViewType, type TablePropsV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import { AccountPrincipal, CfnRole, ManagedPolicy, PermissionsBoundary, Role } from "aws-cdk-lib/aws-iam";
import { Alias, Key } from "aws-cdk-lib/aws-kms";
import { Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { DurableFunctions, type DurableFunctionsProps, DurableTables, indexNames } from "holdfast/cdk";
import { describe, expect, it } from "vitest";
import { fixture } from "../fixtures/index.js";
import { inWords, resource, resources, statementInWords, statementsOf, temporaryApp } from "../support.js";

const env = { region: "eu-central-1" };

function everything() {
  const stack = new Stack(temporaryApp(), "Shop", { env });
  const key = new Key(stack, "Key", { removalPolicy: RemovalPolicy.DESTROY });
  const archiveKey = new Key(stack, "ArchiveKey", { removalPolicy: RemovalPolicy.DESTROY });
  const archive = new Bucket(stack, "Archive", {
    encryption: BucketEncryption.KMS,
    encryptionKey: archiveKey,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const vpc = new Vpc(stack, "Vpc", {
    availabilityZones: ["eu-central-1a", "eu-central-1b"],
    natGateways: 0,
    subnetConfiguration: [{ name: "Closed", subnetType: SubnetType.PRIVATE_ISOLATED }],
  });
  const durable = new DurableFunctions(stack, "Orders", {
    app: fixture("app"),
    encryptionKey: key,
    vpc,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    // As good as none.
    securityGroups: [],
    tracing: true,
    retention: Duration.days(30),
    archive,
    clientSchedules: true,
  });
  const role = (name: string) => new Role(stack, name, { assumedBy: new AccountPrincipal(stack.account) });
  durable.grantStart(role("Starter"));
  durable.grantWake(role("Waker"));
  durable.grantRead(role("Reader"));
  durable.grantSignal(role("Signaler"));
  durable.grantClient(role("Client"));
  durable.grantDelete(role("Deleter"));
  durable.grantSchedules(role("Keeper"));
  return Template.fromStack(stack);
}

const template = everything();

const of = (name: string, role = `Orders${name}Role`) => statementsOf(template, role);

describe("a customer's key", () => {
  it("encrypts the tables, the bucket, every queue and every log", () => {
    for (const name of ["Executions", "Directory"]) {
      const { Properties } = resource(template, "AWS::DynamoDB::GlobalTable", `OrdersTables${name}`);
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: "KMS" });
      expect(inWords(Properties.Replicas[0].SSESpecification.KMSMasterKeyId)).toBe("Key.Arn");
    }
    const bucket = resource(template, "AWS::S3::Bucket", "OrdersTablesPayloads").Properties;
    const [rule] = bucket.BucketEncryption.ServerSideEncryptionConfiguration;
    expect(rule.BucketKeyEnabled).toBe(true);
    expect(inWords(rule.ServerSideEncryptionByDefault)).toBe("KMSMasterKeyID Key.Arn, SSEAlgorithm aws:kms");
    const queues = Object.values(resources(template, "AWS::SQS::Queue"));
    expect(queues).toHaveLength(8);
    for (const { Properties } of queues) {
      expect(inWords(Properties.KmsMasterKeyId)).toBe("Key.Arn");
      expect(Properties.SqsManagedSseEnabled).toBeUndefined();
    }
    const logs = Object.entries(resources(template, "AWS::Logs::LogGroup"));
    expect(logs.map(([, { Properties }]) => inWords(Properties.KmsKeyId))).toEqual(Array(5).fill("Key.Arn"));
  });

  it("lets in by its own policy the services that act in nobody's name, for this account and this stack", () => {
    const { Statement } = resource(template, "AWS::KMS::Key", "Key").Properties.KeyPolicy;
    const [account, ...services] = Statement;
    expect(account.Principal).toEqual({ AWS: expect.anything() });
    expect(services.map((each: { Principal: unknown }) => inWords(each.Principal))).toEqual([
      "Service logs.AWS::Region.AWS::URLSuffix",
      "Service events.amazonaws.com",
    ]);
    expect(services.map(statementInWords)).toEqual([
      "kms:Decrypt* kms:Describe* kms:Encrypt* kms:GenerateDataKey* kms:ReEncrypt* on * if ArnLike kms:EncryptionContext:aws:logs:arn arn:AWS::Partition:logs:AWS::Region:AWS::AccountId:log-group:Shop-*",
      "kms:Decrypt kms:GenerateDataKey on * if StringEquals aws:SourceAccount AWS::AccountId",
    ]);
  });

  const via = (service: string) => `if StringEquals kms:ViaService ${service}.AWS::Region.AWS::URLSuffix`;
  const reads = (service: string) => `kms:Decrypt on Key.Arn ${via(service)}`;
  const both = (service: string) => `kms:Decrypt kms:GenerateDataKey on Key.Arn ${via(service)}`;

  it.each([
    ["OrdersStartRole", [reads("dynamodb"), both("s3"), both("sqs")]],
    ["OrdersWorkerRole", [reads("dynamodb"), both("s3"), both("sqs")]],
    ["OrdersDeliverRole", [reads("dynamodb"), both("s3"), both("sqs")]],
    ["OrdersRelayRole", [reads("dynamodb"), both("s3"), both("sqs")]],
    [
      "OrdersAuditRole",
      [reads("dynamodb"), both("s3"), both("sqs"), `kms:GenerateDataKey on ArchiveKey.Arn ${via("s3")}`],
    ],
    ["OrdersTimersRole", [both("sqs")]],
    ["OrdersSchedulesRole", [both("sqs")]],
    ["Starter", []],
    ["Waker", [both("sqs")]],
    ["Reader", [reads("dynamodb"), reads("s3")]],
    ["Signaler", [reads("dynamodb"), both("s3"), both("sqs")]],
    ["Client", [reads("dynamodb"), both("s3"), both("sqs")]],
    // It reads no value, and deletes what it can't read.
    ["Deleter", [reads("dynamodb"), both("sqs")]],
    ["Keeper", [reads("dynamodb")]],
  ])("%s may use it as far as what it does needs it, through that service alone", (role, expected) => {
    expect(of("", role).filter((statement) => statement.startsWith("kms:"))).toEqual([...expected].sort());
  });

  it("comes with imported tables and buckets, to whoever may use them", () => {
    const stack = new Stack(temporaryApp(), "Shop", { env });
    const key = Key.fromKeyArn(stack, "Key", "arn:aws:kms:eu-central-1:111111111111:key/k-1");
    const table = (name: string) =>
      TableV2.fromTableAttributes(stack, name, {
        tableArn: `arn:aws:dynamodb:eu-central-1:111111111111:table/${name}`,
        tableStreamArn: `arn:aws:dynamodb:eu-central-1:111111111111:table/${name}/stream/s-1`,
        encryptionKey: key,
      });
    new DurableFunctions(stack, "Orders", {
      app: fixture("quiet-app"),
      tables: {
        executions: table("executions"),
        directory: table("directory"),
        payloads: Bucket.fromBucketName(stack, "Payloads", "payloads"),
      },
    });
    const imported = Template.fromStack(stack);
    const ofRelay = statementsOf(imported, "OrdersRelayRole");
    expect(ofRelay).toContain(
      `kms:Decrypt on arn:aws:kms:eu-central-1:111111111111:key/k-1 ${via("dynamodb")}`,
    );
    expect(ofRelay.filter((statement) => statement.startsWith("kms:"))).toHaveLength(1);
    expect(ofRelay.join("\n")).toContain("dynamodb:GetRecords");
    imported.resourceCountIs("AWS::DynamoDB::GlobalTable", 0);
  });
});

describe("in a VPC", () => {
  it("all functions run in the subnets that were chosen, in one group that lets nothing in", () => {
    const groups = resources(template, "AWS::EC2::SecurityGroup");
    expect(Object.keys(groups)).toEqual(["OrdersSecurityGroup"]);
    const [group] = Object.values(groups);
    expect(group?.Properties.SecurityGroupIngress).toBeUndefined();
    // What EC2 takes; an apostrophe is not among it.
    expect(group?.Properties.GroupDescription).toMatch(/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]+$/);
    const functions = Object.values(resources(template, "AWS::Lambda::Function"));
    expect(functions).toHaveLength(5);
    for (const { Properties } of functions) {
      expect(Properties.VpcConfig.SubnetIds).toHaveLength(2);
      expect(Properties.VpcConfig.SecurityGroupIds.map(inWords)).toEqual(["OrdersSecurityGroup.GroupId"]);
    }
  });

  it("Lambda may make their interfaces, and their code may not", () => {
    const { Statement } = policyOf("OrdersRelayRole");
    const network = Statement.filter((each: { Action: string[] }) => String(each.Action).includes("ec2:"));
    expect(network).toEqual([
      { Effect: "Allow", Action: expect.any(Array), Resource: "*" },
      {
        Effect: "Deny",
        Action: network[0].Action,
        Resource: "*",
        Condition: { ArnLike: { "lambda:SourceFunctionArn": "arn:*:lambda:*:*:function:*" } },
      },
    ]);
  });
});

function policyOf(role: string) {
  const policies = Object.values(resources(template, "AWS::IAM::Policy"));
  const found = policies.find(({ Properties }) =>
    Properties.Roles.some((ref: unknown) => inWords(ref) === role),
  );
  return found?.Properties.PolicyDocument;
}

it("traces are sent to X-Ray where they are asked for, and by nobody else", () => {
  for (const { Properties } of Object.values(resources(template, "AWS::Lambda::Function")))
    expect(Properties.TracingConfig).toEqual({ Mode: "Active" });
  for (const name of ["Start", "Worker", "Deliver", "Relay", "Audit"])
    expect(policyOf(`Orders${name}Role`).Statement).toContainEqual({
      Effect: "Allow",
      Action: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
      Resource: "*",
    });
});

describe("a second stage in the same account", () => {
  const stage = (stackName: string) => {
    const stack = new Stack(temporaryApp(), "Shop", { stackName });
    const durable = new DurableFunctions(stack, "Orders", {
      app: fixture("recurring-app"),
      clientSchedules: true,
    });
    return { names: namesIn(Template.fromStack(stack)), service: durable.serviceName };
  };

  it("shares no name with the first, although its ids are the same", () => {
    const [test, live] = [stage("test-shop"), stage("live-shop")];
    expect(test.names.length).toBe(4);
    expect(test.names.filter((name) => live.names.includes(name))).toEqual([]);
    expect(test.service).not.toBe(live.service);
    for (const name of [...test.names, test.service])
      expect(name).toMatch(/^test-shop-Orders-?[\w-]*-[0-9A-F]{8}$/);
  });

  it("has names that fit, however long its stack's is", () => {
    const { names, service } = stage("a".repeat(100));
    for (const name of [...names, service]) expect(name.length).toBeLessThanOrEqual(64);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** Every name that a template gives: all that could be there already. */
function namesIn(found: Template): string[] {
  const all = Object.values<{ Properties?: Record<string, unknown> }>(found.toJSON().Resources);
  const given = all.flatMap(({ Properties = {} }) =>
    ["Name", "QueueName", "TableName", "BucketName", "FunctionName", "RoleName", "LogGroupName"]
      .map((key) => Properties[key])
      .filter((name) => typeof name === "string"),
  );
  return given.sort();
}

it("a boundary and a path reach every role by CDK's own means", () => {
  const stack = new Stack(temporaryApp(), "Shop");
  new DurableFunctions(stack, "Orders", { app: fixture("quiet-app"), clientSchedules: true });
  PermissionsBoundary.of(stack).apply(ManagedPolicy.fromManagedPolicyName(stack, "Boundary", "platform"));
  Aspects.of(stack).add({
    visit(node) {
      if (node instanceof CfnRole) node.path = "/shop/";
    },
  });
  const roles = Object.values(resources(Template.fromStack(stack), "AWS::IAM::Role"));
  expect(roles).toHaveLength(7);
  for (const { Properties } of roles) {
    expect(Properties.Path).toBe("/shop/");
    expect(inWords(Properties.PermissionsBoundary)).toMatch(/:policy\/platform$/);
  }
});

describe("what can't be is refused", () => {
  const messageFor = (props: (stack: Stack) => Partial<DurableFunctionsProps>): string => {
    const stack = new Stack(temporaryApp(), "Shop");
    try {
      new DurableFunctions(stack, "Orders", { app: fixture("quiet-app"), ...props(stack) });
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    return "no error";
  };

  const made = (props: Partial<TablePropsV2>, withIndexes = true) =>
    messageFor((stack) => {
      const { directory, payloads } = new DurableTables(stack, "Tables");
      const text = (name: string) => ({ name, type: AttributeType.STRING });
      const executions = new TableV2(stack, "Own", {
        partitionKey: text("pk"),
        sortKey: text("sk"),
        dynamoStream: StreamViewType.NEW_IMAGE,
        globalSecondaryIndexes: Object.values(withIndexes ? indexNames : {}).map((indexName) => ({
          indexName,
          partitionKey: text(indexName),
        })),
        ...props,
      });
      return { tables: { executions, directory, payloads } };
    });

  it("a table of the app's own, unless it is as it must be", () => {
    expect(made({})).toBe("no error");
    expect(made({ dynamoStream: StreamViewType.KEYS_ONLY })).toMatch(
      /no stream of new images[\s\S]*found: {4}a stream of KEYS_ONLY/,
    );
    expect(made({}, false)).toMatch(/`executions` in `tables`[\s\S]*missing indexes: byWorkflow, byAppl/);
    const id = { name: "id", type: AttributeType.STRING };
    expect(made({ partitionKey: id })).toMatch(/found: {4}the keys id and sk; missing indexes: none/);
  });

  it("subnets without a VPC", () => {
    expect(messageFor(() => ({ vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED } }))).toMatch(
      /HoldfastConfigError: The prop `vpcSubnets` would have no effect[\s\S]*found: {4}`vpcSubnets` alone/,
    );
  });

  it("a VPC's id in place of the VPC, as JavaScript lets it through", () => {
    const props: object = { vpc: "vpc-1" };
    expect(messageFor(() => props)).toMatch(
      /The prop `vpc` is no VPC[\s\S]*found: {4}"vpc-1"[\s\S]*fromLookup/,
    );
  });

  it("an alias in the place of its key, which roles could not be permitted to use", () => {
    const imported = (stack: Stack) => Alias.fromAliasName(stack, "Alias", "alias/company");
    const own = (stack: Stack) => new Key(stack, "Key").addAlias("own");
    for (const alias of [imported, own])
      expect(messageFor((stack) => ({ encryptionKey: alias(stack) }))).toMatch(
        /HoldfastConfigError: The prop `encryptionKey` is the alias of a key/,
      );
    expect(
      messageFor((stack) => ({ payloadBucket: { ...bucket, encryptionKey: imported(stack) } })),
    ).toContain("`payloadBucket.encryptionKey` is the alias");
    const stack = new Stack(temporaryApp(), "Data", { env });
    expect(() => new DurableTables(stack, "Tables", { encryptionKey: imported(stack) })).toThrow("the alias");
  });
  const bucket = { bucketName: "own", bucketArn: "arn:aws:s3:::own" };

  it("a key for tables whose region nobody knows yet", () => {
    expect(messageFor((stack) => ({ encryptionKey: new Key(stack, "Key") }))).toMatch(
      /need a stack whose region is known[\s\S]*found: {4}Shop, which/,
    );
    const stack = new Stack(temporaryApp(), "Data", { env });
    expect(
      new DurableTables(stack, "Tables", { encryptionKey: new Key(stack, "Key") }).executions.encryptionKey,
    ).toBeDefined();
  });
});
