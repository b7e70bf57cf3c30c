/**
 * What follows a failed attempt.
 *
 * | the error, the attempt                       | then  |
 * |----------------------------------------------|-------|
 * | nobody waits for the step any more           | fail  |
 * | `NonRetryableError`, or one the policy names | fail  |
 * | it lies in what was asked for (a transaction's condition, a value too large) | fail |
 * | it was the last attempt                      | fail  |
 * | anything else                                | retry |
 */
import type { CheckedRetryPolicy } from "../define/retry.js";
import {
  EngineError,
  InvalidDefinitionError,
  InvalidTransactionError,
  NonRetryableError,
  PayloadTooLargeError,
  TransactionCancelledError,
  UnencodableValueError,
} from "../model/errors.js";
import type { EpochMs } from "../model/time.js";

export type RetryAction = { readonly do: "fail" } | { readonly do: "retry"; readonly at: EpochMs };

export function decideRetry(failed: {
  readonly error: unknown;
  readonly attempt: number;
  readonly policy: CheckedRetryPolicy;
  readonly detached: boolean;
  readonly now: EpochMs;
  /** From 0 to 1: spreads the delay. */
  readonly random: number;
}): RetryAction {
  const { error, attempt, policy } = failed;
  if (failed.detached) return { do: "fail" };
  if (isPermanent(error) || policy.nonRetryable.some((type) => error instanceof type)) return { do: "fail" };
  if (attempt >= policy.maxAttempts) return { do: "fail" };
  return { do: "retry", at: failed.now + retryDelayMs(policy, attempt, failed.random) };
}

/** Why DynamoDB cancels a transaction that it may well accept the next time; every other reason lies in the transaction itself. */
const PASSING: ReadonlySet<string> = new Set([
  "None",
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

/** Errors that the same code will raise again. */
function isPermanent(error: unknown): boolean {
  return (
    error instanceof NonRetryableError ||
    error instanceof UnencodableValueError ||
    error instanceof PayloadTooLargeError ||
    error instanceof InvalidDefinitionError ||
    error instanceof InvalidTransactionError ||
    error instanceof EngineError ||
    (error instanceof TransactionCancelledError && !error.reasons.every(({ code }) => PASSING.has(code)))
  );
}

/**
 * Exponential, capped, with full jitter: a random length between nothing and the capped delay.
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, where full jitter needed the fewest calls.
 */
export function retryDelayMs(policy: CheckedRetryPolicy, attempt: number, random: number): number {
  // Infinite after a thousand attempts or so, and nothing times infinity is no number.
  const growth = Math.min(Number.MAX_VALUE, policy.backoff ** (attempt - 1));
  const full = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * growth);
  return Math.round(policy.jitter === "full" ? full * random : full);
}
