/**
 * The error catalogue. Every error that a user can meet is here, with a `name` that survives bundling and storage, and a message
 * that says what happened, what was expected, what was found, and what to do next.
 */

import { type SchemaIssue, wordsOf } from "./issues.js";
import { shown } from "./shown.js";

export type { SchemaIssue } from "./issues.js";

/** The base of all errors that Holdfast itself raises. `code` is stable and meant for programs. */
export abstract class HoldfastError extends Error {
  abstract readonly code: string;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

// ---------------------------------------------------------------- what a caller gave us

/** A duration that is not one. */
export class InvalidDurationError extends HoldfastError {
  readonly code = "INVALID_DURATION";
  constructor(found: unknown, why: string) {
    super(
      `${shown(found)} is not a duration: ${why}. Expected text such as "90s", "15m" or "3d" (ms, s, m, h, d, w), or an object such as { hours: 2 }.`,
    );
    this.name = "InvalidDurationError";
  }
}

/** A definition (workflow, event, step, app) that can't work, found where it is written. */
export class InvalidDefinitionError extends HoldfastError {
  readonly code = "INVALID_DEFINITION";
  constructor(message: string) {
    super(message);
    this.name = "InvalidDefinitionError";
  }
}

/** Input that does not fit the workflow's or the event's schema, or a start request of the wrong shape. Nothing was written. */
export class InvalidInputError extends HoldfastError {
  readonly code = "INVALID_INPUT";
  readonly issues: readonly SchemaIssue[];
  constructor(what: string, issues: readonly SchemaIssue[]) {
    super(`${what} is not valid, and nothing was written: ${wordsOf(issues)}. Correct it and send it again.`);
    this.name = "InvalidInputError";
    this.issues = issues;
  }
}

/** A workflow name that this app does not declare. */
export class UnknownWorkflowError extends HoldfastError {
  readonly code = "UNKNOWN_WORKFLOW";
  constructor(found: string, known: readonly string[]) {
    super(
      `There is no workflow ${shown(found)} in this app. It declares: ${known.length === 0 ? "none" : known.join(", ")}. Check the name, or add the workflow to app({ workflows }) and deploy.`,
    );
    this.name = "UnknownWorkflowError";
  }
}

/** An execution id that no execution has. */
export class ExecutionNotFoundError extends HoldfastError {
  readonly code = "EXECUTION_NOT_FOUND";
  constructor(executionId: string) {
    super(
      `There is no execution ${shown(executionId)}. Check the id, and that this is the deployment (stack, account, region) that it was started in.`,
    );
    this.name = "ExecutionNotFoundError";
  }
}

/** Code that nobody has recorded. */
export class DefinitionNotFoundError extends HoldfastError {
  readonly code = "DEFINITION_NOT_FOUND";
  constructor(workflow: string, hash: string | undefined) {
    super(
      `No definition${hash === undefined ? "" : ` ${shown(hash)}`} of workflow ${shown(workflow)} is recorded. A definition is recorded by the first start of it in a process that has its code. client.definitions() lists the workflows, client.definitions(workflow) the definitions of this one.`,
    );
    this.name = "DefinitionNotFoundError";
  }
}

/** A start with a known id and a different input or workflow. */
export class ExecutionConflictError extends HoldfastError {
  readonly code = "EXECUTION_CONFLICT";
  constructor(executionId: string, why: string) {
    super(
      `Execution "${executionId}" exists already, ${why}. Use another id, or start it with the same workflow and input to get the existing one.`,
    );
    this.name = "ExecutionConflictError";
  }
}

/** A control operation that makes no sense for the execution as it is. Nothing was written. */
export class InvalidControlError extends HoldfastError {
  readonly code = "INVALID_CONTROL";
  constructor(operation: string, executionId: string, why: string) {
    super(`Execution "${executionId}" can't be ${operation}: ${why}. Nothing was written.`);
    this.name = "InvalidControlError";
  }
}

/** A callback token that this deployment did not make. */
export class InvalidCallbackTokenError extends HoldfastError {
  readonly code = "INVALID_CALLBACK_TOKEN";
  constructor(token: unknown) {
    super(
      `${shown(token)} is not a callback token. Expected the whole text that ctx.callback(...) gave as its token.`,
    );
    this.name = "InvalidCallbackTokenError";
  }
}

/** A message for an execution that has ended. */
export class ExecutionClosedError extends HoldfastError {
  readonly code = "EXECUTION_CLOSED";
  constructor(executionId: string, status: string) {
    super(`Execution "${executionId}" is ${status} and takes no more messages. Nothing was written.`);
    this.name = "ExecutionClosedError";
  }
}

/** What an execution was terminated with of whose history not everything could be read. */
export class TerminatedUnreadError extends HoldfastError {
  readonly code = "TERMINATED_UNREAD";
  constructor(executionId: string, unread: string) {
    super(
      `Execution "${executionId}" was terminated without all of its history: ${unread}. Children that only the lost part names were not told, and go on: cancel them by their ids; or restore what is lost (from the table's point-in-time backup) and terminate "${executionId}" once more, which tells them.`,
    );
    this.name = "TerminatedUnreadError";
  }
}

/** `result()` of an execution that did not end well. `status` says how it ended, `cause` is the workflow's own error if it has one. */
export class ExecutionFailedError extends HoldfastError {
  readonly code = "EXECUTION_FAILED";
  readonly executionId: string;
  readonly status: string;
  constructor(executionId: string, status: string, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.name}: ${options.cause.message}` : "";
    super(
      `Execution "${executionId}" is ${status}${why}. Its history tells the rest: holdfast history ${executionId}`,
      options,
    );
    this.name = "ExecutionFailedError";
    this.executionId = executionId;
    this.status = status;
  }
}

/** `result()` gave up waiting; the execution itself goes on. */
export class ResultTimeoutError extends HoldfastError {
  readonly code = "RESULT_TIMEOUT";
  constructor(
    executionId: string,
    status: string,
    waitedMs: number,
    update?: { readonly name: string; readonly id: string },
  ) {
    super(
      update === undefined
        ? `Execution "${executionId}" is still ${status} after ${waitedMs} ms. It goes on; ask again, or with a longer timeout.`
        : `Execution "${executionId}" is ${status}, and has not answered update ${shown(update.name)} after ${waitedMs} ms. It keeps the update until a handler of that name answers it; send it again with the id ${shown(update.id)} to wait for the answer, and not to have it done twice.`,
    );
    this.name = "ResultTimeoutError";
  }
}

/** The bus did not take an event. */
export class PublishFailedError extends HoldfastError {
  readonly code = "PUBLISH_FAILED";
  constructor(event: string, eventId: string, why: string) {
    super(
      `The bus did not take event "${event}": ${why}. Nothing was published; publish it again with { id: "${eventId}" }, so that it can't be counted twice.`,
    );
    this.name = "PublishFailedError";
  }
}

