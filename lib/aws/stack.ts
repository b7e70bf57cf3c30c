/** One stack, as CloudFormation describes it. */
import type { CloudFormationClient, Stack } from "@aws-sdk/client-cloudformation";
import type { EpochMs } from "../model/time.js";
import { type Connection, clientSettings } from "./connection.js";
import { SettingMissingError } from "./setting-missing-error.js";

const cloudFormation = () => import("./holdfast-part-cloudformation.js");

export interface DescribedStack {
  /** CloudFormation's own word: `UPDATE_COMPLETE`. */
  readonly status: string;
  readonly outputs: readonly (readonly [key: string, value: string])[];
  /** The service's clock, to the second, when it answered; absent when it did not say. */
  readonly answeredAt?: EpochMs;
}

/** Throws {@link SettingMissingError} when there is no such stack. */
export async function describeStack(
  stackName: string,
  connection: Connection | undefined,
): Promise<DescribedStack> {
  const { CloudFormationClient } = await cloudFormation();
  const client = new CloudFormationClient(clientSettings("cloudformation", connection));
  let date: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = dateIn(result.response);
      return result;
    },
    { step: "deserialize", priority: "low" },
  );
  try {
    const stack = await found(client, stackName);
    const answeredAt = Date.parse(date ?? "");
    return {
      status: stack.StackStatus ?? "unknown",
      outputs: (stack.Outputs ?? []).flatMap(({ OutputKey: key, OutputValue: value }) =>
        key === undefined || value === undefined ? [] : [[key, value] as const],
      ),
      ...(Number.isNaN(answeredAt) ? {} : { answeredAt }),
    };
  } finally {
    client.destroy();
  }
}

async function found(client: CloudFormationClient, stackName: string): Promise<Stack> {
  const { DescribeStacksCommand } = await cloudFormation();
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

/** Of whatever the SDK's transport made of the answer. */
function dateIn(response: unknown): string | undefined {
  if (typeof response !== "object" || response === null) return undefined;
  const headers: unknown = Reflect.get(response, "headers");
  if (typeof headers !== "object" || headers === null) return undefined;
  const date: unknown = Reflect.get(headers, "date");
  return typeof date === "string" ? date : undefined;
}
