/** What expressions of a stage can name. */
import type { JsonObject } from "../json-value.js";

/** The keys of its context, and `trigger`: what the pipeline was started with. A key of this name is hidden by it. */
export function variablesOf(context: JsonObject, trigger: JsonObject): JsonObject {
  return { ...context, trigger };
}
