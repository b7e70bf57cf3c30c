/** Stalling: an error of the engine's own, which no code may catch. The execution stands still, keeps its history, and goes on after a fixed deploy. */

import { lifecycleEvents } from "../../decide/lifecycle.js";
import type { WaitKey } from "../../model/head.js";
import type { ExecutionStalled } from "../../model/history-event.js";
import type { ExecutionStatus } from "../../model/status.js";
import { told } from "../../model/told.js";
import { encodeThrown } from "../../model/value.js";
import type { Inbox } from "../messages/inbox.js";
import type { Outside } from "../outside.js";
import type { Journal } from "../turn/journal.js";
import type { Observer } from "../turn/observer.js";
import type { Owned } from "../turn/own.js";
import { TAIL_ROOM_BYTES, tailOf } from "./conclude.js";
import { settle } from "./settle.js";

export async function stall(
  outside: Outside,
  owned: Owned,
  parts: {
    readonly journal: Journal;
    readonly inbox: Inbox;
    readonly inHistory: (messageId: string) => boolean;
    /** Those that stand: it still accepts messages, so they stay. Absent when nobody knows: as the head has them. */
    readonly waits?: readonly WaitKey[] | undefined;
    readonly observer?: Observer | undefined;
  },
  error: Error,
): Promise<ExecutionStatus> {
  const { journal, inbox, inHistory, waits, observer } = parts;
  const at = Math.max(outside.clock.now(), owned.history.at(-1)?.event.at ?? 0);
  outside.log.write("error", "The execution is stalled.", {
    executionId: owned.head.executionId,
    error: told(error),
  });
  await journal.landed();
  const stored = encodeThrown(error);
  const stalled: ExecutionStalled = { type: "ExecutionStalled", at, reason: error.message };
  const outgoing = lifecycleEvents(owned.head, stalled, { error: stored });
  journal.add(stalled, outgoing, observer?.callsFor(stalled, { error: stored }));
  if (!journal.asTail([], TAIL_ROOM_BYTES).fits) await journal.flush();
  await settle(outside, owned, {
    settlement: { status: "stalled", error: stored, at },
    slot: journal.slot,
    tail: tailOf(journal, []),
    inbox,
    waits: waits ?? owned.head.waits,
    waitCount: waits?.length ?? owned.head.waitCount,
    inHistory,
    guardInbox: false,
  });
  journal.settled();
  return "stalled";
}
