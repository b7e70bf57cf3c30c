/** What becomes of an execution whose history its new owner can't read. */

import { lifecycleEvents } from "../../decide/lifecycle.js";
import { EngineError, FencedError } from "../../model/errors.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { digest } from "../../model/ids.js";
import type { OutgoingEvent } from "../../model/outgoing.js";
import { told } from "../../model/told.js";
import { encodeThrown } from "../../model/value.js";
import { readableHistory } from "../history.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import type { Leased, LeaseRequest } from "../turn/leasing.js";
import { observerOf } from "../turn/observer.js";
import type { Owned } from "../turn/own.js";
import { noteEnd } from "./settle.js";
import { settleTermination } from "./terminated.js";

/** A history that can't be read names itself (P1): the execution stalls, with everything as it was found. */
export async function orStall(
  outside: Outside,
  leased: Leased,
  { hooks = [], until }: LeaseRequest,
  read: () => Promise<Owned>,
): Promise<Owned | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { head, token } = leased;
    const { events, carried, slot: last, unread } = await readableHistory(outside.store, head);
    const terminated = events.find(({ type }) => type === "ExecutionTerminated");
    if (terminated !== undefined) {
      const seized = { head, leaseToken: token, slot: last, events, unread };
      await settleTermination(outside, seized, carried, terminated.at, hooks);
      return undefined;
    }
    outside.log.write("error", "The execution is stalled.", {
      executionId: head.executionId,
      error: told(error),
    });
    const at = outside.clock.now();
    const stored = encodeThrown(error);
    const stalled: HistoryEvent = { type: "ExecutionStalled", at, reason: error.message };
    const slot = await recordStalled(
      outside,
      leased,
      stalled,
      lifecycleEvents(head, stalled, { error: stored }),
    );
    const { settled } = await persistently(() =>
      outside.store.settle({
        executionId: head.executionId,
        from: head.status,
        epoch: head.epoch,
        leaseToken: token,
        slot: slot ?? head.slot,
        ...(slot !== undefined || head.tail === undefined ? {} : { tail: head.tail }),
        settlement: { status: "stalled", error: stored, at },
        waits: head.waits,
        waitCount: head.waitCount,
        drained: [],
        token: digest(`${token}\nstalled`, 16),
      }),
    );
    if (settled) noteEnd(outside, head, "stalled");
    const observer = observerOf(outside, hooks, head);
    observer?.tell(observer.callsFor(stalled, { error: stored }));
    await observer?.settled(until);
    return undefined;
  }
}

/**
 * Nothing is written into a history that can't be read, but for what the bus is to be told of: behind the last slot that was ever filled.
 * @returns the slot; undefined where nothing was written
 */
async function recordStalled(
  outside: Outside,
  { head, token }: Leased,
  stalled: HistoryEvent,
  outgoing: readonly OutgoingEvent[],
): Promise<number | undefined> {
  if (outgoing.length === 0) return undefined;
  const { slot: last, carried } = await readableHistory(outside.store, head);
  const { executionId, epoch } = head;
  const slot = last + 1;
  const events = [...carried, stalled];
  const commit = {
    executionId,
    slot,
    epoch,
    token: digest(`${token}\n${slot}\nstalled`, 16),
    events,
    outgoing,
  };
  const { appended } = await persistently(() => outside.store.appendCommit(commit));
  if (!appended) throw new FencedError(executionId, `slot ${slot} was filled by another`);
  return slot;
}
