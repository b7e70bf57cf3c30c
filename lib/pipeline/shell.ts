/** What the parts of a running pipeline share: the workflow's context, what the pipeline is, and what has happened to it so far. */
import type { Context, StepContext } from "../define/context.js";
import { CancelledError, ExecutionTimeoutError } from "../model/errors.js";
import { contextOf } from "./contexts.js";
import type { Graph, StageSpec } from "./graph.js";
import type { JsonObject } from "./json-value.js";
import type { Library } from "./library.js";
import type { Change, PipelineState } from "./state.js";
import type { TaskContext } from "./task.js";

export interface Shell {
  readonly graph: Graph;
  readonly library: Library;
  readonly trigger: JsonObject;
  /** As it is now. */
  state(): PipelineState;
  /** @param ctx whose clock says when */
  tell(ctx: Context, change: Change): void;
}

/** What a task of a stage is given beside its step. */
export function givenTo(shell: Shell, spec: StageSpec): Omit<TaskContext, keyof StepContext> {
  const { graph, trigger } = shell;
  const { refId, type, name } = spec;
  return {
    pipeline: { application: graph.application, name: graph.name, trigger },
    stage: { refId, type, name },
    context: contextOf(graph, shell.state(), spec),
  };
}

/** It is for the whole execution, whichever of its tasks hears of it first. */
export function isInterruption(error: unknown): error is CancelledError | ExecutionTimeoutError {
  return error instanceof CancelledError || error instanceof ExecutionTimeoutError;
}

export function never(): Promise<never> {
  return new Promise(() => {});
}
