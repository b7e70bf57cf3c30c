/**
 * `PipelineClient`: reads and steers executions of pipelines, from anywhere, with what a `DurableClient` may. It knows the tasks' code of none of
 * them: what it tells comes from their heads, their histories and the graphs that are recorded with their workflows.
 */
import type { Asked, DurableClient } from "../../client/client.js";
import type { ControlOptions } from "../../client/control.js";
import type { UpdateOptions } from "../../client/messages.js";
import type {
  Damaged,
  ExecutionDescription,
  ListOptions,
  StartedExecution,
  StartOptions,
} from "../../client/types.js";
import { DefinitionNotFoundError } from "../../model/errors.js";
import { digest } from "../../model/ids.js";
import { labelsOf } from "../../model/labels.js";
import { acceptsMessages } from "../../model/status.js";
import { specOf } from "../contexts.js";
import { CONTROL, type Control, knownStage } from "../control.js";
import { PipelineControlError } from "../errors.js";
import type { Graph } from "../graph.js";
import type { Json, JsonObject } from "../json-value.js";
import { mergedOutputs } from "../merge.js";
import type { Pipeline } from "../pipeline.js";
import { graphIn, restartInput } from "../restarted.js";
import { signalNameOf } from "../signals.js";
import { type Signal, stageIn } from "../state.js";
import type { Status } from "../status.js";
import { NotAPipelineError } from "./errors.js";
import { graphOf } from "./graph-of.js";
import { inputOf, type ReadPipeline, readWithState } from "./read.js";
import {
  executionStatusesOf,
  type ListedStatus,
  type PipelineHead,
  type PipelineSummary,
  summaryOfHead,
  summaryOfListed,
} from "./summary.js";
import type { PipelineView, StageView } from "./view.js";

/** Which pipelines are listed, and how many at a time. */
export interface PipelineListOptions {
  /** The name of a pipeline. */
  readonly pipeline?: string;
  readonly application?: string;
  readonly pipelineConfigId?: string;
  readonly statuses?: readonly ListedStatus[];
  /** Asked for then or later: inclusive. */
  readonly startedAfter?: Date;
  /** Asked for earlier: exclusive. */
  readonly startedBefore?: Date;
  /** 1 to 1,000, default 50. */
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string;
}

