/** Runs one attempt of a step's body: timeout, heartbeat, abort signal, and nothing recorded (the turn does that). */
import type { StepContext } from "../../define/context.js";
import { storable } from "../../model/storable.js";
import type { Encoded, ErrorClasses } from "../../model/value.js";
import { loggerTo } from "../../replay/logger.js";
import type { StepOperation } from "../../replay/operation.js";
import { decodeRecorded } from "../../replay/recorded-value.js";
import { runInStep } from "../../replay/running-in.js";
import type { Clock, Log } from "../outside.js";
import { AttemptLimits } from "./attempt-limits.js";
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
  surroundings: StepSurroundings,
  /** The body said how far it has come. */
  onHeartbeat: (step: StepOperation, details: Encoded) => void,
): RunningAttempt {
  const { executionId, workflow, clock, log, errors } = surroundings;
  const { name, lastHeartbeat } = step;
  // What few bodies use is made when it is asked for: a signal and two timers would cost more than all the rest of a step.
  let aborting: AbortController | undefined;
  const controller = (): AbortController => (aborting ??= new AbortController());
  const limits =
    step.timeoutMs === undefined && step.heartbeatMs === undefined
      ? undefined
      : new AttemptLimits(step, clock);
  let over = false;
  const context: StepContext = {
    executionId,
    attempt,
    idempotencyKey: `${executionId}/${step.path}`,
    get signal() {
      return controller().signal;
    },
    lastHeartbeat:
      lastHeartbeat === undefined ? undefined : decodeRecorded(lastHeartbeat, { executionId, errors }),
    get log() {
      return loggerTo(log, { executionId, workflow, step: name, attempt });
    },
    heartbeat(details) {
      const stored = storable(details, `What ${step.label} reported`);
      limits?.hear();
      if (!over) onHeartbeat(step, stored);
    },
  };
  const body = bodyOf(step, attempt, context, clock);
  const timedOut = limits?.passed.then((error): AttemptEnd => {
    controller().abort(error);
    return { ok: false, error };
  });
  const first = timedOut === undefined ? body : Promise.race([body, timedOut]);
  return {
    step,
    attempt,
    end: first.then((end) => {
      over = true;
      limits?.end();
      return end;
    }),
    abort: (reason) => controller().abort(reason),
  };
}

/** Never rejects. */
async function bodyOf(
  { name, path, work }: StepOperation,
  attempt: number,
  context: StepContext,
  clock: Clock,
): Promise<AttemptEnd> {
  try {
    if (work.kind === "body")
      return { ok: true, value: await runInStep({ name, attempt }, () => work.run(context)) };
    const { tx, gathered } = collectTransaction({ executionId: context.executionId, path }, clock.now());
    const value = await runInStep({ name, attempt }, () => work.run(tx, context));
    return { ok: true, value, transaction: await gathered() };
  } catch (error) {
    return { ok: false, error };
  }
}
