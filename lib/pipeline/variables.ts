/** What expressions of a stage can name. */
import type { JsonObject } from "./json-value.js";

/** The keys of its context; `context`, which holds them all; `trigger`, what the pipeline was started with. Keys of these two names are hidden by them. */
export function variablesOf(context: JsonObject, trigger: JsonObject): JsonObject {
  return { ...context, context, trigger };
}
