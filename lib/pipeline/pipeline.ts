/** `pipeline(...)`: a DAG of stages as a workflow, for `app({ workflows: [...] })` like any other. */

import type { RetryPolicy } from "../define/retry.js";
import { type Workflow, workflow } from "../define/workflow.js";
import type { Duration } from "../model/time.js";
import { checkedGraph } from "./checked-graph.js";
import { evaluate } from "./expression.js";
import type { Graph, Join, Reducer, StageSpec, TaskSpec, Verification } from "./graph.js";
import type { JsonObject } from "./json-value.js";
import type { Library } from "./library.js";
import { type PipelineResult, PipelineRun } from "./run.js";
import type { Status } from "./status.js";
import type { TaskBody, TaskCode } from "./task.js";

export interface TaskOptions {
  /** Names it within its stage. */
  readonly name: string;
  readonly run: TaskBody;
  readonly onCancel?: TaskCode["onCancel"];
  readonly retry?: RetryPolicy;
  /** Of one attempt. */
  readonly timeout?: Duration;
  readonly verify?: Verification;
}

/** A stage that belongs to another. */
export interface PartOptions {
  readonly name?: string;
  readonly type?: string;
  readonly context?: JsonObject;
  readonly tasks?: readonly TaskOptions[];
  readonly before?: readonly PartOptions[];
  readonly after?: readonly PartOptions[];
  readonly onFailure?: readonly PartOptions[];
  readonly failPipeline?: boolean;
  readonly continuePipelineOnFailure?: boolean;
}

/** See {@link StageSpec} for what each of them means. */
export interface StageOptions extends PartOptions {
  readonly refId: string;
  readonly requisites?: readonly string[];
  readonly enabled?: string;
  readonly completeOtherBranchesThenFail?: boolean;
  readonly join?: Join | Exclude<Join["type"], "N_OF_M">;
  readonly split?: Readonly<Record<string, string>>;
  readonly mutex?: string;
  readonly milestone?: { readonly stage: string; readonly status: Status };
  readonly choice?: string;
  readonly region?: string;
  readonly timeout?: Duration;
  readonly reducers?: Readonly<Record<string, Reducer>>;
}

export interface PipelineOptions {
  readonly application: string;
  /** The workflow's name. */
  readonly name: string;
  readonly configId?: string;
  readonly stages: readonly StageOptions[];
  /** How often one stage may jump. Default 10; 0 lets none jump. */
  readonly maxJumps?: number;
}

/** Its input is what its tasks see as `pipeline.trigger`. */
export type Pipeline = Workflow<JsonObject | undefined, PipelineResult> & {
  readonly graph: Graph;
  readonly library: Library;
};

/**
 * Declares a pipeline.
 * @throws InvalidPipelineError naming everything that is wrong with its stages
 */
export function pipeline(options: PipelineOptions): Pipeline {
  const { application, name, configId, maxJumps = 10 } = options;
  const codes = new Map<string, TaskCode>();
  const graph = checkedGraph({
    application,
    name,
    ...(configId === undefined ? {} : { configId }),
    maxJumps,
    stages: options.stages.map((stage) => specOf(stage, codes)),
  });
  const library: Library = { codeOf: (stage, task) => codes.get(placeOf(stage.refId, task)), evaluate };
  return { ...workflowOf(graph, library), graph, library };
}

function workflowOf(graph: Graph, library: Library): Workflow<JsonObject | undefined, PipelineResult> {
  return workflow(graph.name, async (ctx, trigger: JsonObject | undefined) =>
    new PipelineRun(ctx, graph, library, trigger ?? {}).run(),
  );
}

function placeOf(refId: string, task: string): string {
  return JSON.stringify([refId, task]);
}

/** Also files the code of its tasks. */
function specOf(options: StageOptions, codes: Map<string, TaskCode>): StageSpec {
  const { refId, requisites, enabled, join, split, mutex, milestone, choice, region, timeout, reducers } =
    options;
  return {
    ...partOf(options, refId, codes),
    requisites: requisites ?? [],
    completeOtherBranchesThenFail: options.completeOtherBranchesThenFail ?? false,
    join: typeof join === "string" ? { type: join } : (join ?? { type: "AND" }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(split === undefined ? {} : { split }),
    ...(mutex === undefined ? {} : { mutex }),
    ...(milestone === undefined ? {} : { milestone }),
    ...(choice === undefined ? {} : { choice }),
    ...(region === undefined ? {} : { region }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(reducers === undefined ? {} : { reducers }),
  };
}

function partOf(options: PartOptions, refId: string, codes: Map<string, TaskCode>): StageSpec {
  const { name = refId, type = "tasks", context = {}, tasks = [] } = options;
  const parts = (inner: readonly PartOptions[] = [], mark: string): StageSpec[] =>
    inner.map((part, index) => partOf(part, `${refId}${mark}${index + 1}`, codes));
  for (const { name: task, run, onCancel } of tasks)
    codes.set(placeOf(refId, task), { run, ...(onCancel === undefined ? {} : { onCancel }) });
  return {
    refId,
    type,
    name,
    requisites: [],
    context,
    tasks: tasks.map(taskOf),
    before: parts(options.before, "<"),
    after: parts(options.after, ">"),
    onFailure: parts(options.onFailure, "!"),
    failPipeline: options.failPipeline ?? true,
    continuePipelineOnFailure: options.continuePipelineOnFailure ?? false,
    completeOtherBranchesThenFail: false,
    join: { type: "AND" },
  };
}

function taskOf({ name, retry, timeout, verify }: TaskOptions): TaskSpec {
  return {
    name,
    ...(retry === undefined ? {} : { retry }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(verify === undefined ? {} : { verify }),
  };
}
