/** The code of a pipeline's tasks, and the language of its expressions: all that a pipeline needs beside its graph. */
import type { StageSpec } from "./graph.js";
import type { Json, JsonObject } from "./json-value.js";
import type { TaskCode } from "./task.js";

export interface Library {
  /** Undefined for a stage or a task that it has no code for. */
  codeOf(stage: { readonly refId: string; readonly type: string }, task: string): TaskCode | undefined;
  /** The stage's own context with what the expressions in it give. Absent: as it is. @throws Error for one that can't be judged */
  fillIn?(stage: StageSpec, variables: JsonObject): JsonObject;
  /** @throws Error for an expression that can't be judged */
  evaluate(expression: string, variables: JsonObject): Json;
}
