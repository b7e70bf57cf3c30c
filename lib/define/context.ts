/** What workflow code is given. Everything that it awaits must come from here: only that is recorded and replayed. */
import type { OnParentClose } from "../model/history-event.js";
import type { EventPattern } from "../model/pattern/types.js";
import type { Duration } from "../model/time.js";
import type { EventType } from "./event.js";
import type { MapOptions, MapResult } from "./map.js";
import type { RetryPolicy } from "./retry.js";
import type { Schema } from "./schema.js";
import type { Transaction, TransactionOptions } from "./transaction.js";
import type { Workflow } from "./workflow.js";

/** Handed to a step's body. */
export interface StepContext {
  readonly executionId: string;
  /** From 1. */
  readonly attempt: number;
  /** The same over all attempts and all replays: hand it to services that take an idempotency key. */
  readonly idempotencyKey: string;
  /** Aborted when the step's timeout passes, or when its result no longer matters. */
  readonly signal: AbortSignal;
  /**
   * Says that the body is still at work, and how far it has come. The details are kept for a next attempt ({@link lastHeartbeat}): at once in
   * this process, and in history with the next write, at most every few seconds. With the step's `heartbeat` option, an attempt that says
   * nothing for so long has failed.
   */
  heartbeat(details?: unknown): void;
  /** The details of the last heartbeat of an attempt before this one, if any. */
  readonly lastHeartbeat: unknown;
  /** `ctx.log`, for bodies that stand elsewhere. */
  readonly log: Logger;
}

/** Options of `ctx.step`. Everything has a default. */
export interface StepOptions<Result> {
  readonly retry?: RetryPolicy;
  /** For one attempt. Must be shorter than the worker's own timeout. */
  readonly timeout?: Duration;
  /** An attempt whose body does not call `step.heartbeat` for so long fails with `StepTimeoutError`. */
  readonly heartbeat?: Duration;
  /**
   * `"at-least-once"` (default): a crash may repeat the body, within `maxAttempts`.
   * `"at-most-once"`: one attempt, recorded before it begins; a crash ends it with `StepInterruptedError`.
   */
  readonly semantics?: "at-least-once" | "at-most-once";
  /** Undoes the step when the workflow throws later. Gets the step's recorded result. Runs as a step, with `compensateRetry`. */
  compensate?(result: Result, step: StepContext): unknown;
  /** Default: 10 attempts, 1 s, ×2, at most 5 m. */
  readonly compensateRetry?: RetryPolicy;
}

/** Options of `ctx.waitForEvent`. */
export interface WaitOptions<Data = unknown> {
  /** Required when the event declares a key: the key that this wait is for. */
  readonly key?: string;
  /**
   * Only events whose payload this accepts: an EventBridge event pattern over the payload as the workflow receives it, written as JSON (a
   * `Date` is ISO text). At most 2,048 bytes of JSON. An event that it does not accept stays for other waits.
   */
  readonly where?: EventPattern<Data>;
  /** `WaitTimeoutError` after it. Default: none. */
  readonly timeout?: Duration;
  /** How far back an event may have come before the wait began. Default 5 minutes, at most 1 day, never before the execution's start. */
  readonly lookback?: Duration;
}

/** Options of `ctx.waitForSignal`. */
export interface SignalOptions {
  /** `WaitTimeoutError` after it. Default: none. */
  readonly timeout?: Duration;
}

/** Options of `ctx.callback`. */
export interface CallbackOptions {
  /** `WaitTimeoutError` after it. Default: none. */
  readonly timeout?: Duration;
  /** `WaitTimeoutError` when its holder gives no sign of life (`client.heartbeatCallback`) for so long. Default: none is expected. */
  readonly heartbeat?: Duration;
}

/** Something that is completed, or failed, from outside. */
export interface Callback<Result> {
  /** Hand it to whoever is to complete it: `client.completeCallback(token, result)`. The same on every replay. */
  readonly token: string;
  /** What it is completed with; rejects with what it is failed with. */
  readonly promise: Promise<Result>;
}

