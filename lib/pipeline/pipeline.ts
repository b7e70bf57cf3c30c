/** `pipeline(...)`: a DAG of stages as a workflow, for `app({ workflows: [...] })` like any other. */

import type { RetryPolicy } from "../define/retry.js";
import { type Workflow, type WorkflowOptions, workflow } from "../define/workflow.js";
import type { Duration } from "../model/time.js";
import { checkedGraph } from "./checked-graph.js";
import { evaluate } from "./expression.js";
import type {
  Concurrency,
  Graph,
  InstancesSpec,
  Join,
  Reducer,
  StageSpec,
  TaskSpec,
  Verification,
} from "./graph.js";
import type { JsonObject } from "./json-value.js";
import type { Library } from "./library.js";
import { interpret, type PipelineResult } from "./run.js";
import { pipelineSlots, Terminated } from "./slots.js";
import type { Status } from "./status.js";
import type { TaskBody, TaskCode } from "./task.js";
import type { ExecutionWindow } from "./window.js";

/** A task of a stage. */
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
  readonly startWithin?: Duration;
  readonly reducers?: Readonly<Record<string, Reducer>>;
  readonly instances?: InstancesSpec;
  /** When it may begin. */
  readonly window?: ExecutionWindow;
  /** Another pipeline, which it runs after its tasks: given `pipelineParameters` of its context. */
  readonly pipeline?: Pipeline;
}

type PassedOn = "version" | "startOn" | "schedule" | "timezone" | "overlap" | "timeout" | "lifecycleEvents";

/** A pipeline: its stages, and what holds for its executions. */
export interface PipelineOptions extends Pick<WorkflowOptions<JsonObject | undefined>, PassedOn> {
  readonly application: string;
  /** The workflow's name. */
  readonly name: string;
  readonly configId?: string;
  readonly stages: readonly StageOptions[];
  /**
   * How many of its executions run at once. The others wait, BUFFERED, first come, first served; with `keepWaiting: false` those that still wait
   * when a place is free again and taken are canceled. Default: all run at once. One that is redriven takes no place.
   */
  readonly concurrency?: { readonly limit: number; readonly keepWaiting?: boolean };
  /** How often one stage may jump. Default 10; 0 lets none jump. */
  readonly maxJumps?: number;
}

/** Its input is what its tasks see as `pipeline.trigger`. */
export type Pipeline = Workflow<JsonObject | undefined, PipelineResult> & {
  readonly graph: Graph;
  readonly library: Library;
};

/**
 * Declares a pipeline. Its executions have `application` and `configId` as their labels, and its stages as their recorded definition.
 * @throws InvalidPipelineError naming everything that is wrong with its stages
 */
export function pipeline(options: PipelineOptions): Pipeline {
  const { application, name, configId, maxJumps = 10, concurrency } = options;
  const codes = new Map<string, TaskCode>();
  const graph = checkedGraph({
    application,
    name,
    ...(configId === undefined ? {} : { configId }),
    maxJumps,
    ...(concurrency === undefined ? {} : { concurrency: { keepWaiting: true, ...concurrency } }),
    stages: options.stages.map((stage) => specOf(stage, codes)),
  });
  const library: Library = {
    codeOf: (stage, task) => codes.get(placeOf(templateOf(stage.refId), task)),
    evaluate,
  };
  return { ...workflowOf(options, graph, library), graph, library };
}

function workflowOf(
  options: PipelineOptions,
  graph: Graph,
  library: Library,
): Workflow<JsonObject | undefined, PipelineResult> {
  const { version, startOn, schedule, timezone, overlap, timeout, lifecycleEvents } = options;
  const { application, name, configId, concurrency } = graph;
  const others = options.stages.flatMap((stage) => (stage.pipeline === undefined ? [] : [stage.pipeline]));
  return workflow(
    name,
    {
      ...(version === undefined ? {} : { version }),
      ...(startOn === undefined ? {} : { startOn }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(timezone === undefined ? {} : { timezone }),
      ...(overlap === undefined ? {} : { overlap }),
      ...(timeout === undefined ? {} : { timeout }),
      ...slotsAnd(concurrency, lifecycleEvents),
      labels: { application, ...(configId === undefined ? {} : { pipelineConfigId: configId }) },
      companions: {
        workflows: [...others, ...(concurrency === undefined ? [] : [pipelineSlots])],
        events: concurrency === undefined ? [] : [Terminated],
      },
      source: JSON.stringify(graph),
    },
    interpret(graph, library),
  );
}

/** Whoever gives places away is told by the bus of one that was terminated. */
function slotsAnd(
  concurrency: Concurrency | undefined,
  asked: PipelineOptions["lifecycleEvents"],
): Pick<PipelineOptions, "lifecycleEvents"> {
  if (concurrency === undefined || asked === true)
    return asked === undefined ? {} : { lifecycleEvents: asked };
  return { lifecycleEvents: [...(Array.isArray(asked) ? asked : []), "terminated"] };
}

/** All instances of a stage have the same code. */
function templateOf(refId: string): string {
  return refId.replace(/#\d+$/, "");
}

function placeOf(refId: string, task: string): string {
  return JSON.stringify([refId, task]);
}

/** Also files the code of its tasks. */
function specOf(options: StageOptions, codes: Map<string, TaskCode>): StageSpec {
  const { refId, requisites, enabled, join, split, mutex, milestone, choice, region } = options;
  const { timeout, startWithin, reducers, instances, window } = options;
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
    ...(startWithin === undefined ? {} : { startWithin }),
    ...(reducers === undefined ? {} : { reducers }),
    ...(window === undefined ? {} : { window }),
    ...(instances === undefined ? {} : { instances }),
    ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline.name }),
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
