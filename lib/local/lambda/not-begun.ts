import { ApiError } from "../http.js";
import { failed, type Outcome } from "./sandbox.js";

/** An invocation that did not begin, as its function is being closed. Whoever can wait asks the functions of the next deploy. */
export class NotBegunError extends ApiError {
  constructor() {
    super("ServiceUnavailableException", "The local cloud is stopping.", 503);
  }
}

/** @throws NotBegunError */
export const begun = (outcome: Outcome): Outcome => {
  if (!outcome.ok && outcome.begun === false) throw new NotBegunError();
  return outcome;
};

/** What an invocation came to that the gateway refused: it ended before it began. */
export const refused = (error: unknown): Outcome => {
  if (error instanceof ApiError) return failed("Runtime.ExitError", error.message);
  throw error;
};