/** Options of `ctx.child`. */
export interface ChildOptions {
  /** Its execution id. Default: derived from this execution and the place in the code. */
  readonly id?: string;
  /** What becomes of it when this execution ends, or no longer waits for it. Default `"cancel"`. */
  readonly onParentClose?: OnParentClose;
}

/** The branch that ended first, and what it gave. */
export type RaceResult<Branches extends Record<string, (ctx: Context) => unknown>> = {
  [Name in keyof Branches]: { readonly winner: Name; readonly value: Awaited<ReturnType<Branches[Name]>> };
}[keyof Branches];

/**
 * A structured log: a message, and fields that JSON can say. Quiet on replay. Every line carries `executionId` and `workflow`, and in a step's
 * body `step` and `attempt`; fields of those names are overruled.
 */
export interface Logger {
  /** For whoever looks into one execution; not written unless the log level is `debug`. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What went as it should. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What went on although something was not as it should be. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What a person should look at. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** The same log, with these fields in each of its lines. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** Options of `ctx.sendEvent`. */
export interface SendOptions {
  /**
   * From the sending on. An event that could not be published by then is of no use to anybody: it is given up as `expired`, and not
   * published late. Default: it is tried for some seventeen days.
   */
  readonly expiresAfter?: Duration;
}

/**
 * What workflow code is given as `ctx`. Code may await nothing else: only this is recorded and replayed. Every method throws `ContextMisuseError` when it is
 * called from the body of a step, or with the context of another branch; what is awaited also throws `CancelledError` once the execution is cancelled, and
 * `ExecutionTimeoutError` once its own timeout has passed.
 */
export interface Context {
  readonly executionId: string;
  /** The workflow's name. */
  readonly workflow: string;
  readonly log: Logger;

  /** The time of the last thing that the code was told; never runs backwards, and is the same on every replay. */
  now(): Date;
  /** Like `Math.random`, the same on every replay. Costs nothing. */
  random(): number;
  /** A version 4 UUID, the same on every replay. Costs nothing. */
  uuid(): string;

  /**
   * Runs a side effect and records its result, once. The name (with how often it was used before) identifies it in history.
   * @throws the body's own error once its retries are used up; StepTimeoutError; StepInterruptedError; UnencodableValueError
   */
  step<Result>(
    name: string,
    body: (step: StepContext) => Result | Promise<Result>,
    options?: StepOptions<NoInfer<Result>>,
  ): Promise<Result>;

  /** Waits, from nothing to a year, holding nothing. */
  sleep(duration: Duration): Promise<void>;
  /** At most 366 days away; an instant that is past is no wait. */
  sleepUntil(instant: Date): Promise<void>;

  /**
   * Waits for an event from the bus and gives its payload.
   * @throws WaitTimeoutError, InvalidInputError for a `where` that can't be judged
   */
  waitForEvent<Input, Data>(
    event: EventType<Input, Data>,
    options?: WaitOptions<NoInfer<Data>>,
  ): Promise<Data>;

  /** Publishes an event, at least once, if and only if this point of the workflow becomes durable. */
  sendEvent<Input, Data>(
    event: EventType<Input, Data>,
    data: NoInfer<Input>,
    options?: SendOptions,
  ): Promise<void>;

  /**
   * Runs a step whose writes to your own DynamoDB tables, outgoing messages and result commit together or not at all: exactly once.
   * @param body gathers writes; it may read, and may run again when the transaction is in conflict with another
   * @throws TransactionCancelledError when a condition does not hold, with the reasons by action; and what `step` throws
   */
  transaction<Result>(
    name: string,
    body: (tx: Transaction, step: StepContext) => Result | Promise<Result>,
    options?: TransactionOptions<NoInfer<Result>>,
  ): Promise<Result>;

