/**
 * `DurableClient`: talks to executions from anywhere, through the tables, the wake queue and the bus directly; IAM decides who may. It
 * knows no AWS itself: an `Outside` is given to it, or made when the first call needs one.
 */
import { randomUUID } from "node:crypto";
import type { Reach } from "../aws/client-outside.js";
import type { Names } from "../aws/environment.js";
import type { StartAnswer } from "../aws/starting.js";
import { app } from "../define/app.js";
import { classesByName } from "../define/error-classes.js";
import type { AnyEventType, EventType } from "../define/event.js";
import type { AnyWorkflow, Workflow } from "../define/workflow.js";
import {
  ExecutionClosedError,
  ExecutionFailedError,
  ExecutionNotFoundError,
  InvalidInputError,
  ResultTimeoutError,
} from "../model/errors.js";
import type { Head } from "../model/head.js";
import type { PlainError } from "../model/plain.js";
import { type ExecutionStatus, isClosed } from "../model/status.js";
import { type Duration, durationMs } from "../model/time.js";
import type { ErrorClass, ErrorClasses } from "../model/value.js";
import type { Outside } from "../runtime/outside.js";
import { persistently } from "../runtime/persistently.js";
import { startExecution } from "../runtime/start.js";
import { hasStopped, watch } from "../runtime/watch.js";
import { describeHead, readError, readValue } from "./describe.js";
import { historyOf } from "./history.js";
import { publishEvent } from "./publish.js";
import {
  DEFAULT_WAIT,
  type ExecutionDescription,
  type ExecutionPage,
  type HistoryEntry,
  type ListOptions,
  type PublishOptions,
  type StartedExecution,
  type StartOptions,
} from "./types.js";

/** The names of a deployment's resources; only those that the calls need must be there. */
export type ClientNames = Names;

export interface ClientSettings {
  /** Workflows that `start` may be given by name. Others are started by name through the deployment's start function. */
  readonly workflows?: readonly AnyWorkflow[];
  /** Error classes of yours, so that the causes of failures are `instanceof` them. */
  readonly errors?: readonly ErrorClass[];
}

export type ClientOptions = ClientSettings &
  (
    | (ClientNames & Reach)
    /** Anything that keeps the engine's ports: the testing kit and the local cloud bring theirs. */
    | { readonly outside: Outside | (() => Outside | Promise<Outside>) }
  );

/** A stable id: cancelling twice is cancelling once, and an unanswered call may be repeated. */
const CANCEL_ID = "cancel";

const MOST_LISTED = 1_000;

export class DurableClient {
  readonly #open: () => Promise<Outside>;
  readonly #workflows: readonly AnyWorkflow[];
  readonly #classes: ErrorClasses;
  readonly #where: (ClientNames & Reach) | undefined;
  #outside: Promise<Outside> | undefined;

  constructor(options: ClientOptions) {
    const { workflows = [], errors, ...where } = options;
    this.#workflows = workflows;
    this.#classes = classesByName(errors ?? []);
    if ("outside" in where) {
      const { outside } = where;
      this.#where = undefined;
      this.#open = async () => (typeof outside === "function" ? outside() : outside);
    } else {
      this.#where = where;
      this.#open = async () => (await import("../aws/client-outside.js")).clientOutside(where, where);
    }
  }

