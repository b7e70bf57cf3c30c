/** The part of the error catalogue that is about executions that are deleted, or are to be. */
import { HoldfastError } from "./errors.js";

/** An execution whose deletion has begun: its history goes, or is gone. */
export class ExecutionDeletedError extends HoldfastError {
  readonly code = "EXECUTION_DELETED";
  constructor(executionId: string, since: number) {
    super(
      `Execution "${executionId}" is deleted since ${new Date(since).toISOString()}: its history, messages and large values go, or are gone. What was archived or exported before is all there is. If the deletion stopped half-way, repeat it (holdfast delete ${executionId}); then the id is free again.`,
    );
    this.name = "ExecutionDeletedError";
  }
}

/** Why a closed execution may not be deleted now. */
export type DeletionRefusal =
  | "open"
  | "recent"
  | "duties"
  | "outgoing"
  | "archive"
  | "parent"
  | "predecessor";

/** An execution that may not be deleted now. Nothing was deleted. */
export class NotDeletableError extends HoldfastError {
  readonly code = "NOT_DELETABLE";
  readonly refusal: DeletionRefusal;
  /** When it may be deleted, where time alone brings that. */
  readonly deletableAt: Date | undefined;
  constructor(executionId: string, refusal: DeletionRefusal, why: string, deletableAt?: number) {
    super(`Execution "${executionId}" can't be deleted now: ${why}`);
    this.name = "NotDeletableError";
    this.refusal = refusal;
    this.deletableAt = deletableAt === undefined ? undefined : new Date(deletableAt);
  }
}
