import { CancelledError, StepInterruptedError } from "holdfast";
import { describe, expect, it } from "vitest";
import { decideStep, type StepAction } from "../../lib/decide/step.js";
import { STEP_RETRY } from "../../lib/define/retry.js";
import { decode, encodeThrown } from "../../lib/model/value.js";
import type { StepOperation } from "../../lib/replay/operation.js";
import { NOON } from "../builders.js";
import { aStep } from "./builders.js";

const now = { now: NOON, durable: 0, deadlineIsNear: false, paused: false, invocationMs: 60_000 };
const outOfStock = encodeThrown(new RangeError("out of stock"));
const once = { atMostOnce: true, retry: { ...STEP_RETRY, maxAttempts: 1 } };

const decided = (state: Partial<StepOperation>, at: Partial<typeof now> = {}): StepAction =>
  decideStep(aStep(state), { ...now, ...at });

/** The failure in a readable form: attempt, class, message. */
function failureOf(action: StepAction): { attempt: number; error: unknown } {
  if (action.do !== "fail") throw new Error(`expected a failure, found ${action.do}`);
  return { attempt: action.attempt, error: decode(action.error) };
}

describe("what to do with a pending step, row by row", () => {
  it("nobody waits for it any more: fails with its last error", () => {
    const { attempt, error } = failureOf(decided({ detached: true, attempts: 2, lastError: outOfStock }));
    expect(attempt).toBe(2);
    expect(error).toBeInstanceOf(RangeError);
  });

  it("nobody waits for it, and a crash took its last attempt: fails as interrupted, not with an older error", () => {
    const { error } = failureOf(
      decided({ detached: true, attempts: 2, interrupted: true, lastError: outOfStock }),
    );
    expect(error).toBeInstanceOf(StepInterruptedError);
    expect(String(error)).toContain('Step "reserve" was interrupted in attempt 2');
  });

  it("nobody waits for it, and it never began: fails saying so", () => {
    const { attempt, error } = failureOf(decided({ detached: true }));
    expect(attempt).toBe(0);
    expect(error).toBeInstanceOf(CancelledError);
    expect(String(error)).toContain('step "reserve" never began');
  });

  it("nobody waits for it: fails at once, whatever the rows below would say", () => {
    expect(
      decided({ detached: true, ...once, begun: true, retryAt: NOON + 1, after: 9 }, { deadlineIsNear: true })
        .do,
    ).toBe("fail");
  });

  it("at-most-once and possibly begun: fails as interrupted, and never runs twice", () => {
    const { attempt, error } = failureOf(decided({ ...once, begun: true }));
    expect(attempt).toBe(1);
    expect(error).toBeInstanceOf(StepInterruptedError);
  });

  it("at-most-once, whose owner died before it began: runs, for nothing happened", () => {
    expect(decided({ ...once, begun: false })).toEqual({ do: "record-start", attempt: 1 });
  });

  it("its attempts are used up by failures: fails with the last error", () => {
    const { attempt, error } = failureOf(decided({ attempts: 4, lastError: outOfStock }));
    expect(attempt).toBe(4);
    expect(error).toBeInstanceOf(RangeError);
  });

  it("its attempts are used up and a crash took the last: fails as interrupted", () => {
    const { attempt, error } = failureOf(decided({ attempts: 4, interrupted: true, lastError: outOfStock }));
    expect(attempt).toBe(4);
    expect(error).toBeInstanceOf(StepInterruptedError);
    expect(String(error)).toContain("attempt 4");
  });

  it("its attempts are used up: fails without waiting for a retry time or for durability", () => {
    expect(decided({ attempts: 4, retryAt: NOON + 60_000, after: 9 }).do).toBe("fail");
  });

  it("one attempt is left of four: still runs", () => {
    expect(decided({ attempts: 3, interrupted: true })).toEqual({ do: "run", attempt: 4 });
  });

  it("retries later: waits until then", () => {
    expect(decided({ attempts: 1, retryAt: NOON + 1 })).toEqual({ do: "wait", until: NOON + 1 });
  });

  it("fails a step that is allowed more time than any invocation has, and says so", () => {
    const action = decided({ timeoutMs: 60_001, after: 9 });
    if (action.do !== "fail") throw new Error(`expected a failure, found ${action.do}`);
    expect(String(decode(action.error))).toMatch(
      /a timeout of 60001 ms, and the function that runs it is ended after 60000 ms/,
    );
    expect(decided({ timeoutMs: 60_000 }).do).toBe("run");
  });

  it("retries later, near the deadline or not yet durable: still says until when, so that a wake can be sent", () => {
    expect(decided({ attempts: 1, retryAt: NOON + 60_000, after: 9 }, { deadlineIsNear: true })).toEqual({
      do: "wait",
      until: NOON + 60_000,
    });
  });

  it("its retry time has come: runs the next attempt", () => {
    expect(decided({ attempts: 1, retryAt: NOON })).toEqual({ do: "run", attempt: 2 });
  });

  it("was asked for after something that is not durable yet: held", () => {
    expect(decided({ after: 3 }, { durable: 2 })).toEqual({ do: "hold" });
  });

  it("everything before it is durable: runs", () => {
    expect(decided({ after: 3 }, { durable: 3 })).toEqual({ do: "run", attempt: 1 });
  });

  it("the invocation's deadline is near: held, at-most-once or not", () => {
    expect(decided({}, { deadlineIsNear: true })).toEqual({ do: "hold" });
    expect(decided(once, { deadlineIsNear: true })).toEqual({ do: "hold" });
  });

  it("at-most-once: its start is recorded, then it runs", () => {
    expect(decided(once)).toEqual({ do: "record-start", attempt: 1 });
  });

  it("anything else: runs, from attempt 1", () => {
    expect(decided({})).toEqual({ do: "run", attempt: 1 });
  });
});
