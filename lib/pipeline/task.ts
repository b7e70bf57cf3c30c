/** What a task is given, and what it gives. */
import type { StepContext } from "../define/context.js";
import type { Duration } from "../model/time.js";
import type { JsonObject } from "./json-value.js";
import type { Signal } from "./state.js";

/** Handed to a task's body, which runs as a step: recorded once, retried, with an idempotency key of its own. */
export interface TaskContext extends StepContext {
  readonly pipeline: {
    readonly application: string;
    readonly name: string;
    /** What it was started with. */
    readonly trigger: JsonObject;
  };
  readonly stage: { readonly refId: string; readonly type: string; readonly name: string };
  /** The outputs of all stages before it, under its own context: of a key that both have, its own counts, and lists are joined. */
  readonly context: JsonObject;
  /** What woke it: of a task that gave `suspended()`. */
  readonly signaled?: Signal;
}

/**
 * What a task has come to. Absent, or an object without a status: it has succeeded.
 *
 * | status                                                | then                                                                     |
 * |-------------------------------------------------------|--------------------------------------------------------------------------|
 * | SUCCEEDED, SKIPPED                                    | the next task                                                            |
 * | FAILED_CONTINUE                                       | the next task; the stage ends FAILED_CONTINUE                            |
 * | TERMINAL, STOPPED, CANCELED                           | no other task; the stage ends so                                         |
 * | RUNNING                                               | the same task again, `after` a while, in which nothing runs              |
 * | SUSPENDED                                             | the same task again when a signal for the stage comes, which it is given |
 * | REDIRECT                                              | the pipeline goes on at stage `to`                                       |
 */
export interface TaskResult {
  readonly status?:
    | "SUCCEEDED"
    | "SKIPPED"
    | "FAILED_CONTINUE"
    | "TERMINAL"
    | "STOPPED"
    | "CANCELED"
    | "RUNNING"
    | "SUSPENDED"
    | "REDIRECT";
  /** What later stages see. */
  readonly outputs?: JsonObject;
  /** What later tasks of this stage see. */
  readonly context?: JsonObject;
  /** Why, of one that failed. */
  readonly message?: string;
  /** Of RUNNING. Default 1 s. */
  readonly after?: Duration;
  /** Of REDIRECT. */
  readonly to?: string;
}

/** What a task does: it gives its outputs, or says with {@link running}, {@link suspended}, {@link jumpTo} or {@link terminal} what happens next. */
// biome-ignore lint/suspicious/noConfusingVoidType: a body that returns nothing has succeeded
export type TaskBody = (task: TaskContext) => TaskResult | void | Promise<TaskResult | void>;

/** The code of a task. */
export interface TaskCode {
  readonly run: TaskBody;
  /** Runs once when its stage is canceled while the task is under way. What it throws is logged, and changes nothing. */
  readonly onCancel?: (task: TaskContext) => unknown;
}

/** The task has not ended: it runs again after a while. */
export function running(after: Duration, more: Pick<TaskResult, "outputs" | "context"> = {}): TaskResult {
  return { ...more, status: "RUNNING", after };
}

/** The task waits for somebody: it runs again with the signal that comes for its stage. */
export function suspended(more: Pick<TaskResult, "outputs" | "context"> = {}): TaskResult {
  return { ...more, status: "SUSPENDED" };
}

/** The stage fails. */
export function terminal(message: string, more: Pick<TaskResult, "outputs" | "context"> = {}): TaskResult {
  return { ...more, status: "TERMINAL", message };
}

/**
 * The pipeline goes on at another stage. At one before: that, this, and what comes after them alone are made anew. At one behind: what lies
 * between is skipped.
 */
export function jumpTo(stage: string, more: Pick<TaskResult, "outputs" | "context"> = {}): TaskResult {
  return { ...more, status: "REDIRECT", to: stage };
}
