/** What a stage sees, and which of the stages behind it a stage chooses: pure looks at the graph and the state. */
import {
  afterId,
  beforeId,
  downstreamOf,
  type Graph,
  instanceId,
  onFailureId,
  type StageSpec,
} from "./graph.js";
import type { JsonObject } from "./json-value.js";
import type { Library } from "./library.js";
import { merge, mergedOutputs, reduced } from "./merge.js";
import { type PipelineState, stageIn } from "./state.js";
import { variablesOf } from "./variables.js";

/**
 * The outputs of the stages before it, then its own context, then its own outputs. A stage that belongs to another sees what that one sees
 * instead. Of a key that several have the later counts; lists are joined.
 */
export function contextOf(graph: Graph, state: PipelineState, spec: StageSpec): JsonObject {
  const { context, outputs, startedAt, parent } = stageIn(state, spec.refId);
  // Once it has begun, its own context is filled in, and what it was given since is in it.
  const own = startedAt === undefined ? merge(spec.context, context) : context;
  const merged = [own, outputs].reduce(merge, contextAround(graph, state, spec, parent));
  // An instance's own, even where it is a list, and a stage before it gave one of that name.
  return spec.refId.includes("#") && "item" in context ? { ...merged, item: context.item ?? null } : merged;
}

/** What a stage sees that is not its own. */
export function contextAround(
  graph: Graph,
  state: PipelineState,
  spec: StageSpec,
  parent: string | undefined,
): JsonObject {
  const around = parent === undefined ? undefined : specOf(graph, parent);
  return around === undefined ? outputsBefore(graph, state, spec) : contextOf(graph, state, around);
}

function outputsBefore({ stages }: Graph, state: PipelineState, { refId, reducers }: StageSpec): JsonObject {
  const outputsOf = (id: string): JsonObject => stageIn(state, id).outputs;
  const merged = mergedOutputs(stages, refId, outputsOf);
  return reducers === undefined ? merged : { ...merged, ...reduced(stages, refId, reducers, outputsOf) };
}

/** Stages that belong to others are found by the ids that they run under. */
export function specOf({ stages }: Graph, refId: string): StageSpec | undefined {
  const [, of, number] = /^(.*)#(\d+)$/s.exec(refId) ?? [];
  if (of === undefined) return find(stages, refId);
  const parent = find(stages, of);
  return parent && instanceOf(parent, Number(number) - 1);
}

/** What surrounds the tasks is of the stage as a whole. */
export function instanceOf({ instances: _, pipeline: __, ...spec }: StageSpec, index: number): StageSpec {
  return { ...spec, refId: instanceId(spec.refId, index), before: [], after: [], onFailure: [] };
}

function find(stages: readonly StageSpec[], refId: string): StageSpec | undefined {
  for (const stage of stages) {
    const found = stage.refId === refId ? stage : find(syntheticSpecs(stage), refId);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The stages that belong to one, each under the id that it runs under. */
export function syntheticSpecs({ refId, before, after, onFailure }: StageSpec): StageSpec[] {
  return [
    ...before.map((stage, index) => ({ ...stage, refId: beforeId(refId, index) })),
    ...after.map((stage, index) => ({ ...stage, refId: afterId(refId, index) })),
    ...onFailure.map((stage, index) => ({ ...stage, refId: onFailureId(refId, index) })),
  ];
}

/** Of the stages that wait for it those that begin, where it says so; at least one. */
export function chosenBy(
  graph: Graph,
  state: PipelineState,
  spec: StageSpec,
  { evaluate }: Pick<Library, "evaluate">,
  trigger: JsonObject,
): string[] | undefined {
  const { refId, split } = spec;
  if (split === undefined) return undefined;
  const after = downstreamOf(graph.stages, refId).map((stage) => stage.refId);
  const variables = variablesOf(contextOf(graph, state, spec), trigger);
  const chosen = after.filter((id) => {
    const condition = Object.hasOwn(split, id) ? split[id] : undefined;
    if (condition === undefined) return true;
    try {
      return evaluate(condition, variables) === true;
    } catch {
      // One that can't be judged is no reason to begin.
      return false;
    }
  });
  return chosen.length > 0 ? chosen : after.slice(0, 1);
}
