/**
 * Repeats a call whose outcome is unknown. Every write of ours may be repeated with the same arguments: its token tells an own success
 * whose reply was lost from a refusal. The SDK has already retried throttling and connection failures by the time an error comes here.
 */
import { HoldfastError } from "../model/errors.js";

/** Two more tries, at once: what the SDK's own retries with backoff did not cure, waiting in a held invocation does not cure cheaply either. */
const TRIES = 3;

export async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= TRIES || !isUnknown(error)) throw error;
    }
  }
}

/** Only what comes from outside: an error of our own (a value too large, a lost lease) would be raised again. */
function isUnknown(error: unknown): boolean {
  return !(error instanceof HoldfastError);
}
