/** Checks what the user handed to the construct, all of it before anything is built, and fills in the defaults. */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { Duration, Token } from "aws-cdk-lib";
import { Runtime, RuntimeFamily } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { BundlingOptions } from "./bundle.js";
import { HoldfastConfigError } from "./config-error.js";
import { checkEnvironment } from "./function-environment.js";
import { checkGivenTables } from "./given-tables.js";
import { checkNoAlias } from "./keys.js";
import { checkThresholds } from "./operations/thresholds.js";
import type { BucketHandle } from "./payload-bucket.js";
import { checkPlaces } from "./places.js";
import type { DurableFunctionsProps, LogLevel } from "./props.js";
import { uniqueName } from "./unique-name.js";

/** The checked props, with nothing left open. */
export interface Settings {
  readonly appFile: string;
  readonly serviceName: string;
  readonly workerTimeout: Duration;
  readonly startTimeout: Duration;
  readonly visibilityMargin: Duration;
  readonly auditEvery: Duration;
  readonly retention?: RetentionSettings;
  readonly maxConcurrency?: number;
  readonly memorySize: number;
  readonly serviceMemorySize: number;
  readonly runtime: Runtime;
  readonly logLevel?: LogLevel;
  readonly metrics: boolean | "service";
  /** Empty when nothing more is hidden. */
  readonly redact: readonly string[];
  readonly logRetention: RetentionDays;
  readonly environment: Readonly<Record<string, string>>;
  readonly bundling: BundlingOptions;
  readonly tracing: boolean;
}

/** How long executions are kept, and where they are written down before they go. */
export interface RetentionSettings {
  readonly seconds: number;
  readonly archive?: true | BucketHandle;
}

/** What Lambda allows a function, and so a turn. */
const timeoutSeconds = { least: 1, most: 900 };
/** What SQS can hold a message invisible for is 12 hours; no margin of more than one hour makes sense below that. */
const marginSeconds = { least: 1, most: 3600 };
/** A rule's rate has whole minutes; and a day without an audit is a day without repairs. */
const auditMinutes = { least: 1, most: 24 * 60 };
/** An execution is left alone for 20 minutes after its end; a thousand years are for ever. */
const retentionSeconds = { least: 3_600, most: 31_536_000_000 };
/** What an event source mapping accepts as its maximum concurrency. */
const concurrency = { least: 2, most: 1000 };
/** What Lambda accepts as memory, in MB. */
const memoryMb = { least: 128, most: 10_240 };

/**
 * Node 24 by name, and not CDK's "latest": that one moves when CDK is upgraded, and CDK's "latest in this region" renders a
 * table look-up that neither a reader nor the local cloud can take as a runtime. It is the newest long-term version that
 * Lambda runs and CDK knows.
 */
const defaultRuntime = Runtime.NODEJS_24_X;
/** The code is compiled for it. */
const oldestNode = 20;

