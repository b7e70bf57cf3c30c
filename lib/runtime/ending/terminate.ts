/**
 * Ending an execution at once, from outside: a takeover that fences its owner out, then a settlement that holds the end. Its code is told
 * nothing, and nothing is undone. The closing duties are the worker's: a wake is on its way before anything is settled.
 *
 * Nothing is replayed, so nothing has to be whole. Of its history only the children are of interest that have to be told (PROTOCOL B1). Where
 * that can't be read, those that can be known are told, and the end says that there may be others: an execution that nobody could end would
 * be worse than a child that is left to be ended by its id.
 */
import { openChildrenOf } from "../../decide/children.js";
import { lifecycleEvents } from "../../decide/lifecycle.js";
import type { Hooks } from "../../define/hooks.js";
import {
  ExecutionClosedError,
  ExecutionNotFoundError,
  FencedError,
  TerminatedUnreadError,
} from "../../model/errors.js";
import type { Head, StoredValue } from "../../model/head.js";
import type { ExecutionTerminated, HistoryEvent } from "../../model/history-event.js";
import { digest } from "../../model/ids.js";
import { type ClosedStatus, isClosed } from "../../model/status.js";
import { encodeThrown } from "../../model/value.js";
import type { ClosedSettlement } from "../../store/ports.js";
import { wordsOf } from "../history.js";
import { Inbox } from "../messages/inbox.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { observerOf } from "../turn/observer.js";
import { type Seized, seize } from "../turn/own.js";
import { storeValue } from "../values/values.js";
import { settle } from "./settle.js";
import { reachSuccessor } from "./successor.js";

/** The lease that a termination takes: some calls long. */
const LEASE_MS = 30_000;

/** Others may take it over at the same moment; each of them ends its turn within a lease. */
const MOST_TRIES = 10;

/**
 * One that was continued is no end: its successor is ended (PROTOCOL B4).
 * @throws ExecutionNotFoundError, ExecutionClosedError: nothing was written
 */
export async function terminate(
  outside: Outside,
  executionId: string,
  why: { readonly by?: string; readonly reason?: string },
  hooks: readonly Hooks[],
): Promise<Head> {
  const wake = (): Promise<void> => outside.wakes.send({ executionId, reason: "audit" }, 0);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const head = await persistently(() => outside.store.readHead(executionId));
    if (head === undefined) throw new ExecutionNotFoundError(executionId);
    if (head.status === "continued")
      return terminate(outside, await reachSuccessor(outside, head), why, hooks);
    if (head.status === "terminated") {
      // A call before this one may not have been answered.
      await wake();
      return head;
    }
    if (isClosed(head.status)) throw new ExecutionClosedError(executionId, head.status);
    const until = outside.clock.now() + LEASE_MS;
    const seized = await seize(outside, { head, owner: outside.token(), until });
    if (seized === undefined) continue;
    // Whoever gets it finds the execution closed, and does its closing duties; or, should this process die before it settles, goes on.
    await wake();
    const last = seized.events.findLast(({ type }) => type !== "LeaseTaken");
    const ended = last === undefined ? undefined : ENDS[last.type];
    // Its end was recorded, and told, and is only to be settled: by the worker, whom the wake brings once this lease is over.
    if (ended !== undefined && head.status !== "stalled") throw new ExecutionClosedError(executionId, ended);
    const end: ExecutionTerminated = { type: "ExecutionTerminated", at: outside.clock.now(), ...why };
    const settlement = await settleTerminated(outside, seized, end);
    await wake();
    const observer = observerOf(outside, hooks, head);
    observer?.tell(observer.callsFor(end));
    await observer?.settled(until);
    return { ...seized.head, ...settlement };
  }
  throw new Error(
    `Execution "${executionId}" could not be terminated: it changed hands ${MOST_TRIES} times meanwhile. Try again.`,
  );
}

/** Ends that were recorded before they were settled. Of another termination's, this one goes on with it. */
const ENDS: Partial<Record<HistoryEvent["type"], ClosedStatus>> = {
  ExecutionCompleted: "completed",
  ExecutionFailed: "failed",
  ExecutionCancelled: "cancelled",
  ExecutionContinued: "continued",
};

async function settleTerminated(
  outside: Outside,
  seized: Seized,
  end: ExecutionTerminated,
): Promise<ClosedSettlement> {
  const { head, slot, events, unread } = seized;
  const { executionId } = head;
  const mayHaveChildren = unread.length > 0 || openChildrenOf(events).length > 0;
  const settlement: ClosedSettlement = {
    status: "terminated",
    closedAt: end.at,
    ...(mayHaveChildren ? { openChildren: true } : {}),
    // It had completed, and was redriven to undo something.
    ...(head.output === undefined ? {} : { output: head.output }),
    ...(unread.length === 0 ? {} : { error: await unreadError(outside, executionId, unread) }),
  };
  const recorded = await recordEnd(outside, seized, end);
  await settle(outside, seized, {
    settlement,
    slot: recorded ? slot + 1 : slot,
    tail: recorded ? undefined : { slot: slot + 1, events: [end] },
    // Whatever is in it is read by nobody any more.
    inbox: new Inbox(outside.store, executionId, new Set()),
    waits: head.waits,
    waitCount: head.waitCount,
    inHistory: () => false,
    guardInbox: false,
  });
  return settlement;
}

/**
 * Recorded before it is settled where the bus is to be told of it; else it rides in the settlement. Should this process die in between, whoever
 * takes over finds it, and settles it.
 */
async function recordEnd(
  { store }: Outside,
  { head, leaseToken, slot: last }: Seized,
  end: ExecutionTerminated,
): Promise<boolean> {
  const outgoing = lifecycleEvents(head, end);
  if (outgoing.length === 0) return false;
  const { executionId, epoch } = head;
  const slot = last + 1;
  const token = digest(`${leaseToken}\n${slot}\nterminated`, 16);
  const commit = { executionId, slot, epoch, token, events: [end], outgoing };
  const result = await persistently(() => store.appendCommit(commit));
  if (result.appended) return true;
  throw new FencedError(executionId, `slot ${slot} was filled by epoch ${result.found.epoch}`);
}

/** What whoever looks is told, and the parent too: that not everything could be known. */
function unreadError(outside: Outside, executionId: string, unread: readonly number[]): Promise<StoredValue> {
  const why = wordsOf(unread);
  outside.log.write("error", "An execution was terminated whose history can't be read.", {
    executionId,
    why,
  });
  const error = encodeThrown(new TerminatedUnreadError(executionId, why));
  return storeValue(outside.store, executionId, "error", error);
}
