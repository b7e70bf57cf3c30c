/** Runs one attempt of a step's body: timeout, heartbeat, abort signal, and nothing recorded (the turn does that). */
import type { StepContext } from "../../define/context.js";
import { StepTimeoutError } from "../../model/errors.js";
import { storable } from "../../model/storable.js";
import type { Encoded, ErrorClasses } from "../../model/value.js";
import { loggerTo } from "../../replay/logger.js";
import type { StepOperation } from "../../replay/operation.js";
import { decodeRecorded } from "../../replay/recorded-value.js";
import { runInStep } from "../../replay/running-in.js";
import type { Clock, Log } from "../outside.js";
import { collectTransaction, type Gathered } from "./transaction.js";

export type AttemptEnd =
  | { readonly ok: true; readonly value: unknown; readonly transaction?: Gathered }
  | { readonly ok: false; readonly error: unknown };

export interface RunningAttempt {
  readonly step: StepOperation;
  readonly attempt: number;
  readonly end: Promise<AttemptEnd>;
  /** Tells the body that its result no longer matters. */
  abort(reason: Error): void;
}

/** Where steps run. */
export interface StepSurroundings {
  readonly executionId: string;
  /** The workflow's name. */
  readonly workflow: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly errors: ErrorClasses;
}

export function runStep(
  step: StepOperation,
  attempt: number,
  { executionId, workflow, clock, log, errors }: StepSurroundings,
  /** The body said how far it has come. */
  onHeartbeat: (step: StepOperation, details: Encoded) => void,
): RunningAttempt {
  const abort = new AbortController();
  const ended = new AbortController();
  const place = `${executionId}/${step.path}`;
  const { name, lastHeartbeat } = step;
  let heardAt = clock.now();
  const context: StepContext = {
    executionId,
    attempt,
    idempotencyKey: place,
    signal: abort.signal,
    lastHeartbeat:
      lastHeartbeat === undefined ? undefined : decodeRecorded(lastHeartbeat, { executionId, errors }),
    // Made when it is asked for: most bodies say nothing.
    get log() {
      return loggerTo(log, { executionId, workflow, step: name, attempt });
    },
    heartbeat(details) {
      const stored = storable(details, `What ${step.label} reported`);
      heardAt = clock.now();
      if (!ended.signal.aborted) onHeartbeat(step, stored);
    },
  };

  const body = async (): Promise<AttemptEnd> => {
    const { work } = step;
    try {
      if (work.kind === "body")
        return { ok: true, value: await runInStep({ name, attempt }, () => work.run(context)) };
      const { tx, gathered } = collectTransaction({ executionId, path: step.path }, clock.now());
      const value = await runInStep({ name, attempt }, () => work.run(tx, context));
      return { ok: true, value, transaction: await gathered() };
    } catch (error) {
      return { ok: false, error };
    }
  };
  const timedOut = (error: StepTimeoutError): AttemptEnd => {
    abort.abort(error);
    return { ok: false, error };
  };
  const timeout = async (timeoutMs: number): Promise<AttemptEnd> => {
    await clock.sleep(timeoutMs, ended.signal);
    if (ended.signal.aborted) return new Promise(() => {});
    return timedOut(new StepTimeoutError(step.name, timeoutMs));
  };
  const silence = async (heartbeatMs: number): Promise<AttemptEnd> => {
    // A sleep whose signal is aborted ends at once: without the second condition this would go round for ever.
    for (
      let left = heartbeatMs;
      left > 0 && !ended.signal.aborted;
      left = heardAt + heartbeatMs - clock.now()
    )
      await clock.sleep(left, ended.signal);
    if (ended.signal.aborted) return new Promise(() => {});
    return timedOut(new StepTimeoutError(step.name, heartbeatMs, "heartbeat"));
  };
  const ends = [
    body(),
    ...(step.timeoutMs === undefined ? [] : [timeout(step.timeoutMs)]),
    ...(step.heartbeatMs === undefined ? [] : [silence(step.heartbeatMs)]),
  ];
  return {
    step,
    attempt,
    end: Promise.race(ends).finally(() => ended.abort("The attempt has ended.")),
    abort: (reason) => abort.abort(reason),
  };
}