/** A value that storage can't keep (a function, a symbol, a class instance, a cycle). */
export class UnencodableValueError extends HoldfastError {
  readonly code = "UNENCODABLE_VALUE";
  readonly path: string;
  constructor(path: string, found: string) {
    super(
      `The value at ${path === "" ? "the top" : path} can't be stored: it is ${found}. Expected plain objects, arrays, text, numbers, booleans, null, undefined, Date, Map, Set, BigInt, Uint8Array, URL or Error. Return a plain form of it.`,
    );
    this.name = "UnencodableValueError";
    this.path = path;
  }
}

/** A value that is larger than what is stored of one. */
export class PayloadTooLargeError extends HoldfastError {
  readonly code = "PAYLOAD_TOO_LARGE";
  constructor(what: string, bytes: number, limit: number) {
    super(
      `${what} is ${bytes} bytes, and at most ${limit} can be stored. Keep the data in a store of your own and pass its key.`,
    );
    this.name = "PayloadTooLargeError";
  }
}

/** A transaction that no table would ever take as it is. Nothing was written. */
export class InvalidTransactionError extends HoldfastError {
  readonly code = "INVALID_TRANSACTION";
  constructor(why: string, options?: ErrorOptions) {
    super(`The transaction can't be made, and nothing was written: ${why}`, options);
    this.name = "InvalidTransactionError";
  }
}

// ---------------------------------------------------------------- what workflow code can meet and catch

/** Throw it in a step to end the step at once, whatever its retry policy. */
export class NonRetryableError extends HoldfastError {
  readonly code = "NON_RETRYABLE";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NonRetryableError";
  }
}

