/**
 * The shell around a pipeline's state: begins what `decide` says, tells the state what came of it, and asks again. It is ordinary workflow code
 * on the engine's public surface: tasks are steps, waits are waits, and a replay of its history makes the same state again.
 */
import type { Context } from "../define/context.js";
import { durationMs } from "../model/time.js";
import { jumpFrom } from "./anew.js";
import { chosenBy, contextOf } from "./contexts.js";
import { CONTROL, type Control, knownStage, planOf } from "./control.js";
import { decide } from "./decide.js";
import { PipelineControlError, PipelineFailedError } from "./errors.js";
import type { Graph, StageSpec } from "./graph.js";
import { MOST_INSTANCES } from "./instances.js";
import type { JsonObject } from "./json-value.js";
import type { Library } from "./library.js";
import { allOutputs } from "./merge.js";
import { failureOf } from "./outcome.js";
import { keptIn, triggerIn } from "./restarted.js";
import { type Jump, runStage, type StageSurroundings, startStage } from "./run-stage.js";
import { failureFrom } from "./run-task.js";
import { isInterruption, never, type Shell } from "./shell.js";
import { enter, leave } from "./slots.js";
import {
  type Change,
  changed,
  type Failure,
  initialState,
  type PipelineState,
  stageIn,
  syntheticOf,
} from "./state.js";
import { type CompleteStatus, isActive, isComplete, isContinuable, isHalt, type Status } from "./status.js";
import { tellCanceled } from "./tell-canceled.js";
import { variablesOf } from "./variables.js";

/** What a pipeline gives that came to its end. */
export interface PipelineResult {
  readonly status: CompleteStatus;
  /** By stage. */
  readonly stages: Readonly<Record<string, { readonly status: Status; readonly outputs: JsonObject }>>;
  /** Of all stages, merged in their order. */
  readonly outputs: JsonObject;
}

/** Somebody wants a stage that runs to end now. */
interface Stop {
  readonly status: "SKIPPED" | "CANCELED";
  readonly why: string;
}

interface Running {
  readonly stop: (stop: Stop) => void;
  /** Its work is over, and only what follows from it is not. */
  hasWon: boolean;
  /** It has ended, with whatever its cancel had to do. */
  readonly ended: Promise<void>;
}

/** The workflow of a graph. Whoever reads a history replays exactly this, and is shown the state after every change. */
export function interpret(
  graph: Graph,
  library: Library,
  seen?: (state: PipelineState) => void,
): (ctx: Context, trigger: JsonObject | undefined) => Promise<PipelineResult> {
  return async (ctx, trigger) => new PipelineRun(ctx, graph, library, trigger ?? {}, seen).run();
}

class PipelineRun {
  #state: PipelineState;
  #poke: () => void = () => {};
  /** What interrupts the whole execution. */
  #thrown: { readonly error: unknown } | undefined;
  /** Somebody's wish is being fulfilled: until it is, what lies between is nothing to decide by. */
  #held = 0;
  #jumping: Promise<void> = Promise.resolve();
  readonly #running = new Map<string, Running>();
  readonly #surroundings: StageSurroundings;

  /**
   * @param input what the execution was started with: its trigger, and of one that restarts another what is kept of that
   * @param seen is shown the state after every change
   */
  constructor(
    private readonly ctx: Context,
    private readonly graph: Graph,
    private readonly library: Library,
    private readonly input: JsonObject,
    private readonly seen: (state: PipelineState) => void = () => {},
  ) {
    this.#state = initialState(ctx.now().getTime());
    const shell: Shell = {
      graph,
      library,
      trigger: triggerIn(input),
      state: () => this.#state,
      tell: (from, change) => this.#tell(from, change),
    };
    this.#surroundings = { shell, listeners: new Map(), adding: new Map() };
  }

