/** Invocations that did not begin, as their function is being closed: for a deploy, whose functions may be asked instead, or at the end. */
import { ApiError } from "../http.js";
import type { FunctionError } from "./bootstrap.js";
import { failed, type Outcome } from "./sandbox.js";

/** What such an invocation came to. */
export interface NotBegun {
  readonly ok: false;
  readonly error: FunctionError;
  readonly begun: false;
}

const STOPPING = "The local cloud is stopping.";

export const NOT_BEGUN: NotBegun = {
  ok: false,
  error: { errorType: "Runtime.ExitError", errorMessage: STOPPING },
  begun: false,
};

export const isNotBegun = (outcome: Outcome | NotBegun): outcome is NotBegun => "begun" in outcome;

/** Whoever can wait asks the functions of the next deploy. */
export class NotBegunError extends ApiError {
  constructor() {
    super("ServiceUnavailableException", STOPPING, 503);
  }
}

/** @throws NotBegunError */
export const begun = (outcome: Outcome | NotBegun): Outcome => {
  if (isNotBegun(outcome)) throw new NotBegunError();
  return outcome;
};

/** What an invocation came to that there are no functions for any more. */
export const refused = (error: unknown): Outcome => {
  if (error instanceof ApiError) return failed("Runtime.ExitError", error.message);
  throw error;
};
