/** Runs one attempt of a step's body: timeout, abort signal, and nothing recorded (the turn does that). */
import type { StepContext } from "../define/context.js";
import { StepTimeoutError } from "../model/errors.js";
import type { StepOperation } from "../replay/operation.js";
import { runInStep } from "../replay/running-in.js";
import type { Clock } from "./outside.js";

export type AttemptEnd =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

export interface RunningAttempt {
  readonly step: StepOperation;
  readonly attempt: number;
  readonly end: Promise<AttemptEnd>;
  /** Tells the body that its result no longer matters. */
  abort(reason: Error): void;
}

export function runStep(
  step: StepOperation,
  attempt: number,
  executionId: string,
  clock: Clock,
): RunningAttempt {
  const abort = new AbortController();
  const ended = new AbortController();
  const context: StepContext = {
    executionId,
    attempt,
    idempotencyKey: `${executionId}/${step.path}`,
    signal: abort.signal,
  };
  const body = async (): Promise<AttemptEnd> => {
    try {
      return { ok: true, value: await runInStep(step.name, () => step.body(context)) };
    } catch (error) {
      return { ok: false, error };
    }
  };
  const timeout = async (timeoutMs: number): Promise<AttemptEnd> => {
    await clock.sleep(timeoutMs, ended.signal);
    if (ended.signal.aborted) return new Promise(() => {});
    const error = new StepTimeoutError(step.name, timeoutMs);
    abort.abort(error);
    return { ok: false, error };
  };
  const ends = [body(), ...(step.timeoutMs === undefined ? [] : [timeout(step.timeoutMs)])];
  return {
    step,
    attempt,
    end: Promise.race(ends).finally(() => ended.abort("The attempt has ended.")),
    abort: (reason) => abort.abort(reason),
  };
}
