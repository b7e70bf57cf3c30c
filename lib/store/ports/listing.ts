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
  /** When something of it is due; of one that is running with nobody at work on it, its start. */
  readonly dueAt?: EpochMs;
  /** Whoever is at work on it, or was when it died. */
  readonly lease?: { readonly owner: string; readonly until: EpochMs };
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
  /** Open executions of which something (a timer, a timeout, a retry, their start) is due earlier. By their heads: pages may be short. */
  readonly dueBefore?: EpochMs;
  /** Open executions held by a lease that ends earlier. By their heads: pages may be short. */
  readonly leaseExpiredBefore?: EpochMs;
}

export interface ListRequest extends ListFilter {
  readonly limit: number;
  readonly cursor?: string;
}
