/**
 * The names of a deployment's stack outputs: how the command finds the tables, the queue and the functions. No part of the
 * CDK is needed to read them.
 *
 * A key is `<prefix>Holdfast<field>`. The prefix is the path of the construct inside of its stack, letters and digits only
 * (`Orders` gives `OrdersHoldfastService`), and empty for a construct with the id `Holdfast` that stands in the stack itself.
 */

/**
 * What a deployment tells of itself. `Service` names it, and stands in what its functions stamp on events. Queues of events are there only if
 * the app declares any (or schedules, which lead to one of them), the names of firings only with `clientSchedules`.
 */
export const outputFields = [
  "Service",
  "ExecutionsTable",
  "DirectoryTable",
  "PayloadBucket",
  "WakeQueueUrl",
  "WakeQueueArn",
  "WakeDlqUrl",
  "ScheduleGroup",
  "ScheduleRoleArn",
  "ScheduleDlqArn",
  "FiringGroup",
  "FiringRoleArn",
  "FiringQueueArn",
  "FiringDlqArn",
  "BusName",
  "StartFunction",
  "WorkerFunction",
  "WorkerVersion",
  "DeliverFunction",
  "RelayFunction",
  "AuditFunction",
  "DeliverQueueUrl",
  "DeliverDlqUrl",
  "StartQueueUrl",
  "StartDlqUrl",
  "RelayDlqUrl",
] as const;

/** What a deployment's outputs say, one name of {@link outputFields} each. */
export type OutputField = (typeof outputFields)[number];

/** One deployment of a stack: the value of each of its outputs. */
export interface DeploymentOutputs {
  readonly prefix: string;
  readonly values: Readonly<Partial<Record<OutputField, string>>>;
}

/** The id of a construct whose outputs carry no prefix. */
const plainId = "Holdfast";

/** The prefix for the construct that stands at `ids` (its id last), seen from its stack. */
export function outputPrefix(ids: readonly string[]): string {
  if (ids.length === 1 && ids[0] === plainId) return "";
  return ids.map((id) => id.replaceAll(/[^A-Za-z0-9]/g, "")).join("");
}

/** The key of an output. */
export function outputKey(prefix: string, field: OutputField): string {
  return `${prefix}Holdfast${field}`;
}

const keyPattern = new RegExp(`^([A-Za-z0-9]*)Holdfast(${outputFields.join("|")})$`);

/** Finds the deployments among a stack's outputs; keys that are not Holdfast's are passed over. */
export function readDeployments(
  outputs: Iterable<readonly [key: string, value: string]>,
): DeploymentOutputs[] {
  const found = new Map<string, Partial<Record<OutputField, string>>>();
  for (const [key, value] of outputs) {
    const [, prefix, field] = keyPattern.exec(key) ?? [];
    if (prefix === undefined || !isOutputField(field)) continue;
    const values = found.get(prefix) ?? {};
    values[field] = value;
    found.set(prefix, values);
  }
  return [...found].map(([prefix, values]) => ({ prefix, values }));
}

function isOutputField(field: string | undefined): field is OutputField {
  return outputFields.some((known) => known === field);
}
