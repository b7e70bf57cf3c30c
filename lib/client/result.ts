import { ExecutionFailedError, ResultTimeoutError } from "../model/errors.js";
import { type Duration, durationMs } from "../model/time.js";
import type { ErrorClasses } from "../model/value.js";
import type { Outside } from "../runtime/outside.js";
import { hasStopped, watch } from "../runtime/watch.js";
import { readError, readValue } from "./describe.js";
import { given } from "./given.js";
import { DEFAULT_WAIT } from "./types.js";

/** Waits for an execution's end. Throws ExecutionFailedError, ResultTimeoutError, ExecutionNotFoundError. */
export async function resultOf(
  outside: Outside,
  executionId: string,
  options: { readonly timeout?: Duration },
  classes: ErrorClasses,
): Promise<unknown> {
  const began = outside.clock.now();
  const { timeout = DEFAULT_WAIT } = given("client.result", options);
  const reached = await watch(outside, executionId, began + durationMs(timeout));
  if (!hasStopped(reached))
    throw new ResultTimeoutError(executionId, reached.status, outside.clock.now() - began);
  if (reached.status !== "completed") {
    const cause = await readError(outside, reached, classes);
    throw new ExecutionFailedError(executionId, reached.status, cause === undefined ? {} : { cause });
  }
  return readValue(outside, reached, reached.output, classes);
}
