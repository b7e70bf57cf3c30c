/** Whether what a task gave is what it promised to give. */
import { NonRetryableError } from "../model/errors.js";
import type { TaskSpec, Verification } from "./graph.js";
import { isObject, type Json } from "./json-value.js";
import type { TaskResult } from "./task.js";

/** Throws what fails the attempt: for good, unless the verification allows it to be tried again. Only what has ended well is verified. */
export function verified({ name, verify }: TaskSpec, result: TaskResult): TaskResult {
  if (verify === undefined || (result.status ?? "SUCCEEDED") !== "SUCCEEDED") return result;
  const wrong = missing(verify, result);
  if (wrong === undefined) return result;
  const message = `The result of task "${name}" was not accepted: ${wrong}.`;
  throw verify.retries ? new Error(message) : new NonRetryableError(message);
}

function missing(
  { requiredKeys = [], types = {} }: Verification,
  { outputs = {} }: TaskResult,
): string | undefined {
  const absent = requiredKeys.find((key) => !Object.hasOwn(outputs, key));
  if (absent !== undefined) return `its outputs have no "${absent}"`;
  for (const [key, type] of Object.entries(types)) {
    const value = Object.hasOwn(outputs, key) ? outputs[key] : undefined;
    if (value !== undefined && typeOf(value) !== type)
      return `"${key}" was to be of type ${type}, and is of type ${typeOf(value)}`;
  }
  return undefined;
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  return isObject(value) ? "object" : value === null ? "null" : typeof value;
}
