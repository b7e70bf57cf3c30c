/** Who stopped an execution, why and when. */
import type { Head } from "../model/head.js";
import type { CancelRequested, ExecutionTerminated, HistoryEvent } from "../model/history-event.js";
import type { EpochMs } from "../model/time.js";
import { readableHistory } from "../runtime/history.js";
import type { Outside } from "../runtime/outside.js";
import type { Stopped } from "./types.js";

/** Of one that was cancelled or terminated; the history is read only where its tail, which rides in the head, does not tell. */
export async function stoppedBy(
  outside: Outside,
  head: Head,
): Promise<{ readonly cancelled?: Stopped; readonly terminated?: Stopped }> {
  if (head.status !== "cancelled" && head.status !== "terminated") return {};
  const asked =
    askedIn(head, head.tail?.events ?? []) ??
    askedIn(head, (await readableHistory(outside.store, head)).events) ??
    unbegun(head);
  return asked === undefined ? {} : { [head.status]: toldOf(asked) };
}

interface Asked {
  readonly at: EpochMs;
  readonly by?: string;
  readonly reason?: string;
}

function askedIn({ status }: Head, events: readonly HistoryEvent[]): Asked | undefined {
  return events.findLast((event): event is CancelRequested | ExecutionTerminated =>
    status === "cancelled" ? event.type === "CancelRequested" : event.type === "ExecutionTerminated",
  );
}

/** A child that its parent had no more use for before it was created has no history (PROTOCOL B2). */
function unbegun({ closedAt, parent, slot }: Head): Asked | undefined {
  if (closedAt === undefined || parent === undefined || slot > 0) return undefined;
  return { at: closedAt, by: parent.executionId };
}

function toldOf({ at, by, reason }: Asked): Stopped {
  return {
    at: new Date(at),
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  };
}
