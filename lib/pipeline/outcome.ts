/** What a stage, and a pipeline, has come to: the rules of Orca, with what its users found wrong mended. */
import type { StageSpec } from "./graph.js";
import { isDispensable } from "./readiness.js";
import { type PipelineState, stageIn } from "./state.js";
import { type CompleteStatus, isHalt, type Status } from "./status.js";

/**
 * The status of a stage whose parts have ended: its stages before, its tasks and, where those did well, its stages after.
 *
 * | of its parts                        | it is                                                                                  |
 * |-------------------------------------|----------------------------------------------------------------------------------------|
 * | one is TERMINAL                     | FAILED_CONTINUE, STOPPED or TERMINAL, as it says of its own failure                     |
 * | else one is STOPPED                 | STOPPED                                                                                |
 * | else one is CANCELED                | CANCELED                                                                               |
 * | else one is FAILED_CONTINUE         | FAILED_CONTINUE                                                                        |
 * | anything else (none at all, too)    | SUCCEEDED                                                                              |
 */
export function stageOutcome(spec: StageSpec, parts: readonly Status[]): CompleteStatus {
  if (parts.includes("TERMINAL")) return failureOf(spec);
  if (parts.includes("STOPPED")) return "STOPPED";
  if (parts.includes("CANCELED")) return "CANCELED";
  return parts.includes("FAILED_CONTINUE") ? "FAILED_CONTINUE" : "SUCCEEDED";
}

/** What its failure makes of a stage. */
export function failureOf(spec: StageSpec): CompleteStatus {
  if (spec.continuePipelineOnFailure) return "FAILED_CONTINUE";
  return spec.failPipeline && !spec.completeOtherBranchesThenFail ? "TERMINAL" : "STOPPED";
}

/** A stage that ended so that the whole pipeline fails at once, if there is one: what runs beside it is canceled. */
export function fatalIn(stages: readonly StageSpec[], state: PipelineState): StageSpec | undefined {
  return stages.find(
    ({ refId }) => stageIn(state, refId).status === "TERMINAL" && !isDispensable(stages, state, refId),
  );
}

/**
 * The status of a pipeline in which nothing runs and nothing can begin. One without stages has failed: nobody meant it so.
 *
 * | of its stages                                                        | it is     |
 * |----------------------------------------------------------------------|-----------|
 * | there are none, or one is TERMINAL that is needed                    | TERMINAL  |
 * | else one is CANCELED                                                 | CANCELED  |
 * | else one is STOPPED that completes other branches, then fails        | TERMINAL  |
 * | anything else                                                        | SUCCEEDED |
 */
export function pipelineOutcome(stages: readonly StageSpec[], state: PipelineState): CompleteStatus {
  if (stages.length === 0 || fatalIn(stages, state) !== undefined) return "TERMINAL";
  const halted = stages.filter(({ refId }) => isHalt(stageIn(state, refId).status));
  if (halted.some(({ refId }) => stageIn(state, refId).status === "CANCELED")) return "CANCELED";
  const fails = halted.some(
    ({ refId, completeOtherBranchesThenFail }) =>
      completeOtherBranchesThenFail && stageIn(state, refId).status === "STOPPED",
  );
  return fails ? "TERMINAL" : "SUCCEEDED";
}