  /** @throws PipelineFailedError; what interrupts the execution */
  async run(): Promise<PipelineResult> {
    const { ctx, graph } = this;
    const { concurrency } = graph;
    for (const state of keptIn(this.input)) this.#tell(ctx, { type: "StageKept", stage: state.refId, state });
    ctx.handleUpdate(CONTROL, (branch, control: Control) => this.#control(branch, control));
    try {
      const refused = await this.#enter();
      if (refused === undefined) this.#tell(ctx, { type: "PipelineEnded", status: await this.#advance() });
      else await this.#cancel(refused);
    } catch (error) {
      if (isInterruption(error)) await this.#cancel(error.message);
      throw error;
    } finally {
      if (concurrency !== undefined) await leave(ctx, graph, concurrency);
    }
    const { status } = this.#state;
    if (isHalt(status)) throw new PipelineFailedError(graph.name, status, this.#halted());
    const stages = [...this.#state.stages.values()].map(
      ({ refId, status: how, outputs }) => [refId, { status: how, outputs }] as const,
    );
    const outputs = allOutputs(graph.stages, (refId) => stageIn(this.#state, refId).outputs);
    return { status: status as CompleteStatus, stages: Object.fromEntries(stages), outputs };
  }

  #tell(ctx: Context, change: Change): void {
    this.#state = changed(this.#state, change, ctx.now().getTime());
    this.seen(this.#state);
    this.#poke();
  }

  // -------------------------------------------------------------- the pipeline

  /** @returns why it may not begin */
  async #enter(): Promise<string | undefined> {
    const { ctx, graph } = this;
    const { concurrency, startBefore } = graph;
    if (concurrency !== undefined) {
      this.#tell(ctx, { type: "PipelineBuffered" });
      if (!(await enter(ctx, graph, concurrency)))
        return "others of this pipeline were preferred, and it keeps nobody waiting";
      this.#tell(ctx, { type: "PipelineStarted" });
    }
    if (startBefore === undefined || ctx.now().getTime() <= startBefore) return undefined;
    return `it was to begin before ${new Date(startBefore).toISOString()}`;
  }

  async #advance(): Promise<CompleteStatus> {
    for (;;) {
      if (this.#thrown !== undefined) throw this.#thrown.error;
      if (this.#held > 0) {
        await this.#change();
        continue;
      }
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
          this.#tell(this.ctx, { type: "StageRepeated", stage: decision.stage.refId });
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

  async #holding<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#held += 1;
    try {
      return await work();
    } finally {
      this.#held -= 1;
      this.#poke();
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

  /** The whole execution was interrupted, or may not begin: what runs is told, and nothing else begins. */
  async #cancel(reason: string): Promise<void> {
    for (const { refId } of this.graph.stages) {
      const { status } = stageIn(this.#state, refId);
      if (isComplete(status)) continue;
      if (isActive(status)) await tellCanceled(this.#surroundings.shell, refId, this.ctx);
      this.#endAll(this.ctx, refId, { status: "CANCELED", reason });
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
    const { refId } = spec;
    try {
      const why = this.#whyNot(spec);
      if (why !== undefined) return this.#skip(refId, why);
    } catch (error) {
      startStage(this.#surroundings.shell, this.ctx, spec);
      return this.#endAll(this.ctx, refId, { status: failureOf(spec), error: failureFrom(error) });
    }
    const failure = startStage(this.#surroundings.shell, this.ctx, spec);
    if (failure !== undefined)
      return this.#endAll(this.ctx, refId, { status: failureOf(spec), error: failure });
    let stop: (stop: Stop) => void = () => {};
    const stopped = new Promise<Stop>((resolve) => {
      stop = resolve;
    });
    const ended = this.#run(spec, stopped).catch((error: unknown) => {
      this.#thrown ??= { error };
    });
    const running: Running = {
      stop,
      hasWon: false,
      ended: ended.then(() => {
        // It may have begun anew since.
        if (this.#running.get(refId) === running) this.#running.delete(refId);
        this.#poke();
      }),
    };
    this.#running.set(refId, running);
  }

  /** Throws what its expression throws. */
  #whyNot(spec: StageSpec): string | undefined {
    const { enabled, startBefore, startWithin } = spec;
    const now = this.ctx.now().getTime();
    const last = Math.min(
      startBefore ?? Number.POSITIVE_INFINITY,
      startWithin === undefined ? Number.POSITIVE_INFINITY : this.#state.startedAt + durationMs(startWithin),
    );
    if (now > last) return `it was to begin before ${new Date(last).toISOString()}`;
    if (enabled === undefined) return undefined;
    const isEnabled = this.library.evaluate(enabled, this.#variables(spec));
    return isEnabled === true ? undefined : `stageEnabled: ${enabled}`;
  }

  #variables(spec: StageSpec): JsonObject {
    return variablesOf(contextOf(this.graph, this.#state, spec), this.#trigger);
  }

  get #trigger(): JsonObject {
    return this.#surroundings.shell.trigger;
  }

  async #run(spec: StageSpec, stopped: Promise<Stop>): Promise<void> {
    const { refId, timeout } = spec;
    const end = await this.ctx.race({
      work: (ctx: Context) => runStage(this.#surroundings, spec, ctx),
      stopped: () => stopped,
      late: (ctx: Context) => (timeout === undefined ? never() : ctx.sleep(timeout)),
    });
    if (end.winner === "work") {
      const { jump, ...how } = end.value;
      return jump === undefined ? this.#endAll(this.ctx, refId, how) : this.#jumpInTurn(spec, jump);
    }
    for (const id of [refId, ...syntheticOf(this.#state, refId)]) {
      this.#surroundings.listeners.delete(id);
      this.#surroundings.adding.delete(id);
    }
    await tellCanceled(this.#surroundings.shell, refId, this.ctx);
    if (end.winner === "stopped")
      return this.#endAll(this.ctx, refId, { status: end.value.status, reason: end.value.why });
    const error = { name: "StageTimeoutError", message: `stage "${refId}" did not end within its timeout` };
    this.#endAll(this.ctx, refId, { status: failureOf(spec), error });
  }

  /** It, and what belongs to it and had not ended. */
  #endAll(
    ctx: Context,
    refId: string,
    how: { readonly status: CompleteStatus; readonly reason?: string; readonly error?: Failure },
  ): void {
    for (const id of syntheticOf(this.#state, refId)) {
      if (!isComplete(stageIn(this.#state, id).status))
        this.#tell(ctx, { type: "StageEnded", stage: id, status: "CANCELED" });
    }
    const spec = this.graph.stages.find((stage) => stage.refId === refId);
    // A stage that a person skips leads everywhere: nobody knows what it would have chosen.
    const chose =
      spec !== undefined && isContinuable(how.status) && how.status !== "SKIPPED"
        ? chosenBy(this.graph, this.#state, spec, this.library, this.#trigger)
        : undefined;
    this.#tell(ctx, { type: "StageEnded", stage: refId, ...how, ...(chose === undefined ? {} : { chose }) });
  }

  // -------------------------------------------------------------- what people ask

  /** @returns the stages that it was about, as they are now */
  async #control(ctx: Context, control: Control): Promise<Readonly<Record<string, Status>>> {
    const { listeners, adding } = this.#surroundings;
    const now = (ids: readonly string[]) =>
      Object.fromEntries(ids.map((id) => [id, stageIn(this.#state, id).status]));
    switch (control.do) {
      case "signal": {
        const { stage, name, data } = control;
        const listener = listeners.get(stage);
        if (listener === undefined) {
          const { status } = stageIn(this.#state, knownStage(this.graph.stages, stage).refId);
          throw new PipelineControlError(`stage "${stage}" waits for no signal: it is ${status}`);
        }
        listener({ name, ...(data === undefined ? {} : { data }) });
        return now([stage]);
      }
      case "add": {
        const add = adding.get(control.stage);
        if (add === undefined) {
          knownStage(this.graph.stages, control.stage);
          throw new PipelineControlError(`stage "${control.stage}" has no instances at work`);
        }
        if (syntheticOf(this.#state, control.stage).length >= MOST_INSTANCES)
          throw new PipelineControlError(`stage "${control.stage}" has ${MOST_INSTANCES} instances already`);
        add(control.item);
        return now([control.stage]);
      }
      case "skip":
      case "cancel":
      case "restart": {
        const status = control.do === "skip" ? "SKIPPED" : "CANCELED";
        const { reason = `somebody asked for it: ${control.do}` } = control;
        const { stop, end, reset } = planOf(this.graph, this.#state, control);
        return this.#holding(async () => {
          for (const id of stop) await this.#stop(id, { status, why: reason });
          for (const id of end) this.#endAll(ctx, id, { status, reason });
          for (const id of reset) this.#tell(ctx, { type: "StageReset", stage: id });
          return now([...new Set([...stop, ...end, ...reset])]);
        });
      }
      default:
        throw new PipelineControlError(
          `it was asked for ${JSON.stringify(control)}. Expected { do: "skip" | "cancel" | "restart" | "signal" | "add", stage, … }`,
        );
    }
  }

  // -------------------------------------------------------------- jumps

  /** One jump at a time: what one makes anew jumps no more. */
  async #jumpInTurn(spec: StageSpec, jump: Jump): Promise<void> {
    const running = this.#running.get(spec.refId);
    if (running !== undefined) running.hasWon = true;
    const { rounds } = stageIn(this.#state, spec.refId);
    const before = this.#jumping;
    const turn = before.then(() =>
      this.#holding(async () => {
        if (stageIn(this.#state, spec.refId).rounds === rounds) await this.#jump(spec, jump);
      }),
    );
    this.#jumping = turn.catch(() => {});
    await turn;
  }

  async #jump({ refId: source }: StageSpec, { to, context, outputs }: Jump): Promise<void> {
    const { stages, maxJumps } = this.graph;
    const { jumps } = stageIn(this.#state, source);
    const target = stages.find(({ refId }) => refId === to);
    if (target === undefined || jumps >= maxJumps) {
      const message =
        target === undefined
          ? `it jumps to stage "${to}", and there is none`
          : `it has jumped ${jumps} times, and may do so ${maxJumps} times`;
      this.#endAll(this.ctx, source, { status: "TERMINAL", error: { name: "JumpError", message } });
      return;
    }
    this.#tell(this.ctx, { type: "StageJumped", stage: source });
    const { reset, skip } = jumpFrom(stages, source, to);
    for (const id of reset) {
      // One that waits for its own jump would wait for this one.
      if (id === source || this.#running.get(id)?.hasWon) continue;
      await this.#stop(id, { status: "CANCELED", why: `stage "${source}" jumped to "${to}"` });
    }
    if (!reset.includes(source)) this.#endAll(this.ctx, source, { status: "SUCCEEDED" });
    for (const id of skip)
      if (!isComplete(stageIn(this.#state, id).status)) this.#skip(id, `stage "${source}" jumped over it`);
    for (const id of reset) {
      const given = id === to ? { context: { ...context, _jump_outputs: outputs }, bypass: true } : {};
      this.#tell(this.ctx, { type: "StageReset", stage: id, ...given });
    }
  }
}
