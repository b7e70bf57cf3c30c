/** What has happened to a pipeline so far: a fold of its changes, which its history gives again at every replay. */
import type { EpochMs } from "../model/time.js";
import type { JsonObject } from "./json-value.js";
import { merge } from "./merge.js";
import { type CompleteStatus, isComplete, mayBecome, type Status } from "./status.js";

export interface TaskState {
  readonly name: string;
  readonly status: Status;
  readonly startedAt?: EpochMs;
  readonly endedAt?: EpochMs;
  readonly error?: Failure;
}

/** What went wrong, in a form that is shown and judged by expressions. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

export interface StageState {
  readonly refId: string;
  /** Of a synthetic stage: the one that it belongs to. */
  readonly parent?: string;
  readonly status: Status;
  readonly startedAt?: EpochMs;
  readonly endedAt?: EpochMs;
  /** Of its own: what it was given, and what its tasks, jumps and signals added. */
  readonly context: JsonObject;
  readonly outputs: JsonObject;
  readonly tasks: readonly TaskState[];
  readonly error?: Failure;
  /** Why it was skipped, canceled or never began. */
  readonly reason?: string;
  /** How often it was made anew, by a restart or a jump. */
  readonly rounds: number;
  /** How often it has ended and begun once more, since it merges: in this round. */
  readonly repeats: number;
  /** How often it has jumped. */
  readonly jumps: number;
  /** A jump led here: it begins whatever it would wait for. */
  readonly bypass?: boolean;
  /** What it chose of the stages that wait for it. Absent where it has no split, or has not ended. */
  readonly chose?: readonly string[];
}

/** A signal that a stage was sent. */
export interface Signal {
  readonly name: string;
  readonly data?: JsonObject;
}

export interface PipelineState {
  readonly stages: ReadonlyMap<string, StageState>;
  readonly startedAt: EpochMs;
  readonly endedAt?: EpochMs;
  readonly status: Status;
}

export type Change =
  | {
      readonly type: "StageStarted";
      readonly stage: string;
      readonly parent?: string;
      readonly context: JsonObject;
      readonly tasks: readonly string[];
    }
  | { readonly type: "TaskStarted"; readonly stage: string; readonly task: string }
  | {
      readonly type: "TaskEnded";
      readonly stage: string;
      readonly task: string;
      readonly status: CompleteStatus;
      readonly error?: Failure;
    }
  /** A task said something of its stage. */
  | {
      readonly type: "StageTold";
      readonly stage: string;
      readonly outputs?: JsonObject;
      readonly context?: JsonObject;
    }
  | { readonly type: "StageWaits"; readonly stage: string }
  | { readonly type: "StageGoesOn"; readonly stage: string }
  | {
      readonly type: "StageEnded";
      readonly stage: string;
      readonly status: CompleteStatus;
      readonly error?: Failure;
      readonly reason?: string;
      readonly chose?: readonly string[];
    }
  /** It is as if it had never begun. */
  | {
      readonly type: "StageReset";
      readonly stage: string;
      readonly context?: JsonObject;
      readonly bypass?: boolean;
    }
  | { readonly type: "StageJumped"; readonly stage: string }
  /** It merges, and begins once more. */
  | { readonly type: "StageRepeated"; readonly stage: string }
  /** All that is known of it, of an execution before this one. */
  | { readonly type: "StageKept"; readonly stage: string; readonly state: StageState }
  /** It waits for a place among those that may run at once; and has one. */
  | { readonly type: "PipelineBuffered" }
  | { readonly type: "PipelineStarted" }
  | { readonly type: "PipelineEnded"; readonly status: CompleteStatus };

export function initialState(startedAt: EpochMs): PipelineState {
  return { stages: new Map(), startedAt, status: "RUNNING" };
}

/** Of a stage that nothing was heard of yet. */
export function stageIn(state: PipelineState, refId: string): StageState {
  return (
    state.stages.get(refId) ?? {
      refId,
      status: "NOT_STARTED",
      context: {},
      outputs: {},
      tasks: [],
      rounds: 0,
      repeats: 0,
      jumps: 0,
    }
  );
}

