/**
 * What runs inside a function's process: it imports the handler, then answers invocations one at a time
 * over IPC. It is a plain script, written to a file at start-up, so that it runs the same whether we
 * ourselves run from TypeScript or from the build, and so that no loader of ours leaks into a function.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Parent to child. */
export interface InvokeMessage {
  readonly requestId: string;
  readonly payload: string;
  /** When the invocation will be killed, in real ms since 1970, by the clock of the cloud's process. */
  readonly deadlineMs: number;
}

/** Child to parent. */
export type ChildMessage =
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly requestId: string; readonly payload: string }
  | {
      readonly type: "failed";
      /** The invocation that failed; absent when none was running, at the import of the module for one. */
      readonly requestId?: string;
      readonly error: FunctionError;
      /** The process ends itself after this message. */
      readonly exiting: boolean;
    };

/** What AWS puts into the payload of an invocation that failed. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

const SOURCE = String.raw`
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The SDK tells everybody who runs Node 20 to upgrade, once per process; on a laptop that is once per
// function and restart, and drowns the function's own words.
const emitWarning = process.emitWarning;
process.emitWarning = function (warning, ...rest) {
  if (String(warning).startsWith("NodeVersionSupportWarning")) return;
  return emitWarning.call(process, warning, ...rest);
};

// The local cloud is gone: so are we.
process.on("disconnect", () => process.exit(0));

const env = process.env;
let running;

// A clock that is off is off for all that runs here. Lambda counts down what is left of an invocation on its own.
const RealDate = Date;
const skewMs = Number(env.HOLDFAST_CLOCK_SKEW_MS ?? 0);
if (skewMs !== 0) {
  const now = () => RealDate.now() + skewMs;
  globalThis.Date = new Proxy(RealDate, {
    get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
    construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made),
    apply: () => new RealDate(now()).toString(),
  });
}

const describe = (error) => {
  if (error instanceof Error)
    return { errorType: error.name, errorMessage: error.message, trace: String(error.stack ?? "").split("\n") };
  return { errorType: typeof error, errorMessage: typeof error === "string" ? error : JSON.stringify(error) ?? "undefined" };
};
// Our own errors say what was wrong and what to do next; where they come from is minified, and nothing that anybody can mend.
const isOurs = (error) => {
  for (let at = error; at != null; at = Object.getPrototypeOf(at)) if (at.constructor?.name === "HoldfastError") return true;
  return false;
};
const tell = (message) => process.connected ? new Promise((sent) => process.send(message, sent)) : Promise.resolve();
const die = async (errorType, error) => {
  console.error(error);
  await tell({ type: "failed", requestId: running, error: { ...describe(error), errorType }, exiting: true });
  process.exit(1);
};
process.on("uncaughtException", (error) => die("Runtime.UncaughtException", error));
process.on("unhandledRejection", (error) => die("Runtime.UnhandledPromiseRejection", error));

const load = async () => {
  const at = env._HANDLER.lastIndexOf(".");
  const name = env._HANDLER.slice(at + 1);
  const base = join(env.LAMBDA_TASK_ROOT, env._HANDLER.slice(0, at));
  const file = [".mjs", ".cjs", ".js"].map((end) => base + end).find((path) => existsSync(path));
  if (file === undefined)
    throw Object.assign(new Error("Cannot find " + base + " with the extension .mjs, .cjs or .js."), { name: "Runtime.ImportModuleError" });
  const module = await import(pathToFileURL(file).href);
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler !== "function")
    throw Object.assign(new Error(env._HANDLER + " is undefined or not exported"), { name: "Runtime.HandlerNotFound" });
  return handler;
};

const call = (handler, event, context) =>
  new Promise((resolve, reject) => {
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    const answer = handler(event, context, callback);
    // A handler with three parameters may answer through the callback, any other by what it returns.
    if (typeof answer?.then === "function") answer.then(resolve, reject);
    else if (handler.length < 3) resolve(answer);
  });

const contextOf = ({ requestId, deadlineMs }) => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName: env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: env.HOLDFAST_FUNCTION_ARN,
  memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  awsRequestId: requestId,
  logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  getRemainingTimeInMillis: () => Math.max(0, deadlineMs - RealDate.now()),
});

const handler = await load().catch(async (error) => {
  console.error(error);
  await tell({ type: "failed", error: describe(error), exiting: true });
  process.exit(1);
});

process.on("message", async (message) => {
  const { requestId } = message;
  running = requestId;
  try {
    const value = await call(handler, JSON.parse(message.payload), contextOf(message));
    running = undefined;
    await tell({ type: "done", requestId, payload: JSON.stringify(value) ?? "null" });
  } catch (error) {
    running = undefined;
    console.error(isOurs(error) ? error.name + ": " + error.message : error);
    await tell({ type: "failed", requestId, error: describe(error), exiting: false });
  }
});
await tell({ type: "ready" });
`;

/** Writes the script into a directory of the cloud's own and returns its path. */
export const writeBootstrap = (directory: string): string => {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "function-bootstrap.mjs");
  writeFileSync(path, SOURCE.trimStart());
  return path;
};
