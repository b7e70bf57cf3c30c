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
import { isComplete } from "./status.js";

/** Beside the trigger, in the input of the execution that restarts another. */
const KEY = "_restart";

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
  const broken = stages
    .map((stage) => stage.refId)
    .filter((id) => ["TERMINAL", "CANCELED"].includes(stageIn(state, id).status));
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
  return { ...triggerIn(of.input), [KEY]: restart };
}

/** What it was started with, whichever execution of a row of restarts it is. */
export function triggerIn({ [KEY]: _, ...trigger }: JsonObject): JsonObject {
  return trigger;
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