const logLevels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export function resolveSettings(scope: Construct, props: DurableFunctionsProps): Settings {
  const workerTimeout = props.workerTimeout ?? Duration.seconds(60);
  const startTimeout = props.startTimeout ?? Duration.seconds(60);
  const visibilityMargin = props.wakeVisibilityMargin ?? Duration.seconds(30);
  const auditEvery = props.auditEvery ?? Duration.minutes(5);
  const memorySize = props.memorySize ?? 512;
  const serviceMemorySize = props.serviceMemorySize ?? 256;
  const runtime = props.runtime ?? defaultRuntime;

  within(
    "workerTimeout",
    inSeconds("workerTimeout", workerTimeout),
    timeoutSeconds,
    "seconds",
    "Lambda ends every function after 900 seconds; split longer work into steps.",
  );
  within(
    "startTimeout",
    inSeconds("startTimeout", startTimeout),
    timeoutSeconds,
    "seconds",
    "Lambda ends every function after 900 seconds; a first turn that needs longer goes on in the worker.",
  );
  within(
    "wakeVisibilityMargin",
    inSeconds("wakeVisibilityMargin", visibilityMargin),
    marginSeconds,
    "seconds",
    "A message must stay invisible for longer than its turn may take, or a second worker gets it while the first still runs.",
  );
  within(
    "auditEvery",
    inSeconds("auditEvery", auditEvery) / 60,
    auditMinutes,
    "whole minutes",
    "Choose Duration.minutes(5) if unsure.",
  );
  within("memorySize", memorySize, memoryMb, "MB", "Choose 512 if unsure.");
  within("serviceMemorySize", serviceMemorySize, memoryMb, "MB", "Choose 256 if unsure.");
  if (props.maxConcurrency !== undefined) {
    within(
      "maxConcurrency",
      props.maxConcurrency,
      concurrency,
      "turns",
      "Leave it out for no limit of its own.",
    );
  }
  const retention = retentionOf(props);
  checkGivenTables(props);
  checkPlaces(scope, props);
  checkKeys(props);
  checkNetwork(props);
  checkRuntime(runtime);
  oneOf("logLevel", props.logLevel, logLevels);
  oneOf("metrics", props.metrics, [true, false, "service"]);
  checkThresholds(props);
  checkEnvironment(props.environment ?? {});
  checkRedact(props.redact ?? []);

  return {
    appFile: existingFile(props.app),
    serviceName: checkedServiceName(props.serviceName ?? uniqueName(scope)),
    workerTimeout,
    startTimeout,
    visibilityMargin,
    auditEvery,
    ...(retention === undefined ? {} : { retention }),
    ...(props.maxConcurrency === undefined ? {} : { maxConcurrency: props.maxConcurrency }),
    memorySize,
    serviceMemorySize,
    runtime,
    ...(props.logLevel === undefined ? {} : { logLevel: props.logLevel }),
    metrics: props.metrics ?? true,
    redact: props.redact ?? [],
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    environment: props.environment ?? {},
    bundling: props.bundling ?? {},
    tracing: props.tracing ?? false,
  };
}

function inSeconds(prop: string, duration: Duration): number {
  if (duration.isUnresolved()) throw unknownYet(prop);
  return duration.toSeconds({ integral: false });
}

function unknownYet(prop: string): HoldfastConfigError {
  return new HoldfastConfigError({
    what: `The prop \`${prop}\` must be known when the stack is synthesized.`,
    expected: "a value in the code: other numbers, and the checks of them, depend on it",
    found: "a value that is known at deployment only",
    next: "Take it from the CDK app's context, or from an environment variable of the process that synthesizes.",
  });
}

function within(
  prop: string,
  found: number,
  range: { readonly least: number; readonly most: number },
  unit: string,
  next: string,
): void {
  if (Token.isUnresolved(found)) throw unknownYet(prop);
  if (Number.isInteger(found) && found >= range.least && found <= range.most) return;
  throw new HoldfastConfigError({
    what: `The prop \`${prop}\` is out of range.`,
    expected: `${range.least} to ${range.most} ${unit}`,
    found: String(found),
    next,
  });
}

function retentionOf({ retention, archive }: DurableFunctionsProps): RetentionSettings | undefined {
  if (retention === undefined) {
    if (archive === undefined) return undefined;
    throw new HoldfastConfigError({
      what: "The prop `archive` would have no effect: nothing is ever deleted.",
      expected: "`archive` together with `retention`",
      found: "`archive` alone",
      next: "Say how long executions are kept: `retention: Duration.days(30)`.",
    });
  }
  const seconds = inSeconds("retention", retention);
  within("retention", seconds, retentionSeconds, "seconds", "Choose Duration.days(30) if unsure.");
  return { seconds, ...(archive === undefined ? {} : { archive }) };
}

