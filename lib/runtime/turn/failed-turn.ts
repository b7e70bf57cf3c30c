/**
 * A turn that fails because what it needs does (a queue, a table, a bucket) has not crashed: it says so in its lease, so that whoever takes
 * over counts no crash. An outage of minutes would otherwise use up the tries that are there for code which kills its process.
 */
import { HoldfastError } from "../../model/errors.js";
import type { Outside } from "../outside.js";

export async function notingFailure<T>(
  { store }: Outside,
  { executionId, leaseToken }: { readonly executionId: string; readonly leaseToken: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // If that can't be said either, it counts as a crash: the mark is a kindness, and nothing rests on it.
    if (isOutage(error)) await store.failLease(executionId, leaseToken).catch(() => {});
    throw error;
  }
}

/** Errors of our own are judged where they are thrown, and a mistake in the engine's code is no outage. */
function isOutage(error: unknown): boolean {
  const isMistake = [TypeError, RangeError, ReferenceError, SyntaxError].some(
    (kind) => error instanceof kind,
  );
  return !isMistake && !(error instanceof HoldfastError);
}
