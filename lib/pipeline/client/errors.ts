/** What a client of pipelines refuses. */
import { HoldfastError } from "../../model/errors.js";

/** An execution, or a workflow, is there and is no pipeline. */
export class NotAPipelineError extends HoldfastError {
  readonly code = "NOT_A_PIPELINE";

  constructor(workflow: string, why: string, executionId?: string) {
    const what = executionId === undefined ? "" : `Execution "${executionId}" is of it. `;
    const next = executionId === undefined ? "" : ` Look at it with: holdfast show ${executionId}`;
    super(`Workflow "${workflow}" is no pipeline that can be read: ${why}. ${what}${next}`.trim());
  }
}
