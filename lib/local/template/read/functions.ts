/** `AWS::Lambda::Function` and `AWS::Lambda::EventInvokeConfig`. */
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArn } from "../../arn.js";
import type { AsyncSettings } from "../../lambda/async-invocations.js";
import type { FunctionSpec } from "../../lambda/pool.js";
import { TemplateError } from "../intrinsics.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { account } from "./properties.js";

export interface FunctionPlan {
  readonly spec: FunctionSpec;
  readonly deadLetterArn?: string;
}

const USED = [
  "FunctionName",
  "Code",
  "Handler",
  "Runtime",
  "Timeout",
  "MemorySize",
  "Environment",
  "ReservedConcurrentExecutions",
  "DeadLetterConfig",
];
const HARMLESS = [
  "Architectures",
  "Description",
  "EphemeralStorage",
  "KmsKeyArn",
  "LoggingConfig",
  "PackageType",
  "RecursiveLoop",
  "Role",
  "RuntimeManagementConfig",
  "SnapStart",
  "Tags",
  "TracingConfig",
];

export const readFunction = (
  resource: Resource,
  workDir: string,
  report: ReportIgnored,
): FunctionPlan | undefined => {
  const { properties, identity } = resource;
  const runtime = properties.string("Runtime") ?? "a container image";
  if (!runtime.startsWith("nodejs")) {
    report(resource, `only Node.js functions run locally, and this one needs ${runtime}`);
    return undefined;
  }
  account(resource, { used: USED, harmless: HARMLESS }, report);
  const reserved = properties.number("ReservedConcurrentExecutions");
  const deadLetterArn = properties.object("DeadLetterConfig")?.string("TargetArn");
  return {
    spec: {
      name: identity.name,
      logicalId: identity.logicalId,
      stack: identity.stack,
      codeDir: codeOf(resource, workDir),
      handler: properties.require("Handler", properties.string("Handler")),
      timeoutSeconds: properties.number("Timeout") ?? 3,
      memoryMb: properties.number("MemorySize") ?? 128,
      environment: variablesOf(resource),
      ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
    },
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
};

/** An asset's directory beside the template, or inline code that is written to one. */
const codeOf = (resource: Resource, workDir: string): string => {
  const { metadata, directory, assets, properties, identity } = resource;
  const key = properties.object("Code")?.string("S3Key") ?? "";
  const asset = metadata["aws:asset:path"] ?? assets.get(key);
  const where = `${identity.stack}/${identity.logicalId}`;
  if (typeof asset === "string") {
    const path = resolve(directory, asset);
    if (existsSync(path) && statSync(path).isDirectory()) return path;
    throw new TemplateError(
      `${where}: the code of the function must be a directory at ${path}, and there is ${existsSync(path) ? "a file" : "nothing"}. Run \`cdk synth\` again.`,
    );
  }
  const inline = properties.object("Code")?.string("ZipFile");
  if (inline === undefined)
    throw new TemplateError(
      `${where}: the code of the function is not in the template: expected the metadata "aws:asset:path", an asset of the stack with the key "${key}", or inline code.`,
    );
  const inlineDir = join(workDir, "inline", identity.name);
  mkdirSync(inlineDir, { recursive: true });
  writeFileSync(join(inlineDir, "index.js"), inline);
  // Without this file, an outer package.json would decide whether the code is a module.
  writeFileSync(join(inlineDir, "package.json"), '{"type":"commonjs"}');
  return inlineDir;
};

const variablesOf = ({ properties }: Resource): Record<string, string> => {
  const variables = properties.object("Environment")?.object("Variables");
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries(variables?.value ?? {})) {
    if (value !== null) result[key] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return result;
};

export const readInvokeConfig = (
  resource: Resource,
  report: ReportIgnored,
): { functionName: string; settings: Partial<AsyncSettings> } => {
  const { properties } = resource;
  account(
    resource,
    {
      used: ["FunctionName", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"],
      harmless: ["Qualifier"],
    },
    report,
  );
  const destinations = properties.object("DestinationConfig");
  if (destinations?.has("OnSuccess") === true)
    report(resource, "successes are not sent on locally", "DestinationConfig.OnSuccess");
  const retries = properties.number("MaximumRetryAttempts");
  const maxAgeSeconds = properties.number("MaximumEventAgeInSeconds");
  const onFailureArn = destinations?.object("OnFailure")?.string("Destination");
  return {
    functionName: functionNameOf(properties.require("FunctionName", properties.string("FunctionName"))),
    settings: {
      ...(retries === undefined ? {} : { retries }),
      ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
      ...(onFailureArn === undefined ? {} : { onFailureArn }),
    },
  };
};

/** With its version or alias, where it is named with one: `orders:live`. */
export const qualifiedNameOf = (text: string): string => {
  const target = parseArn(text);
  if (target.kind !== "function") return text;
  return target.qualifier === undefined ? target.name : `${target.name}:${target.qualifier}`;
};

/** A function is named by its name or by any of its ARNs. */
export const functionNameOf = (text: string): string => {
  const target = parseArn(text);
  return target.kind === "function" ? target.name : (text.split(":")[0] ?? text);
};
