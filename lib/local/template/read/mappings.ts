/** `AWS::Lambda::EventSourceMapping`. */
import { parseArn } from "../../arn.js";
import { compileFilter } from "../../mappings/filter.js";
import type { SqsMappingSettings } from "../../mappings/sqs-mapping.js";
import type { StreamMappingSettings } from "../../mappings/stream-mapping.js";
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { qualifiedNameOf } from "./functions.js";
import { account } from "./properties.js";

export type MappingSpec =
  | ({ readonly kind: "queue" } & SqsMappingSettings)
  | ({ readonly kind: "stream" } & StreamMappingSettings);

const USED = [
  "EventSourceArn",
  "FunctionName",
  "Enabled",
  "BatchSize",
  "MaximumBatchingWindowInSeconds",
  "FunctionResponseTypes",
  "FilterCriteria",
];
const USED_BY_QUEUES = ["ScalingConfig"];
const USED_BY_STREAMS = [
  "StartingPosition",
  "MaximumRetryAttempts",
  "BisectBatchOnFunctionError",
  "DestinationConfig",
];
/** A shard is read by one invocation at a time here, which keeps a stricter order than more would. */
const HARMLESS = ["KmsKeyArn", "MetricsConfig", "ParallelizationFactor", "ProvisionedPollerConfig", "Tags"];
/** "As many as the function has." */
const NO_LIMIT = 1_000;

export const readMapping = (resource: Resource, report: ReportIgnored): MappingSpec | undefined => {
  const { properties } = resource;
  if (properties.boolean("Enabled") === false) return undefined;
  const source = parseArn(properties.require("EventSourceArn", properties.string("EventSourceArn")));
  const common = {
    functionName: qualifiedNameOf(properties.require("FunctionName", properties.string("FunctionName"))),
    windowSeconds: properties.number("MaximumBatchingWindowInSeconds") ?? 0,
    reportsItemFailures: properties.strings("FunctionResponseTypes").includes("ReportBatchItemFailures"),
    filter: compileFilter(properties.object("FilterCriteria")),
  };
  switch (source.kind) {
    case "queue":
      account(resource, { used: [...USED, ...USED_BY_QUEUES], harmless: HARMLESS }, report);
      return {
        kind: "queue",
        ...common,
        queue: source.name,
        batchSize: properties.number("BatchSize") ?? 10,
        concurrencyMax: properties.object("ScalingConfig")?.number("MaximumConcurrency") ?? NO_LIMIT,
      };
    case "stream":
      account(resource, { used: [...USED, ...USED_BY_STREAMS], harmless: HARMLESS }, report);
      return { kind: "stream", ...common, ...streamSettings(resource, source.table) };
    default:
      report(
        resource,
        `the local cloud has event sources for queues and table streams only, not for ${source.kind}`,
      );
      return undefined;
  }
};

const streamSettings = ({ properties, identity }: Resource, table: string) => {
  const onFailureArn = properties.object("DestinationConfig")?.object("OnFailure")?.string("Destination");
  const startAt: "LATEST" | "TRIM_HORIZON" =
    properties.string("StartingPosition") === "LATEST" ? "LATEST" : "TRIM_HORIZON";
  return {
    id: `${identity.stack}/${identity.logicalId}`,
    table,
    batchSize: properties.number("BatchSize") ?? 100,
    retriesMax: properties.number("MaximumRetryAttempts") ?? -1,
    bisect: properties.boolean("BisectBatchOnFunctionError") ?? false,
    startAt,
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
  };
};
