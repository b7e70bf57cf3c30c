/** The public surface of Holdfast: what users import to write workflows and to talk to them. */
export {
  type Asked,
  type ClientNames,
  type ClientOptions,
  type ClientOutbox,
  type ClientSettings,
  type ControlOptions,
  DurableClient,
  type ExecutionDescription,
  type ExecutionFilter,
  type ExecutionPage,
  type ExecutionStarted,
  type ForkOptions,
  type HistoryEntry,
  type ListedExecution,
  type ListOptions,
  type MessageOptions,
  type Progress,
  type PublishOptions,
  type Staged,
  type StagedEvent,
  type StagedStart,
  type StartedExecution,
  type StartOptions,
  type UpdateOptions,
} from "./client/index.js";
export { type App, type AppOptions, app, type Manifest } from "./define/app.js";
export type {
  Callback,
  CallbackOptions,
  ChildOptions,
  Context,
  Logger,
  RaceResult,
  SignalOptions,
  StepContext,
  StepOptions,
  WaitOptions,
} from "./define/context.js";
export { type EventOptions, type EventType, event } from "./define/event.js";
export type {
  AttemptEnd,
  Fact,
  HookCalls,
  HookError,
  HookName,
  Hooks,
  StepAttempt,
  Turn,
  TurnEnd,
} from "./define/hooks.js";
export type { MapItem, MapOptions, MapResult } from "./define/map.js";
export type { RetryPolicy } from "./define/retry.js";
export type { Transaction, TransactionOptions } from "./define/transaction.js";
export { type Workflow, type WorkflowOptions, workflow } from "./define/workflow.js";
export {
  CancelledError,
  ChildFailedError,
  ContextMisuseError,
  CorruptHistoryError,
  CrashLoopError,
  ExecutionClosedError,
  ExecutionConflictError,
  ExecutionFailedError,
  ExecutionNotFoundError,
  ExecutionTimeoutError,
  HoldfastError,
  InvalidCallbackTokenError,
  InvalidControlError,
  InvalidDefinitionError,
  InvalidDurationError,
  InvalidInputError,
  InvalidTransactionError,
  MapFailedError,
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
  UnknownEngineFlagError,
  UnknownWorkflowError,
  WaitTimeoutError,
} from "./model/errors.js";
export type { HistoryEvent, OnParentClose } from "./model/history-event.js";
export type { ExecutionStatus } from "./model/status.js";
export type { Duration } from "./model/time.js";
export type {
  TransactionAction,
  TransactionCheck,
  TransactionDelete,
  TransactionPut,
  TransactionUpdate,
} from "./model/transaction.js";
