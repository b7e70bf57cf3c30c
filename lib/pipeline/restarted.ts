/**
 * An execution that restarts one that has ended: a new one, which keeps of the other what is not made anew. The other's history stays what it
 * is, and both can be read side by side.
 */
import { restartOf } from "./anew.js";
import { knownStage } from "./control.js";
import { PipelineControlError } from "./errors.js";
import type { Graph } from "./graph.js";
import { isObject, type Json, type JsonObject } from "./json-value.js";
import { type PipelineState, type StageState, stageIn, syntheticOf } from "./state.js";
import { isComplete, isHalt } from "./status.js";

/** Beside the trigger, in the input of the execution that restarts another. */
const KEY = "_restart";

/** Beside the trigger, in the input of an execution whose pipeline came as data: that pipeline, as it was read. */
const GRAPH = "_graph";

/**
 * What to start the new execution with. Made anew are the stage and all that comes after it, and whatever the failure ended, or kept from
 * beginning; kept is the rest.
 * @param refId absent: only what did not end well
 * @throws PipelineControlError
 */
export function restartInput(
  { stages }: Graph,
  state: PipelineState,
  of: { readonly executionId: string; readonly input: JsonObject },
  refId?: string,
): JsonObject {
  const broken = stages.map((stage) => stage.refId).filter((id) => isHalt(stageIn(state, id).status));
  if (refId !== undefined) knownStage(stages, refId);
  const from = refId === undefined ? broken : [refId, ...broken];
  if (from.length === 0) throw new PipelineControlError("all of its stages ended well; name one to restart");
  const anew = new Set(from.flatMap((id) => restartOf(stages, id).reset));
  const kept = stages
    .map((stage) => stage.refId)
    .filter((id) => !anew.has(id) && isComplete(stageIn(state, id).status))
    .flatMap((id) => [id, ...syntheticOf(state, id)])
    .map((id) => stageIn(state, id));
  // Both are JSON by their types; a stage's state has optional members, which JSON leaves out.
  const restart = { executionId: of.executionId, kept: kept as unknown as Json };
  return { ...of.input, [KEY]: restart };
}

/** What it was started with, whichever execution of a row of restarts it is. */
export function triggerIn({ [KEY]: _, [GRAPH]: __, ...trigger }: JsonObject): JsonObject {
  return trigger;
}

export function withGraph(trigger: JsonObject, graph: Graph): JsonObject {
  // A graph is JSON by its types, but for optional members, which JSON leaves out.
  return { ...trigger, [GRAPH]: graph as unknown as Json };
}

/** Absent where the pipeline did not come as data. */
export function graphIn({ [GRAPH]: graph }: JsonObject): Graph | undefined {
  return graph === undefined ? undefined : (graph as unknown as Graph);
}

/** Of which execution it is a restart. */
export function restartedFrom({ [KEY]: restart }: JsonObject): string | undefined {
  const { executionId } = isObject(restart) ? restart : { executionId: undefined };
  return typeof executionId === "string" ? executionId : undefined;
}

export function keptIn({ [KEY]: restart }: JsonObject): StageState[] {
  const { kept } = isObject(restart) ? restart : { kept: [] };
  return Array.isArray(kept) ? (kept as unknown as StageState[]) : [];
}
