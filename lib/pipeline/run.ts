/**
 * The shell around a pipeline's state: begins what `decide` says, tells the state what came of it, and asks again. It is ordinary workflow code
 * on the engine's public surface: tasks are steps, waits are waits, and a replay of its history makes the same state again.
 */
import type { Context, StepContext } from "../define/context.js";
import { CancelledError, ExecutionTimeoutError } from "../model/errors.js";
import { jumpFrom } from "./anew.js";
import { chosenBy, contextOf, specOf } from "./contexts.js";
import { decide } from "./decide.js";
import { PipelineFailedError } from "./errors.js";
import { afterId, beforeId, type Graph, onFailureId, type StageSpec } from "./graph.js";
import type { JsonObject } from "./json-value.js";
import type { Library } from "./library.js";
import { failureOf, stageOutcome } from "./outcome.js";
import { failureFrom, runTask, signalNameOf, stepOf, type TaskEnd } from "./run-task.js";
import {
  type Change,
  changed,
  type Failure,
  initialState,
  type PipelineState,
  type Signal,
  stageIn,
  syntheticOf,
} from "./state.js";
import { type CompleteStatus, isActive, isComplete, isContinuable, isHalt, type Status } from "./status.js";
import type { TaskContext } from "./task.js";

/** What a pipeline gives that came to its end. */
export interface PipelineResult {
  readonly status: CompleteStatus;
  /** By stage. */
  readonly stages: Readonly<Record<string, { readonly status: Status; readonly outputs: JsonObject }>>;
}

/** How a stage that ran has ended. */
interface StageEnd {
  readonly status: CompleteStatus;
  readonly error?: Failure;
  readonly jump?: { readonly to: string; readonly context: JsonObject; readonly outputs: JsonObject };
}

/** Somebody wants a stage that runs to end now. */
interface Stop {
  readonly status: "SKIPPED" | "CANCELED";
  readonly why: string;
}

interface Running {
  readonly stop: (stop: Stop) => void;
  /** It has ended, with whatever its cancel had to do. */
  readonly ended: Promise<void>;
}

export class PipelineRun {
  #state: PipelineState;
  #poke: () => void = () => {};
  /** What interrupts the whole execution. */
  #thrown: { readonly error: unknown } | undefined;
  readonly #running = new Map<string, Running>();

  /** @param seen is shown the state after every change */
  constructor(
    private readonly ctx: Context,
    private readonly graph: Graph,
    private readonly library: Library,
    private readonly trigger: JsonObject,
    private readonly seen: (state: PipelineState) => void = () => {},
  ) {
    this.#state = initialState(ctx.now().getTime());
  }

  /** @throws PipelineFailedError; what interrupts the execution */
  async run(): Promise<PipelineResult> {
    try {
      const status = await this.#advance();
      this.#tell(this.ctx, { type: "PipelineEnded", status });
    } catch (error) {
      if (!isInterruption(error)) throw error;
      await this.#cancel(error.message);
      throw error;
    }
    const { status } = this.#state;
    if (isHalt(status)) throw new PipelineFailedError(this.graph.name, status, this.#halted());
    const stages = [...this.#state.stages.values()].map(
      ({ refId, status: how, outputs }) => [refId, { status: how, outputs }] as const,
    );
    return { status: status as CompleteStatus, stages: Object.fromEntries(stages) };
  }

  #tell(ctx: Context, change: Change): void {
    this.#state = changed(this.#state, change, ctx.now().getTime());
    this.seen(this.#state);
    this.#poke();
  }

  // -------------------------------------------------------------- the pipeline

  async #advance(): Promise<CompleteStatus> {
    for (;;) {
      if (this.#thrown !== undefined) throw this.#thrown.error;
      const decision = decide(this.graph, this.#state);
      switch (decision?.do) {
        case undefined:
          await this.#change();
          break;
        case "end":
          return decision.status;
        case "start":
          this.#begin(decision.stage);
          break;
        case "repeat":
          this.#tell(this.ctx, { type: "StageReset", stage: decision.stage.refId });
          break;
        case "skip":
          this.#skip(decision.stage.refId, decision.why);
          break;
        case "stop":
          await this.#stop(decision.stage.refId, decision);
          break;
      }
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#poke = resolve;
    });
  }

  #skip(stage: string, reason: string): void {
    this.#tell(this.ctx, { type: "StageEnded", stage, status: "SKIPPED", reason });
  }

