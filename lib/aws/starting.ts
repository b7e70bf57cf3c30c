/** What the start function does with a checked request. */

import type { App } from "../define/app.js";
import { FencedError, HoldfastError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import { labelsOf } from "../model/labels.js";
import { type PlainError, plain, plainError } from "../model/plain.js";
import type { ExecutionStatus } from "../model/status.js";
import { told } from "../model/told.js";
import { decode } from "../model/value.js";
import { arm } from "../runtime/arm.js";
import type { Inline } from "../runtime/bus/start-from-event.js";
import type { Outside } from "../runtime/outside.js";
import { type StartRequest, startExecution } from "../runtime/start.js";
import { loadValue } from "../runtime/values/values.js";
import { hasStopped, watch } from "../runtime/watch.js";
import type { StartPayload } from "./start-payload.js";

export interface StartAnswer {
  readonly executionId: string;
  readonly status: ExecutionStatus;
  /** False when it existed already. */
  readonly created: boolean;
  /** Of a completed one, if the caller waited and it is not `undefined`. */
  readonly output?: unknown;
  readonly error?: PlainError;
}

/**
 * Starts an execution; for a caller who waits, runs its first turn at once and looks until it has ended, the time is over or the
 * invocation nearly is.
 */
export async function startNow(
  outside: Outside,
  app: App,
  payload: StartPayload,
  inline: Inline,
): Promise<StartAnswer> {
  const { wait, id, input, delayMs, workflow, onConflict } = payload;
  const request = {
    workflow,
    input,
    // The request's own id: Lambda repeats a failed asynchronous invocation under it, and the repeat must find what the first one started.
    id: id ?? inline.owner,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(onConflict === undefined ? {} : { onConflict }),
    ...labelsOf(payload),
  };
  if (wait === undefined) {
    const { head, created } = await startExecution(outside, app, request);
    return { executionId: head.executionId, status: head.status, created };
  }
  const until = Math.min(
    inline.limits.stopAt,
    wait === true ? Number.POSITIVE_INFINITY : outside.clock.now() + wait.ms,
  );
  const { head, created } = await startInline(outside, app, request, inline);
  const reached = hasStopped(head) ? head : await watch(outside, head.executionId, until);
  return {
    executionId: reached.executionId,
    status: reached.status,
    created,
    ...(await endOf(outside, app, reached)),
  };
}

/** Once the execution is there and a wake is on its way, nothing that happens to its first turn is the caller's: the worker goes on with it. */
async function startInline(
  outside: Outside,
  app: App,
  request: StartRequest & { readonly id: string },
  inline: Inline,
): Promise<{ head: Head; created: boolean }> {
  try {
    return await startExecution(outside, app, request, inline);
  } catch (error) {
    if (error instanceof HoldfastError && !(error instanceof FencedError)) throw error;
    const head = await outside.store.readHead(request.id);
    if (head === undefined) throw error;
    // What failed may have been its insurance. Where this fails, too, the caller knows, and starts it again.
    const { executionId, lease } = head;
    await arm(outside, { executionId, reason: "insurance", dueAt: lease?.until ?? outside.clock.now() });
    outside.log.write("warn", "The first turn failed here; the worker goes on with it.", {
      executionId,
      error: told(error),
    });
    return { head, created: true };
  }
}

async function endOf(outside: Outside, app: App, head: Head): Promise<Pick<StartAnswer, "output" | "error">> {
  const { executionId } = head;
  if (head.output !== undefined) {
    const output = plain(decode(await loadValue(outside.store, executionId, head.output), app.errors));
    return output === undefined ? {} : { output };
  }
  if (head.error !== undefined)
    return { error: plainError(decode(await loadValue(outside.store, executionId, head.error), app.errors)) };
  if (head.status === "stalled" && head.stall !== undefined)
    return { error: plainError(decode(head.stall.error, app.errors)) };
  return {};
}
