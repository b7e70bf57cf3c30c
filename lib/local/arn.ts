/** The one account and region of the local cloud, and the ARNs in it. */

export const ACCOUNT = "000000000000";
/** The region that everything in the local cloud is in. */
export const REGION = "us-east-1";

export const arn = {
  queue: (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`,
  lambda: (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`,
  bus: (name: string): string => `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/${name}`,
  rule: (bus: string, name: string): string =>
    `arn:aws:events:${REGION}:${ACCOUNT}:rule/${bus === "default" ? "" : `${bus}/`}${name}`,
  schedule: (group: string, name: string): string =>
    `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/${group}/${name}`,
  scheduleGroup: (name: string): string => `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule-group/${name}`,
  table: (name: string): string => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
  /** DynamoDB Local makes up the stream's label, so this one names "the stream of that table". */
  stream: (table: string): string => `${arn.table(table)}/stream/local`,
} as const;

export type Target =
  | { readonly kind: "queue"; readonly name: string }
  | { readonly kind: "function"; readonly name: string; readonly qualifier?: string }
  | { readonly kind: "stream"; readonly table: string }
  | { readonly kind: "other"; readonly service: string };

/** What an ARN points to. Account and region are not compared: a template may be synthesized for others. */
export const parseArn = (text: string): Target => {
  const [prefix, , service = "", , , ...rest] = text.split(":");
  if (prefix !== "arn") return { kind: "other", service: text };
  const [first = "", second = "", qualifier] = rest;
  if (service === "sqs" && first !== "") return { kind: "queue", name: first };
  // A version or an alias may follow.
  if (service === "lambda" && first === "function" && second !== "")
    return { kind: "function", name: second, ...(qualifier === undefined ? {} : { qualifier }) };
  const stream = /^table\/([^/]+)\/stream\//.exec(rest.join(":"));
  if (service === "dynamodb" && stream?.[1] !== undefined) return { kind: "stream", table: stream[1] };
  return { kind: "other", service };
};
