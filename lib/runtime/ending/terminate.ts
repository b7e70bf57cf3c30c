/**
 * Ending an execution at once, from outside: a takeover that fences its owner out, then a settlement that holds the end. Its code is told
 * nothing, and nothing is undone. The closing duties are the worker's: a wake is on its way before anything is settled.
 */
import { openChildrenOf } from "../../decide/children.js";
import type { Hooks } from "../../define/hooks.js";
import { ExecutionClosedError, ExecutionNotFoundError } from "../../model/errors.js";
import type { Head } from "../../model/head.js";
import type { ExecutionTerminated } from "../../model/history-event.js";
import { isClosed } from "../../model/status.js";
import type { ClosedSettlement } from "../../store/ports.js";
import { Inbox } from "../messages/inbox.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { observerOf } from "../turn/observer.js";
import { type Owned, takeOver } from "../turn/own.js";
import { settle } from "./settle.js";
import { ensureSuccessor } from "./successor.js";

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
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const head = await persistently(() => outside.store.readHead(executionId));
    if (head === undefined) throw new ExecutionNotFoundError(executionId);
    if (head.status === "continued")
      return terminate(outside, await ensureSuccessor(outside, executionId), why, hooks);
    if (isClosed(head.status)) {
      // A call before this one may not have been answered.
      if (head.status === "terminated") return head;
      throw new ExecutionClosedError(executionId, head.status);
    }
    const until = outside.clock.now() + LEASE_MS;
    const owned = await takeOver(outside, { head, owner: outside.token(), until, evenStalled: true });
    if (owned === undefined) continue;
    // Whoever gets it finds the execution closed, and does its closing duties; or, should this process die before it settles, goes on.
    await outside.wakes.send({ executionId, reason: "audit" }, 0);
    const end: ExecutionTerminated = { type: "ExecutionTerminated", at: outside.clock.now(), ...why };
    const settlement = await settleTerminated(outside, owned, end);
    await outside.wakes.send({ executionId, reason: "audit" }, 0);
    const observer = observerOf(outside, hooks, head);
    observer?.tell(observer.callsFor(end));
    await observer?.settled(until);
    return { ...owned.head, ...settlement };
  }
  throw new Error(
    `Execution "${executionId}" could not be terminated: it changed hands ${MOST_TRIES} times meanwhile. Try again.`,
  );
}

async function settleTerminated(
  outside: Outside,
  owned: Owned,
  end: ExecutionTerminated,
): Promise<ClosedSettlement> {
  const { head, slot, carried } = owned;
  const at = outside.clock.now();
  const open = openChildrenOf(owned.history.map(({ event }) => event)).length > 0;
  const settlement: ClosedSettlement = {
    status: "terminated",
    closedAt: at,
    ...(open ? { openChildren: true } : {}),
    // It had completed, and was redriven to undo something.
    ...(head.output === undefined ? {} : { output: head.output }),
  };
  const events = [...carried, end];
  const inbox = new Inbox(outside.store, head.executionId, new Set());
  await inbox.take(head, at);
  await settle(outside, owned, {
    settlement,
    slot,
    tail: { slot: slot + 1, events },
    inbox,
    waits: head.waits,
    waitCount: head.waitCount,
    inHistory: () => false,
    guardInbox: false,
  });
  return settlement;
}
