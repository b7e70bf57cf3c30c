import fc from "fast-check";
import {
  CorruptHistoryError,
  InvalidDefinitionError,
  InvalidTransactionError,
  NonDeterminismError,
  NonRetryableError,
  PayloadTooLargeError,
  StepTimeoutError,
  TransactionCancelledError,
  UnencodableValueError,
} from "holdfast";
import { describe, expect, it } from "vitest";
import { decideRetry, type RetryAction, retryDelayMs } from "../../lib/decide/retry.js";
import { type CheckedRetryPolicy, COMPENSATION_RETRY, STEP_RETRY } from "../../lib/define/retry.js";
import { NOON } from "../builders.js";

class OutOfStock extends Error {}
class SoldOut extends OutOfStock {}

const policy = (changes: Partial<CheckedRetryPolicy> = {}): CheckedRetryPolicy => ({
  ...STEP_RETRY,
  jitter: "none",
  ...changes,
});

const cancelled = (...codes: string[]): TransactionCancelledError =>
  new TransactionCancelledError(
    "move",
    codes.map((code) => ({ code })),
  );

const following = (failed: Partial<Parameters<typeof decideRetry>[0]> = {}): RetryAction =>
  decideRetry({
    error: new Error("connection reset"),
    attempt: 1,
    policy: policy(),
    detached: false,
    now: NOON,
    random: 0.5,
    ...failed,
  });

describe("what follows a failed attempt, row by row", () => {
  it("nobody waits for the step any more: fails", () => {
    expect(following({ detached: true })).toEqual({ do: "fail" });
  });

  it.each([
    ["NonRetryableError", new NonRetryableError("card refused")],
    ["a result that can't be stored", new UnencodableValueError("socket", "an instance of Socket")],
    ["a result that is too large", new PayloadTooLargeError("the result", 2, 1)],
    ["a definition that can't work", new InvalidDefinitionError("no body")],
    ["an error of the engine", new NonDeterminismError("a", "b")],
    ["another error of the engine", new CorruptHistoryError("x-1", "a slot is missing")],
  ])("%s: fails at the first attempt", (_, error) => {
    expect(following({ error })).toEqual({ do: "fail" });
  });

  it.each([
    ["no table would take", new InvalidTransactionError("it has 100 actions"), "fail"],
    ["a condition refused", cancelled("None", "ConditionalCheckFailed"), "fail"],
    [
      "a condition refused, beside a conflict",
      cancelled("TransactionConflict", "ConditionalCheckFailed"),
      "fail",
    ],
    ["does not fit its item", cancelled("ValidationError"), "fail"],
    ["lacks the right", cancelled("AccessDeniedException"), "fail"],
    ["met another write", cancelled("None", "TransactionConflict"), "retry"],
    ["was throttled", cancelled("ThrottlingError", "ProvisionedThroughputExceeded"), "retry"],
  ])("a transaction that %s", (_, error, then) => {
    expect(following({ error }).do).toBe(then);
  });

  it("an error that the policy names, or a subclass of it: fails at the first attempt", () => {
    const naming = policy({ nonRetryable: [TypeError, OutOfStock] });
    expect(following({ error: new OutOfStock(), policy: naming })).toEqual({ do: "fail" });
    expect(following({ error: new SoldOut(), policy: naming })).toEqual({ do: "fail" });
    expect(following({ error: new TypeError(), policy: naming })).toEqual({ do: "fail" });
    expect(following({ error: new RangeError(), policy: naming }).do).toBe("retry");
  });

  it("it was the last attempt: fails", () => {
    expect(following({ attempt: 4 })).toEqual({ do: "fail" });
    expect(following({ attempt: 5 })).toEqual({ do: "fail" });
  });

  it("at most one attempt: fails at the first", () => {
    expect(following({ policy: policy({ maxAttempts: 1 }) })).toEqual({ do: "fail" });
  });

  it.each([
    ["an ordinary error", new Error("connection reset")],
    ["a timeout", new StepTimeoutError("reserve", 30_000)],
    ["thrown text", "connection reset"],
    ["thrown nothing", undefined],
  ])("%s: retried after the policy's delay", (_, error) => {
    expect(following({ error })).toEqual({ do: "retry", at: NOON + 1_000 });
  });

  it("tries exactly as often as the policy says", () => {
    for (const maxAttempts of [1, 2, 4, 10]) {
      let attempt = 1;
      while (following({ attempt, policy: policy({ maxAttempts }) }).do === "retry") attempt += 1;
      expect(attempt).toBe(maxAttempts);
    }
  });
});

describe("the delay before the next attempt", () => {
  const delays = (changes: Partial<CheckedRetryPolicy>, attempts = 8): number[] =>
    Array.from({ length: attempts }, (_, n) => retryDelayMs(policy(changes), n + 1, 0.5));

  it("doubles from a second up to the cap, for a step", () => {
    expect(delays({})).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("has a cap of five minutes, for a compensation", () => {
    expect(delays({ ...COMPENSATION_RETRY, jitter: "none" }, 10).slice(-2)).toEqual([256_000, 300_000]);
  });

  it("stays the same with a backoff of 1", () => {
    expect(delays({ backoff: 1 }, 4)).toEqual([1_000, 1_000, 1_000, 1_000]);
  });

  it("is capped from the first on where the first interval is longer than the cap", () => {
    expect(delays({ initialIntervalMs: 90_000 }, 2)).toEqual([60_000, 60_000]);
  });

  it("is whole milliseconds, with a fractional backoff too", () => {
    expect(delays({ initialIntervalMs: 1, backoff: 1.5 }, 4)).toEqual([1, 2, 2, 3]);
  });

  it("with full jitter, is anything between nothing and its full length", () => {
    const jittered = policy({ jitter: "full" });
    expect(retryDelayMs(jittered, 3, 0)).toBe(0);
    expect(retryDelayMs(jittered, 3, 0.5)).toBe(2_000);
    expect(retryDelayMs(jittered, 3, 1)).toBe(4_000);
  });

  it("without jitter, does not depend on chance", () => {
    expect([0, 0.3, 1].map((random) => retryDelayMs(policy(), 2, random))).toEqual([2_000, 2_000, 2_000]);
  });

  it("never leaves [0, cap], whatever the policy, however many attempts", () => {
    fc.assert(
      fc.property(
        fc.record({
          initialIntervalMs: fc.integer({ min: 0, max: 31_622_400_000 }),
          maxIntervalMs: fc.integer({ min: 0, max: 31_622_400_000 }),
          backoff: fc.double({ min: 1, max: 1e6, noNaN: true }),
          jitter: fc.constantFrom("full" as const, "none" as const),
        }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (changes, attempt, random) => {
          const delay = retryDelayMs(policy(changes), attempt, random);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(changes.maxIntervalMs);
          const without = retryDelayMs(policy({ ...changes, jitter: "none" }), attempt, random);
          expect(delay).toBeLessThanOrEqual(without);
        },
      ),
      {
        examples: [[{ initialIntervalMs: 0, maxIntervalMs: 60_000, backoff: 2, jitter: "full" }, 2_000, 0.5]],
      },
    );
  });
});
