/**
 * What to do with a step that is pending, once history has been delivered. One table; the branches below are its rows, in its order.
 *
 * | the step                                                   | then                                         |
 * |------------------------------------------------------------|----------------------------------------------|
 * | nobody waits for it any more (detached)                    | fail with its last error, or as interrupted  |
 * | is at-most-once and its body may have begun                | fail as interrupted: it never runs twice     |
 * | has used up its attempts (a crash took the last)           | fail with its last error, or as interrupted  |
 * | is allowed more time than any invocation has               | fail, saying so: it would only ever be killed |
 * | retries later                                              | wait                                         |
 * | the execution is paused                                    | rest, until it is resumed                    |
 * | was asked for after something that is not durable yet      | hold (I4)                                    |
 * | the invocation's deadline is near                          | hold (I8)                                    |
 * | is at-most-once                                            | record its start, then run                   |
 * | anything else                                              | run                                          |
 */
import { CancelledError, InvalidDefinitionError, StepInterruptedError } from "../model/errors.js";
import type { EpochMs } from "../model/time.js";
import { type Encoded, encodeThrown } from "../model/value.js";
import type { StepOperation } from "../replay/operation.js";

export type StepAction =
  | { readonly do: "fail"; readonly attempt: number; readonly error: Encoded }
  | { readonly do: "wait"; readonly until: EpochMs }
  | { readonly do: "rest" }
  | { readonly do: "hold" }
  | { readonly do: "record-start"; readonly attempt: number }
  | { readonly do: "run"; readonly attempt: number };

export function decideStep(
  step: StepOperation,
  at: {
    readonly now: EpochMs;
    readonly durable: number;
    readonly deadlineIsNear: boolean;
    readonly paused: boolean;
    /** The length of an invocation. */
    readonly invocationMs: number;
  },
): StepAction {
  const attempt = step.attempts + 1;
  if (step.detached)
    return {
      do: "fail",
      attempt: step.attempts,
      error: lastErrorOf(step, "its execution ended or was cancelled first"),
    };
  if (step.atMostOnce && step.begun) return { do: "fail", attempt: 1, error: interrupted(step, 1) };
  if (step.attempts >= step.retry.maxAttempts) {
    return {
      do: "fail",
      attempt: step.attempts,
      error: step.interrupted ? interrupted(step, step.attempts) : lastErrorOf(step, "no attempts are left"),
    };
  }
  if (step.timeoutMs !== undefined && step.timeoutMs > at.invocationMs) {
    return { do: "fail", attempt, error: encodeThrown(tooLong(step.name, step.timeoutMs, at.invocationMs)) };
  }
  if (step.retryAt !== undefined && step.retryAt > at.now) return { do: "wait", until: step.retryAt };
  if (at.paused) return { do: "rest" };
  if (step.after > at.durable || at.deadlineIsNear) return { do: "hold" };
  return { do: step.atMostOnce ? "record-start" : "run", attempt };
}

function lastErrorOf(step: StepOperation, otherwise: string): Encoded {
  if (step.interrupted) return interrupted(step, step.attempts);
  if (step.lastError !== undefined) return step.lastError;
  return encodeThrown(new CancelledError(`step "${step.name}" never began, since ${otherwise}`));
}

function tooLong(name: string, timeoutMs: number, invocationMs: number): InvalidDefinitionError {
  return new InvalidDefinitionError(
    `Step "${name}" has a timeout of ${timeoutMs} ms, and the function that runs it is ended after ${Math.round(invocationMs)} ms. Make the step shorter, or raise workerTimeout (and startTimeout) of the construct.`,
  );
}

function interrupted(step: StepOperation, attempt: number): Encoded {
  return encodeThrown(
    new StepInterruptedError(
      step.name,
      attempt,
      "the process that ran it died before the outcome was recorded",
    ),
  );
}
