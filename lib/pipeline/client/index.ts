/** Reading and steering pipelines: the public part. */
export {
  PipelineClient,
  type PipelineListOptions,
  type PipelinePage,
  type ShownPipeline,
  type SignalOptions,
  type StageControlOptions,
} from "./client.js";
export { NotAPipelineError } from "./errors.js";
export { readPipeline } from "./read.js";
export type { ListedStatus, PipelineHead, PipelineSummary } from "./summary.js";
export type { Part, PipelineView, StageView, TaskException, TaskView, WaitsFor } from "./view.js";
