/** The public surface of Holdfast: what users import to write workflows and to talk to them. */
export {
  type Asked,
  type AwaitedOperation,
  type ClientNames,
  type ClientOptions,
  type ClientOutbox,
  type ClientSchedules,
  type ClientSettings,
  type ClientVersions,
  type CodeInUse,
  type ControlOptions,
  type CurrentWorkflowDefinition,
  type Damaged,
  type DeletedExecution,
  DurableClient,
  type ExecutionDescription,
  type ExecutionFilter,
  type ExecutionPage,
  type ExecutionStarted,
  type ExportedEnd,
  type ExportedExecution,
  type ExportLine,
  type ForkOptions,
  type Health,
  type HealthCheck,
  type HistoryEntry,
  type ListedExecution,
  type ListOptions,
  type MessageOptions,
  type Moved,
  type OutgoingMessage,
  type OutgoingOptions,
  type OutgoingPage,
  type Pause,
  type Pauses,
  type Progress,
  type PublishOptions,
  type ScheduleDescription,
  type SchedulePage,
  type SchedulePut,
  type ScheduleState,
  type Staged,
  type StagedEvent,
  type StagedStart,
  type StartedExecution,
  type StartOptions,
  type Stopped,
  type Terminated,
  type UnreadableSchedule,
  type UpdateOptions,
  type Waiting,
  type WaitingOptions,
  type WaitingPage,
  type WorkflowDefinition,
  type WorkflowDefinitionSummary,
} from "./client/index.js";
export { type App, type AppOptions, app, type Manifest } from "./define/app.js";
export type {
  Callback,
  CallbackOptions,
  ChildOptions,
  Context,
  Logger,
  RaceResult,
  SendOptions,
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
export type { Recurring, Schedule, ScheduleOption } from "./define/schedule.js";
export type { Transaction, TransactionOptions } from "./define/transaction.js";
export { type Versioning, type Workflow, type WorkflowOptions, workflow } from "./define/workflow.js";
export type { PayloadCodec, SealedPlace } from "./model/codec.js";
export { type DeletionRefusal, ExecutionDeletedError, NotDeletableError } from "./model/deletion-errors.js";
export {
  CancelledError,
  ChildFailedError,
  ContextMisuseError,
  CorruptHistoryError,
  CrashLoopError,
  DefinitionNotFoundError,
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
  TerminatedUnreadError,
  TransactionCancelledError,
  type TransactionReason,
  UnencodableValueError,
  UnknownEngineFlagError,
  UnknownWorkflowError,
  WaitTimeoutError,
} from "./model/errors.js";
export type { Firing, Overlap } from "./model/firing.js";
export type { HistoryEvent, OnParentClose } from "./model/history-event.js";
export type { ExecutionEvent, LifecycleKind } from "./model/lifecycle.js";
export type { EventPattern, PatternOperator } from "./model/pattern/types.js";
export {
  MalformedFiringError,
  NoClientSchedulesError,
  ScheduleNotFoundError,
  UnreadableScheduleError,
} from "./model/schedule-errors.js";
export type { ExecutionStatus } from "./model/status.js";
export type { Duration } from "./model/time.js";
export type {
  TransactionAction,
  TransactionCheck,
  TransactionDelete,
  TransactionPut,
  TransactionUpdate,
} from "./model/transaction.js";
export { openArchive } from "./store/sealed/boxes.js";