/** One attempt of a step took longer than it may. It counts as a failed attempt and is retried by the step's policy. */
export class StepTimeoutError extends HoldfastError {
  readonly code = "STEP_TIMEOUT";
  /** @param limit which one it passed: the step's own timeout, its heartbeat, or the time that any invocation has */
  constructor(step: string, limitMs: number, limit: "timeout" | "heartbeat" | "invocation" = "timeout") {
    super(
      {
        timeout: `Step "${step}" did not end within its timeout of ${limitMs} ms. Raise the timeout, or make the step shorter.`,
        heartbeat: `Step "${step}" gave no sign of life for ${limitMs} ms. Call step.heartbeat() more often, or raise the step's heartbeat.`,
        invocation: `Step "${step}" was still running when its invocation came to its end, after ${limitMs} ms. Make the step shorter, or raise workerTimeout (and startTimeout) of the construct.`,
      }[limit],
    );
    this.name = "StepTimeoutError";
  }
}

/** The process died while the step ran, so nobody knows whether its effect happened, and the step may not run again. */
export class StepInterruptedError extends HoldfastError {
  readonly code = "STEP_INTERRUPTED";
  constructor(step: string, attempt: number, why: string) {
    super(
      `Step "${step}" was interrupted in attempt ${attempt}: ${why}. Its effect may or may not have happened; look before you repeat it.`,
    );
    this.name = "StepInterruptedError";
  }
}

/** What was awaited (an event, a signal, a callback, a sign of life) did not come in time. */
export class WaitTimeoutError extends HoldfastError {
  readonly code = "WAIT_TIMEOUT";
  /** @param what for example `event "payment.completed" with key "o-1"` */
  constructor(what: string, timeoutMs: number) {
    super(`No ${what} came within ${timeoutMs} ms.`);
    this.name = "WaitTimeoutError";
  }
}

/** The execution's own timeout passed. Clean-up code may catch it; completed steps are compensated afterwards. */
export class ExecutionTimeoutError extends HoldfastError {
  readonly code = "EXECUTION_TIMEOUT";
  constructor(timeoutMs: number) {
    super(
      `The execution did not end within its timeout of ${timeoutMs} ms. Raise the workflow's timeout, or look in its history for what took so long.`,
    );
    this.name = "ExecutionTimeoutError";
  }
}

/** A child execution did not end well, or could not be created. `status` says how it ended, `cause` is its own error. */
export class ChildFailedError extends HoldfastError {
  readonly code = "CHILD_FAILED";
  readonly childId: string;
  readonly status: string;
  constructor(workflow: string, childId: string, status: string, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.name}: ${options.cause.message}` : "";
    super(`Child "${childId}" of workflow "${workflow}" is ${status}${why}`, options);
    this.name = "ChildFailedError";
    this.childId = childId;
    this.status = status;
  }
}

/** More items of a `ctx.map` failed than it tolerates. */
export class MapFailedError extends HoldfastError {
  readonly code = "MAP_FAILED";
  readonly failures: readonly { readonly index: number; readonly error: unknown }[];
  constructor(
    items: number,
    failures: readonly { readonly index: number; readonly error: unknown }[],
    rule: string,
  ) {
    const first = failures[0];
    super(
      `${failures.length} of ${items} items failed, and ${rule}.${first === undefined ? "" : ` The first is item ${first.index}: ${String(first.error)}`}`,
      first === undefined ? {} : { cause: first.error },
    );
    this.name = "MapFailedError";
    this.failures = failures;
  }
}

/** Why DynamoDB would not do one action of a transaction. */
export interface TransactionReason {
  /** DynamoDB's code: `None` for an action that was not at fault. */
  readonly code: string;
  readonly message?: string;
  /** The item as it was, where the action asked for it. */
  readonly item?: Readonly<Record<string, unknown>>;
}

/** DynamoDB cancelled a `ctx.transaction`: nothing of it was written. */
export class TransactionCancelledError extends HoldfastError {
  readonly code = "TRANSACTION_CANCELLED";
  /** One per action, in the order in which the body asked for them. */
  readonly reasons: readonly TransactionReason[];
  constructor(name: string, reasons: readonly TransactionReason[]) {
    const guilty = reasons.flatMap(({ code, message }, index) =>
      code === "None" ? [] : [`action ${index} (${code}${message === undefined ? "" : `: ${message}`})`],
    );
    super(
      `Transaction "${name}" was cancelled and nothing of it was written: ${guilty.join(", ") || "DynamoDB gave no reason"}. Look at the conditions of these actions.`,
    );
    this.name = "TransactionCancelledError";
    this.reasons = reasons;
  }
}

/** The execution was asked to cancel. Clean-up code may catch it; completed steps are compensated afterwards. */
export class CancelledError extends HoldfastError {
  readonly code = "CANCELLED";
  readonly reason: string | undefined;
  constructor(reason: string | undefined) {
    super(reason === undefined ? "The execution was cancelled." : `The execution was cancelled: ${reason}`);
    this.name = "CancelledError";
    this.reason = reason;
  }
}

/** A context that was used where it has no meaning: in a step's body, or after the execution's end. */
export class ContextMisuseError extends HoldfastError {
  readonly code = "CONTEXT_MISUSE";
  constructor(
    call: string,
    where: string,
    next = "Call it from the workflow function itself, while it runs.",
  ) {
    super(`${call} was called ${where}. ${next}`);
    this.name = "ContextMisuseError";
  }
}

// ---------------------------------------------------------------- what stops an execution without touching it (`stalled`)

/** The base of errors that workflow code can't catch: the execution stalls, keeps its history, and goes on after a fixed deploy. */
export abstract class EngineError extends HoldfastError {}

/** The code asked for something else than its history records. */
export class NonDeterminismError extends EngineError {
  readonly code = "NON_DETERMINISM";
  /** @param matched the last event that still matched; undefined when the first one did not */
  constructor(
    readonly recorded: string,
    readonly asked: string,
    readonly matched?: string,
  ) {
    super(
      `The workflow's code no longer matches its history. Recorded: ${recorded}. The code asked for: ${asked}. ${matched === undefined ? "Nothing before it was answered." : `The last event that matched: ${matched}.`} Either the code was changed under a running execution, or it branches on something that is not recorded (time, randomness, environment). Deploy code that asks for what was recorded, then redrive the execution; its history is untouched.`,
    );
    this.name = "NonDeterminismError";
  }
}

