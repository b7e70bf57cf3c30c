import { InvalidDefinitionError, InvalidDurationError, type RetryPolicy } from "holdfast";
import { describe, expect, it } from "vitest";
import { COMPENSATION_RETRY, checkRetry, STEP_RETRY } from "../../lib/define/retry.js";

const checked = (policy?: RetryPolicy) => checkRetry(policy, STEP_RETRY, 'step "reserve"');

describe("a retry policy", () => {
  it("has the documented defaults", () => {
    expect(checked()).toEqual({
      maxAttempts: 4,
      initialIntervalMs: 1_000,
      backoff: 2,
      maxIntervalMs: 60_000,
      jitter: "full",
      nonRetryable: [],
    });
    expect(COMPENSATION_RETRY).toEqual({ ...STEP_RETRY, maxAttempts: 10, maxIntervalMs: 300_000 });
  });

  it("keeps the defaults of what it leaves out", () => {
    expect(checked({ maxAttempts: 2 })).toEqual({ ...STEP_RETRY, maxAttempts: 2 });
    expect(checked({})).toEqual(STEP_RETRY);
  });

  it("takes all that it says", () => {
    class OutOfStock extends Error {}
    expect(
      checked({
        maxAttempts: 1,
        initialInterval: "250ms",
        backoff: 1,
        maxInterval: { minutes: 2 },
        jitter: "none",
        nonRetryable: [OutOfStock],
      }),
    ).toEqual({
      maxAttempts: 1,
      initialIntervalMs: 250,
      backoff: 1,
      maxIntervalMs: 120_000,
      jitter: "none",
      nonRetryable: [OutOfStock],
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "is refused with %d attempts",
    (maxAttempts) => {
      expect(() => checked({ maxAttempts })).toThrow(InvalidDefinitionError);
      expect(() => checked({ maxAttempts })).toThrow(
        `retry.maxAttempts of step "reserve" is ${maxAttempts}. Expected a whole number from 1 upward.`,
      );
    },
  );

  it.each([0, 0.5, -2, Number.NaN, Number.POSITIVE_INFINITY])(
    "is refused with a backoff of %d",
    (backoff) => {
      expect(() => checked({ backoff })).toThrow(
        `retry.backoff of step "reserve" is ${backoff}. Expected a number from 1 upward.`,
      );
    },
  );

  it("is refused with an interval that is no duration", () => {
    expect(() => checked({ initialInterval: "soon" as never })).toThrow(InvalidDurationError);
    expect(() => checked({ maxInterval: 1_000 as never })).toThrow(InvalidDurationError);
  });
});