  /**
   * Waits for a signal of that name, sent by `client.signal` or `ctx.signal`. Signals that came before are kept, and are taken in the order
   * of their coming. Of several waits for one name, the newest takes the next signal.
   * @throws WaitTimeoutError
   */
  waitForSignal<Data = unknown>(name: string, options?: SignalOptions): Promise<Data>;

  /**
   * Signals an execution, this one or another, if and only if this point of the workflow becomes durable. It sees the signal once. Does not
   * wait for that. What one execution sends to another is seen in the order of sending, unless a hand-over had to be tried again.
   * @throws InvalidInputError for an execution id, UnencodableValueError, PayloadTooLargeError for data above 255,000 bytes
   */
  signal(executionId: string, name: string, data?: unknown): Promise<void>;

  /** Waits for somebody outside who holds the token. Ask for it before you hand the token out; await `promise` after. */
  callback<Result = unknown>(name: string, options?: CallbackOptions): Callback<Result>;

  /**
   * Runs another workflow as an execution of its own and waits for its result.
   * @throws ChildFailedError when it ends otherwise (its `cause` is the child's own error), or can't be created
   */
  child<Input, Output>(
    workflow: Workflow<Input, Output>,
    input: NoInfer<Input>,
    options?: ChildOptions,
  ): Promise<Output>;

  /**
   * Runs the branches side by side, and gives the first that ends; rejects if it is one that throws. The others are abandoned: their code
   * does not go on (neither `catch` nor `finally`), their steps get an aborted signal, their waits and timers are removed, their children
   * end as `onParentClose` says, and their unfinished sagas are undone.
   */
  race<Branches extends Record<string, (ctx: Context) => unknown>>(
    branches: Branches,
  ): Promise<RaceResult<Branches>>;

  /**
   * Runs `fn` for every item, each in a branch of its own.
   * @throws MapFailedError when more items fail than are tolerated (default: none), or too few can succeed
   */
  map<Item, Result>(
    items: readonly Item[],
    fn: (ctx: Context, item: Item, index: number) => Result | Promise<Result>,
    options?: MapOptions,
  ): Promise<MapResult<Result>>;

  /**
   * A compensation scope: when `fn` throws, the steps that completed in it are undone, in reverse order, and the error is thrown on. When it
   * returns, they are undone only if the code around it fails later.
   */
  saga<Result>(fn: (ctx: Context) => Result | Promise<Result>): Promise<Result>;

  /**
   * What `client.describe(id).state` shows, from the next suspension (or end) on: the value that was set last. Costs no write of its own
   * up to about 300 bytes.
   * @throws UnencodableValueError, PayloadTooLargeError
   */
  setState(value: unknown): void;

  /**
   * Answers `client.update(id, name, input)` from here on. The handler is workflow code: it may await what its context gives. What it throws
   * is thrown to the sender, and so is an `InvalidInputError` for an input that does not fit. Updates that came before are kept; handlers
   * begin in the order of the updates' coming, and one that waits does not hold up the next. A handler that is at work when the workflow
   * function returns is abandoned, and its sender told so: wait for it if that matters.
   */
  handleUpdate<Input, Parsed, Answer>(
    name: string,
    options: { readonly input: Schema<Input, Parsed> },
    handler: (ctx: Context, input: Parsed) => Answer | Promise<Answer>,
  ): void;
  handleUpdate<Input, Answer>(
    name: string,
    handler: (ctx: Context, input: Input) => Answer | Promise<Answer>,
  ): void;

  /**
   * Whether this execution may use a change of the code: yes for those that come here with it, no for those that were here before it. The
   * answer is recorded, and is the same everywhere in one execution: one id for each change, never used for another.
   */
  patched(change: string): boolean;

  /**
   * Ends this execution and goes on as a new one with the same workflow, an empty history, and the messages that nobody has read. Nothing
   * after it runs.
   * @throws InvalidInputError
   */
  continueAsNew(input: unknown): Promise<never>;
}
