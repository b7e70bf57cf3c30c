/** What tests alone meet. */
import { HoldfastError } from "../model/errors.js";

/** In a test: the code did not do the same again from the same history, though it has not been changed. */
export class HiddenNonDeterminismError extends HoldfastError {
  readonly code = "HIDDEN_NON_DETERMINISM";
  readonly workflow: string;
  readonly executionId: string;
  /** @param used what the code called that gives another answer each time, as far as that was seen */
  constructor(
    workflow: string,
    executionId: string,
    difference: string,
    used: readonly string[],
    options?: ErrorOptions,
  ) {
    const culprit =
      used.length === 0
        ? "It may depend on the time, on chance, on a variable outside of the handler, or on the order of something that has none."
        : `It called ${used.join(" and ")}.`;
    super(
      `Workflow "${workflow}" does not do the same again when its history is replayed (execution "${executionId}"): ${difference}. ${culprit} A real execution would stall, or go on wrongly, when it is next woken. Expected: time, chance and ids from ctx (ctx.now, ctx.random, ctx.uuid), everything else from steps, and no state outside of the handler.`,
      options,
    );
    this.name = "HiddenNonDeterminismError";
    this.workflow = workflow;
    this.executionId = executionId;
  }
}

/** In a test: an execution was to be brought to its end, and time alone does not do that. */
export class DoesNotEndError extends HoldfastError {
  readonly code = "DOES_NOT_END";
  readonly executionId: string;
  constructor(executionId: string, why: string, freedBy: string) {
    super(`Execution "${executionId}" does not end by itself. ${why} What would free it: ${freedBy}`);
    this.name = "DoesNotEndError";
    this.executionId = executionId;
  }
}

/** In a test: what a run costs was asked of a store that does not count it. */
export class NotMeteredError extends HoldfastError {
  readonly code = "NOT_METERED";
  constructor() {
    super(
      'This store does not count what DynamoDB would bill. Expected: testApp(app, { store: "metered" }).',
    );
    this.name = "NotMeteredError";
  }
}
