/** Retry policies: what users write, and the checked form that the engine works with. */
import { InvalidDefinitionError } from "../model/errors.js";
import { type Duration, durationMs } from "../model/time.js";
import type { ErrorClass } from "../model/value.js";

/**
 * How often a step is tried, and with which delays. What is left out is as for every step: 4 attempts, 1 s, ×2, at most 60 s, full jitter. A compensation
 * has 10 attempts, and at most 5 minutes between them.
 */
export interface RetryPolicy {
  /** Attempts in all, the first one included. 1 means no retry. */
  readonly maxAttempts?: number;
  /** Delay before the second attempt. */
  readonly initialInterval?: Duration;
  /** Each further delay is this many times the one before. */
  readonly backoff?: number;
  readonly maxInterval?: Duration;
  /** `"full"` picks each delay at random between nothing and its full length, so that a crowd of retries spreads itself. */
  readonly jitter?: "full" | "none";
  /** Errors that end the step at once (`instanceof`). `NonRetryableError` always does. */
  readonly nonRetryable?: readonly ErrorClass[];
}

/** A policy with every field decided. */
export interface CheckedRetryPolicy {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoff: number;
  readonly maxIntervalMs: number;
  readonly jitter: "full" | "none";
  readonly nonRetryable: readonly ErrorClass[];
}

/** Long enough to outlive a throttled dependency, short enough that a broken one fails within minutes. */
export const STEP_RETRY: CheckedRetryPolicy = {
  maxAttempts: 4,
  initialIntervalMs: 1_000,
  backoff: 2,
  maxIntervalMs: 60_000,
  jitter: "full",
  nonRetryable: [],
};

/** An undo that gives up leaves the world half-done, so it tries longer than a step. */
export const COMPENSATION_RETRY: CheckedRetryPolicy = {
  ...STEP_RETRY,
  maxAttempts: 10,
  maxIntervalMs: 300_000,
};

/** Fills a policy from `base`. Throws {@link InvalidDefinitionError}. */
export function checkRetry(
  policy: RetryPolicy | undefined,
  base: CheckedRetryPolicy,
  what: string,
): CheckedRetryPolicy {
  if (policy === undefined) return base;
  const checked: CheckedRetryPolicy = {
    maxAttempts: policy.maxAttempts ?? base.maxAttempts,
    initialIntervalMs:
      policy.initialInterval === undefined ? base.initialIntervalMs : durationMs(policy.initialInterval),
    backoff: policy.backoff ?? base.backoff,
    maxIntervalMs: policy.maxInterval === undefined ? base.maxIntervalMs : durationMs(policy.maxInterval),
    jitter: policy.jitter ?? base.jitter,
    nonRetryable: policy.nonRetryable ?? base.nonRetryable,
  };
  if (!Number.isInteger(checked.maxAttempts) || checked.maxAttempts < 1) {
    throw new InvalidDefinitionError(
      `retry.maxAttempts of ${what} is ${policy.maxAttempts}. Expected a whole number from 1 upward.`,
    );
  }
  if (!Number.isFinite(checked.backoff) || checked.backoff < 1) {
    throw new InvalidDefinitionError(
      `retry.backoff of ${what} is ${policy.backoff}. Expected a number from 1 upward.`,
    );
  }
  if (checked.jitter !== "full" && checked.jitter !== "none") {
    throw new InvalidDefinitionError(
      `retry.jitter of ${what} is ${String(policy.jitter)}. Expected "full" or "none".`,
    );
  }
  if (
    !Array.isArray(checked.nonRetryable) ||
    checked.nonRetryable.some((type) => typeof type !== "function")
  ) {
    throw new InvalidDefinitionError(
      `retry.nonRetryable of ${what} is not a list of error classes. Expected for example [OutOfStock].`,
    );
  }
  return checked;
}
