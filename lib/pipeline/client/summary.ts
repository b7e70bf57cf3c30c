/** What is told of a pipeline's execution without its history: by its head alone, or by a listing. */
import type { ExecutionDescription, ListedExecution } from "../../client/types.js";
import type { ExecutionStatus } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import { isObject, type JsonObject } from "../json-value.js";
import { restartedFrom, triggerIn } from "../restarted.js";
import { failureFrom } from "../run-task.js";
import { PLACE } from "../slots.js";
import type { Failure } from "../state.js";
import { isComplete, STATUSES, type Status } from "../status.js";

/** Times in milliseconds since 1970. */
export interface PipelineSummary {
  readonly executionId: string;
  readonly name: string;
  readonly application?: string;
  readonly configId?: string;
  /**
   * In a listing, one that waits for a place counts as RUNNING, and one that ended CANCELED by its own task as TERMINAL: that stands in its
   * head, which a listing does not read.
   */
  readonly status: Status;
  /** Of the execution: `stalled`, of which pipelines have no word, among them. */
  readonly execution: ExecutionStatus;
  readonly createdAt: EpochMs;
  readonly endedAt?: EpochMs;
}

/** By the head. */
export interface PipelineHead extends PipelineSummary {
  readonly trigger: JsonObject;
  readonly restartedFrom?: string;
  readonly error?: Failure;
  /** Why it is not at its end, and what would free it: both in words, empty for one that has ended. */
  readonly now: string;
  readonly freedBy: string;
}

/** Those that a listing tells apart. */
export type ListedStatus = "RUNNING" | "PAUSED" | "SUCCEEDED" | "TERMINAL" | "CANCELED";

const EXECUTIONS: Readonly<Record<ListedStatus, readonly ExecutionStatus[]>> = {
  RUNNING: ["running", "suspended", "compensating", "stalled"],
  PAUSED: ["paused"],
  SUCCEEDED: ["completed", "continued"],
  TERMINAL: ["failed"],
  CANCELED: ["cancelled", "terminated"],
};

export const LISTED_STATUSES: readonly ListedStatus[] = [
  "RUNNING",
  "PAUSED",
  "SUCCEEDED",
  "TERMINAL",
  "CANCELED",
];

export function executionStatusesOf(statuses: readonly ListedStatus[]): ExecutionStatus[] {
  return statuses.flatMap((status) => EXECUTIONS[status]);
}

function listedStatusOf(execution: ExecutionStatus): ListedStatus {
  return LISTED_STATUSES.find((status) => EXECUTIONS[status].includes(execution)) ?? "RUNNING";
}

export function summaryOfListed(listed: ListedExecution): PipelineSummary {
  const { executionId, workflow, application, pipelineConfigId, status, createdAt, closedAt } = listed;
  return {
    executionId,
    name: workflow,
    ...(application === undefined ? {} : { application }),
    ...(pipelineConfigId === undefined ? {} : { configId: pipelineConfigId }),
    status: listedStatusOf(status),
    execution: status,
    createdAt: createdAt.getTime(),
    ...(closedAt === undefined ? {} : { endedAt: closedAt.getTime() }),
  };
}

export function summaryOfHead(head: ExecutionDescription): PipelineHead {
  const { error } = head;
  // In place of an input that is lost stands an error.
  const input: JsonObject = isObject(head.input) && !(head.input instanceof Error) ? head.input : {};
  const of = restartedFrom(input);
  return {
    ...summaryOfListed(head),
    status: statusOfHead(head),
    trigger: triggerIn(input),
    ...(of === undefined ? {} : { restartedFrom: of }),
    ...(error === undefined ? {} : { error: failureFrom(error) }),
    ...whyNot(head),
  };
}

function whyNot({
  executionId,
  workflow,
  progress,
}: ExecutionDescription): Pick<PipelineHead, "now" | "freedBy"> {
  const { moves, reason, freedBy } = progress;
  if (moves === "closed") return { now: "", freedBy };
  if (moves !== "message" || !waitsForPlace(progress)) return { now: reason, freedBy };
  return {
    now: "It waits for a place: as many executions of this pipeline run as its concurrency lets.",
    freedBy: `The end of one that runs: holdfast pipeline list --pipeline ${workflow} --status RUNNING. To end it: holdfast pipeline cancel ${executionId}`,
  };
}

function waitsForPlace({ awaits }: ExecutionDescription["progress"]): boolean {
  return awaits.some(({ kind, name }) => kind === "signal" && name === PLACE);
}

function statusOfHead({ status, progress, output, error }: ExecutionDescription): Status {
  const listed = listedStatusOf(status);
  switch (listed) {
    case "SUCCEEDED":
      return endStatusIn(output) ?? listed;
    case "TERMINAL":
      return endStatusIn(error) ?? listed;
    case "RUNNING": {
      if (progress.moves === "not-started") return "NOT_STARTED";
      return waitsForPlace(progress) ? "BUFFERED" : listed;
    }
    default:
      return listed;
  }
}

/** Both what it gives and what it fails with say how it ended. */
function endStatusIn(end: unknown): Status | undefined {
  const found: unknown = typeof end === "object" && end !== null ? Reflect.get(end, "status") : undefined;
  return STATUSES.find((status) => status === found && isComplete(status));
}
