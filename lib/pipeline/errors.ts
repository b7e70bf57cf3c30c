/** What a pipeline refuses, and what it fails with. */
import { HoldfastError } from "../model/errors.js";
import type { HaltStatus } from "./status.js";

/** One thing that is wrong with a pipeline's definition. */
export interface PipelineIssue {
  /** Where: `stages[2].requisites`. */
  readonly path: string;
  readonly message: string;
}

/** The definition of a pipeline can't be used. Nothing was started. */
export class InvalidPipelineError extends HoldfastError {
  readonly code = "INVALID_PIPELINE";

  constructor(
    pipeline: string,
    readonly issues: readonly PipelineIssue[],
  ) {
    const lines = issues.map(({ path, message }) => `  ${path}: ${message}`);
    super([`Pipeline "${pipeline}" can't be used:`, ...lines].join("\n"));
  }
}

/** A pipeline ended in a way that halts. */
export class PipelineFailedError extends HoldfastError {
  readonly code = "PIPELINE_FAILED";

  constructor(
    pipeline: string,
    readonly status: HaltStatus,
    /** Those that ended so, with what they failed with. */
    readonly stages: readonly {
      readonly refId: string;
      readonly status: HaltStatus;
      readonly message?: string;
    }[],
  ) {
    const words = stages.map(
      ({ refId, status: how, message }) =>
        `stage "${refId}" is ${how}${message === undefined ? "" : ` (${message})`}`,
    );
    const why = words.length === 0 ? "it has no stages" : words.join("; ");
    super(`Pipeline "${pipeline}" ended ${status}: ${why}.`);
  }
}

/** Something was asked of a pipeline that can't be done. Nothing was. */
export class PipelineControlError extends HoldfastError {
  readonly code = "PIPELINE_CONTROL";

  constructor(why: string) {
    super(`The pipeline can't do that: ${why}.`);
  }
}
