/** Errors of executions that are pinned to the code that they began with. */
import { EngineError, HoldfastError } from "./errors.js";

/** The deployed code that an execution is pinned to is not there any more. */
export class PinnedCodeGoneError extends EngineError {
  readonly code = "PINNED_CODE_GONE";
  constructor(executionId: string, why: string) {
    super(
      `Execution "${executionId}" is pinned to code that can't be run: ${why}. Let the latest code go on with it, if that fits its history (holdfast replay tells): holdfast versions move ${executionId}, then holdfast redrive ${executionId}.`,
    );
    this.name = "PinnedCodeGoneError";
  }
}

/** An execution can't be moved to the latest code. */
export class NotPinnedError extends HoldfastError {
  readonly code = "NOT_PINNED";
  constructor(executionId: string) {
    super(
      `Execution "${executionId}" is not pinned to any code: it runs the latest one from its next turn on. Only executions of workflows with versioning: "pinned" are moved.`,
    );
    this.name = "NotPinnedError";
  }
}
