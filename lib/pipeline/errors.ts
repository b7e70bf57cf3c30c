/** What a pipeline refuses, and what it fails with. */
import { HoldfastError } from "../model/errors.js";
import { short } from "../model/shown.js";
import type { HaltStatus } from "./status.js";

/** One thing that is wrong with a pipeline's definition. */
export interface PipelineIssue {
  /** Where: `stages[2].requisites[0]`; empty for all of it. */
  readonly path: string;
  readonly message: string;
}

/** A message is for a person's eyes, and for a line of a log: whoever wants all of it has the issues themselves. */
const MOST_NAMED = 12;

/** The definition of a pipeline can't be used. Nothing was started. */
export class InvalidPipelineError extends HoldfastError {
  readonly code = "INVALID_PIPELINE";

  constructor(
    pipeline: string,
    readonly issues: readonly PipelineIssue[],
  ) {
    const lines = issues
      .slice(0, MOST_NAMED)
      .map(({ path, message }) => `  ${path === "" ? "" : `${short(path)}: `}${short(message)}`);
    const more = issues.length > MOST_NAMED ? [`  and ${issues.length - MOST_NAMED} more`] : [];
    super([`Pipeline "${short(pipeline)}" can't be used:`, ...lines, ...more].join("\n"));
  }
}

/** An expression of a stage can't be judged. */
export class ExpressionError extends HoldfastError {
  readonly code = "EXPRESSION";

  constructor(expression: string, why: string) {
    super(
      `The CEL expression ${short(expression)} can't be judged: ${short(why)}. Expected CEL (https://cel.dev), and not SpEL, over the stage's context and \`trigger\`. Correct it and start the pipeline again.`,
    );
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
