/**
 * A turn that fails because what it needs does (a queue, a table, a bucket) has not crashed: it says so in its lease, so that whoever takes
 * over counts no crash. An outage of minutes would otherwise use up the tries that are there for code which kills its process.
 */
import { HoldfastError } from "../../model/errors.js";
import type { Head } from "../../model/head.js";
import { CodecError } from "../../model/sealed-error.js";
import type { Outside } from "../outside.js";

export async function notingFailure<T>(
  { store, meter }: Outside,
  { executionId, workflow }: Pick<Head, "executionId" | "workflow">,
  leaseToken: string,
  work: () => Promise<T>,
): Promise<T> {
  const sayFailed = async (): Promise<void> => {
    await store.failLease(executionId, leaseToken);
    meter?.note("TurnsFailed", 1, workflow);
  };
  try {
    return await work();
  } catch (error) {
    // If that can't be said either, it counts as a crash: the mark is a kindness, and nothing rests on it.
    if (isOutage(error)) await sayFailed().catch(() => {});
    throw error;
  }
}

/** What AWS's services and the network call a refusal that has nothing to do with what was asked. */
const TRANSIENT =
  /throttl|toomanyrequests|requestlimit|throughputexceeded|slowdown|serviceunavailable|internalservererror|internalerror|timeout|timedout/i;
const NETWORK = /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)/;

/** What errors of the SDK, and of the network, have. */
interface OutsideError {
  readonly code?: string;
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * Whether the same call may well succeed later. A refusal for what was asked (no permission, no such table) is none: if it did not count, a
 * step whose result can't be stored would run for ever.
 */
function isOutage(error: unknown): boolean {
  if (error instanceof CodecError) return true;
  if (!(error instanceof Error) || error instanceof HoldfastError) return false;
  const { name, code = "", $fault: fault, $metadata: metadata }: Error & OutsideError = error;
  const status = metadata?.httpStatusCode ?? 0;
  return fault === "server" || status >= 500 || status === 429 || TRANSIENT.test(name) || NETWORK.test(code);
}
