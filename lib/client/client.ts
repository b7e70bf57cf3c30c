/**
 * `DurableClient`: talks to executions from anywhere, through the tables, the wake queue and the bus directly; IAM decides who may. It
 * knows no AWS itself: an `Outside` is given to it, or made when the first call needs one.
 */
import type { Reach } from "../aws/client-outside.js";
import { classesByName } from "../define/error-classes.js";
import type { AnyEventType, EventType } from "../define/event.js";
import { checkHooks, type Hooks } from "../define/hooks.js";
import type { AnyWorkflow, Workflow } from "../define/workflow.js";
import { checkCodec, type PayloadCodec } from "../model/codec.js";
import type { ExecutionStatus } from "../model/status.js";
import type { Duration } from "../model/time.js";
import type { ErrorClasses } from "../model/value.js";
import { releaseChildren } from "../runtime/ending/closing.js";
import { terminate } from "../runtime/ending/terminate.js";
import { exportLines } from "../runtime/export.js";
import type { Outside } from "../runtime/outside.js";
import { ask, type ControlOptions, exists, readHead, redrive } from "./control.js";
import { ClientDeadLetters } from "./dead-letters.js";
import {
  type CurrentWorkflowDefinition,
  currentDefinitions,
  definitionOf,
  definitionsOf,
  type WorkflowDefinition,
  type WorkflowDefinitionSummary,
} from "./definitions.js";
import { type DeletedExecution, deleteByClient } from "./delete.js";
import { describeHead, readError } from "./describe.js";
import { type ForkOptions, fork } from "./fork.js";
import { givenByAndWhy, nameGiven } from "./given.js";
import { checkHealth, type Health } from "./health.js";
import { historyOf } from "./history.js";
import { countExecutions, listExecutions } from "./list.js";
import {
  endCallback,
  heartbeatCallback,
  type MessageOptions,
  SendingOrder,
  signal,
  type UpdateOptions,
  update,
} from "./messages.js";
import type { ClientNames, ClientOptions, ClientSettings } from "./options.js";
import { ClientOutbox } from "./outbox.js";
import { type Pauses, pausesOfExecution } from "./pauses.js";
import { publishEvent } from "./publish.js";
import { resultOf } from "./result.js";
import { ClientSchedules } from "./schedules.js";
import { startByFunction, startHere } from "./start.js";
import type {
  ExecutionDescription,
  ExecutionFilter,
  ExecutionPage,
  HistoryEntry,
  ListOptions,
  PublishOptions,
  StartedExecution,
  StartOptions,
} from "./types.js";
import { ClientVersions } from "./versions.js";
import { listWaiting, type WaitingOptions, type WaitingPage } from "./waiting.js";
import { type WatchedChange, type WatchOptions, watchExecution } from "./watch.js";

/** The status at the time of asking. */
export interface Asked {
  readonly status: ExecutionStatus;
}

/** What `terminate` gives. */
export interface Terminated extends Asked {
  /** What could not be done, since its history can't be read: a `TerminatedUnreadError`. */
  readonly error?: Error;
}

/**
 * Starts executions, talks to them, looks at them and steers them: calls of the tables, the queues and the bus, with the credentials of its process. It
 * opens nothing before its first call. Where a service refuses or does not answer, methods throw the AWS SDK's error; repeat with the same ids.
 */
export class DurableClient {
  readonly #open: () => Promise<Outside>;
  readonly #workflows: readonly AnyWorkflow[];
  readonly #classes: ErrorClasses;
  readonly #hooks: readonly Hooks[];
  readonly #where: (ClientNames & Reach) | undefined;
  readonly #order = new SendingOrder();
  #outside: Promise<Outside> | undefined;

  constructor(options: ClientOptions) {
    const { workflows = [], errors, hooks = [], codec, ...where } = options;
    this.#workflows = workflows;
    this.#classes = classesByName(errors ?? []);
    this.#hooks = checkHooks(hooks);
    if ("outside" in where) {
      const { outside } = where;
      this.#where = undefined;
      this.#open = async () => sealed(await (typeof outside === "function" ? outside() : outside), codec);
    } else {
      this.#where = where;
      this.#open = async () =>
        sealed((await import("../aws/for-clients.js")).clientOutside(where, where), codec);
    }
  }

  /** A client of the deployment whose names stand in the environment (`HOLDFAST_…`), as in its own functions. */
  static fromEnvironment(settings: ClientSettings = {}): DurableClient {
    return new DurableClient({
      ...settings,
      outside: async () => (await import("../aws/for-clients.js")).functionOutside(),
    });
  }

