/** What deletes a closed execution: all that belongs to it first, its head last, so that whoever comes after a crash knows what was left. */
import type { Head } from "../../model/head.js";
import type { ClosedStatus } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import type { Commit } from "../ports.js";

/** A closed execution as it was read: of one that was redriven since, nothing may be deleted. */
export interface AsClosed {
  readonly executionId: string;
  readonly status: ClosedStatus;
  readonly closedAt: EpochMs;
}

/** Where an execution stands in the order of creation of its shard. */
export interface Created {
  readonly executionId: string;
  readonly createdAt: EpochMs;
}

export interface RetentionStore {
  /**
   * Executions of a workflow in one index shard that were created by `until`, oldest first, behind `after`; eventually consistent. A full page has
   * `more`, although there may be none.
   */
  listCreated(request: {
    readonly workflow: string;
    readonly shard: number;
    readonly until: EpochMs;
    readonly after?: Created;
    readonly limit: number;
  }): Promise<{ readonly items: readonly Created[]; readonly more: boolean }>;

  /**
   * A page of commits behind `afterSlot`, in slot order, strongly consistent. `upTo` is the last slot that was looked at: slots before it
   * that no commit has are empty, or can't be read. A full page has `more`, although there may be none.
   */
  readCommits(request: {
    readonly executionId: string;
    readonly afterSlot: number;
    readonly limit: number;
  }): Promise<{ readonly commits: readonly Commit[]; readonly upTo: number; readonly more: boolean }>;

  /** What there is of it beside its head; strongly consistent. `pendingSlot` is the first commit with outgoing messages that are still to be carried. */
  surveyItems(executionId: string): Promise<{ readonly any: boolean; readonly pendingSlot?: number }>;

  /**
   * Marks the head: from then on nobody reopens it. Condition: status and `closedAt` are those that were read. One that is marked already keeps
   * its mark, and is `begun`.
   */
  beginDeletion(
    execution: AsClosed,
    at: EpochMs,
  ): Promise<{ begun: true; head: Head } | { begun: false; head: Head | undefined }>;

  /**
   * Deletes at most `limit` items of a marked execution, its head excepted. `done`: no others are left. A commit with outgoing messages that are
   * still to be carried stays. Deletes nothing when the head is gone, or its mark is not `deletedAt`: the id may be another execution's by now.
   */
  deleteItems(request: {
    readonly executionId: string;
    readonly deletedAt: EpochMs;
    readonly limit: number;
  }): Promise<{ readonly deleted: number; readonly done: boolean }>;

  /** Condition: status, `closedAt` and mark are those that were read. One that is gone is `deleted`. Only when nothing else of it is left. */
  deleteHead(execution: AsClosed & { readonly deletedAt?: EpochMs }): Promise<{ deleted: boolean }>;
}
