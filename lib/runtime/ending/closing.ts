/**
 * Closing duties (PROTOCOL B1): what must happen once an execution has ended. The settlement names them. They are done after it and before the
 * turn's message is deleted, and done again by any wake that finds the execution closed; every one of them may be repeated. Until they are noted
 * as done, the audit finds the execution among the open ones.
 */
import { openChildrenOf } from "../../decide/children.js";
import { dutiesNow } from "../../decide/duties.js";
import type { Hooks } from "../../define/hooks.js";
import { CancelledError, CorruptHistoryError } from "../../model/errors.js";
import type { Duty, Head } from "../../model/head.js";
import type { ChildMessage } from "../../model/message.js";
import { type ClosedStatus, isClosed } from "../../model/status.js";
import { encodeThrown } from "../../model/value.js";
import { MOST_CALLS, releaseChild } from "../children.js";
import { failuresOf, raiseFirst } from "../failures.js";
import { readableHistory, wordsOf } from "../history.js";
import { deliverMessage } from "../messages/accept.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { loadValue } from "../values/values.js";
import { ensureSuccessor } from "./successor.js";

/** What the duties need to know of it. */
export interface ClosedExecution
  extends Pick<Head, "executionId" | "createdAt" | "waits" | "epoch" | "duties" | "deletedAt"> {
  readonly status: ClosedStatus;
  readonly parent?: Head["parent"] | undefined;
  readonly output?: Head["output"];
  readonly error?: Head["error"];
}

/**
 * One that can't be done keeps nobody else waiting: a child that is damaged is no reason not to tell the parent.
 * @param hooks told of children that are terminated
 */
export async function doClosingDuties(
  outside: Outside,
  closed: ClosedExecution,
  hooks: readonly Hooks[],
): Promise<void> {
  // They were done before anything was deleted.
  if (closed.deletedAt !== undefined) return;
  const failures: unknown[] = [];
  for (const duty of dutiesNow(closed))
    failures.push(...(await failuresOf([DOING[duty](outside, closed, hooks)])));
  raiseFirst(failures);
  if (closed.duties !== undefined && closed.duties.length > 0)
    await persistently(() => outside.store.noteDutiesDone(closed));
}

const DOING: Record<
  Duty,
  (outside: Outside, closed: ClosedExecution, hooks: readonly Hooks[]) => Promise<unknown>
> = {
  waits: removeWaits,
  children: tellChildren,
  successor: (outside, { executionId }) => ensureSuccessor(outside, executionId),
  parent: tellParent,
};

async function removeWaits({ store }: Outside, closed: ClosedExecution): Promise<void> {
  const { waits, createdAt, epoch } = closed;
  const removals = waits.map((wait) => persistently(() => store.deleteWait({ ...wait, createdAt, epoch })));
  raiseFirst(await failuresOf(removals));
}

async function tellChildren(
  outside: Outside,
  { executionId, status, epoch }: ClosedExecution,
  hooks: readonly Hooks[],
): Promise<void> {
  const unread = await releaseChildren(outside, { executionId, epoch }, hooks);
  if (unread.length > 0) {
    const why = wordsOf(unread);
    // Who terminated it was told that there may be others. Of any other end nobody was.
    if (status !== "terminated") throw new CorruptHistoryError(executionId, why);
    const said = "Children that only a lost part of a history names were not told of its end.";
    outside.log.write("error", said, { executionId, why });
  }
}

/**
 * Does with the children of an execution that has ended what their `onParentClose` says.
 * @returns slots that can't be read, of commits that may name others
 */
export async function releaseChildren(
  outside: Outside,
  { executionId, epoch }: Pick<Head, "executionId" | "epoch">,
  hooks: readonly Hooks[],
): Promise<readonly number[]> {
  const head = await persistently(() => outside.store.readHead(executionId));
  // It was redriven meanwhile: its children are wanted again.
  if (head === undefined || !isClosed(head.status) || head.epoch !== epoch) return [];
  const { events, unread } = await readableHistory(outside.store, head);
  const children = openChildrenOf(events);
  const failures: unknown[] = [];
  for (let from = 0; from < children.length; from += MOST_CALLS) {
    const some = children.slice(from, from + MOST_CALLS);
    const released = some.map((child) => releaseChild(outside, executionId, child, hooks));
    failures.push(...(await failuresOf(released)));
  }
  raiseFirst(failures);
  return unread;
}

/** A parent that has ended, or is gone, has nothing to be told. */
async function tellParent(outside: Outside, closed: ClosedExecution): Promise<void> {
  const { executionId, status, epoch, parent } = closed;
  if (parent === undefined)
    throw new CorruptHistoryError(executionId, "it has a parent to tell of its end, and its head names none");
  const message: ChildMessage = {
    kind: "child",
    // A repeat is the same message; the end after a redrive is another one.
    id: `child:${executionId}:${epoch}`,
    at: outside.clock.now(),
    op: parent.op,
    childId: executionId,
    status,
    ...(await endOf(outside, closed)),
  };
  await deliverMessage(outside, parent.executionId, message);
}

async function endOf(outside: Outside, { executionId, status, output, error }: ClosedExecution) {
  if (output !== undefined) return { result: await loadValue(outside.store, executionId, output) };
  if (error !== undefined) return { error: await loadValue(outside.store, executionId, error) };
  return status === "completed" ? {} : { error: encodeThrown(new CancelledError(`it was ${status}`)) };
}
