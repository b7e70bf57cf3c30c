/**
 * The names of a deployment's resources: read from a function's environment here, from a stack's outputs by the client and the command.
 * A function is told only the names that its code uses, so a missing one is an error where it is first used, and not before.
 */
import { SettingMissingError } from "./setting-missing-error.js";
import { checkTimeScale, type TimeScale } from "./time-scale.js";

/** By what each name is called in a function's environment. */
export const VARIABLES = {
  service: "HOLDFAST_SERVICE",
  executionsTable: "HOLDFAST_EXECUTIONS_TABLE",
  directoryTable: "HOLDFAST_DIRECTORY_TABLE",
  payloadBucket: "HOLDFAST_PAYLOAD_BUCKET",
  wakeQueueUrl: "HOLDFAST_WAKE_QUEUE_URL",
  wakeQueueArn: "HOLDFAST_WAKE_QUEUE_ARN",
  wakeDlqUrl: "HOLDFAST_WAKE_DLQ_URL",
  scheduleGroup: "HOLDFAST_SCHEDULE_GROUP",
  scheduleRoleArn: "HOLDFAST_SCHEDULE_ROLE_ARN",
  scheduleDlqArn: "HOLDFAST_SCHEDULE_DLQ_ARN",
  firingGroup: "HOLDFAST_FIRING_GROUP",
  firingRoleArn: "HOLDFAST_FIRING_ROLE_ARN",
  firingQueueArn: "HOLDFAST_FIRING_QUEUE_ARN",
  firingDlqArn: "HOLDFAST_FIRING_DLQ_ARN",
  busName: "HOLDFAST_BUS_NAME",
  startFunction: "HOLDFAST_START_FUNCTION",
  workerFunction: "HOLDFAST_WORKER_FUNCTION",
  workerVersion: "HOLDFAST_WORKER_VERSION",
  deliverQueueUrl: "HOLDFAST_DELIVER_QUEUE_URL",
  deliverDlqUrl: "HOLDFAST_DELIVER_DLQ_URL",
  startQueueUrl: "HOLDFAST_START_QUEUE_URL",
  startDlqUrl: "HOLDFAST_START_DLQ_URL",
  relayDlqUrl: "HOLDFAST_RELAY_DLQ_URL",
} as const;

export type ResourceName = keyof typeof VARIABLES;

/** What of a deployment is known. */
export type Names = Readonly<Partial<Record<ResourceName, string>>>;

type Variables = Readonly<Record<string, string | undefined>>;

/** The names that an environment tells; an empty variable tells nothing. */
export function readNames(variables: Variables): Names {
  const names: Partial<Record<ResourceName, string>> = {};
  for (const name of RESOURCE_NAMES) {
    const value = variables[VARIABLES[name]];
    if (value !== undefined && value !== "") names[name] = value;
  }
  return names;
}

/** The name. Throws {@link SettingMissingError} that says where it is to be set. */
export function need(names: Names, name: ResourceName): string {
  const value = names[name];
  if (value !== undefined) return value;
  const known = RESOURCE_NAMES.filter((other) => names[other] !== undefined).join(", ") || "none";
  throw new SettingMissingError(
    `The setting "${name}" is needed here and is not set (set are: ${known}).`,
    `In a function it comes from the environment variable ${VARIABLES[name]}, which the DurableFunctions construct sets; a client is given it as an option, or finds it with DurableClient.fromStack(...).`,
  );
}

/** How fast time runs: real time, unless a local cloud says otherwise. */
export function readTimeScale(variables: Variables): TimeScale {
  return checkTimeScale(variables.HOLDFAST_TIME_SCALE, variables.HOLDFAST_TIME_ORIGIN);
}

export const RESOURCE_NAMES: readonly ResourceName[] = [
  "service",
  "executionsTable",
  "directoryTable",
  "payloadBucket",
  "wakeQueueUrl",
  "wakeQueueArn",
  "wakeDlqUrl",
  "scheduleGroup",
  "scheduleRoleArn",
  "scheduleDlqArn",
  "firingGroup",
  "firingRoleArn",
  "firingQueueArn",
  "firingDlqArn",
  "busName",
  "startFunction",
  "deliverQueueUrl",
  "deliverDlqUrl",
  "startQueueUrl",
  "startDlqUrl",
  "relayDlqUrl",
];
