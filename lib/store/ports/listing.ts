/** What executions are listed by, and what a listing tells of each. */
import type { Labels } from "../../model/labels.js";
import type { ExecutionStatus } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import type { Page } from "../ports.js";

export interface ExecutionSummary extends Labels {
  readonly executionId: string;
  readonly workflow: string;
  /** The digest of the workflow's code at the start. */
  readonly definition: string;
  /** Of a pinned one: the code that runs it. */
  readonly pinnedTo?: string;
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

export interface WaitingRequest {
  /** Of the event type. */
  readonly name: string;
  readonly key?: string;
  /** Whether the type declares a key; absent where only its name is known. */
  readonly keyed?: boolean;
  /** Waits that have timed out by then are none. */
  readonly now: EpochMs;
  readonly limit: number;
  readonly cursor?: string;
}

/** One wait of an execution for an event. */
export interface WaitingExecution {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: ExecutionStatus;
  readonly key?: string;
  /** When the wait times out. */
  readonly until?: EpochMs;
  /** Which payloads it takes: the JSON text of a condition. */
  readonly where?: string;
  /** False of an execution whose head names only some of its waits, and none for this event: it may wait for it. */
  readonly certain: boolean;
}

export interface ListingStore {
  /** Newest first. Eventually consistent: by index, and then by the heads. */
  listExecutions(request: ListRequest): Promise<Page<ExecutionSummary>>;
  /**
   * How many a listing would give. By the index alone (eventually consistent) for at most one of workflow, application and pipeline
   * configuration without a status, for `failed`, for `stalled` and for all open statuses together, at any time; else by reading the heads.
   */
  countExecutions(filter: ListFilter): Promise<number>;
  /**
   * Waits for an event that stand and have not timed out. Exact by the directory where the type has no key or a key is given; for a keyed
   * type without a key, those that the heads of open and stalled executions name, newest first. Pages may be short; longer than the limit
   * only where one execution waits more often than that.
   */
  listWaiting(request: WaitingRequest): Promise<Page<WaitingExecution>>;
}

export interface ListRequest extends ListFilter {
  readonly limit: number;
  readonly cursor?: string;
}