  /**
   * A client of a deployed stack: reads the names from its outputs.
   * @param stackName of the stack that holds the DurableFunctions construct
   * @param settings `deployment` chooses among several constructs of one stack, by the prefix of their outputs
   */
  static async fromStack(
    stackName: string,
    settings: ClientSettings & Reach & { readonly deployment?: string } = {},
  ): Promise<DurableClient> {
    const { deployment, ...rest } = settings;
    const { namesOfStack, reachedBy } = await import("../aws/for-clients.js");
    const names = await namesOfStack(stackName, { deployment, connection: reachedBy(rest.environment) });
    return new DurableClient({ ...rest, ...names });
  }

  /**
   * Starts an execution, or finds the one that an earlier start with the same id began.
   * @throws InvalidInputError, PayloadTooLargeError, UnknownWorkflowError, ExecutionConflictError: nothing was written
   */
  async start<Input, Output>(
    workflow: Workflow<Input, Output>,
    input: NoInfer<Input>,
    options?: StartOptions,
  ): Promise<StartedExecution<Output>>;
  async start(workflow: string, input?: unknown, options?: StartOptions): Promise<StartedExecution>;
  async start(
    workflow: AnyWorkflow | string,
    input?: unknown,
    options: StartOptions = {},
  ): Promise<StartedExecution> {
    const name = nameGiven("workflow", workflow);
    const where = this.#where;
    if (typeof workflow === "string" && where?.startFunction !== undefined && !this.#knows(workflow))
      return startByFunction(where.startFunction, where, name, input, options);
    const workflows = typeof workflow === "string" ? this.#workflows : [workflow];
    return startHere(await this.#connect(), workflows, name, input, options, this.#classes);
  }

  /**
   * Where an execution stands, and if it is not at its end, why not, what would free it, and what its code awaits. One read of the head: what
   * is awaited is what the last turn left, and may be over while a turn is at work.
   * @throws ExecutionNotFoundError
   */
  async describe(executionId: string): Promise<ExecutionDescription> {
    const outside = await this.#connect();
    return describeHead(outside, await readHead(outside, executionId), this.#classes);
  }

  /**
   * The workflow's result, once it is there.
   * @throws ExecutionFailedError when it ended otherwise, or is stalled: the cause is the workflow's own error
   * @throws ResultTimeoutError when the time is over first (default one minute); the execution goes on
   * @throws ExecutionNotFoundError
   */
  async result<Output = unknown>(
    executionId: string,
    options: { readonly timeout?: Duration } = {},
  ): Promise<Output> {
    // What a workflow returns is not checked against its type anywhere: the caller says what it is.
    return (await resultOf(await this.#connect(), executionId, options, this.#classes)) as Output;
  }

  /**
   * Everything that happened, in order. Slot 0 is the start.
   * @throws ExecutionNotFoundError
   */
  async history(executionId: string): Promise<HistoryEntry[]> {
    const outside = await this.#connect();
    return historyOf(outside, await readHead(outside, executionId));
  }

  /**
   * An execution as lines of JSON, without their line ends: {@link ExportLine} says what each holds. Read while it is iterated over, so that no
   * history is too long; one that goes on meanwhile is exported as it was. The last line is `{"end":…}`: without it something is missing.
   * @throws ExecutionNotFoundError, ExecutionDeletedError: at the first line
   */
  async *export(executionId: string): AsyncGenerator<string, void, void> {
    const outside = await this.#connect();
    for await (const line of exportLines(outside.store, await readHead(outside, executionId)))
      yield JSON.stringify(line);
  }

  /** How an execution stands and what happens in it, from its start until it is closed or stalled. Throws ExecutionNotFoundError. */
  async *watch(executionId: string, options: WatchOptions = {}): AsyncGenerator<WatchedChange, void, void> {
    yield* watchExecution(await this.#connect(), executionId, options, this.#classes);
  }

  /** Executions, newest first, a page at a time. */
  async list(options: ListOptions = {}): Promise<ExecutionPage> {
    return listExecutions((await this.#connect()).store, options);
  }

  /** Every workflow that was ever started here, by name, with the code that it has now. */
  async definitions(): Promise<CurrentWorkflowDefinition[]>;
  /** All recorded code of one workflow, that which was first recorded last at the front; empty for one that is not known. */
  async definitions(workflow: string): Promise<WorkflowDefinitionSummary[]>;
  async definitions(workflow?: string): Promise<CurrentWorkflowDefinition[] | WorkflowDefinitionSummary[]> {
    const { store } = await this.#connect();
    return workflow === undefined ? currentDefinitions(store) : definitionsOf(store, workflow);
  }

  /**
   * A workflow's code.
   * @param hash the `definition` that `describe` shows; by default that of its current code
   * @throws DefinitionNotFoundError
   */
  async definition(workflow: string, hash?: string): Promise<WorkflowDefinition> {
    return definitionOf((await this.#connect()).store, workflow, hash);
  }

  /**
   * How many executions fit. The index counts them, and no execution is read, by at most one of `workflow`, `application` and `pipelineConfigId`,
   * and of statuses by `failed`, `stalled` or all that are open, at any time of creation; any other filter reads each execution it looks at.
   */
  async count(filter: ExecutionFilter = {}): Promise<number> {
    return countExecutions((await this.#connect()).store, filter);
  }

  /** Whether there is an execution with this id, open or closed. */
  async exists(executionId: string): Promise<boolean> {
    return exists(await this.#connect(), executionId);
  }

  /**
   * The waits for an event that stand now, a page at a time. Exact for a type without a key, and where a key is given. For a keyed type
   * without one: what open and stalled executions waited for when they last suspended. With the event's name alone it costs more: that
   * does not tell whether it has a key.
   * @throws InvalidInputError, InvalidDefinitionError for a name that no event can have
   */
  async waiting(event: AnyEventType | string, options: WaitingOptions = {}): Promise<WaitingPage> {
    return listWaiting(await this.#connect(), event, options);
  }

  /**
   * Asks an execution to cancel: what it waits for throws `CancelledError`, and completed steps are compensated. A call that was not
   * answered may be repeated; so may one that was.
   * @returns the status at the time of asking
   * @throws ExecutionNotFoundError, ExecutionClosedError
   */
  async cancel(executionId: string, options: ControlOptions = {}): Promise<Asked> {
    return ask(await this.#connect(), "cancel", executionId, options);
  }

  /**
   * Lets an execution begin no new step until it is resumed. What is under way ends; timers and messages go on being recorded.
   * @throws ExecutionNotFoundError, ExecutionClosedError
   */
  async pause(executionId: string, options: ControlOptions = {}): Promise<Asked> {
    return ask(await this.#connect(), "pause", executionId, options);
  }

  /**
   * When it was paused, by whom and why, and for how long in all.
   * @throws ExecutionNotFoundError, ExecutionDeletedError, CorruptHistoryError
   */
  async pauses(executionId: string): Promise<Pauses> {
    return pausesOfExecution(await this.#connect(), executionId);
  }

  /** Ends a pause: what came and fell due meanwhile goes on. @throws ExecutionNotFoundError, ExecutionClosedError */
  async resume(executionId: string, options: ControlOptions = {}): Promise<Asked> {
    return ask(await this.#connect(), "resume", executionId, options);
  }

  /**
   * Ends an execution now, wherever it is: its owner is fenced out, its code is told nothing, and nothing is undone. Neither its code nor
   * its history has to be whole.
   * @throws ExecutionNotFoundError, ExecutionClosedError
   */
  async terminate(executionId: string, options: ControlOptions = {}): Promise<Terminated> {
    const outside = await this.#connect();
    const why = givenByAndWhy("client.terminate", options);
    const head = await terminate(outside, executionId, why, this.#hooks);
    const error = await readError(outside, head, this.#classes);
    // What could not be read may be there again: then its children are told now.
    const unread = error === undefined ? [] : await releaseChildren(outside, head, this.#hooks);
    return { status: head.status, ...(error === undefined || unread.length === 0 ? {} : { error }) };
  }

  /**
   * Lets a stalled execution go on from its history, a failed one from the step that failed, and one whose compensations gave up (failed,
   * cancelled or completed: it ends so again, with the output that it had) from those, with the code that is deployed now. For one that is
   * open already it only sends another wake, so that an unanswered call may be repeated.
   * @throws ExecutionNotFoundError, ExecutionClosedError; InvalidControlError when there is nothing to go on from
   */
  async redrive(executionId: string, options: ControlOptions = {}): Promise<Asked> {
    return redrive(await this.#connect(), executionId, options);
  }

  /**
   * Starts a new execution with the history of this one up to a step, which runs anew there. Results before it are reused; its chance
   * (`ctx.random`, `ctx.uuid`) is the original's.
   * @throws ExecutionNotFoundError, ExecutionConflictError; InvalidControlError for a step that the history does not have
   */
  async fork(executionId: string, options: ForkOptions): Promise<StartedExecution> {
    const { head, created } = await fork(await this.#connect(), executionId, options);
    return { executionId: head.executionId, status: head.status, created };
  }

  /**
   * Deletes an execution that has ended, with its history, messages, large values and wait records; its id is free then. A call that was not
   * answered may be repeated, and goes on where that one stopped; `ExecutionNotFoundError` then says that nothing was left. One that was
   * continued keeps its head, by which messages and results find the one that goes on, for as long as that one is there.
   * @throws NotDeletableError when it is open or stalled, ended less than 20 minutes ago, or is still needed: it says what for, and what to do
   * @throws ExecutionNotFoundError
   */
  async delete(executionId: string): Promise<DeletedExecution> {
    return deleteByClient(await this.#connect(), executionId);
  }

  /**
   * Signals an execution: `ctx.waitForSignal(name)` gets the data, now or later, in the order in which this client sent it.
   * @returns the id by which history knows the message: `signal:` and what `options.id` says
   * @throws InvalidInputError for an id, InvalidDefinitionError for a name that is no text of 1 to 256 bytes
   * @throws ExecutionNotFoundError, ExecutionClosedError, UnencodableValueError, PayloadTooLargeError
   */
  async signal(
    executionId: string,
    name: string,
    data?: unknown,
    options: MessageOptions = {},
  ): Promise<{ readonly messageId: string }> {
    return signal(await this.#connect(), this.#order, executionId, name, data, options);
  }

  /**
   * Sends an update and waits for its handler's answer (`ctx.handleUpdate`). Repeated with the same id, it is answered with the same answer,
   * even after the execution's end, and the handler runs once.
   * @throws what the handler throws; InvalidInputError when the input does not fit the handler's schema
   * @throws ExecutionClosedError when the execution ended without an answer, ResultTimeoutError, ExecutionNotFoundError
   */
  async update<Answer = unknown>(
    executionId: string,
    name: string,
    input?: unknown,
    options: UpdateOptions = {},
  ): Promise<Answer> {
    const answer = await update(
      await this.#connect(),
      this.#order,
      executionId,
      name,
      input,
      options,
      this.#classes,
    );
    // What a handler answers is not checked against a type anywhere: the caller says what it is.
    return answer as Answer;
  }

  /**
   * Completes what `ctx.callback` waits for. The first end counts: a second one is told nothing else, and changes nothing.
   * @throws InvalidCallbackTokenError, ExecutionNotFoundError, ExecutionClosedError, UnencodableValueError, PayloadTooLargeError
   */
  async completeCallback(token: string, result?: unknown): Promise<void> {
    await endCallback(await this.#connect(), token, { result });
  }

  /** Lets what `ctx.callback` waits for throw `error`. Throws as {@link completeCallback}. */
  async failCallback(token: string, error: unknown): Promise<void> {
    await endCallback(await this.#connect(), token, { error });
  }

  /** Says that the callback is still being worked on. Does nothing for one that asked for no heartbeat. */
  async heartbeatCallback(token: string): Promise<void> {
    await heartbeatCallback(await this.#connect(), token);
  }

  /**
   * Publishes an event on the deployment's bus; its payload is checked against the event's schema first.
   * @returns the event's stable id
   * @throws InvalidInputError, PayloadTooLargeError, PublishFailedError
   */
  async publish<Input, Data>(
    event: EventType<Input, Data>,
    data: NoInfer<Input>,
    options?: PublishOptions,
  ): Promise<{ readonly eventId: string }>;
  /** By name alone, unchecked. */
  async publish(
    event: string,
    data: unknown,
    options?: PublishOptions,
  ): Promise<{ readonly eventId: string }>;
  async publish(
    event: AnyEventType | string,
    data: unknown,
    options: PublishOptions = {},
  ): Promise<{ readonly eventId: string }> {
    return { eventId: await publishEvent(await this.#connect(), event, data, options) };
  }

  /** Events and starts that ride in transactions of your own: published, or started, if and only if they commit. */
  get outbox(): ClientOutbox {
    return new ClientOutbox(() => this.#connect());
  }

  /** What could not be handled, and was set aside. */
  get deadLetters(): ClientDeadLetters {
    return new ClientDeadLetters(() => this.#connect());
  }

  /** Schedules that start workflows again and again, kept at run time. */
  get schedules(): ClientSchedules {
    return new ClientSchedules(() => this.#connect(), this.#workflows);
  }

  /** The deployed code that open executions run on. */
  get versions(): ClientVersions {
    return new ClientVersions(() => this.#connect());
  }

  /** Whether the tables and the bucket answer this client. Never throws for one that does not: it says which, and why. */
  async health(): Promise<Health> {
    return checkHealth(await this.#connect());
  }

  #knows(workflow: string): boolean {
    return this.#workflows.some(({ name }) => name === workflow);
  }

  /** One Outside for the life of the client; a failure to make it is not kept. */
  #connect(): Promise<Outside> {
    this.#outside ??= this.#open().catch((error: unknown) => {
      this.#outside = undefined;
      throw error;
    });
    return this.#outside;
  }
}

async function sealed(outside: Outside, codec: PayloadCodec | undefined): Promise<Outside> {
  if (codec === undefined) return outside;
  const { withCodec } = await import("../aws/for-clients.js");
  return withCodec(outside, checkCodec(codec));
}
