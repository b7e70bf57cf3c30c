/**
 * A pipeline as data: its stages and what each waits for. Everything that can be said of it without running a task is said from here; the
 * tasks' code stands beside it ({@link ./library.ts}), found by stage and task.
 */

import type { RetryPolicy } from "../define/retry.js";
import type { Duration, EpochMs } from "../model/time.js";
import type { Json, JsonObject } from "./json-value.js";
import type { Status } from "./status.js";
import type { ExecutionWindow } from "./window.js";

/** A task without its code. */
export interface TaskSpec {
  readonly name: string;
  readonly retry?: RetryPolicy;
  /** Of one attempt. */
  readonly timeout?: Duration;
  /** What its result must have, or it has failed. */
  readonly verify?: Verification;
}

/** What a task's result must have. */
export interface Verification {
  readonly requiredKeys?: readonly string[];
  /** Of outputs, by key. */
  readonly types?: Readonly<Record<string, "string" | "number" | "boolean" | "object" | "array">>;
  /** A task whose result does not pass runs again, as often as its attempts allow, instead of failing. */
  readonly retries?: boolean;
}

/**
 * When a stage with several requisites begins.
 *
 * | join          | begins when                                                                                          |
 * |---------------|------------------------------------------------------------------------------------------------------|
 * | AND           | all have ended, none in a way that halts                                                             |
 * | OR            | all that an OR-split upstream chose have ended so; what it did not choose is not waited for          |
 * | N_OF_M        | `threshold` of them have ended so; the rest goes on and changes nothing                              |
 * | DISCRIMINATOR | the first has ended so                                                                               |
 * | MULTI_MERGE   | each time one of them has ended so: it runs once for each                                            |
 */
export type Join =
  | { readonly type: "AND" | "OR" | "DISCRIMINATOR" | "MULTI_MERGE" }
  | { readonly type: "N_OF_M"; readonly threshold: number };

/** A stage without its tasks' code. */
export interface StageSpec {
  /** Names it within its pipeline. */
  readonly refId: string;
  readonly type: string;
  readonly name: string;
  /** What must have ended before it begins. */
  readonly requisites: readonly string[];
  readonly context: JsonObject;
  /** Keys of the context whose expressions its tasks judge themselves. */
  readonly raw?: readonly string[];
  /** One after the other. */
  readonly tasks: readonly TaskSpec[];
  /** Stages that belong to it, one after the other: before its tasks, after them, and once if it fails. */
  readonly before: readonly StageSpec[];
  readonly after: readonly StageSpec[];
  readonly onFailure: readonly StageSpec[];
  /** An expression: the stage is skipped where it is false. */
  readonly enabled?: string;
  /** False: its failure stops what comes after it, and not the pipeline. */
  readonly failPipeline: boolean;
  /** What comes after it goes on, as if it had succeeded. */
  readonly continuePipelineOnFailure: boolean;
  /** Its failure stops what comes after it; the pipeline fails once all other branches have ended. */
  readonly completeOtherBranchesThenFail: boolean;
  readonly join: Join;
  /** Which of the stages that wait for it begin: by an expression for each. One without an expression does; where none does, the first does. */
  readonly split?: Readonly<Record<string, string>>;
  /** Of the running stages with one mutex there is one. */
  readonly mutex?: string;
  /** It begins only while that stage has that status, and is skipped once that is past. */
  readonly milestone?: { readonly stage: string; readonly status: Status };
  /** Of the stages of one choice the first that gets past its first wait goes on, and the others are skipped. */
  readonly choice?: string;
  /** Stages that can be cancelled together. */
  readonly region?: string;
  /** From its start to its end, waits included. */
  readonly timeout?: Duration;
  /** One that could not begin by then is skipped: so long after the start of its pipeline, or at an instant. */
  readonly startWithin?: Duration;
  readonly startBefore?: EpochMs;
  /** It begins only while this window is open. */
  readonly window?: ExecutionWindow;
  /** Its tasks are run once for each of several items, side by side. */
  readonly instances?: InstancesSpec;
  /** The name of the pipeline that it runs, after its tasks, and waits for. */
  readonly pipeline?: string;
  /** How outputs of several stages before it become one value of its context, by key. */
  readonly reducers?: Readonly<Record<string, Reducer>>;
}

/** Each instance is a stage of its own that belongs to this one, and sees its `item` and its `index`. */
export interface InstancesSpec {
  /** The items, how many instances there are, or an expression over the stage's context that gives one of both. */
  readonly of: string | number | readonly Json[];
  /** So many must end well, and what is still at work then is canceled. Default: all of them. */
  readonly threshold?: number;
}

