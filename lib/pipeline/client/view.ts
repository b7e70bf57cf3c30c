/** A pipeline's execution as it is shown: plain JSON, with all times in milliseconds since 1970. */
import type { EpochMs } from "../../model/time.js";
import type { JsonObject } from "../json-value.js";
import type { Failure } from "../state.js";
import type { Status } from "../status.js";

/** An execution of a pipeline, as it stands. Times are in milliseconds since 1970. */
export interface PipelineView {
  readonly executionId: string;
  readonly application: string;
  readonly name: string;
  readonly configId?: string;
  /**
   * PAUSED while the execution is paused; CANCELED also of one that was terminated, or cancelled before it began; NOT_STARTED of one whose start
   * is delayed. One that is stalled has the status that it had, and `stalled`.
   */
  readonly status: Status;
  /** What it was started with. */
  readonly trigger: JsonObject;
  readonly createdAt: EpochMs;
  readonly startedAt?: EpochMs;
  readonly endedAt?: EpochMs;
  /** For how long it was paused in all; a pause that lasts counts up to the last thing that is recorded. */
  readonly pausedMs: number;
  /** Who paused it, and why: while it is paused. */
  readonly paused?: { readonly from: EpochMs; readonly by?: string; readonly reason?: string };
  /** Who cancelled or terminated it, and why. */
  readonly canceled?: { readonly at: EpochMs; readonly by?: string; readonly reason?: string };
  /** The execution that it restarts. */
  readonly restartedFrom?: string;
  /** The stage of another pipeline that runs it. */
  readonly parentPipeline?: { readonly executionId: string; readonly stage: string };
  readonly error?: Failure;
  /** Why the engine stopped it: a person has to act. */
  readonly stalled?: string;
  /** What comes after this could not be read: why the rest of its history does not fit its stages. */
  readonly incomplete?: string;
  /** Each after its requisites. Those that belong to others are in these. */
  readonly stages: readonly StageView[];
}

/** A stage of an execution, as it stands. Times are in milliseconds since 1970. */
export interface StageView {
  readonly refId: string;
  readonly name: string;
  readonly type: string;
  readonly status: Status;
  readonly startedAt?: EpochMs;
  readonly endedAt?: EpochMs;
  /** Why it was skipped or canceled, or why it will never begin. */
  readonly reason?: string;
  readonly error?: Failure;
  /** Its own: without what the stages before it gave. */
  readonly context: JsonObject;
  readonly outputs: JsonObject;
  /** How often it was made anew, by a restart or a jump. */
  readonly rounds: number;
  /** How often it has ended and begun once more, since it merges. */
  readonly repeats: number;
  readonly jumps: number;
  /** The stages that it chose, where it has a split and has ended. */
  readonly chose?: readonly string[];
  /** It ended in the execution that this one restarts. */
  readonly kept?: true;
  /** What it needs to go on; absent of one that has ended, or at which somebody is at work. */
  readonly waitsFor?: readonly WaitsFor[];
  readonly tasks: readonly TaskView[];
  /** Ids of the stages that it waits for, and of those that wait for it. */
  readonly upstream: readonly string[];
  readonly downstream: readonly string[];
  /** What it is to the stage that it belongs to. */
  readonly part?: Part;
  /** The stages that belong to it: before it, its instances, after it, on its failure. Before it has begun: all but its instances. */
  readonly synthetic: readonly StageView[];
}

/** What a stage that belongs to another one is there: before its tasks, one of its instances, after its tasks, or for its failure. */
export type Part = "before" | "instance" | "after" | "onFailure";

/**
 * | for       | until                                                       |
 * |-----------|-------------------------------------------------------------|
 * | stages    | these have ended                                            |
 * | mutex     | this stage, which has the same mutex, has ended             |
 * | milestone | this stage has this status                                  |
 * | window    | the window in which it may begin opens                      |
 * | signal    | somebody sends one for this stage                           |
 * | retry     | a task that failed is tried again, at `at`                  |
 * | timer     | a task that has not ended runs again, at `at`               |
 * | pipeline  | the other pipeline that it runs has ended                   |
 */
export type WaitsFor =
  | { readonly for: "stages"; readonly stages: readonly string[] }
  | { readonly for: "mutex"; readonly stage: string }
  | { readonly for: "milestone"; readonly stage: string; readonly status: Status }
  | { readonly for: "window" }
  | { readonly for: "signal"; readonly stage: string }
  | { readonly for: "retry" | "timer"; readonly task: string; readonly at: EpochMs }
  | { readonly for: "pipeline"; readonly pipeline: string; readonly executionId?: string };

/** A task of a stage, as it stands. Times are in milliseconds since 1970. */
export interface TaskView {
  readonly name: string;
  readonly status: Status;
  readonly startedAt?: EpochMs;
  readonly endedAt?: EpochMs;
  readonly error?: Failure;
  /** How often its body was run and what came of it is recorded: in its stage's last round, repeats of one that waits or polls counted. */
  readonly attempts: number;
  /** What was thrown, attempt by attempt. */
  readonly exceptions: readonly TaskException[];
}

/** What an attempt of a task threw, and when. */
export interface TaskException extends Failure {
  readonly at: EpochMs;
  readonly attempt: number;
  /** When it was, or is, tried again. */
  readonly retryAt?: EpochMs;
}
