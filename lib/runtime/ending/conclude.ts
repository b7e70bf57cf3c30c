/**
 * The ends of a turn: suspended, yielded, closed. Each makes what the turn saw durable, in the settlement itself where it fits, and arms
 * the next wake before the write that makes it needed (the baton rule, docs/architecture.md).
 */

import { dutiesOf } from "../../decide/duties.js";
import type { Circumstances } from "../../decide/facts.js";
import { lifecycleEvents } from "../../decide/lifecycle.js";
import type { StoredValue } from "../../model/head.js";
import type { ClosingEvent, HistoryEvent } from "../../model/history-event.js";
import type { ExecutionStatus, OpenStatus } from "../../model/status.js";
import { jsonBytes } from "../../model/storable.js";
import type { EpochMs } from "../../model/time.js";
import { isBuffered } from "../../replay/mailbox.js";
import type { Outcome } from "../../replay/program.js";
import type { ClosedSettlement, OpenSettlement } from "../../store/ports.js";
import { arm } from "../arm.js";
import { stamp } from "../turn/happening.js";
import type { Journal } from "../turn/journal.js";
import type { Work } from "../turn/work.js";
import { isStoredAs, storeValue } from "../values/values.js";
import { awaitsOf } from "./awaits.js";
import { doClosingDuties } from "./closing.js";
import { settle, shown } from "./settle.js";
import { successorOf } from "./successor.js";

/** Bytes of JSON that may ride in the head's settlement: with it a head stays within the 1 KB that one write unit pays for. */
export const TAIL_ROOM_BYTES = 400;

/** After so many refused settlements, the newest messages are left to their own wakes, which were put back and will look again (I6). */
const MOST_REFUSALS = 3;

/** Arms the wake that a suspension until `dueAt` needs. */
export async function armFor({ outside, owned }: Work, dueAt: EpochMs): Promise<void> {
  // A wake for the very same instant was armed before the last settlement, and is still on its way.
  if (!owned.takenOver && owned.head.dueAt === dueAt) return;
  await arm(outside, { executionId: owned.head.executionId, reason: "timer", dueAt });
}

/** Nothing can move before `dueAt`, or, without it, before a message comes. Undefined when one came meanwhile: the turn goes on. */
export async function suspend(
  work: Work,
  dueAt: EpochMs | undefined,
  guardInbox: boolean,
): Promise<ExecutionStatus | undefined> {
  const { failing, paused } = work.replay;
  const status: OpenStatus = paused ? "paused" : failing ? "compensating" : "suspended";
  const settled = await settleOpen(work, { status, ...(dueAt === undefined ? {} : { dueAt }) }, guardInbox);
  return settled === "settled" ? status : undefined;
}

/** The invocation's end is near, and there is more to do now (I8). */
export async function yieldTurn(work: Work): Promise<ExecutionStatus> {
  const status: OpenStatus = work.replay.failing ? "compensating" : "running";
  await arm(work.outside, { executionId: work.owned.head.executionId, reason: "yield" });
  await settleOpen(work, { status, dueAt: work.outside.clock.now() }, false);
  return status;
}

async function settleOpen(
  work: Work,
  settlement: OpenSettlement,
  guardInbox: boolean,
): Promise<"settled" | "inbox-moved"> {
  const { outside, owned, replay, journal, inbox, waits } = work;
  await journal.landed();
  if (!journal.asTail([], TAIL_ROOM_BYTES).fits) await journal.flush();
  await waits.remove(replay.pending);
  const tail = tailOf(journal, []);
  const standing = waits.standing();
  const state = await changedState(work);
  const { executionId } = owned.head;
  // All that a settlement writes for others to read shares one room; what the code awaits gets what the rest leaves.
  const taken = [tail?.events, shown(standing), state ?? owned.head.state].map((part) => jsonBytes(part));
  const room = TAIL_ROOM_BYTES - taken.reduce((sum, bytes) => sum + bytes, 0);
  const awaits = awaitsOf(replay.pending.values(), executionId, room);
  const settled = await settle(outside, owned, {
    settlement: { ...settlement, ...(awaits === undefined ? {} : { awaits }) },
    slot: journal.slot,
    tail,
    state,
    inbox,
    waits: standing,
    inHistory: (id) => replay.seen.has(id),
    guardInbox,
  });
  if (settled === "settled") journal.settled();
  return settled;
}

