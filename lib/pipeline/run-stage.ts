/** A stage that runs: its parts in their order, until they have come to something. */
import type { Context } from "../define/context.js";
import { contextAround } from "./contexts.js";
import { afterId, beforeId, onFailureId, type StageSpec } from "./graph.js";
import { runInstances } from "./instances.js";
import { interpolated } from "./json/template.js";
import type { Json, JsonObject } from "./json-value.js";
import { merge } from "./merge.js";
import { failureOf, stageOutcome } from "./outcome.js";
import { failureFrom, runTask, type TaskEnd } from "./run-task.js";
import { givenTo, type Shell } from "./shell.js";
import { awaitSignal, type Listeners } from "./signals.js";
import { type Failure, stageIn } from "./state.js";
import { type CompleteStatus, isHalt, type Status } from "./status.js";
import { runSubPipeline } from "./sub-pipeline.js";
import { variablesOf } from "./variables.js";
import { beginningIn, type ExecutionWindow } from "./window.js";

/** How a stage that ran has ended. */
export interface StageEnd {
  readonly status: CompleteStatus;
  readonly error?: Failure;
  readonly jump?: Jump;
}

export interface Jump {
  readonly to: string;
  readonly context: JsonObject;
  readonly outputs: JsonObject;
}

export interface StageSurroundings {
  readonly shell: Shell;
  readonly listeners: Listeners;
  /** How to add an instance to a stage, by id, while it has some at work. */
  readonly adding: Map<string, (item: Json) => void>;
}

/** @param ctx of the branch that the stage runs in: what stops the stage abandons it */
export async function runStage(
  surroundings: StageSurroundings,
  spec: StageSpec,
  ctx: Context,
): Promise<StageEnd> {
  const { shell } = surroundings;
  const parts: Status[] = [];
  const { refId } = spec;
  let error: Failure | undefined;
  const isHalted = (): boolean => parts.some(isHalt);
  if (spec.window !== undefined) await ctx.sleepUntil(new Date(opensAt(shell, spec.window, ctx)));
  const note = (end: { readonly status: Status; readonly error?: Failure }): void => {
    parts.push(end.status);
    error ??= end.error;
  };
  for (const [index, before] of spec.before.entries())
    if (!isHalted()) note(await runSynthetic(surroundings, before, beforeId(refId, index), refId, ctx));
  if (!isHalted()) {
    if (spec.instances === undefined) {
      for (const { name } of spec.tasks) {
        if (isHalted()) break;
        const end = await runNamedTask(surroundings, spec, name, ctx);
        if (end.status === "REDIRECT") return redirected(end);
        note({ ...end, status: end.status });
      }
    } else note(await runInstances(surroundings, spec, ctx, runInstance));
  }
  if (spec.pipeline !== undefined && !isHalted()) note(await runSubPipeline(shell, spec, spec.pipeline, ctx));
  for (const [index, after] of spec.after.entries())
    if (!isHalted()) note(await runSynthetic(surroundings, after, afterId(refId, index), refId, ctx));
  if (parts.includes("TERMINAL")) {
    for (const [index, on] of spec.onFailure.entries())
      await runSynthetic(surroundings, on, onFailureId(refId, index), refId, ctx);
  }
  return { status: stageOutcome(spec, parts), ...(error === undefined ? {} : { error }) };
}

function redirected({ to = "", told }: TaskEnd): StageEnd {
  return { status: "SUCCEEDED", jump: { to, context: told.context ?? {}, outputs: told.outputs ?? {} } };
}

/** A stage that belongs to another: what it gives is the other's. */
async function runSynthetic(
  surroundings: StageSurroundings,
  template: StageSpec,
  refId: string,
  parent: string,
  ctx: Context,
): Promise<StageEnd> {
  const { shell } = surroundings;
  const end = await runPart(surroundings, { ...template, refId }, ctx, { parent });
  shell.tell(ctx, { type: "StageTold", stage: parent, outputs: stageIn(shell.state(), refId).outputs });
  return end;
}

function runInstance(
  surroundings: StageSurroundings,
  instance: StageSpec,
  parent: string,
  ctx: Context,
  context: JsonObject,
): Promise<StageEnd> {
  return runPart(surroundings, instance, ctx, { parent, context });
}

async function runPart(
  surroundings: StageSurroundings,
  spec: StageSpec,
  ctx: Context,
  more: { readonly parent: string; readonly context?: JsonObject },
): Promise<StageEnd> {
  const { shell } = surroundings;
  const failure = startStage(shell, ctx, spec, more);
  const { jump, status, error } =
    failure === undefined
      ? await runStage(surroundings, spec, ctx)
      : { status: failureOf(spec), error: failure, jump: undefined };
  const message = `${spec.refId} is part of a stage, and can't jump`;
  const end: StageEnd =
    jump === undefined
      ? { status, ...(error === undefined ? {} : { error }) }
      : { status: "TERMINAL", error: { name: "JumpError", message } };
  shell.tell(ctx, { type: "StageEnded", stage: spec.refId, ...end });
  return end;
}

/** @returns why it can't run: an expression in its context can't be judged. It has begun all the same. */
export function startStage(
  shell: Shell,
  ctx: Context,
  spec: StageSpec,
  more: { readonly parent?: string; readonly context?: JsonObject } = {},
): Failure | undefined {
  const { refId, tasks, instances } = spec;
  const { parent, context: given = stageIn(shell.state(), refId).context } = more;
  const begins = (own: JsonObject): void =>
    shell.tell(ctx, {
      type: "StageStarted",
      stage: refId,
      context: merge(own, given),
      tasks: instances === undefined ? tasks.map(({ name }) => name) : [],
      ...(parent === undefined ? {} : { parent }),
    });
  const { graph, trigger } = shell;
  try {
    const around = merge(contextAround(graph, shell.state(), spec, parent), given);
    const { context, raw } = spec;
    const variables = variablesOf(around, trigger);
    begins(graph.templates ? interpolated(context, { ...context, ...variables }, raw) : context);
    return undefined;
  } catch (error) {
    begins(spec.context);
    return failureFrom(error);
  }
}

/** Chance and time are those of the history: the same at every replay. */
function opensAt({ trigger }: Shell, window: ExecutionWindow, ctx: Context): number {
  return beginningIn(window, ctx.now().getTime(), ctx.random(), trigger.type === "manual");
}

async function runNamedTask(
  { shell, listeners }: StageSurroundings,
  spec: StageSpec,
  name: string,
  ctx: Context,
): Promise<TaskEnd> {
  const { refId: stage } = spec;
  const task = spec.tasks.find((one) => one.name === name) ?? { name };
  shell.tell(ctx, { type: "TaskStarted", stage, task: name });
  const end = await runTask(ctx, `${stage}/${name}`, task, shell.library.codeOf(spec, name), {
    stage: spec,
    given: () => givenTo(shell, spec),
    tell: ({ outputs, context }) =>
      shell.tell(ctx, {
        type: "StageTold",
        stage,
        ...(outputs === undefined ? {} : { outputs }),
        ...(context === undefined ? {} : { context }),
      }),
    awaitSignal: () => awaitSignal(shell, listeners, stage, ctx),
  });
  const status = end.status === "REDIRECT" ? "SUCCEEDED" : end.status;
  const error = end.error === undefined ? {} : { error: end.error };
  shell.tell(ctx, { type: "TaskEnded", stage, task: name, status, ...error });
  return end;
}
