/**
 * Ending an execution at once, from outside: a takeover that fences its owner out, then a settlement that holds the end. Its code is told
 * nothing, and nothing is undone. The closing duties are the worker's: a wake is on its way before anything is settled.
 *
 * Nothing is replayed, so nothing has to be whole. Of its history only the children are of interest that have to be told (PROTOCOL B1). Where
 * that can't be read, those that can be known are told, and the end says that there may be others: an execution that nobody could end would
 * be worse than a child that is left to be ended by its id.
 */
import { openChildrenOf } from "../../decide/children.js";
import { dutiesOf } from "../../decide/duties.js";
import { lifecycleEvents } from "../../decide/lifecycle.js";
import type { Hooks } from "../../define/hooks.js";
import {
  ExecutionClosedError,
  ExecutionNotFoundError,
  FencedError,
  TerminatedUnreadError,
} from "../../model/errors.js";
import type { Duty, Head, StoredValue, Tail } from "../../model/head.js";
import type { ExecutionContinued, ExecutionTerminated, HistoryEvent } from "../../model/history-event.js";
import { digest, mayBeExecutionId } from "../../model/ids.js";
import { type ClosedStatus, isClosed } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import { encodeThrown } from "../../model/value.js";
import type { ClosedSettlement } from "../../store/ports.js";
import { wordsOf } from "../history.js";
import { Inbox } from "../messages/inbox.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { observerOf } from "../turn/observer.js";
import { type Seized, seize } from "../turn/seize.js";
import { storeValue } from "../values/values.js";
import { settle } from "./settle.js";
import { reachSuccessor, successorOf } from "./successor.js";

/** The lease that a termination takes: some calls long. */
const LEASE_MS = 30_000;

/** Others may take it over at the same moment; each of them ends its turn within a lease. */
const MOST_TRIES = 10;

/** Who was fenced out gives whoever did it time to end it: some calls. To take it back at once would only fence that one out in turn. */
const PAUSE_MS = 200;

/**
 * One that was continued is no end: its successor is ended (PROTOCOL B4). What was recorded, but not settled, is settled first; of an end that
 * another call recorded, nothing more is recorded or told. Of several who terminate it at one moment each is answered, and one ends it.
 * @throws ExecutionNotFoundError, ExecutionClosedError: nothing was written
 */
export async function terminate(
  outside: Outside,
  executionId: string,
  why: { readonly by?: string; readonly reason?: string },
  hooks: readonly Hooks[],
): Promise<Head> {
  if (!mayBeExecutionId(executionId)) throw new ExecutionNotFoundError(executionId);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      const head = await tryToTerminate(outside, executionId, why, hooks);
      if (head !== undefined) return head;
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      await outside.clock.sleep(PAUSE_MS * (1 + outside.random()));
    }
  }
  throw new Error(
    `Execution "${executionId}" could not be terminated: it changed hands ${MOST_TRIES} times meanwhile. Try again.`,
  );
}

