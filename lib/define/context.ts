/** What workflow code is given. Everything that it awaits must come from here: only that is recorded and replayed. */
import type { Duration } from "../model/time.js";
import type { EventType } from "./event.js";
import type { RetryPolicy } from "./retry.js";

/** Handed to a step's body. */
export interface StepContext {
  readonly executionId: string;
  /** From 1. */
  readonly attempt: number;
  /** The same over all attempts and all replays: hand it to services that take an idempotency key. */
  readonly idempotencyKey: string;
  /** Aborted when the step's timeout passes, or when its result no longer matters. */
  readonly signal: AbortSignal;
}

export interface StepOptions<Result> {
  readonly retry?: RetryPolicy;
  /** For one attempt. Must be shorter than the worker's own timeout. */
  readonly timeout?: Duration;
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

export interface WaitOptions {
  /** Required when the event declares a key: the key that this wait is for. */
  readonly key?: string;
  /** `WaitTimeoutError` after it. Default: none. */
  readonly timeout?: Duration;
  /** How far back an event may have come before the wait began. Default 5 minutes, at most 1 day, never before the execution's start. */
  readonly lookback?: Duration;
}

/** A structured log that is quiet on replay. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

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
   * @throws WaitTimeoutError
   */
  waitForEvent<Input, Data>(event: EventType<Input, Data>, options?: WaitOptions): Promise<Data>;

  /** Publishes an event, at least once, if and only if this point of the workflow becomes durable. */
  sendEvent<Input, Data>(event: EventType<Input, Data>, data: NoInfer<Input>): Promise<void>;
}
