/** Finds a deployment's names in its stack's outputs. */
import { CloudFormationClient, DescribeStacksCommand, type Stack } from "@aws-sdk/client-cloudformation";
import { type OutputField, readDeployments } from "../cdk/output-names.js";
import { type Connection, clientSettings } from "./connection.js";
import type { Names, ResourceName } from "./environment.js";
import { SettingMissingError } from "./setting-missing-error.js";

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
  const client = new CloudFormationClient(clientSettings("cloudformation", options.connection));
  try {
    const stack = await describe(client, stackName);
    const outputs = (stack.Outputs ?? []).flatMap(({ OutputKey: key, OutputValue: value }) =>
      key === undefined || value === undefined ? [] : [[key, value] as const],
    );
    return namesFromOutputs(stackName, outputs, options.deployment);
  } finally {
    client.destroy();
  }
}

/** The names among a stack's outputs. */
export function namesFromOutputs(
  stackName: string,
  outputs: Iterable<readonly [key: string, value: string]>,
  wanted?: string,
): Names {
  const deployments = readDeployments(outputs);
  const fitting = wanted === undefined ? deployments : deployments.filter(({ prefix }) => prefix === wanted);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) {
    const names: Partial<Record<ResourceName, string>> = {};
    for (const [name, field] of Object.entries(FIELDS)) {
      const value = only.values[field];
      if (value !== undefined && isResourceName(name)) names[name] = value;
    }
    return names;
  }
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

async function describe(client: CloudFormationClient, stackName: string): Promise<Stack> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    const [stack] = Stacks;
    if (stack !== undefined) return stack;
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("does not exist")) throw error;
  }
  throw new SettingMissingError(
    `There is no stack "${stackName}" in this account and region.`,
    "Check the name (--stack), the region (AWS_REGION) and the account (AWS_PROFILE), or deploy it first.",
  );
}