/** Workflow code waited on something that is not durable: a bare fetch, setTimeout, or file I/O outside a step. */
export class NonDurableAwaitError extends EngineError {
  readonly code = "NON_DURABLE_AWAIT";
  constructor(what: string) {
    super(
      `${what}. Workflow code may only await what its context gives it, since nothing else is recorded. Move the call into ctx.step (I/O) or use ctx.sleep (time), deploy, then redrive the execution.`,
    );
    this.name = "NonDurableAwaitError";
  }
}

/** Processes keep dying in this execution with no step to blame. */
export class CrashLoopError extends EngineError {
  readonly code = "CRASH_LOOP";
  constructor(crashes: number) {
    super(
      `${crashes} turns in a row died without a step pending, so the workflow code itself (or its memory or import) kills the process. Read the worker's log, deploy a fix, then redrive the execution.`,
    );
    this.name = "CrashLoopError";
  }
}

/** The execution was recorded by a later release of the engine. */
export class UnknownEngineFlagError extends EngineError {
  readonly code = "UNKNOWN_ENGINE_FLAG";
  constructor(executionId: string, unknown: readonly number[], known: readonly number[]) {
    super(
      `Execution "${executionId}" relies on engine behaviours ${unknown.join(", ")}, and this release knows ${known.join(", ")}: a later release recorded it. Deploy that release (or a later one), then redrive the execution.`,
    );
    this.name = "UnknownEngineFlagError";
  }
}

/** A stored record that this release can't read, or a payload that is gone. */
export class CorruptHistoryError extends EngineError {
  readonly code = "CORRUPT_HISTORY";
  constructor(executionId: string, what: string) {
    super(
      `The stored state of execution "${executionId}" can't be used: ${what}. Restore it (an item from the table's point-in-time backup, an object from its earlier version), then redrive the execution.`,
    );
    this.name = "CorruptHistoryError";
  }
}

/** The audit's own failure, at the end of a run that did everything else. */
export class AuditIncompleteError extends HoldfastError {
  readonly code = "AUDIT_INCOMPLETE";
  constructor(failed: number) {
    super(
      `${failed} of the audit's looks failed, and it did all the others. Its log has a line for each. What could not be reached is looked at again by the next run; a record that can't be read has to be restored from the table's point-in-time backup.`,
    );
    this.name = "AuditIncompleteError";
  }
}

// ---------------------------------------------------------------- control flow between shell and store, never shown to workflow code

/** Another owner has this execution now. Whoever gets it stops, writes nothing more, and leaves its wake undeleted. */
export class FencedError extends HoldfastError {
  readonly code = "FENCED";
  constructor(executionId: string, why: string) {
    super(
      `This process no longer owns execution "${executionId}": ${why}. It stops here; the new owner goes on.`,
    );
    this.name = "FencedError";
  }
}