/** Undefined when it is to be looked at anew: somebody else was faster, or it goes on as another one. */
async function tryToTerminate(
  outside: Outside,
  executionId: string,
  why: { readonly by?: string; readonly reason?: string },
  hooks: readonly Hooks[],
): Promise<Head | undefined> {
  const wake = (): Promise<void> => outside.wakes.send({ executionId, reason: "audit" }, 0);
  const head = await persistently(() => outside.store.readHead(executionId));
  if (head === undefined) throw new ExecutionNotFoundError(executionId);
  if (head.status === "continued") return terminate(outside, await reachSuccessor(outside, head), why, hooks);
  if (head.status === "terminated") {
    // A call before this one may not have been answered.
    await wake();
    return head;
  }
  if (isClosed(head.status)) throw new ExecutionClosedError(executionId, head.status);
  const until = outside.clock.now() + LEASE_MS;
  const seized = await seize(outside, { head, owner: outside.token(), until });
  if (seized === undefined) return undefined;
  // Whoever gets it finds the execution closed, and does its closing duties; or, should this process die before it settles, goes on.
  await wake();
  const recorded = endIn(seized.events);
  if (recorded?.type === "ExecutionContinued" && maySettleContinued(seized)) {
    await settleSeized(outside, seized, { settlement: continuedAs(seized, recorded), slot: seized.slot });
    await wake();
    return undefined;
  }
  const ended = recorded === undefined ? undefined : ENDS[recorded.type];
  // Its end was recorded, and told, and is only to be settled: by the worker, whom the wake brings once this lease is over.
  if (ended !== undefined && head.status !== "stalled") throw new ExecutionClosedError(executionId, ended);
  if (recorded?.type === "ExecutionTerminated") {
    const settlement = await terminatedAt(outside, seized, recorded.at);
    await settleSeized(outside, seized, { settlement, slot: seized.slot });
    await wake();
    return { ...seized.head, ...settlement };
  }
  const at = Math.max(outside.clock.now(), seized.events.at(-1)?.at ?? 0);
  const end: ExecutionTerminated = { type: "ExecutionTerminated", at, ...why };
  const settlement = await terminatedAt(outside, seized, end.at);
  const slot = seized.slot + 1;
  const isRecorded = await recordEnd(outside, seized, end);
  const rest = isRecorded ? { slot } : { slot: seized.slot, tail: { slot, events: [end] } };
  await settleSeized(outside, seized, { settlement, ...rest });
  await wake();
  const observer = observerOf(outside, hooks, head);
  observer?.tell(observer.callsFor(end));
  await observer?.settled(until);
  return { ...seized.head, ...settlement };
}

/** Ends that are left to the worker, since what they give takes a replay to know. */
const ENDS: Partial<Record<HistoryEvent["type"], ClosedStatus>> = {
  ExecutionCompleted: "completed",
  ExecutionFailed: "failed",
  ExecutionCancelled: "cancelled",
};

/** An end that was recorded, and not settled. */
function endIn(events: readonly HistoryEvent[]): HistoryEvent | undefined {
  const all = events.filter(({ type }) => type !== "LeaseTaken");
  // A termination stands, even where whoever found it could not read the rest.
  const facts = all.filter(({ type }) => type !== "ExecutionStalled");
  return facts.at(-1)?.type === "ExecutionTerminated" ? facts.at(-1) : all.at(-1);
}

/** A successor takes the whole history to create, and one that is stalled can't become `continued`. Without it, it is ended as it is. */
function maySettleContinued({ head, unread }: Seized): boolean {
  return unread.length === 0 && head.status !== "stalled";
}

function continuedAs(seized: Seized, { at }: ExecutionContinued): ClosedSettlement {
  const status = "continued";
  const continuedTo = successorOf(seized.head.executionId);
  return { status, closedAt: at, duties: dutiesAfter(seized, status), continuedTo };
}

export async function terminatedAt(outside: Outside, seized: Seized, at: EpochMs): Promise<ClosedSettlement> {
  const { head, unread } = seized;
  const status = "terminated";
  return {
    status,
    closedAt: at,
    duties: dutiesAfter(seized, status),
    // It had completed, and was redriven to undo something.
    ...(head.output === undefined ? {} : { output: head.output }),
    ...(unread.length === 0 ? {} : { error: await unreadError(outside, head.executionId, unread) }),
  };
}

function dutiesAfter({ head, events, unread }: Seized, status: ClosedStatus): readonly Duty[] {
  const openChildren = unread.length > 0 || openChildrenOf(events).length > 0;
  return dutiesOf({ status, parent: head.parent, openChildren, waits: head.waitCount > 0 });
}

/** The inbox stays as it is: a successor takes over what is in it, and of one that was terminated nobody reads it any more. */
export async function settleSeized(
  outside: Outside,
  seized: Seized,
  end: { readonly settlement: ClosedSettlement; readonly slot: number; readonly tail?: Tail },
): Promise<void> {
  const { head } = seized;
  await settle(outside, seized, {
    ...end,
    tail: end.tail,
    inbox: new Inbox(outside.store, head.executionId, new Set()),
    waits: head.waits,
    waitCount: head.waitCount,
    inHistory: () => false,
    guardInbox: false,
  });
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