/**
 * @param at when it happened, by the clock of the history
 * @throws TypeError for a status that may not follow the one before: a mistake of this library, which nobody's pipeline can make
 */
export function changed(state: PipelineState, change: Change, at: EpochMs): PipelineState {
  switch (change.type) {
    case "PipelineBuffered":
      return { ...state, status: "BUFFERED" };
    case "PipelineStarted":
      return { ...state, status: "RUNNING", startedAt: at };
    case "PipelineEnded":
      return { ...state, status: change.status, endedAt: at };
  }
  const stage = stageAfter(stageIn(state, change.stage), change, at);
  const stages = new Map(state.stages).set(change.stage, stage);
  if (change.type === "StageReset" || change.type === "StageRepeated")
    for (const id of syntheticOf(state, change.stage)) stages.delete(id);
  return { ...state, stages };
}

/** Ids of the stages that belong to one, and of those that belong to them. */
export function syntheticOf(state: PipelineState, refId: string): string[] {
  const own = [...state.stages.values()].filter(({ parent }) => parent === refId).map((stage) => stage.refId);
  return [...own, ...own.flatMap((id) => syntheticOf(state, id))];
}

function stageAfter(
  stage: StageState,
  change: Extract<Change, { readonly stage: string }>,
  at: EpochMs,
): StageState {
  const into = (status: Status): { readonly status: Status } => {
    if (mayBecome(stage.status, status)) return { status };
    throw new TypeError(`Stage "${stage.refId}" is ${stage.status}, and was to become ${status}.`);
  };
  switch (change.type) {
    case "StageStarted":
      return {
        ...stage,
        ...into("RUNNING"),
        ...(change.parent === undefined ? {} : { parent: change.parent }),
        startedAt: at,
        context: change.context,
        tasks: change.tasks.map((name) => ({ name, status: "NOT_STARTED" })),
      };
    case "TaskStarted":
      return taskAfter(stage, change.task, (task) => ({
        ...task,
        status: "RUNNING",
        startedAt: task.startedAt ?? at,
      }));
    case "TaskEnded": {
      const { status, error } = change;
      return taskAfter(stage, change.task, (task) => ({
        ...task,
        status,
        endedAt: at,
        ...(error === undefined ? {} : { error }),
      }));
    }
    case "StageTold":
      return {
        ...stage,
        outputs: merge(stage.outputs, change.outputs ?? {}),
        context: { ...stage.context, ...change.context },
      };
    case "StageWaits":
      return { ...stage, ...into("SUSPENDED") };
    case "StageGoesOn":
      return { ...stage, ...into("RUNNING") };
    case "StageEnded": {
      const { status, error, reason, chose } = change;
      return {
        ...stage,
        ...into(status),
        endedAt: at,
        // What was under way in it ends with it.
        tasks: stage.tasks.map((task) =>
          isComplete(task.status) || task.status === "NOT_STARTED"
            ? task
            : { ...task, status: "CANCELED", endedAt: at },
        ),
        ...(error === undefined ? {} : { error }),
        ...(reason === undefined ? {} : { reason }),
        ...(chose === undefined ? {} : { chose }),
      };
    }
    case "StageReset":
      return {
        ...stageIn(NOTHING, stage.refId),
        ...(stage.parent === undefined ? {} : { parent: stage.parent }),
        context: change.context ?? {},
        ...(change.bypass ? { bypass: true } : {}),
        rounds: stage.rounds + 1,
        jumps: stage.jumps,
      };
    case "StageRepeated":
      return {
        ...stageIn(NOTHING, stage.refId),
        // What it gave for those before stays.
        outputs: stage.outputs,
        rounds: stage.rounds,
        jumps: stage.jumps,
        repeats: stage.repeats + 1,
      };
    case "StageKept":
      return change.state;
    case "StageJumped":
      return { ...stage, jumps: stage.jumps + 1 };
  }
}

const NOTHING: PipelineState = initialState(0);

function taskAfter(stage: StageState, name: string, after: (task: TaskState) => TaskState): StageState {
  return { ...stage, tasks: stage.tasks.map((task) => (task.name === name ? after(task) : task)) };
}
