/** Lambda's `Invoke` on the wire: `POST /2015-03-31/functions/{name}/invocations`. */

import { arn } from "../arn.js";
import { type Answer, ApiError, jsonAnswer, type Request } from "../http.js";
import { tryParseJson } from "../json.js";
import type { AsyncInvocations } from "./async-invocations.js";
import type { Functions } from "./functions.js";
import type { Pool } from "./pool.js";

const ROUTE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const SYNC_BYTES_MAX = 6 * 1024 * 1024;
const ASYNC_BYTES_MAX = 1024 * 1024;

export const isLambdaPath = (path: string): boolean => path.startsWith("/2015-03-31/");

export const callLambda = async (
  request: Request,
  functions: Functions,
  asynchronous: AsyncInvocations,
): Promise<Answer> => {
  const match = ROUTE.exec(request.path);
  if (request.method !== "POST" || match?.[1] === undefined)
    throw new ApiError(
      "UnknownOperationException",
      `The local Lambda knows Invoke only, not ${request.method} ${request.path}.`,
      404,
    );
  const pool = findFunction(decodeURIComponent(match[1]), functions);
  const type = request.headers.get("x-amz-invocation-type") ?? "RequestResponse";
  const payload = readPayload(request, type === "Event" ? ASYNC_BYTES_MAX : SYNC_BYTES_MAX);
  switch (type) {
    case "DryRun":
      return { status: 204, body: "" };
    case "Event":
      asynchronous.accept(pool.spec.name, payload);
      return { status: 202, body: "" };
    case "RequestResponse":
      return respond(pool, payload);
    default:
      throw new ApiError(
        "InvalidParameterValueException",
        `The InvocationType "${type}" is not one of RequestResponse, Event, DryRun.`,
      );
  }
};

const respond = async (pool: Pool, payload: string): Promise<Answer> => {
  if (pool.throttled)
    throw new ApiError(
      "TooManyRequestsException",
      `Rate exceeded: ${pool.spec.name} runs at its reserved concurrency of ${pool.limit}.`,
      429,
    );
  const outcome = await pool.invoke(payload);
  const headers = { "x-amz-executed-version": "$LATEST" };
  return outcome.ok
    ? { status: 200, headers, body: outcome.payload }
    : jsonAnswer(outcome.error, 200, { ...headers, "x-amz-function-error": "Unhandled" });
};

/** A name, a partial ARN or an ARN, each with or without a qualifier. */
const findFunction = (identifier: string, functions: Functions): Pool => {
  const name =
    /^(?:arn:aws[^:]*:lambda:[^:]*:\d*:function:|\d+:function:|function:)?([^:]+)/.exec(identifier)?.[1] ??
    identifier;
  const pool = functions.find(name);
  if (pool !== undefined) return pool;
  throw new ApiError(
    "ResourceNotFoundException",
    `Function not found: ${arn.lambda(name)}. The local cloud has ${functions.names().join(", ") || "none"}.`,
    404,
  );
};

const readPayload = (request: Request, bytesMax: number): string => {
  if (request.body.length > bytesMax)
    throw new ApiError(
      "RequestTooLargeException",
      `The payload has ${request.body.length} bytes; the limit is ${bytesMax}.`,
      413,
    );
  const text = request.body.length === 0 ? "{}" : request.body.toString();
  if (tryParseJson(text) === undefined)
    throw new ApiError("InvalidRequestContentException", "Could not parse request body into json.");
  return text;
};
