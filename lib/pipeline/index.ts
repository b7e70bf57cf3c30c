/** `holdfast/pipeline`: pipelines of stages, as workflows. See docs/pipelines.md. */

export { CONTROL, type Control } from "./control.js";
export {
  ExpressionError,
  InvalidPipelineError,
  PipelineControlError,
  PipelineFailedError,
  type PipelineIssue,
} from "./errors.js";
export type {
  Concurrency,
  Graph,
  InstancesSpec,
  Join,
  Reducer,
  StageSpec,
  TaskSpec,
  Verification,
} from "./graph.js";
export { type JsonPipelineInput, type JsonPipelines, pipelinesFromJson } from "./json/from-json.js";
export {
  type BuildParts,
  type StageType,
  type StageTypeOptions,
  stageType,
  type TypedPart,
} from "./json/stage-type.js";
export type { Json, JsonObject } from "./json-value.js";
export {
  type PartOptions,
  type Pipeline,
  type PipelineOptions,
  pipeline,
  type StageOptions,
  type TaskOptions,
} from "./pipeline.js";
export type { PipelineResult } from "./run.js";
export { signalNameOf } from "./signals.js";
export type { Failure, Signal } from "./state.js";
export type { CompleteStatus, HaltStatus, Status } from "./status.js";
export {
  jumpTo,
  running,
  suspended,
  type TaskBody,
  type TaskContext,
  type TaskResult,
  terminal,
} from "./task.js";
export type { ExecutionWindow, HoursOfDay, Jitter } from "./window.js";
