/** The calls of AWS that a process makes, with their time: what Node itself tells of its HTTP requests. */
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

export interface Call {
  /** As the protocol names it: `DynamoDB_20120810.PutItem`. */
  readonly target: string;
  /** Milliseconds since 1970, with fractions: processes of one machine can compare them. */
  readonly from: number;
  readonly until: number;
}

export const nowMs = (): number => performance.timeOrigin + performance.now();

export function watchCalls(tell: (call: Call) => void): void {
  const begun = new WeakMap<ClientRequest, number>();
  subscribe("http.client.request.start", (message) => {
    begun.set(requestOf(message), nowMs());
  });
  subscribe("http.client.response.finish", (message) => {
    const request = requestOf(message);
    const from = begun.get(request);
    const target = request.getHeader("x-amz-target");
    if (from !== undefined && typeof target === "string") tell({ target, from, until: nowMs() });
  });
}

const requestOf = (message: unknown): ClientRequest =>
  (message as { readonly request: ClientRequest }).request;

const DYNAMODB = "DynamoDB_20120810.";

export const isOfDynamoDb = ({ target }: Call): boolean => target.startsWith(DYNAMODB);

/** How many items a call writes at least: one. Transactions and batches of more are not made for these executions. */
export const isWrite = ({ target }: Call): boolean =>
  ["PutItem", "UpdateItem", "DeleteItem"].includes(target.slice(DYNAMODB.length));
