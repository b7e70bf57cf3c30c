/** Finds a deployment's names in its stack's outputs. */
import { type DeploymentOutputs, type OutputField, readDeployments } from "../cdk/output-names.js";
import type { Connection } from "./connection.js";
import type { Names, ResourceName } from "./environment.js";
import { SettingMissingError } from "./setting-missing-error.js";
import { describeStack } from "./stack.js";

export interface StackNamesOptions {
  /** The prefix of the construct's outputs, when a stack holds several; `""` is the one without. */
  readonly deployment?: string | undefined;
  readonly connection?: Connection;
}

const FIELDS: Record<ResourceName, OutputField> = {
  service: "Service",
  executionsTable: "ExecutionsTable",
  directoryTable: "DirectoryTable",
  payloadBucket: "PayloadBucket",
  wakeQueueUrl: "WakeQueueUrl",
  wakeQueueArn: "WakeQueueArn",
  wakeDlqUrl: "WakeDlqUrl",
  scheduleGroup: "ScheduleGroup",
  scheduleRoleArn: "ScheduleRoleArn",
  scheduleDlqArn: "ScheduleDlqArn",
  firingGroup: "FiringGroup",
  firingRoleArn: "FiringRoleArn",
  firingQueueArn: "FiringQueueArn",
  firingDlqArn: "FiringDlqArn",
  busName: "BusName",
  startFunction: "StartFunction",
  workerFunction: "WorkerFunction",
  workerVersion: "WorkerVersion",
  deliverQueueUrl: "DeliverQueueUrl",
  deliverDlqUrl: "DeliverDlqUrl",
  startQueueUrl: "StartQueueUrl",
  startDlqUrl: "StartDlqUrl",
  relayDlqUrl: "RelayDlqUrl",
};

/** Throws {@link SettingMissingError} when there is no such stack, or not exactly one deployment in it. */
export async function namesOfStack(stackName: string, options: StackNamesOptions = {}): Promise<Names> {
  const { outputs } = await describeStack(stackName, options.connection);
  return namesFromOutputs(stackName, outputs, options.deployment);
}

/** The names among a stack's outputs. */
export function namesFromOutputs(
  stackName: string,
  outputs: Iterable<readonly [key: string, value: string]>,
  wanted?: string,
): Names {
  const { values } = deploymentIn(stackName, outputs, wanted);
  const names: Partial<Record<ResourceName, string>> = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    const value = values[field];
    if (value !== undefined && isResourceName(name)) names[name] = value;
  }
  return names;
}

/** The one deployment that is meant. Throws {@link SettingMissingError} when there is none, or more than one. */
export function deploymentIn(
  stackName: string,
  outputs: Iterable<readonly [key: string, value: string]>,
  wanted?: string,
): DeploymentOutputs {
  const deployments = readDeployments(outputs);
  const fitting = wanted === undefined ? deployments : deployments.filter(({ prefix }) => prefix === wanted);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const found = deployments.map(({ prefix }) => `"${prefix}"`).join(", ") || "none";
  throw new SettingMissingError(
    `Stack "${stackName}" has no single Holdfast deployment${wanted === undefined ? "" : ` with the prefix "${wanted}"`} (found: ${found}).`,
    deployments.length > 1
      ? "Choose one by its prefix (--deployment on the command line)."
      : "Name the stack that holds the DurableFunctions construct.",
  );
}

function isResourceName(name: string): name is ResourceName {
  return Object.hasOwn(FIELDS, name);
}
