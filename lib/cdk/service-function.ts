import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duration } from "aws-cdk-lib";
import { RemovalPolicy } from "aws-cdk-lib";
import {
  type PolicyStatement,
  Role,
  ServicePrincipal,
  PolicyStatement as Statement,
} from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  type RecursiveLoop,
  type Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledge, acknowledgeWildcards } from "./acknowledged.js";
import type { BundledFile } from "./bundle.js";
import type { EncryptionKey } from "./keys.js";
import { type Network, networkPermissions } from "./network.js";

export interface ServiceFunctionProps {
  readonly description: string;
  readonly files: readonly BundledFile[];
  readonly runtime: Runtime;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly permissions: readonly PolicyStatement[];
  readonly logRetention: RetentionDays;
  readonly recursiveLoop?: RecursiveLoop;
  /** Its published versions stay when another one takes their place. */
  readonly keepsVersions?: boolean;
  readonly network?: Network;
  /** For its log group. */
  readonly encryptionKey?: EncryptionKey;
  readonly tracing: boolean;
}

/** One of Holdfast's functions, with a role that may do what is listed and a log group that forgets. */
export class ServiceFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { recursiveLoop, network, encryptionKey } = props;
    const logGroup = new LogGroup(this, "Logs", {
      retention: props.logRetention,
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    // The managed policy that CDK would attach lets a function write to every log group of the account.
    role.addToPolicy(
      new Statement({
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [logGroup.logGroupArn],
      }),
    );
    const permissions = [...props.permissions, ...(network === undefined ? [] : networkPermissions())];
    for (const permission of permissions) role.addToPolicy(permission);
    acknowledgeWildcards(role, props.tracing ? [...permissions, sendsTraces()] : permissions);

    this.function = withCodeFolder(this, props.files, (code) => {
      return new LambdaFunction(this, "Function", {
        description: props.description,
        code,
        handler: "index.handler",
        runtime: props.runtime,
        // The cheaper of the two, and nothing in the bundle is native.
        architecture: Architecture.ARM_64,
        timeout: props.timeout,
        memorySize: props.memorySize,
        environment: { ...props.environment, ...sourceMapSupport(props) },
        role,
        logGroup,
        ...(recursiveLoop === undefined ? {} : { recursiveLoop }),
        ...(props.keepsVersions === true
          ? { currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN } }
          : {}),
        ...(network === undefined ? {} : { ...network, securityGroups: [...network.securityGroups] }),
        ...(props.tracing ? { tracing: Tracing.ACTIVE } : {}),
      });
    });
    acknowledge(
      this.function,
      "Serverless-LambdaDLQ",
      "A queue or a stream with a dead-letter queue, a clock, or a caller who awaits the answer invokes it",
    );
  }
}

/** What CDK itself adds to the role of a function that is traced. */
function sendsTraces(): PolicyStatement {
  return new Statement({ actions: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources: ["*"] });
}

/**
 * Hands a folder with the code to `create`, and removes it afterwards: CDK has copied it into its output by then. Unless it
 * was told not to copy, and to name the folder itself in the template.
 */
function withCodeFolder<T>(scope: Construct, files: readonly BundledFile[], create: (code: Code) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-function-"));
  try {
    for (const { name, contents } of files) writeFileSync(join(dir, name), contents);
    return create(Code.fromAsset(dir));
  } finally {
    if (scope.node.tryGetContext("aws:cdk:disable-asset-staging") === undefined) {
      rmSync(dir, { recursive: true, force: true });
    }
  }
}

/** Beside what Node is told already. */
function sourceMapSupport({ files, environment }: ServiceFunctionProps): Record<string, string> {
  if (!files.some(({ name }) => name.endsWith(".map"))) return {};
  const told = environment.NODE_OPTIONS;
  return { NODE_OPTIONS: told === undefined ? SOURCE_MAPS : `${told} ${SOURCE_MAPS}` };
}

const SOURCE_MAPS = "--enable-source-maps";