/** The workflow's code is over. */
export async function close(work: Work, outcome: Outcome): Promise<ExecutionStatus> {
  const { outside, owned, replay, journal, inbox, waits, observer } = work;
  const at = Math.max(outside.clock.now(), replay.latest);
  const settlement = await closed(work, outcome, at);
  const state = await changedState(work);
  // Nothing is awaited any more. If this process dies before it settles, the next owner puts back what it finds awaited.
  await waits.remove(new Map());
  await journal.landed();
  for (let refusals = 0; ; refusals++) {
    if (replay.closing === undefined && mayGoOn(outcome)) await keepUnread(work, at);
    const closing = replay.closing === undefined ? [closingEvent(work, outcome, at)] : [];
    const calls = closing.flatMap((event) => observer?.callsFor(event, endOf(work, outcome)) ?? []);
    const outgoing = closing.flatMap((event) => lifecycleEvents(owned.head, event, endOf(work, outcome)));
    if (!journal.asTail(closing, TAIL_ROOM_BYTES).fits) await journal.flush();
    const rides = outgoing.length === 0 && journal.asTail(closing, TAIL_ROOM_BYTES).fits;
    if (!rides) {
      // Too much to ride along, or it is told to others: recorded first, it is final.
      for (const event of closing) {
        journal.add(event, outgoing, calls);
        await replay.apply(event);
      }
      await journal.flush();
    }
    const named = new Set(unreadIn(replay.closing ?? closing[0]));
    const settled = await settle(outside, owned, {
      settlement,
      slot: journal.slot,
      tail: tailOf(journal, rides ? closing : []),
      state,
      inbox,
      waits: [],
      // What a continued execution has not read stays in its inbox, from where its successor gets it. So does what came since the end was
      // recorded: history can't name it any more, so the inbox does.
      inHistory: (id) => replay.seen.has(id) || named.has(id),
      guardInbox: replay.closing === undefined && refusals < MOST_REFUSALS,
    });
    if (settled === "settled") {
      journal.settled(rides ? calls : []);
      break;
    }
  }
  const { executionId, createdAt, parent, epoch } = owned.head;
  await doClosingDuties(
    outside,
    { executionId, createdAt, parent, epoch, waits: [], ...settlement },
    work.app.hooks,
  );
  return settlement.status;
}

/** A person may redrive it. */
function mayGoOn(outcome: Outcome): boolean {
  return outcome.kind === "failed" || ("compensation" in outcome && outcome.compensation === "incomplete");
}

/** Whoever redrives it wants what came while it ended, too: its id alone, among those that were not read, would be no message any more. */
async function keepUnread({ replay, journal, inbox }: Work, at: EpochMs): Promise<void> {
  for (const message of inbox.unread().filter(isBuffered)) {
    const event = stamp({ type: "MessageBuffered", message }, at, undefined);
    journal.add(event);
    await replay.apply(event);
  }
}

async function closed(
  { outside, owned, replay }: Work,
  outcome: Outcome,
  at: EpochMs,
): Promise<ClosedSettlement> {
  const { head } = owned;
  const { executionId } = head;
  const openChildren = [...replay.pending.values()].some(
    (operation) => operation.kind === "child" && operation.requested && operation.onParentClose !== "abandon",
  );
  const common = {
    closedAt: at,
    duties: dutiesOf({ status: outcome.kind, parent: head.parent, openChildren, waits: false }),
  };
  switch (outcome.kind) {
    case "completed":
      return {
        status: "completed",
        ...common,
        // One that was redriven has completed before: what it gave then was told, and stays.
        output: head.output ?? (await storeValue(outside.store, executionId, "output", outcome.output)),
        ...(outcome.compensation === undefined ? {} : { compensation: outcome.compensation }),
      };
    case "continued":
      return { status: "continued", ...common, continuedTo: successorOf(executionId) };
    default:
      return {
        status: outcome.kind,
        ...common,
        error: await storeValue(outside.store, executionId, "error", outcome.error),
        compensation: outcome.compensation,
      };
  }
}

function closingEvent({ replay, inbox }: Work, outcome: Outcome, at: EpochMs): ClosingEvent {
  const asked = replay.asked();
  const common = { at, ...(asked === undefined ? {} : { asked }) };
  if (outcome.kind === "continued") return { type: "ExecutionContinued", ...common, input: outcome.input };
  const unread = [...replay.buffered.all(), ...inbox.unread()];
  const ids = unread.length === 0 ? {} : { unread: unread.map(({ id }) => id) };
  if (outcome.kind === "completed") {
    return {
      type: "ExecutionCompleted",
      ...common,
      ...ids,
      ...(outcome.compensation === undefined ? {} : { compensation: outcome.compensation }),
    };
  }
  const type = outcome.kind === "failed" ? "ExecutionFailed" : "ExecutionCancelled";
  return { type, compensation: outcome.compensation, ...common, ...ids };
}

function unreadIn(closing: ClosingEvent | undefined): readonly string[] {
  return closing !== undefined && "unread" in closing ? (closing.unread ?? []) : [];
}

/** What hooks are told of an end. */
function endOf({ owned }: Work, outcome: Outcome): Circumstances {
  if (outcome.kind === "completed") return {};
  return outcome.kind === "continued"
    ? { continuedTo: successorOf(owned.head.executionId) }
    : { error: outcome.error };
}

/** What queries are to read, when it is not what the head holds already. */
async function changedState({ outside, owned, replay }: Work): Promise<StoredValue | undefined> {
  const { state } = replay;
  if (state === undefined || isStoredAs(owned.head.state, "state", state)) return undefined;
  return storeValue(outside.store, owned.head.executionId, "state", state);
}

export function tailOf(
  journal: Journal,
  more: readonly HistoryEvent[],
): { slot: number; events: readonly HistoryEvent[] } | undefined {
  const tail = journal.asTail(more, Number.POSITIVE_INFINITY);
  return tail.fits ? tail.tail : undefined;
}
