/**
 * `DescribeStacks`, in the query protocol and XML: clients find the names of things from a stack's
 * outputs, on a laptop as on AWS. Also `GetCallerIdentity`, which tools ask before anything else.
 */
import { randomUUID } from "node:crypto";
import { ACCOUNT, REGION } from "./arn.js";
import type { Answer } from "./http.js";

/** One stack of the templates, with its outputs resolved. */
export interface StackInfo {
  readonly name: string;
  readonly outputs: Readonly<Record<string, string>>;
}

export const callQuery = (
  form: URLSearchParams,
  stacks: readonly StackInfo[],
  createdAtMs: number,
): Answer => {
  const action = form.get("Action");
  switch (action) {
    case "DescribeStacks":
      return describeStacks(form.get("StackName"), stacks, createdAtMs);
    case "GetCallerIdentity":
      return xml(
        "GetCallerIdentity",
        "https://sts.amazonaws.com/doc/2011-06-15/",
        `<Arn>arn:aws:iam::${ACCOUNT}:user/local</Arn><UserId>local</UserId><Account>${ACCOUNT}</Account>`,
      );
    default:
      return refuse(
        "InvalidAction",
        `The local cloud does not know the action ${action}; it knows DescribeStacks and GetCallerIdentity.`,
      );
  }
};

const describeStacks = (wanted: string | null, stacks: readonly StackInfo[], createdAtMs: number): Answer => {
  const found = stacks.filter((stack) => wanted === null || stack.name === wanted || idOf(stack) === wanted);
  if (wanted !== null && found.length === 0)
    return refuse("ValidationError", `Stack with id ${wanted} does not exist`);
  const members = found.map((stack) => `<member>${describe(stack, createdAtMs)}</member>`).join("");
  return xml(
    "DescribeStacks",
    "http://cloudformation.amazonaws.com/doc/2010-05-15/",
    `<Stacks>${members}</Stacks>`,
  );
};

const idOf = (stack: StackInfo): string =>
  `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stack.name}/local`;

const describe = (stack: StackInfo, createdAtMs: number): string =>
  [
    tag("StackName", stack.name),
    tag("StackId", idOf(stack)),
    tag("CreationTime", new Date(createdAtMs).toISOString()),
    tag("StackStatus", "CREATE_COMPLETE"),
    `<Outputs>${Object.entries(stack.outputs)
      .map(([key, value]) => `<member>${tag("OutputKey", key)}${tag("OutputValue", value)}</member>`)
      .join("")}</Outputs>`,
  ].join("");

const tag = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

const xml = (action: string, namespace: string, result: string): Answer => ({
  status: 200,
  headers: { "content-type": "text/xml" },
  body: `<${action}Response xmlns="${namespace}"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`,
});

const refuse = (code: string, message: string): Answer => ({
  status: 400,
  headers: { "content-type": "text/xml" },
  body: `<ErrorResponse><Error><Type>Sender</Type>${tag("Code", code)}${tag("Message", message)}</Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
});
