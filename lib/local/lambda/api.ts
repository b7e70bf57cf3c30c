/** Lambda's `Invoke` on the wire: `POST /2015-03-31/functions/{name}/invocations`. */

import { arn } from "../arn.js";
import { type Answer, ApiError, jsonAnswer, type Request } from "../http.js";
import { tryParseJson } from "../json.js";
import type { AsyncInvocations } from "./async-invocations.js";
import type { Functions } from "./functions.js";
import { begun } from "./not-begun.js";
import type { Pool } from "./pool.js";

const ROUTE = /^\/2015-03-31\/functions\/([^/]+)(?:\/(invocations|versions))?$/;
const SYNC_BYTES_MAX = 6 * 1024 * 1024;
const ASYNC_BYTES_MAX = 1024 * 1024;

export const isLambdaPath = (path: string): boolean => path.startsWith("/2015-03-31/");

export const callLambda = async (
  request: Request,
  functions: Functions,
  asynchronous: AsyncInvocations,
): Promise<Answer> => {
  const [, encoded, what = ""] = ROUTE.exec(request.path) ?? [];
  const name = decodeURIComponent(encoded ?? "");
  switch (encoded === undefined ? "" : `${request.method} ${what}`) {
    case "POST invocations":
      return invoke(request, name, functions, asynchronous);
    case "GET versions":
      return listVersions(findFunction(name, undefined, functions), functions);
    case "DELETE ":
      return deleteVersion(request, findFunction(name, undefined, functions), functions);
    default:
      throw new ApiError(
        "UnknownOperationException",
        `The local Lambda knows Invoke, ListVersionsByFunction and DeleteFunction (of a version) only, not ${request.method} ${request.path}.`,
        404,
      );
  }
};

const invoke = async (
  request: Request,
  name: string,
  functions: Functions,
  asynchronous: AsyncInvocations,
): Promise<Answer> => {
  const qualifier = request.query.get("Qualifier") ?? undefined;
  const pool = findFunction(name, qualifier, functions);
  const type = request.headers.get("x-amz-invocation-type") ?? "RequestResponse";
  const payload = readPayload(request, type === "Event" ? ASYNC_BYTES_MAX : SYNC_BYTES_MAX);
  switch (type) {
    case "DryRun":
      return { status: 204, body: "" };
    case "Event":
      asynchronous.accept(
        qualifier === undefined ? pool.spec.name : `${pool.spec.name}:${qualifier}`,
        payload,
      );
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
  const outcome = begun(await pool.invoke(payload));
  const headers = { "x-amz-executed-version": pool.spec.version ?? "$LATEST" };
  return outcome.ok
    ? { status: 200, headers, body: outcome.payload }
    : jsonAnswer(outcome.error, 200, { ...headers, "x-amz-function-error": "Unhandled" });
};

/** A name, a partial ARN or an ARN, each with or without a qualifier. */
const findFunction = (identifier: string, asked: string | undefined, functions: Functions): Pool => {
  const [, name = identifier, own] =
    /^(?:arn:aws[^:]*:lambda:[^:]*:\d*:function:|\d+:function:|function:)?([^:]+)(?::([^:]+))?$/.exec(
      identifier,
    ) ?? [];
  const qualifier = asked ?? own;
  const qualified = qualifier === undefined ? name : `${name}:${qualifier}`;
  const pool = functions.find(qualified);
  if (pool !== undefined) return pool;
  throw new ApiError(
    "ResourceNotFoundException",
    `Function not found: ${arn.lambda(qualified)}. The local cloud has ${functions.names().join(", ") || "none"}.`,
    404,
  );
};

const listVersions = ({ spec }: Pool, functions: Functions): Answer => {
  const versions = functions.versions.alive(spec.name).map(({ number, publishedAtMs }) => ({
    FunctionName: spec.name,
    FunctionArn: `${arn.lambda(spec.name)}:${number}`,
    Version: String(number),
    LastModified: new Date(publishedAtMs).toISOString(),
  }));
  const latest = { FunctionName: spec.name, FunctionArn: arn.lambda(spec.name), Version: "$LATEST" };
  return jsonAnswer({ Versions: [latest, ...versions] });
};

const deleteVersion = (request: Request, { spec }: Pool, functions: Functions): Answer => {
  const version = request.query.get("Qualifier") ?? "";
  if (!/^\d+$/.test(version))
    throw new ApiError(
      "InvalidParameterValueException",
      "The local Lambda deletes published versions only: expected a Qualifier that is a number. Functions are the templates' to say.",
    );
  const aliases = functions.versions.aliasesOf(spec.name, version);
  if (aliases.length > 0)
    throw new ApiError(
      "ResourceConflictException",
      `Version ${version} of ${spec.name} can't be deleted: the alias ${aliases.join(", ")} points to it.`,
      409,
    );
  functions.versions.delete(spec.name, version);
  return { status: 204, body: "" };
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
