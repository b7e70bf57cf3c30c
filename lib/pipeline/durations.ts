/** Whether something is a duration at all: what code gives may be anything. */
import { InvalidDurationError } from "../model/errors.js";
import { type Duration, durationMs } from "../model/time.js";

export function isDuration(found: unknown): found is Duration {
  if (typeof found !== "string" && (typeof found !== "object" || found === null)) return false;
  try {
    durationMs(found as Duration);
    return true;
  } catch (error) {
    if (error instanceof InvalidDurationError) return false;
    throw error;
  }
}