  /** A client of the deployment whose names stand in the environment (`HOLDFAST_…`), as in its own functions. */
  static fromEnvironment(settings: ClientSettings = {}): DurableClient {
    return new DurableClient({
      ...settings,
      outside: async () => (await import("../aws/outside.js")).functionOutside(),
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
    const { namesOfStack } = await import("../aws/stack-names.js");
    const { reachedBy } = await import("../aws/client-outside.js");
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
    const { id, onConflict, delay, wait } = options;
    if (typeof workflow === "string" && this.#where?.startFunction !== undefined && !this.#knows(workflow))
      return this.#startByFunction(this.#where.startFunction, workflow, input, options);
    const outside = await this.#connect();
    const waitMs = wait === undefined ? undefined : durationMs(wait === true ? DEFAULT_WAIT : wait);
    const { head, created } = await startExecution(
      outside,
      app({ workflows: typeof workflow === "string" ? this.#workflows : [workflow] }),
      {
        workflow: typeof workflow === "string" ? workflow : workflow.name,
        input,
        ...(id === undefined ? {} : { id }),
        ...(onConflict === undefined ? {} : { onConflict }),
        ...(delay === undefined ? {} : { delayMs: durationMs(delay) }),
      },
    );
    const { executionId } = head;
    if (waitMs === undefined) return { executionId, status: head.status, created };
    const reached = await watch(outside, executionId, outside.clock.now() + waitMs);
    const output = await readValue(outside, reached, reached.output, this.#classes);
    const error = await readError(outside, reached, this.#classes);
    return {
      executionId,
      status: reached.status,
      created,
      ...(reached.output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error }),
    };
  }

  /**
   * Where an execution stands, and if it is not at its end, why not and what would free it.
   * @throws ExecutionNotFoundError
   */
  async describe(executionId: string): Promise<ExecutionDescription> {
    const outside = await this.#connect();
    return describeHead(outside, await head(outside, executionId), this.#classes);
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
    const outside = await this.#connect();
    const began = outside.clock.now();
    const reached = await watch(outside, executionId, began + durationMs(options.timeout ?? DEFAULT_WAIT));
    if (!hasStopped(reached))
      throw new ResultTimeoutError(executionId, reached.status, outside.clock.now() - began);
    if (reached.status !== "completed") {
      const cause = await readError(outside, reached, this.#classes);
      throw new ExecutionFailedError(executionId, reached.status, cause === undefined ? {} : { cause });
    }
    // What a workflow returns is not checked against its type anywhere: the caller says what it is.
    return (await readValue(outside, reached, reached.output, this.#classes)) as Output;
  }

  /**
   * Everything that happened, in order. Slot 0 is the start.
   * @throws ExecutionNotFoundError
   */
  async history(executionId: string): Promise<HistoryEntry[]> {
    const outside = await this.#connect();
    return historyOf(outside, await head(outside, executionId));
  }

  /** Executions, newest first, a page at a time. */
  async list(options: ListOptions = {}): Promise<ExecutionPage> {
    const outside = await this.#connect();
    const { limit = 50, ...filter } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) {
      throw new InvalidInputError("The listing", [
        { path: "limit", message: `expected a whole number from 1 to ${MOST_LISTED}, found ${limit}` },
      ]);
    }
    const page = await outside.store.listExecutions({ ...filter, limit });
    return {
      executions: page.items.map(({ createdAt, closedAt, dueAt, ...rest }) => ({
        ...rest,
        createdAt: new Date(createdAt),
        ...(closedAt === undefined ? {} : { closedAt: new Date(closedAt) }),
        ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt) }),
      })),
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  }

  /**
   * Asks an execution to cancel: what it waits for throws `CancelledError`, and completed steps are compensated. A call that was not
   * answered may be repeated; so may one that was.
   * @returns the status at the time of asking
   * @throws ExecutionNotFoundError, ExecutionClosedError
   */
  async cancel(
    executionId: string,
    options: { readonly reason?: string; readonly by?: string } = {},
  ): Promise<{ readonly status: ExecutionStatus }> {
    const outside = await this.#connect();
    const { reason, by } = options;
    const result = await persistently(() =>
      outside.store.appendMessage(executionId, {
        kind: "cancel",
        id: CANCEL_ID,
        at: outside.clock.now(),
        ...(by === undefined ? {} : { by }),
        ...(reason === undefined ? {} : { reason }),
      }),
    );
    if (result.outcome === "missing") throw new ExecutionNotFoundError(executionId);
    if (result.outcome === "closed") throw new ExecutionClosedError(executionId, result.head.status);
    // A repeat wakes too: the call before may have died between the two.
    await outside.wakes.send({ executionId, reason: "message" }, 0);
    return { status: result.head.status };
  }

  /**
   * Lets a stalled execution go on, from its history, with the code that is deployed now. For one that is open already it only sends
   * another wake, so that an unanswered call may be repeated.
   * @throws ExecutionNotFoundError, ExecutionClosedError
   */
  async redrive(executionId: string): Promise<{ readonly status: ExecutionStatus }> {
    const outside = await this.#connect();
    const result = await persistently(() => outside.store.reopen(executionId));
    if (result.head === undefined) throw new ExecutionNotFoundError(executionId);
    const { status } = result.head;
    if (isClosed(status)) throw new ExecutionClosedError(executionId, status);
    await outside.wakes.send({ executionId, reason: "redrive" }, 0);
    return { status };
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

  #knows(workflow: string): boolean {
    return this.#workflows.some(({ name }) => name === workflow);
  }

  async #startByFunction(
    startFunction: string,
    workflow: string,
    input: unknown,
    { id = randomUUID(), ...options }: StartOptions,
  ): Promise<StartedExecution> {
    const { invokeStart } = await import("../aws/invoke-start.js");
    const { reachedBy } = await import("../aws/client-outside.js");
    const { error, ...answer }: StartAnswer = await invokeStart(
      startFunction,
      { workflow, input, id, ...options },
      reachedBy(this.#where?.environment),
    );
    return error === undefined ? answer : { ...answer, error: fromPlain(error) };
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

/** An error as the start function tells it: its name, message and own fields. */
function fromPlain({ name, message, ...fields }: PlainError): Error {
  return Object.assign(new Error(message), fields, { name });
}

async function head(outside: Outside, executionId: string): Promise<Head> {
  const found = await persistently(() => outside.store.readHead(executionId));
  if (found === undefined) throw new ExecutionNotFoundError(executionId);
  return found;
}