/** A page of a list. */
export interface PipelinePage {
  /** Newest first. A page may be short, or empty, and still not be the last. */
  readonly pipelines: readonly PipelineSummary[];
  /** Executions of this page whose records can't be read, if there are any. */
  readonly damaged?: readonly Damaged[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** Beside the view of its history, what its head says: why it is not at its end, and what would free it. */
export interface ShownPipeline extends PipelineView {
  readonly execution: PipelineHead["execution"];
  readonly now: string;
  readonly freedBy: string;
}

/** Options of what is done to a stage. */
export interface StageControlOptions extends UpdateOptions {
  /** Why: it stands with the stage. */
  readonly reason?: string;
}

/** Options of a stage's signal. */
export interface SignalOptions extends UpdateOptions {
  /** Only a stage that waits now hears it; refused for one that does not. Default: it is kept until the stage waits for one. */
  readonly transient?: boolean;
}

interface Target {
  readonly description: ExecutionDescription;
  readonly graph: Graph;
}

/**
 * Starts pipelines, looks at them and steers their stages, by way of a `DurableClient`. Methods throw what that throws, and {@link NotAPipelineError} for an
 * execution of another workflow.
 */
export class PipelineClient {
  /** What was recorded under a hash never changes. */
  readonly #graphs = new Map<string, Promise<Graph | undefined>>();
  readonly #pipelines = new Map<string, Promise<boolean>>();

  constructor(private readonly client: DurableClient) {}

  /**
   * Starts a pipeline, or finds what an earlier start with the same id began.
   * @param trigger what its tasks see as `pipeline.trigger`
   * @throws as `client.start`
   */
  async start(
    pipeline: Pipeline | string,
    trigger: JsonObject = {},
    options: StartOptions = {},
  ): Promise<StartedExecution> {
    if (typeof pipeline === "string") return this.client.start(pipeline, trigger, options);
    return this.client.start(pipeline, trigger, options);
  }

  /**
   * Where it stands as a whole. One read, of the head (of one that was cancelled or terminated sometimes its history, too).
   * @throws ExecutionNotFoundError
   */
  async summary(executionId: string): Promise<PipelineHead> {
    return summaryOfHead(await this.client.describe(executionId));
  }

  /**
   * All that is known of it. Reads its head twice and its history once (a query for each megabyte, and each large value); of a definition that
   * this client has not met two reads more, and while it is paused those of `client.pauses`.
   * @throws ExecutionNotFoundError, ExecutionDeletedError, NotAPipelineError, DefinitionNotFoundError
   */
  async show(executionId: string): Promise<ShownPipeline> {
    const target = await this.#target(executionId);
    const { view } = await this.#read(target);
    const { execution, now, freedBy } = summaryOfHead(target.description);
    const pausedMs =
      view.paused === undefined ? view.pausedMs : (await this.client.pauses(executionId)).totalMs;
    return { ...view, pausedMs, execution, now, freedBy };
  }

  /**
   * Executions of pipelines. A page of the listing, and of each workflow on it that this client has not met two reads of its definition: their
   * number does not grow with that of executions. What is found without `pipeline`, `application` and `pipelineConfigId` has not ended, or failed.
   * @throws InvalidInputError
   */
  async list(options: PipelineListOptions = {}): Promise<PipelinePage> {
    const { executions, ...rest } = await this.client.list(listingOf(options));
    const are = await Promise.all(executions.map(({ workflow }) => this.#isPipeline(workflow)));
    return { pipelines: executions.filter((_, index) => are[index]).map(summaryOfListed), ...rest };
  }

  /** The stages that a stage waits for. Reads as {@link show}, and throws as it; PipelineControlError for a stage that there is not. */
  async upstream(executionId: string, refId: string): Promise<StageView[]> {
    return this.#around(executionId, refId, ({ upstream }) => upstream);
  }

  /** The stages that wait for it. */
  async downstream(executionId: string, refId: string): Promise<StageView[]> {
    return this.#around(executionId, refId, ({ downstream }) => downstream);
  }

  /** The stages that belong to it: before it, its instances, after it, on its failure. */
  async synthetic(executionId: string, refId: string): Promise<readonly StageView[]> {
    const { view, graph } = await this.#whole(executionId);
    return knownIn(view.stages, graph, refId).synthetic;
  }

  /** What the stages before a stage gave, merged as the stage sees it: for one that belongs to another, as that one does. */
  async mergedOutputs(executionId: string, refId: string): Promise<JsonObject> {
    const { view, state, graph } = await this.#whole(executionId);
    knownIn(view.stages, graph, refId);
    const top = view.stages.find((stage) => stage.refId === refId || isWithin(stage, refId));
    return mergedOutputs(graph.stages, top?.refId ?? refId, (id) => stageIn(state, id).outputs);
  }

  /**
   * It begins nothing new until it is resumed.
   * @returns the status at the time of asking
   * @throws ExecutionNotFoundError, ExecutionClosedError, NotAPipelineError
   */
  async pause(executionId: string, options?: ControlOptions): Promise<Asked> {
    await this.#target(executionId);
    return this.client.pause(executionId, options);
  }

  /** Throws as {@link pause}. */
  async resume(executionId: string, options?: ControlOptions): Promise<Asked> {
    await this.#target(executionId);
    return this.client.resume(executionId, options);
  }

  /** What runs is told, and nothing else begins: it ends CANCELED. Throws as {@link pause}. */
  async cancel(executionId: string, options?: ControlOptions): Promise<Asked> {
    await this.#target(executionId);
    return this.client.cancel(executionId, options);
  }

  /**
   * Ends a stage that has not ended SKIPPED: what waits for it goes on.
   * @returns the stages that it was about, as they are now
   * @throws PipelineControlError for a stage that there is not, or that has ended; ExecutionNotFoundError, ExecutionClosedError, NotAPipelineError,
   * ResultTimeoutError
   */
  async skip(executionId: string, stage: string, options: StageControlOptions = {}) {
    return this.#control(executionId, options, ({ reason }) => ({ do: "skip", stage, ...reason }));
  }

  /** Ends a stage that has not ended CANCELED: what waits for it does not begin. Gives and throws as {@link skip}. */
  async cancelStage(executionId: string, stage: string, options: StageControlOptions = {}) {
    return this.#control(executionId, options, ({ reason }) => ({ do: "cancel", stage, ...reason }));
  }

  /** The same, of all stages of a region that have not ended. */
  async cancelRegion(executionId: string, region: string, options: StageControlOptions = {}) {
    return this.#control(executionId, options, ({ reason }) => ({ do: "cancel", region, ...reason }));
  }

  /** One more instance of a stage that has some at work, for this item. Gives and throws as {@link skip}. */
  async addInstance(executionId: string, stage: string, item: Json, options: UpdateOptions = {}) {
    return this.#control(executionId, options, () => ({ do: "add", stage, item }));
  }

  /**
   * Makes a stage that has ended anew, and all that comes after it. In an execution that is open it does so itself. One that has ended stays what
   * it is: a new one is started, which keeps what is not made anew; without a stage whatever failed or was canceled is made anew.
   * @param options `id` of the new execution: by default one derived, so that the same restart of the same end is asked for once, however often
   * @returns the execution that goes on: itself, or the new one
   * @throws PipelineControlError; ExecutionNotFoundError, NotAPipelineError, PayloadTooLargeError when it would keep too much; as `client.start`
   */
  async restart(
    executionId: string,
    stage?: string,
    options: StageControlOptions = {},
  ): Promise<{ readonly executionId: string; readonly created: boolean }> {
    const target = await this.#target(executionId);
    if (acceptsMessages(target.description.status)) {
      if (stage === undefined)
        throw new PipelineControlError("it has not ended, so a stage must be named that begins anew");
      await this.#control(executionId, options, ({ reason }) => ({ do: "restart", stage, ...reason }));
      return { executionId, created: false };
    }
    const { state, input, lastSlot } = await this.#read(target);
    const { id = restartIdOf(executionId, stage, lastSlot) } = options;
    const kept = restartInput(target.graph, state, { executionId, input }, stage);
    const { workflow, application, pipelineConfigId } = target.description;
    const started = await this.client.start(workflow, kept, {
      id,
      ...labelsOf({ application, pipelineConfigId }),
    });
    return { executionId: started.executionId, created: started.created };
  }

  /**
   * Signals a stage: one that is suspended goes on with it; for one that is not it is kept until it is, unless it is `transient`.
   * @throws PipelineControlError for a stage that there is not, or of a transient one that does not wait; ExecutionNotFoundError,
   * ExecutionClosedError, NotAPipelineError, PayloadTooLargeError
   */
  async signal(
    executionId: string,
    stage: string,
    { name, data }: Signal,
    options: SignalOptions = {},
  ): Promise<void> {
    const said = { name, ...(data === undefined ? {} : { data }) };
    const { transient = false, ...rest } = options;
    if (transient) {
      await this.#control(executionId, rest, () => ({ do: "signal", stage, ...said }));
      return;
    }
    const { graph } = await this.#target(executionId);
    if (specOf(graph, stage) === undefined) knownStage(graph.stages, stage);
    const { id } = rest;
    await this.client.signal(executionId, signalNameOf(stage), said, id === undefined ? {} : { id });
  }

  // -------------------------------------------------------------- how

  async #control(
    executionId: string,
    { reason, ...options }: StageControlOptions,
    control: (given: { readonly reason: { readonly reason?: string } }) => Control,
  ): Promise<Readonly<Record<string, Status>>> {
    const { graph } = await this.#target(executionId);
    const asked = control({ reason: reason === undefined ? {} : { reason } });
    // Told at once, and not by a turn of the execution.
    if ("stage" in asked && specOf(graph, asked.stage) === undefined) knownStage(graph.stages, asked.stage);
    return this.client.update<Readonly<Record<string, Status>>>(executionId, CONTROL, asked, options);
  }

  async #target(executionId: string): Promise<Target> {
    const description = await this.client.describe(executionId);
    return { description, graph: await this.#graph(description) };
  }

  async #graph({ executionId, workflow, definition: hash }: ExecutionDescription): Promise<Graph> {
    const key = `${workflow} ${hash}`;
    const known = this.#graphs.get(key) ?? this.#sharedGraph(workflow, hash, executionId);
    this.#graphs.set(key, known);
    known.catch(() => this.#graphs.delete(key));
    return (await known) ?? this.#ownGraph(executionId, workflow);
  }

  /** Of all executions of this definition; undefined where each has its own. */
  async #sharedGraph(workflow: string, hash: string, executionId: string): Promise<Graph | undefined> {
    return graphOf(await this.client.definition(workflow, hash), executionId);
  }

  /** Of a pipeline that came as data. One more read of the history. */
  async #ownGraph(executionId: string, workflow: string): Promise<Graph> {
    const graph = graphIn(inputOf(await this.client.history(executionId)));
    if (graph === undefined) throw new NotAPipelineError(workflow, "its input holds no stages", executionId);
    return graph;
  }

  /** By the code that the workflow has now. */
  async #isPipeline(workflow: string): Promise<boolean> {
    const known = this.#pipelines.get(workflow);
    if (known !== undefined) return known;
    const found = this.client.definition(workflow).then(isReadable, (error: unknown) => {
      if (error instanceof DefinitionNotFoundError) return false;
      throw error;
    });
    this.#pipelines.set(workflow, found);
    found.catch(() => this.#pipelines.delete(workflow));
    return found;
  }

  async #read({ description, graph }: Target): Promise<ReadPipeline & { readonly lastSlot: number }> {
    const history = await this.client.history(description.executionId);
    const hasBegun = description.progress.moves !== "not-started";
    return {
      ...(await readWithState(history, graph, { hasBegun })),
      lastSlot: history.at(-1)?.slot ?? 0,
    };
  }