/** How several outputs become one: a list of them, their lists joined, a number, objects merged, or one of them in the order of the stages. */
export type Reducer = "collect" | "extend" | "sum" | "max" | "min" | "merge" | "first" | "last";

/** A pipeline without its code: what can be kept as data. */
export interface Graph {
  readonly application: string;
  readonly name: string;
  readonly configId?: string;
  readonly stages: readonly StageSpec[];
  /** How often a stage may jump. 0: never. */
  readonly maxJumps: number;
  /** It came as data: in the texts of its contexts, `${ … }` stands for what it gives. */
  readonly templates?: true;
  /** An execution that could not begin by then is canceled. */
  readonly startBefore?: EpochMs;
  /** How many of its executions run at once; the others wait, first come, first served. Default: all of them. */
  readonly concurrency?: Concurrency;
}

/** How many executions of a pipeline run at once. */
export interface Concurrency {
  readonly limit: number;
  /** Whether those that still wait when a place is free and taken go on waiting, or are canceled. */
  readonly keepWaiting: boolean;
}

/** Its synthetic stages have ids of their own, of which their parent's is a part. */
export function beforeId(parent: string, index: number): string {
  return `${parent}<${index + 1}`;
}

export function afterId(parent: string, index: number): string {
  return `${parent}>${index + 1}`;
}

export function onFailureId(parent: string, index: number): string {
  return `${parent}!${index + 1}`;
}

export function instanceId(parent: string, index: number): string {
  return `${parent}#${index + 1}`;
}

/** What follows from a list of stages, which nobody changes. */
interface Known {
  readonly byId: ReadonlyMap<string, StageSpec>;
  readonly order: readonly StageSpec[];
  readonly ancestors: Map<string, ReadonlySet<string>>;
}

const known = new WeakMap<readonly StageSpec[], Known>();

function knownOf(stages: readonly StageSpec[]): Known {
  const before = known.get(stages);
  if (before !== undefined) return before;
  const byId = new Map(stages.map((stage) => [stage.refId, stage]));
  const found: Known = { byId, order: ordered(stages, byId), ancestors: new Map() };
  known.set(stages, found);
  return found;
}

export function stageById(stages: readonly StageSpec[], refId: string): StageSpec | undefined {
  return knownOf(stages).byId.get(refId);
}

/** Stages in an order in which each comes after its requisites; of those that could come next, the smallest id does. */
export function inOrder(stages: readonly StageSpec[]): readonly StageSpec[] {
  return knownOf(stages).order;
}

function ordered(stages: readonly StageSpec[], byId: ReadonlyMap<string, StageSpec>): StageSpec[] {
  const all: StageSpec[] = [];
  const placed = new Set<string>();
  let left = stages.toSorted((one, other) => compareIds(one.refId, other.refId));
  while (left.length > 0) {
    const next = left.find(({ requisites }) => requisites.every((id) => placed.has(id) || !byId.has(id)));
    // A circle is refused where pipelines come in; what is left of one that was not stands in the order of its ids.
    const taken = next ?? left[0];
    if (taken === undefined) break;
    all.push(taken);
    placed.add(taken.refId);
    left = left.filter((stage) => stage !== taken);
  }
  return all;
}

/** By code units: the same in every process, whatever its locale. */
function compareIds(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The ids of all that it waits for, directly or not; never its own. */
export function ancestorsOf(stages: readonly StageSpec[], refId: string): ReadonlySet<string> {
  const { byId, ancestors } = knownOf(stages);
  const before = ancestors.get(refId) ?? findAncestors(byId, refId);
  ancestors.set(refId, before);
  return before;
}

function findAncestors(byId: ReadonlyMap<string, StageSpec>, refId: string): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const before of byId.get(id)?.requisites ?? []) {
      if (found.has(before) || before === refId || !byId.has(before)) continue;
      found.add(before);
      visit(before);
    }
  };
  visit(refId);
  return found;
}

/** The ids of all that wait for it, directly or not. */
export function descendantsOf(stages: readonly StageSpec[], refId: string): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const after of downstreamOf(stages, id)) {
      if (found.has(after.refId)) continue;
      found.add(after.refId);
      visit(after.refId);
    }
  };
  visit(refId);
  return found;
}

/** Those that wait for it directly. */
export function downstreamOf(stages: readonly StageSpec[], refId: string): StageSpec[] {
  return stages.filter(({ requisites }) => requisites.includes(refId));
}
