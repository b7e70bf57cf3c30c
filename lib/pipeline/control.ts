/** What people may ask of a pipeline while it runs, and what that means for its stages: pure. */
import { restartOf } from "./anew.js";
import { PipelineControlError } from "./errors.js";
import type { Graph, StageSpec } from "./graph.js";
import type { Json, JsonObject } from "./json-value.js";
import { type PipelineState, stageIn } from "./state.js";
import { isActive, isComplete } from "./status.js";

/** The update of a pipeline's execution that takes a {@link Control}: `client.update(id, "pipeline", { do: "skip", stage: "test" })`. */
export const CONTROL = "pipeline";

/**
 * | do      | to a stage                                                                                                          |
 * |---------|---------------------------------------------------------------------------------------------------------------------|
 * | skip    | that has not ended: it ends SKIPPED, and what waits for it goes on                                                    |
 * | cancel  | that has not ended, or all such stages of a region: they end CANCELED, and what waits for them does not begin          |
 * | restart | that has ended: it, and all that comes after it, begins anew                                                          |
 * | signal  | that is suspended: it goes on with the signal. Of one that is not nothing is kept; `client.signal` keeps it            |
 * | add     | with instances at work: one more of them                                                                              |
 */
export type Control =
  | { readonly do: "skip" | "restart" | "cancel"; readonly stage: string; readonly reason?: string }
  | { readonly do: "cancel"; readonly region: string; readonly reason?: string }
  | { readonly do: "signal"; readonly stage: string; readonly name: string; readonly data?: JsonObject }
  | { readonly do: "add"; readonly stage: string; readonly item: Json };

/** In this order. */
export interface Plan {
  /** Those that run: ended first. */
  readonly stop: readonly string[];
  /** Those that have not begun. */
  readonly end: readonly string[];
  /** Those of which nothing is left. */
  readonly reset: readonly string[];
}

/** @throws PipelineControlError: nothing was done */
export function planOf(
  { stages }: Graph,
  state: PipelineState,
  control: Extract<Control, { readonly do: "skip" | "restart" | "cancel" }>,
): Plan {
  if ("region" in control) {
    const members = stages.filter(({ region }) => region === control.region);
    if (members.length === 0) throw new PipelineControlError(`no stage is of region "${control.region}"`);
    const open = members.filter(({ refId }) => !isComplete(stageIn(state, refId).status));
    if (open.length === 0)
      throw new PipelineControlError(`all stages of region "${control.region}" have ended`);
    return toEnd(state, open);
  }
  const { refId } = knownStage(stages, control.stage);
  const { status } = stageIn(state, refId);
  if (control.do !== "restart") {
    if (isComplete(status)) throw new PipelineControlError(`stage "${refId}" has ended: it is ${status}`);
    return toEnd(state, [{ refId }]);
  }
  if (!isComplete(status)) {
    const next = isActive(status) ? "cancel or skip it first" : "it will begin by itself";
    throw new PipelineControlError(
      `stage "${refId}" is ${status}, and only what has ended begins anew; ${next}`,
    );
  }
  const { reset } = restartOf(stages, refId);
  return {
    stop: reset.filter((id) => isActive(stageIn(state, id).status)),
    end: [],
    reset: reset.filter((id) => stageIn(state, id).status !== "NOT_STARTED"),
  };
}

/** @throws PipelineControlError */
export function knownStage(stages: readonly StageSpec[], refId: unknown): StageSpec {
  const found = stages.find((stage) => stage.refId === refId);
  if (found !== undefined) return found;
  const known = stages.map((stage) => stage.refId).join(", ");
  throw new PipelineControlError(`there is no stage ${JSON.stringify(refId)}; there are ${known || "none"}`);
}

function toEnd(state: PipelineState, stages: readonly Pick<StageSpec, "refId">[]): Plan {
  const ids = stages.map(({ refId }) => refId);
  const isRunning = (id: string): boolean => isActive(stageIn(state, id).status);
  return { stop: ids.filter(isRunning), end: ids.filter((id) => !isRunning(id)), reset: [] };
}
