/** Why a stage does not go on: a pure look at what is known of it. */
import type { Graph, StageSpec } from "../graph.js";
import { type Readiness, readinessOf } from "../readiness.js";
import { type PipelineState, type StageState, stageIn } from "../state.js";
import { isActive, isComplete } from "../status.js";
import type { Attempts } from "./attempts.js";
import type { WaitsFor } from "./view.js";

export interface Waiting {
  readonly waitsFor: readonly WaitsFor[];
  /** Of one that will never begin. */
  readonly reason?: string;
}

/** Of a stage that nothing else belongs to. */
export function waitsOfUnbegun({ stages }: Graph, state: PipelineState, stage: StageSpec): Waiting {
  const readiness: Readiness = readinessOf(stages, state, stage);
  if (readiness.is === "never") return { waitsFor: [], reason: `it will not begin: ${readiness.why}` };
  const open = stage.requisites.filter((id) => !isComplete(stageIn(state, id).status));
  if (open.length > 0) return { waitsFor: [{ for: "stages", stages: open }] };
  const { milestone, mutex } = stage;
  if (milestone !== undefined && stageIn(state, milestone.stage).status !== milestone.status)
    return { waitsFor: [{ for: "milestone", ...milestone }] };
  const holder = stages.find(
    (other) =>
      mutex !== undefined &&
      other.mutex === mutex &&
      other.refId !== stage.refId &&
      isActive(stageIn(state, other.refId).status),
  );
  return { waitsFor: holder === undefined ? [] : [{ for: "mutex", stage: holder.refId }] };
}

/** It has begun, and before anything of it does its window has to open. */
export function waitsForWindow({ stages }: PipelineState, stage: StageState, { window }: StageSpec): boolean {
  const isUntouched = stage.tasks.every(({ status }) => status === "NOT_STARTED");
  const hasParts = [...stages.values()].some(({ parent }) => parent === stage.refId);
  return window !== undefined && stage.status === "RUNNING" && isUntouched && !hasParts;
}

/** @param attempts of its tasks, in their order */
export function waitsOfActive(
  stage: StageState,
  attempts: readonly Attempts[],
  pipeline: { readonly name: string; readonly executionId?: string } | undefined,
): Waiting {
  if (stage.status === "SUSPENDED") return { waitsFor: [{ for: "signal", stage: stage.refId }] };
  const waitsFor = stage.tasks.flatMap(({ name, status }, index): WaitsFor[] => {
    const { retryAt, againAt } = attempts[index] ?? {};
    if (!isActive(status)) return [];
    if (retryAt !== undefined) return [{ for: "retry", task: name, at: retryAt }];
    return againAt === undefined ? [] : [{ for: "timer", task: name, at: againAt }];
  });
  if (pipeline === undefined || stage.tasks.some(({ status }) => !isComplete(status))) return { waitsFor };
  const { name, executionId } = pipeline;
  return {
    waitsFor: [{ for: "pipeline", pipeline: name, ...(executionId === undefined ? {} : { executionId }) }],
  };
}
