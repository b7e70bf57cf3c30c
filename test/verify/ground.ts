/** Where the checks run: the throw-away stack, on AWS or in the local cloud, and what looks at it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { DurableClient } from "holdfast";
import { startCloud } from "holdfast/local";
import { type Connection, clientSettings, connectionFrom } from "../../lib/aws/connection.js";
import { namesFromOutputs } from "../../lib/aws/stack-names.js";
import { STACK, synthesize } from "./stack.js";

export interface Ground {
  readonly where: "aws" | "local";
  readonly client: DurableClient;
  readonly connection: Connection;
  /** How many times faster than the wall the stack's time runs. */
  readonly timeScale: number;
  /** An output of the stack, such as `WorkerFunction`. Throws for one that it has not. */
  output(name: string): string;
  /** What the AWS CLI answers. Only on AWS. */
  cli(...args: readonly string[]): unknown;
  /** Lets so much of the stack's time pass. */
  pass(seconds: number): Promise<void>;
  close(options: { readonly keep: boolean }): Promise<void>;
}

export async function openLocal(dynamodbEndpoint?: string): Promise<Ground> {
  const timeScale = 20;
  const templates = mkdtempSync(join(tmpdir(), "holdfast-verify-"));
  const remove = () => rmSync(templates, { recursive: true, force: true });
  try {
    synthesize(templates);
    const cloud = await startCloud({
      templates,
      inMemory: true,
      timeScale,
      accessKeyId: `V${process.pid}x${Date.now()}`,
      ...(dynamodbEndpoint === undefined ? {} : { dynamodbEndpoint }),
    });
    const outputs = cloud.stacks.find(({ name }) => name === STACK)?.outputs ?? {};
    const { environment } = cloud;
    return {
      where: "local",
      timeScale,
      ...reaching(outputs, connectionFrom(environment), environment),
      cli: () => {
        throw new Error("The local cloud has no command line; a check that needs one needs AWS.");
      },
      pass: (seconds) => sleep((seconds * 1_000) / timeScale),
      close: () => cloud.stop().finally(remove),
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Deploys the stack with the CDK's command, in the account and region that the environment names. */
export async function openAws(): Promise<Ground> {
  const templates = mkdtempSync(join(tmpdir(), "holdfast-verify-"));
  synthesize(templates);
  // Standard output is the report's.
  const cdk = (...args: readonly string[]) =>
    execFileSync("npx", ["cdk", ...args, "--app", templates, STACK], { stdio: ["ignore", 2, 2] });
  cdk("deploy", "--require-approval", "never");
  const cloudformation = new CloudFormationClient(clientSettings("cloudformation"));
  const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: STACK }));
  cloudformation.destroy();
  const outputs = Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
  );
  const ground = reaching(outputs, {});
  return {
    where: "aws",
    timeScale: 1,
    ...ground,
    cli: (...args) =>
      JSON.parse(execFileSync("aws", [...args, "--output", "json"], { encoding: "utf8" }) || "null"),
    pass: (seconds) => sleep(seconds * 1_000),
    async close({ keep }) {
      if (!keep) {
        await empty(ground.output("PayloadBucket"));
        cdk("destroy", "--force");
      }
      rmSync(templates, { recursive: true, force: true });
    },
  };
}

/** Whether the SDK finds credentials and a region, as it would for any call. */
export async function hasCredentials(): Promise<boolean> {
  const client = new CloudFormationClient(clientSettings("cloudformation"));
  try {
    await Promise.all([client.config.credentials(), client.config.region()]);
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

function reaching(
  outputs: Readonly<Record<string, string>>,
  connection: Connection,
  environment?: Readonly<Record<string, string>>,
): Pick<Ground, "client" | "connection" | "output"> {
  return {
    connection,
    client: new DurableClient({
      ...namesFromOutputs(STACK, Object.entries(outputs)),
      ...(environment === undefined ? {} : { environment }),
    }),
    output(name) {
      const found = outputs[`Holdfast${name}`];
      if (found === undefined) throw new Error(`The stack ${STACK} has no output Holdfast${name}.`);
      return found;
    },
  };
}

/** CloudFormation deletes no bucket that holds anything: old versions and their markers count. */
async function empty(bucket: string): Promise<void> {
  const s3 = new S3Client(clientSettings("s3"));
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket }),
    );
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) break;
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  }
  s3.destroy();
}

function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
