/** One task of a stage: its attempts, its waits and its signals, until it has come to something. */
import type { Context, StepContext } from "../define/context.js";
import { CancelledError, ExecutionTimeoutError, NonRetryableError } from "../model/errors.js";
import { isDuration } from "./durations.js";
import type { TaskSpec } from "./graph.js";
import { isObject, type JsonObject, notJsonIn } from "./json-value.js";
import type { Failure, Signal } from "./state.js";
import type { CompleteStatus } from "./status.js";
import type { TaskCode, TaskContext, TaskResult } from "./task.js";
import { verified } from "./verify.js";

export interface TaskEnd {
  readonly status: CompleteStatus | "REDIRECT";
  readonly error?: Failure;
  /** Of REDIRECT: the stage at which the pipeline goes on, and what it is given. */
  readonly to?: string;
  readonly told: TaskResult;
}

/** What happens around a task while it is under way. */
export interface TaskSurroundings {
  readonly stage: { readonly refId: string; readonly type: string };
  /** What its code is given, as it is now. */
  readonly given: () => Omit<TaskContext, keyof StepContext>;
  readonly tell: (told: Pick<TaskResult, "outputs" | "context">) => void;
  /** Waits for a signal for the stage. */
  readonly awaitSignal: () => Promise<Signal>;
}

/** @throws what interrupts the whole execution: a cancel, its timeout */
export async function runTask(
  ctx: Context,
  name: string,
  spec: TaskSpec,
  code: TaskCode | undefined,
  { stage, given, tell, awaitSignal }: TaskSurroundings,
): Promise<TaskEnd> {
  let signaled: Signal | undefined;
  for (;;) {
    const now = signaled;
    let result: TaskResult;
    try {
      result = await ctx.step(
        name,
        async (step) => {
          // Within the step, so that a redrive tries again what a deploy has brought since.
          if (code === undefined) throw new NonRetryableError(unknownTask(stage, spec.name));
          const context = { ...stepOf(step), ...given(), ...(now === undefined ? {} : { signaled: now }) };
          return verified(spec, checked(spec.name, await code.run(context)));
        },
        {
          ...(spec.retry === undefined ? {} : { retry: spec.retry }),
          ...(spec.timeout === undefined ? {} : { timeout: spec.timeout }),
        },
      );
    } catch (error) {
      if (error instanceof CancelledError || error instanceof ExecutionTimeoutError) throw error;
      return { status: "TERMINAL", error: failureFrom(error), told: {} };
    }
    tell(result);
    switch (result.status) {
      case "RUNNING":
        await ctx.sleep(result.after ?? "1s");
        continue;
      case "SUSPENDED":
        signaled = await awaitSignal();
        continue;
      case "REDIRECT":
        return { status: "REDIRECT", told: result, ...(result.to === undefined ? {} : { to: result.to }) };
      case undefined:
        return { status: "SUCCEEDED", told: result };
      default: {
        const { status, message } = result;
        const error = message === undefined ? {} : { error: { name: "TaskFailed", message } };
        return { status, told: result, ...error };
      }
    }
  }
}

/** The step's own, one by one: what it has may be more than properties of its own. */
export function stepOf(step: StepContext): StepContext {
  const { executionId, attempt, idempotencyKey, signal, lastHeartbeat, log } = step;
  return {
    executionId,
    attempt,
    idempotencyKey,
    signal,
    lastHeartbeat,
    log,
    heartbeat: (details) => step.heartbeat(details),
  };
}

function unknownTask({ refId, type }: TaskSurroundings["stage"], task: string): string {
  return `The code that runs has no task "${task}" for stage "${refId}" of type "${type}". Deploy it, and redrive the execution.`;
}

export function failureFrom(error: unknown): Failure {
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

const RESULT_STATUSES: readonly unknown[] = [
  undefined,
  "SUCCEEDED",
  "SKIPPED",
  "FAILED_CONTINUE",
  "TERMINAL",
  "STOPPED",
  "CANCELED",
  "RUNNING",
  "SUSPENDED",
  "REDIRECT",
];

/** Throws `NonRetryableError`: to run it again would give the same. */
function checked(task: string, result: unknown): TaskResult {
  if (result === undefined || result === null) return {};
  const wrong = whatIsWrong(result);
  if (wrong === undefined) return result as TaskResult;
  throw new NonRetryableError(
    `Task "${task}" gave ${wrong}. Expected nothing, or { status?, outputs?, context?, message?, after?, to? }, where outputs and context are plain objects.`,
  );
}

function whatIsWrong(result: unknown): string | undefined {
  if (!isObject(result)) return `a ${Array.isArray(result) ? "list" : typeof result}`;
  const { status, outputs, context, to, after }: { readonly [key: string]: unknown } & JsonObject = result;
  if (!RESULT_STATUSES.includes(status)) return `the status ${JSON.stringify(status)}`;
  if (outputs !== undefined && !isObject(outputs)) return "outputs that are no object";
  if (context !== undefined && !isObject(context)) return "a context that is no object";
  const noJson = notJsonIn(outputs ?? {}, "outputs") ?? notJsonIn(context ?? {}, "context");
  if (noJson !== undefined) return `what is no JSON: ${noJson}`;
  if (after !== undefined && !isDuration(after))
    return `the time ${JSON.stringify(after)} to run again after`;
  if (status === "REDIRECT" && typeof to !== "string") return "a REDIRECT without a stage to go on at";
  return undefined;
}
