/**
 * What becomes of an event that could not be handled: it goes to the dead-letter queue at once, with the reason, where no repeat could do
 * better; everything else comes again.
 */
import { HoldfastError } from "../model/errors.js";

/** Why an event lies in a dead-letter queue. */
export interface DeadReason {
  /** The code of the error, stable and for programs. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** What is wrong with the event, or the firing, itself. */
const HOPELESS: ReadonlySet<string> = new Set([
  "MALFORMED_BUS_EVENT",
  "MALFORMED_FIRING",
  "UNKNOWN_WORKFLOW",
  "UNKNOWN_EVENT",
  "INVALID_INPUT",
  "UNENCODABLE_VALUE",
  "PAYLOAD_TOO_LARGE",
  "EXECUTION_CONFLICT",
]);

/** Whoever sends an event to an execution may be quicker than whoever starts it: the start is given so many receives (PROTOCOL A7). */
const RECEIVES_FOR_A_TARGET = 5;

/** The code under which an event stays in the dead-letter queue whose tries were used up by something that did not end. */
export const EXHAUSTED = "EXHAUSTED";

/** Whether no repeat could do better. */
export function isHopeless(error: unknown): boolean {
  return error instanceof HoldfastError && HOPELESS.has(error.code);
}

/**
 * Undefined for what is to come again.
 * @param receives how often the message has been received, this time included
 */
export function decideDeadLetter(error: unknown, receives: number): DeadReason | undefined {
  if (!(error instanceof HoldfastError)) return undefined;
  const { code, message } = error;
  if (HOPELESS.has(code)) return { code, message };
  return code === "EXECUTION_NOT_FOUND" && receives >= RECEIVES_FOR_A_TARGET ? { code, message } : undefined;
}