  async #whole(executionId: string): Promise<ReadPipeline & Pick<Target, "graph">> {
    const target = await this.#target(executionId);
    return { ...(await this.#read(target)), graph: target.graph };
  }

  async #around(
    executionId: string,
    refId: string,
    which: (stage: StageView) => readonly string[],
  ): Promise<StageView[]> {
    const { view, graph } = await this.#whole(executionId);
    const ids = which(knownIn(view.stages, graph, refId));
    return view.stages.filter((stage) => ids.includes(stage.refId));
  }
}

/** What is asked of the listing of all executions. */
export function listingOf(options: PipelineListOptions): ListOptions {
  const { pipeline, application, pipelineConfigId, statuses, startedAfter, startedBefore, limit, cursor } =
    options;
  return {
    ...(pipeline === undefined ? {} : { workflow: pipeline }),
    ...labelsOf({ application, pipelineConfigId }),
    ...(statuses === undefined || statuses.length === 0 ? {} : { status: executionStatusesOf(statuses) }),
    ...(startedAfter === undefined ? {} : { createdAfter: startedAfter }),
    ...(startedBefore === undefined ? {} : { createdBefore: startedBefore }),
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function isReadable(definition: Parameters<typeof graphOf>[0]): boolean {
  try {
    graphOf(definition);
    return true;
  } catch (error) {
    if (error instanceof NotAPipelineError) return false;
    throw error;
  }
}

/** @throws PipelineControlError naming those that there are */
function knownIn(stages: readonly StageView[], graph: Graph, refId: string): StageView {
  const all = stages.flatMap(withParts);
  const found = all.find((stage) => stage.refId === refId);
  if (found !== undefined) return found;
  knownStage(graph.stages, refId);
  throw new PipelineControlError(`there is no stage "${refId}" yet`);
}

function withParts(stage: StageView): StageView[] {
  return [stage, ...stage.synthetic.flatMap(withParts)];
}

function isWithin(stage: StageView, refId: string): boolean {
  return withParts(stage).some((part) => part.refId === refId);
}

/** One for each end of an execution and each stage: readable where it fits, as that of a fork. */
function restartIdOf(executionId: string, stage: string | undefined, lastSlot: number): string {
  const what = digest(JSON.stringify([executionId, stage ?? null, lastSlot]), 10);
  return `${executionId.slice(0, 150)}/restart-${what}`;
}
