/** Cancelled before its start: its code never began, so there is nothing to tell it and nothing to undo. */
import { dutiesOf } from "../../decide/duties.js";
import { lifecycleEvents } from "../../decide/lifecycle.js";
import { CancelledError } from "../../model/errors.js";
import type { HistoryEvent } from "../../model/history-event.js";
import type { CancelMessage } from "../../model/message.js";
import type { ExecutionStatus } from "../../model/status.js";
import { storableError } from "../../model/storable.js";
import type { ClosedSettlement } from "../../store/ports.js";
import { Inbox } from "../messages/inbox.js";
import type { Outside } from "../outside.js";
import { cancelRequested, stamp } from "../turn/happening.js";
import type { Journal } from "../turn/journal.js";
import type { Observer } from "../turn/observer.js";
import type { Owned } from "../turn/own.js";
import { storeValue } from "../values/values.js";
import { doClosingDuties } from "./closing.js";
import { TAIL_ROOM_BYTES, tailOf } from "./conclude.js";
import { settle } from "./settle.js";

export async function closeUnbegun(
  outside: Outside,
  owned: Owned,
  journal: Journal,
  cancel: CancelMessage,
  observer?: Observer | undefined,
): Promise<ExecutionStatus> {
  const { executionId, parent, epoch } = owned.head;
  // An owner before may have recorded it, and died before it settled.
  const recorded = owned.history.findLast(({ event }) => event.type === "ExecutionCancelled")?.event;
  const at = recorded?.at ?? outside.clock.now();
  const inbox = new Inbox(outside.store, executionId, new Set());
  await inbox.take(owned.head, at);
  const unread = [...inbox.found].filter((id) => id !== cancel.id);
  const error = storableError(new CancelledError(cancel.reason));
  const add = (event: HistoryEvent): void =>
    journal.add(event, lifecycleEvents(owned.head, event, { error }), observer?.callsFor(event, { error }));
  if (recorded === undefined) {
    add(stamp(cancelRequested(cancel).event, at, undefined));
    add({
      type: "ExecutionCancelled",
      at,
      compensation: "none",
      ...(unread.length === 0 ? {} : { unread }),
    });
  }
  if (!journal.asTail([], TAIL_ROOM_BYTES).fits) await journal.flush();
  const settlement: ClosedSettlement = {
    status: "cancelled",
    closedAt: at,
    error: await storeValue(outside.store, executionId, "error", error),
    compensation: "none",
    duties: dutiesOf({ status: "cancelled", parent, openChildren: false, waits: false }),
  };
  await settle(outside, owned, {
    settlement,
    slot: journal.slot,
    tail: tailOf(journal, []),
    inbox,
    waits: [],
    inHistory: (id) => inbox.found.has(id),
    guardInbox: false,
  });
  journal.settled();
  await doClosingDuties(outside, { executionId, parent, epoch, waits: [], ...settlement }, []);
  return "cancelled";
}
