/** What each function is told. The names are fixed: the functions' code and the local cloud know them. */
import type { FunctionName, Resources, RetentionResources } from "./permissions.js";

export interface EnvironmentSource extends Resources {
  readonly serviceName: string;
  readonly logLevel?: string;
  readonly metrics: boolean | "service";
  readonly redact: readonly string[];
}

type Environment = Record<string, string>;

/** Each function's variables: those that its code uses, and no others. */
export const environments: Record<FunctionName, (source: EnvironmentSource) => Environment> = {
  start: (s) => ({
    ...turns(s),
    ...(s.startEvents === undefined ? {} : { HOLDFAST_START_DLQ_URL: s.startEvents.dlq.queueUrl }),
  }),
  worker: (s) => ({ ...turns(s), ...bus(s) }),
  deliver: (s) => ({ ...base(s), ...directory(s), ...payloads(s), ...wakes(s), ...deliveries(s) }),
  relay: (s) => ({ ...base(s), ...payloads(s), ...wakes(s), ...bus(s) }),
  audit: (s) => ({
    ...base(s),
    ...directory(s),
    ...payloads(s),
    ...wakes(s),
    ...bus(s),
    HOLDFAST_WAKE_DLQ_URL: s.wakeDlq.queueUrl,
    ...deliveries(s),
    ...starts(s),
    ...(s.retention === undefined ? {} : retention(s.retention)),
  }),
};

function turns(s: EnvironmentSource): Environment {
  return {
    ...base(s),
    ...directory(s),
    ...payloads(s),
    ...wakes(s),
    // A schedule names its target and its dead-letter queue by ARN, and the role that it sends under.
    HOLDFAST_WAKE_QUEUE_ARN: s.wakeQueue.queueArn,
    HOLDFAST_SCHEDULE_GROUP: s.timers.group.scheduleGroupName,
    HOLDFAST_SCHEDULE_ROLE_ARN: s.timers.role.roleArn,
    HOLDFAST_SCHEDULE_DLQ_ARN: s.timers.dlq.queueArn,
    // These two have a `ctx.log`.
    ...(s.redact.length === 0 ? {} : { HOLDFAST_LOG_REDACT: s.redact.join(",") }),
  };
}

function base(s: EnvironmentSource): Environment {
  return {
    HOLDFAST_SERVICE: s.serviceName,
    HOLDFAST_EXECUTIONS_TABLE: s.tables.executions.tableName,
    ...(s.logLevel === undefined ? {} : { HOLDFAST_LOG_LEVEL: s.logLevel }),
    ...(s.metrics === true ? {} : { HOLDFAST_METRICS: s.metrics === false ? "off" : s.metrics }),
  };
}

function wakes(s: EnvironmentSource): Environment {
  return { HOLDFAST_WAKE_QUEUE_URL: s.wakeQueue.queueUrl };
}

function directory(s: EnvironmentSource): Environment {
  return { HOLDFAST_DIRECTORY_TABLE: s.tables.directory.tableName };
}

function payloads(s: EnvironmentSource): Environment {
  return { HOLDFAST_PAYLOAD_BUCKET: s.tables.payloads.bucketName };
}

function retention({ seconds, archive }: RetentionResources): Environment {
  return {
    HOLDFAST_RETENTION_SECONDS: String(seconds),
    ...(archive === undefined ? {} : { HOLDFAST_ARCHIVE_BUCKET: archive.bucketName }),
  };
}

function deliveries({ deliveries: d }: EnvironmentSource): Environment {
  if (d === undefined) return {};
  return { HOLDFAST_DELIVER_QUEUE_URL: d.queue.queueUrl, HOLDFAST_DELIVER_DLQ_URL: d.dlq.queueUrl };
}

function starts({ startEvents: e }: EnvironmentSource): Environment {
  if (e === undefined) return {};
  return { HOLDFAST_START_QUEUE_URL: e.queue.queueUrl, HOLDFAST_START_DLQ_URL: e.dlq.queueUrl };
}

function bus(s: EnvironmentSource): Environment {
  return { HOLDFAST_BUS_NAME: s.bus.eventBusName };
}
