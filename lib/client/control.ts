/** What a client can ask of an execution as a whole: end, pause, go on, branch off. */
import { decideRedrive } from "../decide/redrive.js";
import { ExecutionDeletedError } from "../model/deletion-errors.js";
import { ExecutionClosedError, ExecutionNotFoundError, InvalidControlError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import { mayBeExecutionId } from "../model/ids.js";
import type { Message } from "../model/message.js";
import { type ExecutionStatus, isClosed } from "../model/status.js";
import { wholeHistory } from "../runtime/history.js";
import { deliverMessage } from "../runtime/messages/accept.js";
import type { Outside } from "../runtime/outside.js";
import { persistently } from "../runtime/persistently.js";
import { givenByAndWhy } from "./given.js";

/** Who asks, and why: both stand in history. */
export interface ControlOptions {
  readonly by?: string;
  readonly reason?: string;
}

export async function readHead(outside: Outside, executionId: string): Promise<Head> {
  const found = await headOf(outside, executionId);
  if (found === undefined) throw new ExecutionNotFoundError(executionId);
  return found;
}

export async function exists(outside: Outside, executionId: string): Promise<boolean> {
  return (await headOf(outside, executionId)) !== undefined;
}

/** No table would look for an id that no execution has. */
async function headOf({ store }: Outside, executionId: string): Promise<Head | undefined> {
  return mayBeExecutionId(executionId) ? persistently(() => store.readHead(executionId)) : undefined;
}

/**
 * Hands a message over and wakes the execution.
 * @throws ExecutionNotFoundError, ExecutionClosedError
 */
export async function send(
  outside: Outside,
  executionId: string,
  message: Message,
  options: { readonly wake?: boolean } = {},
): Promise<Head> {
  if (!mayBeExecutionId(executionId)) throw new ExecutionNotFoundError(executionId);
  const result = await deliverMessage(outside, executionId, message, options);
  if (result.outcome === "missing") throw new ExecutionNotFoundError(executionId);
  if (result.outcome === "closed") throw new ExecutionClosedError(executionId, result.head.status);
  return result.head;
}

/** `cancel`, `pause` and `resume` are messages. Cancelling twice is cancelling once, so its id is always the same. */
export async function ask(
  outside: Outside,
  kind: "cancel" | "pause" | "resume",
  executionId: string,
  options: ControlOptions,
): Promise<{ readonly status: ExecutionStatus }> {
  const { by, reason } = givenByAndWhy(`client.${kind}`, options);
  const at = outside.clock.now();
  const head = await send(outside, executionId, {
    kind,
    id: kind === "cancel" ? kind : `${kind}-${outside.token()}`,
    at,
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  });
  return { status: head.status };
}

/**
 * Requests to cancel that came while it ended, and were left behind by who was to delete them: one who is redriven is not to be cancelled by
 * what was meant for its end before. A closed execution accepts nothing, so these are all.
 */
async function forgetCancels({ store }: Outside, executionId: string): Promise<void> {
  const left = await persistently(() => store.loadMessages(executionId));
  const ids = left.filter(({ kind }) => kind === "cancel").map(({ id }) => id);
  if (ids.length > 0) await persistently(() => store.deleteMessages(executionId, ids));
}

/** @throws ExecutionNotFoundError, ExecutionClosedError, InvalidControlError */
export async function redrive(
  outside: Outside,
  executionId: string,
  options: ControlOptions,
): Promise<{ readonly status: ExecutionStatus }> {
  const { by, reason } = givenByAndWhy("client.redrive", options);
  const head = await readHead(outside, executionId);
  const { status } = head;
  const mayGoOn =
    status === "completed" || status === "failed" || status === "cancelled" || status === "stalled";
  if (isClosed(status) && !mayGoOn) throw new ExecutionClosedError(executionId, status);
  if (mayGoOn) {
    const { events } = await wholeHistory(outside.store, executionId);
    const action = decideRedrive(status, events);
    if (action.do === "refuse") throw new InvalidControlError("redriven", executionId, action.why);
    const { voided } = action;
    if (isClosed(status)) await forgetCancels(outside, executionId);
    const { reopened, head: found } = await persistently(() =>
      outside.store.reopen(executionId, head, {
        kind: "redrive",
        // One redrive of one end, however often it is asked for.
        id: `redrive-${head.slot}-${head.epoch}`,
        at: outside.clock.now(),
        ...(by === undefined ? {} : { by }),
        ...(reason === undefined ? {} : { reason }),
        ...(voided.length === 0 ? {} : { voided }),
      }),
    );
    if (!reopened && found?.deletedAt !== undefined)
      throw new ExecutionDeletedError(executionId, found.deletedAt);
  }
  // For one that is open already this is all: an unanswered call may be repeated.
  await outside.wakes.send({ executionId, reason: "redrive" }, 0);
  return { status: mayGoOn ? "running" : status };
}
