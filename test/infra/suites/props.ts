import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Runtime } from "aws-cdk-lib/aws-lambda";
import { DurableFunctions, type DurableFunctionsProps, DurableTables } from "holdfast/cdk";
import { describe, expect, it } from "vitest";
import { fixture } from "../fixtures/index.js";
import { temporaryApp } from "../support.js";

function messageFor(props: (stack: Stack) => Partial<DurableFunctionsProps>): string {
  const stack = new Stack(temporaryApp(), "Shop");
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
    ["another language", { runtime: Runtime.PYTHON_3_13 }, "python3.13"],
    ["a variable that is Holdfast's", { environment: { HOLDFAST_SERVICE: "x" } }, "HOLDFAST_SERVICE"],
    ["a variable that is Lambda's", { environment: { AWS_REGION: "x" } }, "AWS_REGION"],
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
