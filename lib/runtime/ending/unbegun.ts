/** An execution in the hands of an owner before its delayed start: its code does not begin, so there is nothing to tell it and nothing to undo. */
import { dutiesOf } from "../../decide/duties.js";
import { lifecycleEvents } from "../../decide/lifecycle.js";
import type { UnbegunEnd } from "../../decide/unbegun.js";
import { CancelledError } from "../../model/errors.js";
import type { CancelMessage } from "../../model/message.js";
import type { ExecutionStatus } from "../../model/status.js";
import { storableError } from "../../model/storable.js";
import type { EpochMs } from "../../model/time.js";
import type { ClosedSettlement } from "../../store/ports.js";
import { arm } from "../arm.js";
import { Inbox } from "../messages/inbox.js";
import type { Outside } from "../outside.js";
import { whoAndWhy } from "../turn/happening.js";
import type { Journal } from "../turn/journal.js";
import type { Observer } from "../turn/observer.js";
import type { Owned } from "../turn/own.js";
import { storeValue } from "../values/values.js";
import { doClosingDuties } from "./closing.js";
import { TAIL_ROOM_BYTES, tailOf } from "./conclude.js";
import { settle } from "./settle.js";

/** @param cancelled the request to cancel it, or what an owner recorded of it who died before it settled */
export async function closeUnbegun(
  outside: Outside,
  owned: Owned,
  journal: Journal,
  cancelled: CancelMessage | UnbegunEnd,
  observer?: Observer | undefined,
): Promise<ExecutionStatus> {
  const { executionId, createdAt, parent, epoch } = owned.head;
  const inbox = new Inbox(outside.store, executionId, new Set());
  await inbox.take(owned.head, outside.clock.now());
  const { request, end } = "kind" in cancelled ? endBy(cancelled, inbox, timeOf(owned, outside)) : cancelled;
  const error = storableError(new CancelledError(request.reason));
  if ("kind" in cancelled)
    for (const event of [request, end])
      journal.add(event, lifecycleEvents(owned.head, event, { error }), observer?.callsFor(event, { error }));
  if (!journal.asTail([], TAIL_ROOM_BYTES).fits) await journal.flush();
  const settlement: ClosedSettlement = {
    status: "cancelled",
    closedAt: end.at,
    error: await storeValue(outside.store, executionId, "error", error),
    compensation: "none",
    duties: dutiesOf({ status: "cancelled", parent, openChildren: false, waits: false }),
  };
  const named = new Set([request.messageId, ...(end.unread ?? [])]);
  await settle(outside, owned, {
    settlement,
    slot: journal.slot,
    tail: tailOf(journal, []),
    inbox,
    waits: [],
    // What came since it was recorded stays in the inbox, which names it.
    inHistory: (id) => named.has(id),
    guardInbox: false,
  });
  journal.settled();
  await doClosingDuties(outside, { executionId, createdAt, parent, epoch, waits: [], ...settlement }, []);
  return "cancelled";
}

/** However long it takes to come to it: an end that bears a time before the start is known as one before it (`decide/unbegun.ts`). */
function timeOf({ head, history }: Owned, { clock }: Outside): EpochMs {
  const latest = Math.max(clock.now(), ...history.map(({ event }) => event.at));
  return Math.min(latest, head.startAt - 1);
}

function endBy(cancel: CancelMessage, inbox: Inbox, at: EpochMs): UnbegunEnd {
  const unread = [...inbox.found].filter((id) => id !== cancel.id);
  return {
    request: { type: "CancelRequested", at, ...whoAndWhy(cancel) },
    end: {
      type: "ExecutionCancelled",
      at,
      compensation: "none",
      ...(unread.length === 0 ? {} : { unread }),
    },
  };
}

/** It was taken over from somebody who wanted something else of it, and died: a termination, say. It is let go again until its start. */
export async function letGoUntilStart(outside: Outside, owned: Owned): Promise<ExecutionStatus> {
  const { head, slot, carried } = owned;
  const { executionId, startAt, waits, waitCount } = head;
  await arm(outside, { executionId, reason: "start", dueAt: startAt });
  await settle(outside, owned, {
    settlement: { status: "running" },
    slot,
    tail: carried.length === 0 ? undefined : { slot: slot + 1, events: carried },
    inbox: new Inbox(outside.store, executionId, new Set()),
    waits,
    waitCount,
    inHistory: () => false,
    guardInbox: false,
  });
  return "running";
}
