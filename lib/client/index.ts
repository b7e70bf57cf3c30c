/** The client's public part. */

export type { ExportedEnd, ExportedExecution, ExportLine } from "../runtime/export.js";
export type { AwaitedOperation } from "./awaited.js";
export { type Asked, DurableClient, type Terminated } from "./client.js";
export type { ControlOptions } from "./control.js";
export type {
  ClientDeadLetters,
  DeadLetterDescription,
  DeadLetterOptions,
  DeadLetterQueueName,
  DeadLetterQueueState,
  DeadLetterReason,
  DeadLettersGone,
} from "./dead-letters.js";
export type {
  CurrentWorkflowDefinition,
  WorkflowDefinition,
  WorkflowDefinitionSummary,
} from "./definitions.js";
export type { DeletedExecution } from "./delete.js";
export type { ForkOptions } from "./fork.js";
export type { Health, HealthCheck } from "./health.js";
export type { MessageOptions, UpdateOptions } from "./messages.js";
export type { ClientNames, ClientOptions, ClientSettings } from "./options.js";
export type { ClientOutbox, Staged, StagedEvent, StagedStart } from "./outbox.js";
export type { OutgoingMessage, OutgoingOptions, OutgoingPage } from "./outgoing.js";
export type { Pause, Pauses } from "./pauses.js";
export type { Progress } from "./progress.js";
export type { ScheduleDescription, UnreadableSchedule } from "./schedule-description.js";
export type { ClientSchedules, SchedulePage, SchedulePut, ScheduleState } from "./schedules.js";
export type {
  Damaged,
  ExecutionDescription,
  ExecutionFilter,
  ExecutionPage,
  ExecutionStarted,
  HistoryEntry,
  ListedExecution,
  ListOptions,
  PublishOptions,
  StartedExecution,
  StartOptions,
  Stopped,
} from "./types.js";
export type { ClientVersions, CodeInUse, Moved } from "./versions.js";
export type { Waiting, WaitingOptions, WaitingPage } from "./waiting.js";
export type { WatchedChange, WatchOptions } from "./watch.js";