  async #stop(refId: string, stop: Stop): Promise<void> {
    const running = this.#running.get(refId);
    running?.stop(stop);
    await running?.ended;
  }

  /** The whole execution was interrupted: what runs is told, and nothing else begins. */
  async #cancel(reason: string): Promise<void> {
    for (const { refId } of this.graph.stages) {
      const { status } = stageIn(this.#state, refId);
      if (isComplete(status)) continue;
      if (isActive(status)) await this.#tellCanceled(refId);
      this.#endAll(refId, "CANCELED", reason);
    }
    this.#tell(this.ctx, { type: "PipelineEnded", status: "CANCELED" });
  }

  #halted() {
    return this.graph.stages.flatMap(({ refId }) => {
      const { status, error, reason } = stageIn(this.#state, refId);
      const message = error?.message ?? reason;
      return isHalt(status) ? [{ refId, status, ...(message === undefined ? {} : { message }) }] : [];
    });
  }

  // -------------------------------------------------------------- a stage

  #begin(spec: StageSpec): void {
    const { refId, enabled } = spec;
    const context = contextOf(this.graph, this.#state, spec);
    try {
      if (enabled !== undefined && this.library.evaluate(enabled, context) !== true)
        return this.#skip(refId, `stageEnabled: ${enabled}`);
    } catch (error) {
      return this.#tell(this.ctx, {
        type: "StageEnded",
        stage: refId,
        status: "TERMINAL",
        error: failureFrom(error),
      });
    }
    this.#started(this.ctx, spec, {});
    let stop: (stop: Stop) => void = () => {};
    const stopped = new Promise<Stop>((resolve) => {
      stop = resolve;
    });
    const ended = this.#runStage(spec, stopped).catch((error: unknown) => {
      this.#thrown ??= { error };
    });
    this.#running.set(refId, { stop, ended: ended.then(() => this.#poke()) });
  }

  #started(ctx: Context, { refId, tasks }: StageSpec, parent: { readonly parent?: string }): void {
    const { context } = stageIn(this.#state, refId);
    const names = tasks.map(({ name }) => name);
    this.#tell(ctx, { type: "StageStarted", stage: refId, context, tasks: names, ...parent });
  }

  async #runStage(spec: StageSpec, stopped: Promise<Stop>): Promise<void> {
    const { refId, timeout } = spec;
    const end = await this.ctx.race({
      work: (ctx: Context) => this.#work(spec, ctx),
      stopped: () => stopped,
      late: (ctx: Context) => (timeout === undefined ? never() : ctx.sleep(timeout)),
    });
    this.#running.delete(refId);
    if (end.winner === "work") {
      const { jump, ...how } = end.value;
      return jump === undefined ? this.#ended(spec, how) : this.#jump(spec, jump);
    }
    await this.#tellCanceled(refId);
    if (end.winner === "stopped") return this.#endAll(refId, end.value.status, end.value.why);
    const error = { name: "StageTimeoutError", message: `stage "${refId}" did not end within its timeout` };
    this.#endAll(refId, failureOf(spec), undefined, error);
  }

  #ended(spec: StageSpec, { status, error }: StageEnd): void {
    const chose = isContinuable(status) ? chosenBy(this.graph, this.#state, spec, this.library) : undefined;
    this.#tell(this.ctx, {
      type: "StageEnded",
      stage: spec.refId,
      status,
      ...(error === undefined ? {} : { error }),
      ...(chose === undefined ? {} : { chose }),
    });
  }

  /** It, and what belongs to it and had not ended. */
  #endAll(refId: string, status: CompleteStatus, reason: string | undefined, error?: Failure): void {
    for (const id of syntheticOf(this.#state, refId)) {
      if (!isComplete(stageIn(this.#state, id).status))
        this.#tell(this.ctx, { type: "StageEnded", stage: id, status: "CANCELED" });
    }
    this.#tell(this.ctx, {
      type: "StageEnded",
      stage: refId,
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(error === undefined ? {} : { error }),
    });
  }

  /** Its parts, in their order. */
  async #work(spec: StageSpec, ctx: Context): Promise<StageEnd> {
    const parts: Status[] = [];
    const { refId } = spec;
    let error: Failure | undefined;
    const isHalted = (): boolean => parts.some(isHalt);
    for (const [index, before] of spec.before.entries()) {
      if (!isHalted()) parts.push(await this.#synthetic(before, beforeId(refId, index), refId, ctx));
    }
    for (const task of spec.tasks) {
      if (isHalted()) break;
      const end = await this.#task(spec, task.name, ctx);
      if (end.status === "REDIRECT") {
        const { to = "", told } = end;
        return {
          status: "SUCCEEDED",
          jump: { to, context: told.context ?? {}, outputs: told.outputs ?? {} },
        };
      }
      parts.push(end.status);
      error ??= end.error;
    }
    for (const [index, after] of spec.after.entries()) {
      if (!isHalted()) parts.push(await this.#synthetic(after, afterId(refId, index), refId, ctx));
    }
    if (parts.includes("TERMINAL")) {
      for (const [index, on] of spec.onFailure.entries())
        await this.#synthetic(on, onFailureId(refId, index), refId, ctx);
    }
    return { status: stageOutcome(spec, parts), ...(error === undefined ? {} : { error }) };
  }

  /** A stage that belongs to another: what it gives is the other's. */
  async #synthetic(template: StageSpec, refId: string, parent: string, ctx: Context): Promise<Status> {
    const spec = { ...template, refId };
    this.#started(ctx, spec, { parent });
    const { status, error } = await this.#work(spec, ctx);
    this.#tell(ctx, { type: "StageEnded", stage: refId, status, ...(error === undefined ? {} : { error }) });
    this.#tell(ctx, { type: "StageTold", stage: parent, outputs: stageIn(this.#state, refId).outputs });
    return status;
  }

  // -------------------------------------------------------------- a task

  async #task(spec: StageSpec, name: string, ctx: Context): Promise<TaskEnd> {
    const { refId: stage } = spec;
    const task = spec.tasks.find((one) => one.name === name);
    const code = this.library.codeOf(spec, name);
    this.#tell(ctx, { type: "TaskStarted", stage, task: name });
    const end: TaskEnd =
      task === undefined || code === undefined
        ? { status: "TERMINAL", error: unknownTask(spec, name), told: {} }
        : await runTask(ctx, `${stage}/${name}`, task, code, {
            given: () => this.#given(spec),
            tell: ({ outputs, context }) =>
              this.#tell(ctx, {
                type: "StageTold",
                stage,
                ...(outputs === undefined ? {} : { outputs }),
                ...(context === undefined ? {} : { context }),
              }),
            awaitSignal: () => this.#signal(stage, ctx),
          });
    const status = end.status === "REDIRECT" ? "SUCCEEDED" : end.status;
    const error = end.error === undefined ? {} : { error: end.error };
    this.#tell(ctx, { type: "TaskEnded", stage, task: name, status, ...error });
    return end;
  }

  async #signal(stage: string, ctx: Context): Promise<Signal> {
    this.#tell(ctx, { type: "StageWaits", stage });
    const signal = await ctx.waitForSignal<Signal>(signalNameOf(stage));
    this.#tell(ctx, { type: "StageGoesOn", stage });
    const { name, data } = signal;
    this.#tell(ctx, {
      type: "StageTold",
      stage,
      context: { _signal_name: name, ...(data === undefined ? {} : { _signal_data: data }) },
    });
    return signal;
  }

  #given(spec: StageSpec): Omit<TaskContext, keyof StepContext> {
    const { application, name } = this.graph;
    const { refId, type, name: stageName } = spec;
    return {
      pipeline: { application, name, trigger: this.trigger },
      stage: { refId, type, name: stageName },
      context: contextOf(this.graph, this.#state, spec),
    };
  }

  /** Tasks that are under way hear of it once each. What they throw changes nothing. */
  async #tellCanceled(refId: string): Promise<void> {
    for (const id of [refId, ...syntheticOf(this.#state, refId)]) {
      const spec = specOf(this.graph, id);
      const under = stageIn(this.#state, id).tasks.filter(({ status }) => isActive(status));
      for (const { name } of under) {
        const onCancel = spec && this.library.codeOf(spec, name)?.onCancel;
        if (spec === undefined || onCancel === undefined) continue;
        try {
          await this.ctx.step(`${id}/${name} (cancel)`, async (step) => {
            await onCancel({ ...stepOf(step), ...this.#given(spec) });
          });
        } catch (error) {
          if (isInterruption(error) && this.#thrown === undefined) throw error;
          this.ctx.log.warn("A task could not be told that its stage was canceled.", {
            stage: id,
            task: name,
          });
        }
      }
    }
  }

  // -------------------------------------------------------------- jumps and choices

  #jump(spec: StageSpec, { to, context, outputs }: NonNullable<StageEnd["jump"]>): void {
    const { refId: source } = spec;
    const { stages, maxJumps } = this.graph;
    const { jumps } = stageIn(this.#state, source);
    const target = stages.find(({ refId }) => refId === to);
    if (target === undefined || jumps >= maxJumps) {
      const message =
        target === undefined
          ? `it jumps to stage "${to}", and there is none`
          : `it has jumped ${jumps} times, and may do so ${maxJumps} times`;
      this.#ended(spec, { status: "TERMINAL", error: { name: "JumpError", message } });
      return;
    }
    this.#tell(this.ctx, { type: "StageJumped", stage: source });
    const { reset, skip } = jumpFrom(stages, source, to);
    if (!reset.includes(source)) this.#ended(spec, { status: "SUCCEEDED" });
    for (const id of skip)
      if (!isComplete(stageIn(this.#state, id).status)) this.#skip(id, `stage "${source}" jumped over it`);
    for (const id of reset) {
      const given = id === to ? { context: { ...context, _jump_outputs: outputs }, bypass: true } : {};
      this.#tell(this.ctx, { type: "StageReset", stage: id, ...given });
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function isInterruption(error: unknown): error is Error {
  return error instanceof CancelledError || error instanceof ExecutionTimeoutError;
}

function unknownTask({ refId, type }: StageSpec, task: string): Failure {
  return {
    name: "UnknownTaskError",
    message: `the code that runs has no task "${task}" for stage "${refId}" of type "${type}". Deploy it, and redrive the execution`,
  };
}