function checkKeys({ encryptionKey, tables, payloadBucket, archive }: DurableFunctionsProps): void {
  checkNoAlias("encryptionKey", encryptionKey);
  checkNoAlias("tables.executions.encryptionKey", tables?.executions.encryptionKey);
  checkNoAlias("tables.directory.encryptionKey", tables?.directory.encryptionKey);
  checkNoAlias("tables.payloads.encryptionKey", tables?.payloads.encryptionKey);
  checkNoAlias("payloadBucket.encryptionKey", payloadBucket?.encryptionKey);
  checkNoAlias("archive.encryptionKey", archive === true ? undefined : archive?.encryptionKey);
}

function checkNetwork(props: DurableFunctionsProps): void {
  if (props.vpc !== undefined) return;
  for (const prop of ["vpcSubnets", "securityGroups"] as const) {
    if (props[prop] === undefined) continue;
    throw new HoldfastConfigError({
      what: `The prop \`${prop}\` would have no effect: the functions are in no VPC.`,
      expected: `\`${prop}\` together with \`vpc\``,
      found: `\`${prop}\` alone`,
      next: "Pass the VPC that they belong to as `vpc`.",
    });
  }
}

function checkRuntime(runtime: Runtime): void {
  const [, version] = /^nodejs(\d+)/.exec(runtime.name) ?? [];
  const isTooOld = version !== undefined && Number(version) < oldestNode;
  if (runtime.family === RuntimeFamily.NODEJS && !isTooOld) return;
  throw new HoldfastConfigError({
    what: `The functions are written for Node ${oldestNode} and newer.`,
    expected: "such a runtime, for instance Runtime.NODEJS_24_X",
    found: runtime.name,
    next: "Leave `runtime` out, or name another version of Node.",
  });
}

/** What TypeScript knows, and JavaScript does not: a typing error here would be taken for the default. */
function oneOf(prop: string, found: unknown, known: readonly unknown[]): void {
  if (found === undefined || known.includes(found)) return;
  if (Token.isUnresolved(found)) throw unknownYet(prop);
  throw new HoldfastConfigError({
    what: `The prop \`${prop}\` is none of what it can be.`,
    expected: known.map((each) => JSON.stringify(each)).join(", "),
    found: JSON.stringify(found),
    next: "Leave it out for its default.",
  });
}

/** They travel in one variable, with commas between them. */
function checkRedact(names: readonly string[]): void {
  for (const name of names) {
    if (!name.includes(",") && /[^-_\s]/.test(name)) continue;
    throw new HoldfastConfigError({
      what: "The prop `redact` holds something that can't be the name of a field.",
      expected: "names without commas, and of more than dashes and underscores, such as `iban`",
      found: JSON.stringify(name),
      next: "List each name for itself.",
    });
  }
}

const appFileName = /\.[cm]?[jt]s$/;

function existingFile(app: string): string {
  const file = resolve(app);
  if (appFileName.test(file) && statSync(file, { throwIfNoEntry: false })?.isFile() === true) return file;
  throw new HoldfastConfigError({
    what: "The prop `app` does not name a source file.",
    expected: "a TypeScript or JavaScript file (.ts, .mts, .cts, .js, .mjs, .cjs)",
    found: `${file}${statSync(file, { throwIfNoEntry: false }) === undefined ? " (nothing there)" : ""}`,
    next: "Give the path relative to the directory that cdk runs in, or an absolute one.",
  });
}

/** Letters, digits, dot, dash and underscore survive in an event's source, in an ARN-like stamp and in a log query. */
const serviceNamePattern = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

function checkedServiceName(name: string): string {
  if (!Token.isUnresolved(name) && serviceNamePattern.test(name)) return name;
  throw new HoldfastConfigError({
    what: "The prop `serviceName` cannot stand in the events that the service sends.",
    expected:
      "a letter, then letters, digits, dots, dashes or underscores; 64 characters at most; known at synth time",
    found: Token.isUnresolved(name) ? "a value that is known at deploy time only" : JSON.stringify(name),
    next: 'Choose a plain name, such as "orders".',
  });
}
