/**
 * Whether a stage that has not begun may begin. One table; the branches below are its rows, in this order.
 *
 * | the stage                                                        | then                                |
 * |------------------------------------------------------------------|-------------------------------------|
 * | was not chosen by a split, and nobody else leads to it           | skip                                |
 * | another stage of its choice has won                              | skip                                |
 * | its join can't come about any more                               | never                               |
 * | its join has not come about yet                                  | wait                                |
 * | its milestone is past                                            | skip                                |
 * | its milestone is not reached                                     | wait                                |
 * | another stage with its mutex runs                                | wait                                |
 * | anything else                                                    | begin                               |
 */
import { type Join, type StageSpec, stageById } from "./graph.js";
import { lookAt } from "./looked-at.js";
import { type PipelineState, stageIn } from "./state.js";
import { isActive, isComplete, isContinuable, isHalt } from "./status.js";

export type Readiness =
  | { readonly is: "ready" | "waiting" }
  | { readonly is: "skip" | "never"; readonly why: string };

export function readinessOf(stages: readonly StageSpec[], state: PipelineState, stage: StageSpec): Readiness {
  return lookAt(stages, state).readiness(stage.refId, () => judge(stages, state, stage));
}

function judge(stages: readonly StageSpec[], state: PipelineState, stage: StageSpec): Readiness {
  const { bypass } = stageIn(state, stage.refId);
  const leads = stage.requisites.filter((id) => leadsTo(stages, state, id, stage.refId));
  if (stage.requisites.length > 0 && leads.length === 0 && !bypass)
    return { is: "skip", why: "no split before it chose it" };
  const winner = winnerOf(stages, state, stage);
  if (winner !== undefined) return { is: "skip", why: `stage "${winner}" was chosen instead of it` };
  const joined = bypass ? READY : joinOf(stages, state, stage, leads);
  if (joined.is !== "ready") return joined;
  return milestoneOf(state, stage) ?? mutexOf(stages, state, stage) ?? READY;
}

const READY: Readiness = { is: "ready" };

/**
 * Whether a stage before it leads to it. One that a split left out leads nowhere, and neither does one that was skipped since no split
 * before it chose it.
 */
function leadsTo(stages: readonly StageSpec[], state: PipelineState, from: string, to: string): boolean {
  const spec = stageById(stages, from);
  const { status, chose } = stageIn(state, from);
  if (spec === undefined) return true;
  if (chose !== undefined && !chose.includes(to)) return false;
  return !(status === "SKIPPED" && isUnchosen(stages, state, spec));
}

function isUnchosen(
  stages: readonly StageSpec[],
  state: PipelineState,
  { refId, requisites }: StageSpec,
): boolean {
  return lookAt(stages, state).unchosen(
    refId,
    () => requisites.length > 0 && requisites.every((id) => !leadsTo(stages, state, id, refId)),
  );
}

function joinOf(
  stages: readonly StageSpec[],
  state: PipelineState,
  stage: StageSpec,
  leads: readonly string[],
): Readiness {
  const { join } = stage;
  const statuses = leads.map((id) =>
    mayRunAgain(stages, state, id) ? "RUNNING" : stageIn(state, id).status,
  );
  const passed = statuses.filter(isContinuable).length;
  const halted = leads.filter((_, index) => isHalt(statuses[index] ?? "NOT_STARTED"));
  const open = statuses.filter((status) => !isComplete(status)).length;
  const never = (why: string): Readiness => ({ is: "never", why });
  switch (join.type) {
    case "AND":
    case "OR":
      if (halted.length > 0) return never(`stage "${halted[0]}" halted`);
      return { is: open === 0 ? "ready" : "waiting" };
    case "MULTI_MERGE": {
      // It runs once for each that has passed.
      const { repeats, status } = stageIn(state, stage.refId);
      const done = repeats + (isComplete(status) ? 1 : 0);
      if (stage.requisites.length === 0 || passed > done) return { is: "ready" };
      return open > 0 ? { is: "waiting" } : never("no stage is left that leads to it");
    }
    default: {
      const threshold = stage.requisites.length === 0 ? 0 : thresholdOf(join, leads.length);
      if (passed >= threshold) return { is: "ready" };
      if (passed + open >= threshold) return { is: "waiting" };
      return never(`only ${passed} of the ${threshold} stages that it needs can still end well`);
    }
  }
}

/** A stage that runs once for each before it has ended only when there are no more of them. */
function mayRunAgain(stages: readonly StageSpec[], state: PipelineState, refId: string): boolean {
  const spec = stageById(stages, refId);
  if (spec === undefined || !repeats(spec, state)) return false;
  return readinessOf(stages, state, spec).is !== "never";
}

/** One that ended well, and was not skipped, runs once more for the next that it merges. */
export function repeats({ refId, join, requisites }: StageSpec, state: PipelineState): boolean {
  const { status } = stageIn(state, refId);
  const hasRun = status === "SUCCEEDED" || status === "FAILED_CONTINUE";
  return join.type === "MULTI_MERGE" && requisites.length > 0 && hasRun;
}

/** None, or less, means all of them. */
function thresholdOf(join: Join, leads: number): number {
  if (join.type !== "N_OF_M") return 1;
  return join.threshold <= 0 ? leads : join.threshold;
}

/** Whether what follows a stage can do without it: every stage that waits for it has its quorum, or can still have it. */
export function isDispensable(stages: readonly StageSpec[], state: PipelineState, refId: string): boolean {
  const after = stages.filter(({ requisites }) => requisites.includes(refId));
  return (
    after.length > 0 &&
    after.every(({ join }) => join.type === "N_OF_M" || join.type === "DISCRIMINATOR") &&
    after.every((stage) => {
      if (stageIn(state, stage.refId).status !== "NOT_STARTED") return true;
      return readinessOf(stages, state, stage).is !== "never";
    })
  );
}

/** Who has won the choice that the stage is of. */
function winnerOf(
  stages: readonly StageSpec[],
  state: PipelineState,
  { refId, choice }: StageSpec,
): string | undefined {
  if (choice === undefined) return undefined;
  return stages.find((other) => other.refId !== refId && other.choice === choice && hasChosen(state, other))
    ?.refId;
}

/** One that only waits for its first signal has chosen nothing yet. */
export function hasChosen(state: PipelineState, { refId, tasks }: StageSpec): boolean {
  const stage = stageIn(state, refId);
  if (stage.status === "NOT_STARTED" || stage.status === "SKIPPED") return false;
  // What was under way when it was stopped has chosen nothing either.
  const isOffered = stage.tasks.every(({ status }) => !isComplete(status) || status === "CANCELED");
  return tasks.length === 0 || !isOffered;
}

function milestoneOf(state: PipelineState, { milestone }: StageSpec): Readiness | undefined {
  if (milestone === undefined) return undefined;
  const { status } = stageIn(state, milestone.stage);
  if (status === milestone.status) return undefined;
  return isComplete(status)
    ? {
        is: "skip",
        why: `stage "${milestone.stage}" is ${status}, and its milestone was ${milestone.status}`,
      }
    : { is: "waiting" };
}

function mutexOf(
  stages: readonly StageSpec[],
  state: PipelineState,
  { refId, mutex }: StageSpec,
): Readiness | undefined {
  const isHeld =
    mutex !== undefined &&
    stages.some(
      (other) =>
        other.refId !== refId && other.mutex === mutex && isActive(stageIn(state, other.refId).status),
    );
  return isHeld ? { is: "waiting" } : undefined;
}
