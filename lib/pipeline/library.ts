/** The code of a pipeline's tasks, and the language of its expressions: all that a pipeline needs beside its graph. */
import type { Json, JsonObject } from "./json-value.js";
import type { TaskCode } from "./task.js";

export interface Library {
  /** Undefined for a stage or a task that it has no code for. */
  codeOf(stage: { readonly refId: string; readonly type: string }, task: string): TaskCode | undefined;
  /** @throws Error for an expression that can't be judged */
  evaluate(expression: string, variables: JsonObject): Json;
}
