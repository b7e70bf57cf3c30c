/** Getting hold of an execution to end it as it is. */
import type { Head } from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { readableHistory } from "../history.js";
import type { Outside } from "../outside.js";
import { acquire, checkEpochs, inFreeSlot, type LeaseRequest, recordTaken } from "./leasing.js";

/** An execution in the hands of one who does not go on with it. */
export interface Seized {
  /** As the lease left it. */
  readonly head: Head;
  readonly leaseToken: string;
  /** The last slot, with the record of the takeover. */
  readonly slot: number;
  /** All that is recorded, as far as it can be read: marks stand for large values. */
  readonly events: readonly HistoryEvent[];
  readonly unread: readonly number[];
}

/**
 * Takes an execution over to end it as it is, a stalled one too. Nothing is replayed, so what can't be read of its history is no obstacle.
 * Undefined when somebody else was faster.
 */
export async function seize(
  outside: Outside,
  request: Omit<LeaseRequest, "hooks">,
): Promise<Seized | undefined> {
  const leased = await acquire(outside, request, true);
  if (leased === undefined) return undefined;
  const { head, token: leaseToken } = leased;
  return inFreeSlot(leased, async () => {
    const { commits, events, carried, slot: last, unread } = await readableHistory(outside.store, head);
    checkEpochs(head, commits);
    const slot = last + 1;
    const taken = await recordTaken(outside, leased, { slot, after: events, carried });
    return taken && { head, leaseToken, slot, events: [...events, taken], unread };
  });
}
