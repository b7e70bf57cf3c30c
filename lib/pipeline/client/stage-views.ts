/** What is shown of the stages of a pipeline, each with those that belong to it. */
import type { ChildRequested } from "../../model/history-event.js";
import type { EpochMs } from "../../model/time.js";
import { instanceOf, syntheticSpecs } from "../contexts.js";
import { afterId, beforeId, downstreamOf, type Graph, inOrder, type StageSpec } from "../graph.js";
import { merge } from "../merge.js";
import { type PipelineState, type StageState, stageIn, type TaskState } from "../state.js";
import { isActive } from "../status.js";
import { type AttemptEvent, type Attempts, attemptsOf, stepNameOf } from "./attempts.js";
import type { Part, StageView, TaskView } from "./view.js";
import { type Waiting, waitsForWindow, waitsOfActive, waitsOfUnbegun } from "./waits-for.js";

/** What is known beside the state. */
export interface Known {
  readonly attempts: ReadonlyMap<string, readonly AttemptEvent[]>;
  /** Of the history's last event. */
  readonly until: EpochMs;
  /** Stages of the execution that this one restarts. */
  readonly kept: readonly StageState[];
  /** Executions that it has started and that have not ended. */
  readonly children: readonly ChildRequested[];
}

export function stageViews(graph: Graph, state: PipelineState, known: Known): StageView[] {
  return inOrder(graph.stages).map((spec) => viewOf(graph, state, known, spec));
}

function viewOf(graph: Graph, state: PipelineState, known: Known, spec: StageSpec, part?: Part): StageView {
  const { refId, type, name, requisites } = spec;
  const stage = stageIn(state, refId);
  const { status, startedAt, endedAt, error, outputs, rounds, repeats, jumps, chose } = stage;
  const attempts = stage.tasks.map((task) =>
    attemptsOf(known.attempts.get(stepNameOf(refId, task.name)) ?? [], task, known.until),
  );
  const { waitsFor, reason = stage.reason } = waitingOf(graph, state, known, spec, { attempts, part });
  return {
    refId,
    name,
    type,
    status,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
    context: merge(spec.context, stage.context),
    outputs,
    rounds,
    repeats,
    jumps,
    ...(chose === undefined ? {} : { chose }),
    ...(isKept(stage, known) ? { kept: true } : {}),
    ...(waitsFor.length === 0 ? {} : { waitsFor }),
    tasks: tasksOf(spec, stage).map((task, index) => taskViewOf(task, attempts[index])),
    upstream: requisites,
    downstream: part === undefined ? downstreamOf(graph.stages, refId).map((after) => after.refId) : [],
    ...(part === undefined ? {} : { part }),
    synthetic: partsOf(state, spec).map(([one, how]) => viewOf(graph, state, known, one, how)),
  };
}

/** Of one that has not begun: as they stand in the graph. */
function tasksOf({ tasks, instances }: StageSpec, stage: StageState): readonly TaskState[] {
  if (stage.startedAt !== undefined) return stage.tasks;
  return instances === undefined ? tasks.map(({ name }) => ({ name, status: "NOT_STARTED" })) : [];
}

function taskViewOf(
  { name, status, startedAt, endedAt, error }: TaskState,
  { attempts, exceptions }: Attempts = { attempts: 0, exceptions: [] },
): TaskView {
  return {
    name,
    status,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(error === undefined ? {} : { error }),
    attempts,
    exceptions,
  };
}

/** In the order in which they run. Those on its failure are no part of it until it fails. */
function partsOf(state: PipelineState, spec: StageSpec): [StageSpec, Part][] {
  const parts = syntheticSpecs(spec).map((one): [StageSpec, Part] => [one, partIn(spec, one.refId)]);
  const of = (...wanted: Part[]) =>
    parts.filter(
      ([{ refId }, part]) => wanted.includes(part) && (part !== "onFailure" || state.stages.has(refId)),
    );
  return [...of("before"), ...instancesIn(state, spec), ...of("after", "onFailure")];
}

function partIn({ refId, before, after }: StageSpec, part: string): Part {
  if (before.some((_, index) => beforeId(refId, index) === part)) return "before";
  return after.some((_, index) => afterId(refId, index) === part) ? "after" : "onFailure";
}

/** As many as have begun: they stand in the state one after the other. */
function instancesIn(state: PipelineState, spec: StageSpec): [StageSpec, Part][] {
  if (spec.instances === undefined) return [];
  const found: [StageSpec, Part][] = [];
  for (let index = 0; state.stages.has(instanceOf(spec, index).refId); index++)
    found.push([instanceOf(spec, index), "instance"]);
  return found;
}

function waitingOf(
  graph: Graph,
  state: PipelineState,
  { children }: Known,
  spec: StageSpec,
  { attempts, part }: { readonly attempts: readonly Attempts[]; readonly part: Part | undefined },
): Waiting {
  const stage = stageIn(state, spec.refId);
  if (stage.status === "NOT_STARTED")
    return part === undefined && !isOver(state) ? waitsOfUnbegun(graph, state, spec) : { waitsFor: [] };
  if (!isActive(stage.status)) return { waitsFor: [] };
  if (waitsForWindow(state, stage, spec)) return { waitsFor: [{ for: "window" }] };
  const { pipeline } = spec;
  if (pipeline === undefined) return waitsOfActive(stage, attempts, undefined);
  const mine = children.filter(({ workflow }) => workflow === pipeline);
  const others = graph.stages.filter(
    (other) => other.pipeline === pipeline && isActive(stageIn(state, other.refId).status),
  );
  // Of several that run the same pipeline now the history does not say which child is whose.
  const [child] = mine.length === 1 && others.length === 1 ? mine : [];
  return waitsOfActive(stage, attempts, {
    name: pipeline,
    ...(child === undefined ? {} : { executionId: child.childId }),
  });
}

function isOver({ endedAt }: PipelineState): boolean {
  return endedAt !== undefined;
}

function isKept({ refId, rounds, startedAt }: StageState, { kept }: Known): boolean {
  return kept.some((one) => one.refId === refId && one.rounds === rounds && one.startedAt === startedAt);
}
