/** The calls of AWS that a process makes, with their time. */
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";

export interface Call {
  /** As the protocol names it: `DynamoDB_20120810.PutItem`. */
  readonly target: string;
  /** Milliseconds since 1970, with fractions: processes of one machine can compare them. */
  readonly from: number;
  readonly until: number;
}

export const nowMs = (): number => performance.timeOrigin + performance.now();

/**
 * Tells of each call once its answer begins. Stands before `request` of `node:http`: Node's own diagnostics tell of a request over a kept
 * connection when it is nearly over.
 * @param isWanted is asked where the call is made
 */
export function watchCalls(tell: (call: Call) => void, isWanted: () => boolean = () => true): void {
  const send = http.request as (...args: unknown[]) => http.ClientRequest;
  const watched = (...args: unknown[]): http.ClientRequest => {
    const from = nowMs();
    const request = send(...args);
    if (isWanted())
      request.once("response", () => {
        const target = request.getHeader("x-amz-target");
        if (typeof target === "string") tell({ target, from, until: nowMs() });
      });
    return request;
  };
  http.request = watched as typeof http.request;
  syncBuiltinESMExports();
}

const DYNAMODB = "DynamoDB_20120810.";

export const isOfDynamoDb = ({ target }: Call): boolean => target.startsWith(DYNAMODB);

/** How many items a call writes at least: one. Transactions and batches of more are not made for these executions. */
export const isWrite = ({ target }: Call): boolean =>
  ["PutItem", "UpdateItem", "DeleteItem"].includes(target.slice(DYNAMODB.length));

export const isRead = ({ target }: Call): boolean => target === `${DYNAMODB}GetItem`;

/** A worker of these executions sends no message but the copy of a wake that it can't use yet. */
export const isPutBack = ({ target }: Call): boolean => target === "AmazonSQS.SendMessage";
