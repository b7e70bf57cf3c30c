/** What executions are listed by, and what a listing tells of each. */
import type { Labels } from "../../model/labels.js";
import type { ExecutionStatus } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";

export interface ExecutionSummary extends Labels {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: ExecutionStatus;
  readonly createdAt: EpochMs;
  readonly closedAt?: EpochMs;
  readonly dueAt?: EpochMs;
}

/** Which executions: those that fit all that is given. A workflow, an application and a pipeline configuration are each found by index. */
export interface ListFilter extends Labels {
  readonly workflow?: string;
  /**
   * One or several. Found by index for open, failed and stalled executions; other statuses need a workflow, an application or a pipeline
   * configuration, and are filtered from its listing.
   */
  readonly status?: ExecutionStatus | readonly ExecutionStatus[];
  /** Created then or later (inclusive), by the index. */
  readonly createdAfter?: EpochMs;
  /** Created earlier (exclusive), by the index. */
  readonly createdBefore?: EpochMs;
}

export interface ListRequest extends ListFilter {
  readonly limit: number;
  readonly cursor?: string;
}
