import { CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Key } from "aws-cdk-lib/aws-kms";
import { Runtime } from "aws-cdk-lib/aws-lambda";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { DurableFunctions, type DurableFunctionsProps, DurableTables } from "holdfast/cdk";
import { describe, expect, it } from "vitest";
import { fixture } from "../fixtures/index.js";
import { temporaryApp } from "../support.js";

function messageFor(props: (stack: Stack) => Partial<DurableFunctionsProps>, of: StackProps = {}): string {
  const stack = new Stack(temporaryApp(), "Shop", of);
  try {
    new DurableFunctions(stack, "Orders", { app: fixture("app"), ...props(stack) });
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  return "no error";
}

describe("a prop that cannot be right is refused while the stack is synthesized", () => {
  const cases: [string, Partial<DurableFunctionsProps>, string][] = [
    ["a worker that would outlive Lambda", { workerTimeout: Duration.minutes(16) }, "workerTimeout"],
    ["a worker without time", { workerTimeout: Duration.seconds(0) }, "workerTimeout"],
    ["a start that would outlive Lambda", { startTimeout: Duration.hours(1) }, "startTimeout"],
    [
      "a message that is visible again when its turn may still run",
      { wakeVisibilityMargin: Duration.seconds(0) },
      "wakeVisibilityMargin",
    ],
    ["an audit more often than a rule can fire", { auditEvery: Duration.seconds(30) }, "auditEvery"],
    ["an audit every minute and a half", { auditEvery: Duration.seconds(90) }, "auditEvery"],
    ["a retention that is shorter than anybody can mean", { retention: Duration.minutes(59) }, "retention"],
    ["an archive of what is never deleted", { archive: true }, "archive"],
    ["one turn at a time, which the queue cannot keep to", { maxConcurrency: 1 }, "maxConcurrency"],
    ["too little memory", { memorySize: 64 }, "memorySize"],
    ["too much memory", { serviceMemorySize: 20_000 }, "serviceMemorySize"],
    ["a Node that the code is not compiled for", { runtime: Runtime.NODEJS_18_X }, "nodejs18.x"],
    ["a part of a second", { startTimeout: Duration.millis(1_500) }, "startTimeout"],
    ["another language", { runtime: Runtime.PYTHON_3_13 }, "python3.13"],
    ["a variable that is Holdfast's", { environment: { HOLDFAST_SERVICE: "x" } }, "HOLDFAST_SERVICE"],
    ["a variable that is Lambda's", { environment: { AWS_REGION: "x" } }, "AWS_REGION"],
    ["a variable that is the runtime's", { environment: { LAMBDA_TASK_ROOT: "x" } }, "LAMBDA_TASK_ROOT"],
    ["a variable whose name Lambda refuses", { environment: { "STOCK-TABLE": "x" } }, '"STOCK-TABLE"'],
    ["more variables than Lambda takes", { environment: { LIST: "x".repeat(4_093) } }, "4097 bytes"],
    [
      "tables of which snapshots can't be made",
      { removalPolicy: RemovalPolicy.SNAPSHOT },
      "RETAIN or DESTROY",
    ],
    ["a field to hide that has no letter", { redact: ["-_"] }, '"-_"'],
    ["a field to hide whose name has a comma", { redact: ["iban,card"] }, "redact"],
    ["a service name with a slash", { serviceName: "a/b" }, "serviceName"],
    ["an app that is not there", { app: fixture("missing") }, "nothing there"],
    ["an app that is a folder", { app: "test/infra" }, "`app`"],
  ];

  it.each(cases)("%s", (_, props, named) => {
    const message = messageFor(() => props);
    expect(message).toContain("HoldfastConfigError");
    expect(message).toContain(named);
    expect(message).toMatch(/expected: .+\n {2}found: {4}.+\n {2}next: {5}.+/);
  });

  it.each<[string, (unknown: number) => Partial<DurableFunctionsProps>]>([
    ["workerTimeout", (unknown) => ({ workerTimeout: Duration.seconds(unknown) })],
    ["startTimeout", (unknown) => ({ startTimeout: Duration.minutes(unknown) })],
    ["auditEvery", (unknown) => ({ auditEvery: Duration.minutes(unknown) })],
    ["retention", (unknown) => ({ retention: Duration.days(unknown) })],
    ["memorySize", (unknown) => ({ memorySize: unknown })],
    ["maxConcurrency", (unknown) => ({ maxConcurrency: unknown })],
    ["failed", (unknown) => ({ alarmActions: [], alarmThresholds: { failed: unknown } })],
    [
      "oldestMessage",
      (unknown) => ({ alarmActions: [], alarmThresholds: { oldestMessage: Duration.minutes(unknown) } }),
    ],
  ])("a number that only the deployment will know: %s", (prop, props) => {
    const message = messageFor((stack) =>
      props(new CfnParameter(stack, "Given", { type: "Number" }).valueAsNumber),
    );
    expect(message).toMatch(/^HoldfastConfigError/);
    expect(message).toContain(`\`${prop}\``);
    expect(message).toContain("found:    a value that is known at deployment only");
  });

  it.each<[string, object, string]>([
    ["logLevel", { logLevel: "verbose" }, '"debug", "info", "warn", "error"'],
    ["metrics", { metrics: "off" }, 'true, false, "service"'],
    ["environment", { environment: { RETRIES: 5 } }, "a string"],
    ["oldestMessage", { alarmActions: [], alarmThresholds: { oldestMessage: 5 } }, "a duration"],
    ["failed", { alarmActions: [], alarmThresholds: { failed: Duration.minutes(1) } }, "a whole number"],
    ["faild", { alarmActions: [], alarmThresholds: { faild: 1 } }, "one of setAside, "],
  ])("%s, as JavaScript lets it through", (_, props, expected) => {
    const message = messageFor(() => props);
    expect(message).toMatch(/^HoldfastConfigError/);
    expect(message).toContain(`expected: ${expected}`);
  });

  describe("what is in another place", () => {
    const here = { account: "111111111111", region: "eu-central-1" };
    const elsewhere = (props: (stack: Stack) => Partial<DurableFunctionsProps>, env: object = here) =>
      messageFor(props, { env });
    const busAt = (place: string) => (stack: Stack) => ({
      eventBus: EventBus.fromEventBusArn(stack, "Company", `arn:aws:events:${place}:event-bus/company`),
    });
    const tablesAt = (place: string) => (stack: Stack) => {
      const table = (name: string) =>
        TableV2.fromTableAttributes(stack, name, {
          tableArn: `arn:aws:dynamodb:${place}:table/${name}`,
          tableStreamArn: `arn:aws:dynamodb:${place}:table/${name}/stream/s-1`,
        });
      const payloads = Bucket.fromBucketName(stack, "Payloads", "payloads");
      return { tables: { executions: table("executions"), directory: table("directory"), payloads } };
    };

    it.each([
      ["a bus of another account", busAt("eu-central-1:222222222222"), "`eventBus` is in another account"],
      ["a bus of another region", busAt("us-east-1:111111111111"), "`eventBus` is in another region"],
      [
        "tables of another region",
        tablesAt("us-east-1:111111111111"),
        "`tables.executions` is in another region",
      ],
      [
        "a key of another region",
        (stack: Stack) => ({
          encryptionKey: Key.fromKeyArn(stack, "Far", "arn:aws:kms:us-east-1:222222222222:key/k-1"),
        }),
        "`encryptionKey` is in another region",
      ],
      [
        "a bucket of another region",
        (stack: Stack) => ({
          payloadBucket: Bucket.fromBucketAttributes(stack, "Far", {
            bucketName: "far",
            region: "us-east-1",
          }),
        }),
        "`payloadBucket` is in another region",
      ],
    ])("%s", (_, props, expected) => {
      expect(elsewhere(props)).toContain(expected);
    });

    it("is let pass where nobody knows yet what place that will be", () => {
      const bus = busAt("us-east-1:222222222222");
      const noApp = (stack: Stack) => ({
        ...bus(stack),
        ...tablesAt("us-east-1:2")(stack),
        app: "missing.ts",
      });
      expect(elsewhere(noApp, {})).toContain("nothing there");
    });
  });

  it("a name that another deployment on the bus has", () => {
    const message = messageFor((stack) => {
      const eventBus = new EventBus(stack, "Shared");
      new DurableFunctions(stack, "Returns", { app: fixture("quiet-app"), serviceName: "shop", eventBus });
      return { serviceName: "shop", eventBus };
    });
    expect(message).toContain("Two deployments on one bus can't have the same name");
    expect(message).toMatch(/found: {4}\S+\/Returns and \S+\/Orders called "shop"/);
  });

  it("an id whose outputs are another's", () => {
    const message = messageFor((stack) => {
      new DurableFunctions(stack, "Or-ders", { app: fixture("quiet-app") });
      return {};
    });
    expect(message).toMatch(/found: {4}\S+\/Or-ders and \S+\/Orders, whose outputs both begin with "Orders"/);
  });

  it("a service name that only the deployment will know", () => {
    expect(messageFor((stack) => ({ serviceName: stack.account }))).toContain("known at deploy time only");
  });

  it("tables without a stream", () => {
    const table = { tableName: "t", tableArn: "arn" };
    const payloads = { bucketName: "b", bucketArn: "arn" };
    expect(messageFor(() => ({ tables: { executions: table, directory: table, payloads } }))).toContain(
      "no stream",
    );
  });

  it("tables that are another deployment's", () => {
    const message = messageFor((stack) => {
      const tables = new DurableTables(stack, "Tables");
      new DurableFunctions(stack, "Returns", { app: fixture("quiet-app"), tables });
      return { tables };
    });
    expect(message).toContain("Two deployments can't share their tables");
    expect(message).toMatch(/found: {4}\S+\/Returns and \S+ on the same Executions table/);
  });

  it.each([
    ["removalPolicy", { removalPolicy: RemovalPolicy.DESTROY }],
    ["deletionProtection", { deletionProtection: false }],
    ["payloadBucket", { payloadBucket: { bucketName: "b", bucketArn: "arn" } }],
  ])("%s, for tables that are another's", (prop, props) => {
    const message = messageFor((stack) => ({ tables: new DurableTables(stack, "Tables"), ...props }));
    expect(message).toContain(`The prop \`${prop}\` would have no effect`);
  });
});
