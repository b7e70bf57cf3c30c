/** The public surface of Holdfast: what users import to write workflows and to talk to them. */
export {
  type ClientNames,
  type ClientOptions,
  type ClientOutbox,
  type ClientSettings,
  DurableClient,
  type ExecutionDescription,
  type ExecutionPage,
  type ExecutionStarted,
  type HistoryEntry,
  type ListedExecution,
  type ListOptions,
  type Progress,
  type PublishOptions,
  type Staged,
  type StagedEvent,
  type StagedStart,
  type StartedExecution,
  type StartOptions,
} from "./client/index.js";
export { type App, type AppOptions, app, type Manifest } from "./define/app.js";
export type { Context, Logger, StepContext, StepOptions, WaitOptions } from "./define/context.js";
export { type EventOptions, type EventType, event } from "./define/event.js";
export type { RetryPolicy } from "./define/retry.js";
export type { Transaction, TransactionOptions } from "./define/transaction.js";
export { type Workflow, type WorkflowOptions, workflow } from "./define/workflow.js";
export {
  CancelledError,
  ContextMisuseError,
  CorruptHistoryError,
  CrashLoopError,
  ExecutionClosedError,
  ExecutionConflictError,
  ExecutionFailedError,
  ExecutionNotFoundError,
  HoldfastError,
  InvalidDefinitionError,
  InvalidDurationError,
  InvalidInputError,
  InvalidTransactionError,
  NonDeterminismError,
  NonDurableAwaitError,
  NonRetryableError,
  PayloadTooLargeError,
  PublishFailedError,
  ResultTimeoutError,
  type SchemaIssue,
  StepInterruptedError,
  StepTimeoutError,
  TransactionCancelledError,
  type TransactionReason,
  UnencodableValueError,
  UnknownWorkflowError,
  WaitTimeoutError,
} from "./model/errors.js";
export type { HistoryEvent } from "./model/history-event.js";
export type { ExecutionStatus } from "./model/status.js";
export type { Duration } from "./model/time.js";
export type {
  TransactionAction,
  TransactionCheck,
  TransactionDelete,
  TransactionPut,
  TransactionUpdate,
} from "./model/transaction.js";
