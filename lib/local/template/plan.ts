/**
 * What the local cloud will create, read from resolved stacks, and the list of what it leaves out. Pure:
 * nothing is created here.
 */

import type { Rule } from "../events/buses.js";
import type { AsyncSettings } from "../lambda/async-invocations.js";
import type { AliasDeclaration, VersionDeclaration } from "../lambda/versions.js";
import type { Schedule } from "../scheduler/schedules.js";
import { whyIgnored } from "./ignored.js";
import { TemplateError } from "./intrinsics.js";
import { type BucketSpec, readBucket } from "./read/buckets.js";
import { type BusSpec, readBus, readRule } from "./read/events.js";
import { type FunctionPlan, readFunction, readInvokeConfig } from "./read/functions.js";
import { type MappingSpec, readMapping } from "./read/mappings.js";
import { type QueueSpec, readQueue } from "./read/queues.js";
import { readGroup, readTemplateSchedule } from "./read/schedules.js";
import { readTable, TABLE_TYPES, type TableSpec } from "./read/tables.js";
import { readAlias, readVersion } from "./read/versions.js";
import type { ResolvedStack, Resource } from "./resources.js";

/** A resource, or one property of it, that has no effect here. */
export interface Ignored {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly property?: string;
  readonly reason: string;
}

export interface Plan {
  readonly tables: readonly TableSpec[];
  readonly buckets: readonly BucketSpec[];
  readonly queues: readonly QueueSpec[];
  readonly functions: readonly FunctionPlan[];
  readonly versions: readonly VersionDeclaration[];
  readonly aliases: readonly AliasDeclaration[];
  readonly invokeConfigs: readonly { functionName: string; settings: Partial<AsyncSettings> }[];
  readonly buses: readonly BusSpec[];
  readonly rules: readonly Rule[];
  readonly groups: readonly string[];
  readonly schedules: readonly Schedule[];
  readonly mappings: readonly MappingSpec[];
  readonly ignored: readonly Ignored[];
}

export type ReportIgnored = (resource: Resource, reason: string, property?: string) => void;

/** Reads every resource once; where the code of an inline function may be written is the caller's to say. */
export const planOf = (stacks: readonly ResolvedStack[], workDir: string, nowMs: number): Plan => {
  const ignored: Ignored[] = [];
  const report: ReportIgnored = ({ identity }, reason, property) => {
    const { stack, logicalId, type } = identity;
    ignored.push({ stack, logicalId, type, reason, ...(property === undefined ? {} : { property }) });
  };
  const all = stacks.flatMap((stack) => stack.resources);
  const read = <T>(
    types: readonly string[],
    reader: (resource: Resource, report: ReportIgnored) => T | undefined,
  ): T[] =>
    all
      .filter(({ type }) => types.includes(type))
      .map((resource) => reader(resource, report))
      .filter((spec) => spec !== undefined);

  for (const resource of all) {
    const reason = whyIgnored(resource.type);
    if (reason !== undefined) report(resource, reason);
  }
  const queues = read(["AWS::SQS::Queue"], readQueue);
  const functions = read(["AWS::Lambda::Function"], (resource, tell) =>
    readFunction(resource, workDir, tell),
  );
  const mappings = read(["AWS::Lambda::EventSourceMapping"], readMapping);
  for (const mapping of mappings) if (mapping.kind === "queue") checkVisibility(mapping, queues, functions);
  return {
    tables: read(TABLE_TYPES, readTable),
    buckets: read(["AWS::S3::Bucket"], readBucket),
    queues,
    functions,
    versions: read(["AWS::Lambda::Version"], readVersion),
    aliases: read(["AWS::Lambda::Alias"], readAlias),
    invokeConfigs: read(["AWS::Lambda::EventInvokeConfig"], readInvokeConfig),
    buses: read(["AWS::Events::EventBus"], readBus),
    rules: read(["AWS::Events::Rule"], readRule),
    groups: read(["AWS::Scheduler::ScheduleGroup"], readGroup),
    schedules: read(["AWS::Scheduler::Schedule"], (resource, tell) =>
      readTemplateSchedule(resource, nowMs, tell),
    ),
    mappings,
    ignored,
  };
};

/** As AWS does when a mapping is created: a message that comes back while its function may still run is worked on twice. */
const checkVisibility = (
  { queue, functionName: qualified }: { readonly queue: string; readonly functionName: string },
  queues: readonly QueueSpec[],
  functions: readonly FunctionPlan[],
): void => {
  const [functionName] = qualified.split(":");
  const visibility = queues.find(({ name }) => name === queue)?.settings.visibilityTimeoutSeconds;
  const timeout = functions.find(({ spec }) => spec.name === functionName)?.spec.timeoutSeconds;
  if (visibility !== undefined && timeout !== undefined && visibility < timeout)
    throw new TemplateError(
      `The mapping from ${queue} to ${qualified} can't be made: the queue's visibility timeout, ${visibility} s, is less than the function's timeout, ${timeout} s. AWS refuses it, too: make the first at least as long as the second.`,
    );
};
