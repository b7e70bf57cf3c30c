/**
 * Closing duties (PROTOCOL B1): what must happen once an execution has ended. Done after the settlement and before the turn's message is
 * deleted, and done again by any wake that finds the execution closed; every one of them may be repeated.
 */
import { openChildrenOf } from "../../decide/children.js";
import type { Hooks } from "../../define/hooks.js";
import { CancelledError, CorruptHistoryError } from "../../model/errors.js";
import type { Head, Parent } from "../../model/head.js";
import type { ChildMessage } from "../../model/message.js";
import type { ClosedStatus } from "../../model/status.js";
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
  extends Pick<Head, "executionId" | "waits" | "epoch" | "closedAt" | "deletedAt"> {
  readonly status: ClosedStatus;
  readonly parent?: Head["parent"] | undefined;
  readonly output?: Head["output"];
  readonly error?: Head["error"];
  readonly openChildren?: boolean;
  readonly continuedTo?: string;
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
  const { epoch } = closed;
  const removals = closed.waits.map((wait) =>
    persistently(() => outside.store.deleteWait({ ...wait, epoch })),
  );
  raiseFirst([
    ...(await failuresOf(removals)),
    ...(await failuresOf(closed.openChildren === true ? [tellChildren(outside, closed, hooks)] : [])),
    ...(await failuresOf([handOn(outside, closed)])),
  ]);
}

async function tellChildren(
  outside: Outside,
  { executionId, status, closedAt }: ClosedExecution,
  hooks: readonly Hooks[],
): Promise<void> {
  const unread = await releaseChildren(outside, executionId, hooks);
  if (unread.length > 0) {
    const why = wordsOf(unread);
    // Who terminated it was told that there may be others. Of any other end nobody was.
    if (status !== "terminated") throw new CorruptHistoryError(executionId, why);
    const said = "Children that only a lost part of a history names were not told of its end.";
    outside.log.write("error", said, { executionId, why });
  }
  if (closedAt !== undefined) await persistently(() => outside.store.noteChildrenTold(executionId, closedAt));
}

/**
 * Does with the children of an execution that has ended what their `onParentClose` says.
 * @returns slots that can't be read, of commits that may name others
 */
export async function releaseChildren(
  outside: Outside,
  executionId: string,
  hooks: readonly Hooks[],
): Promise<readonly number[]> {
  const head = await persistently(() => outside.store.readHead(executionId));
  if (head === undefined) return [];
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

async function handOn(outside: Outside, closed: ClosedExecution): Promise<void> {
  if (closed.status === "continued") await ensureSuccessor(outside, closed.executionId);
  else if (closed.parent !== undefined) await tellParent(outside, closed, closed.parent);
}

/** A parent that has ended, or is gone, has nothing to be told. */
async function tellParent(outside: Outside, closed: ClosedExecution, parent: Parent): Promise<void> {
  const { executionId, status, epoch } = closed;
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
