/**
 * The ends of a turn: suspended, yielded, closed, stalled. Each makes what the turn saw durable, in the settlement itself where it fits,
 * and arms the next wake before the write that makes it needed (the baton rule, docs/architecture.md).
 */
import { CancelledError } from "../model/errors.js";
import type { WaitKey } from "../model/head.js";
import type { ClosingEvent, HistoryEvent } from "../model/history-event.js";
import type { CancelMessage } from "../model/message.js";
import type { ExecutionStatus, OpenStatus } from "../model/status.js";
import { storableError } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import { encodeThrown } from "../model/value.js";
import type { Outcome } from "../replay/program.js";
import type { Settlement } from "../store/ports.js";
import { arm } from "./arm.js";
import { doClosingDuties } from "./closing.js";
import { cancelRequested } from "./happening.js";
import { Inbox } from "./inbox.js";
import type { Journal } from "./journal.js";
import type { Outside } from "./outside.js";
import type { Owned } from "./own.js";
import { settle } from "./settle.js";
import { storeValue } from "./values.js";
import type { Work } from "./work.js";

/** Bytes of JSON that may ride in the head's settlement: with it a head stays within the 1 KB that one write unit pays for. */
const TAIL_ROOM_BYTES = 400;

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
  const status: OpenStatus = work.replay.failing ? "compensating" : "suspended";
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
  settlement: Settlement,
  guardInbox: boolean,
): Promise<"settled" | "inbox-moved"> {
  const { outside, owned, replay, journal, inbox, waits } = work;
  await journal.landed();
  if (!journal.asTail([], TAIL_ROOM_BYTES).fits) await journal.flush();
  await waits.remove(replay.pending);
  return settle(outside, owned, {
    settlement,
    slot: journal.slot,
    tail: tailOf(journal, []),
    inbox,
    waits: waits.standing(),
    seen: replay.seen,
    guardInbox,
  });
}

/** The workflow's code is over. */
export async function close(work: Work, outcome: Outcome): Promise<ExecutionStatus> {
  const { outside, owned, replay, journal, inbox, waits } = work;
  const { executionId } = owned.head;
  const at = Math.max(outside.clock.now(), replay.now);
  const settlement: Settlement =
    outcome.kind === "completed"
      ? {
          status: "completed",
          closedAt: at,
          output: await storeValue(outside.store, executionId, "output", outcome.output),
        }
      : {
          status: outcome.kind,
          closedAt: at,
          error: await storeValue(outside.store, executionId, "error", outcome.error),
          compensation: outcome.compensation,
        };
  await journal.landed();
  for (let refusals = 0; ; refusals++) {
    const closing = replay.closing === undefined ? [closingEvent(work, outcome, at)] : [];
    if (!journal.asTail(closing, TAIL_ROOM_BYTES).fits) await journal.flush();
    const rides = journal.asTail(closing, TAIL_ROOM_BYTES).fits;
    if (!rides) {
      // Too many unread messages to ride along: recorded first, it is final.
      for (const event of closing) {
        journal.add(event);
        await replay.apply(event);
      }
      await journal.flush();
    }
    const settled = await settle(outside, owned, {
      settlement,
      slot: journal.slot,
      tail: tailOf(journal, rides ? closing : []),
      inbox,
      waits: waits.standing(),
      seen: new Set([...replay.seen, ...inbox.found]),
      guardInbox: replay.closing === undefined && refusals < MOST_REFUSALS,
    });
    if (settled === "settled") break;
  }
  await doClosingDuties(outside, waits.standing());
  return settlement.status;
}

/** Cancelled before its start: its code never began, so there is nothing to tell it and nothing to undo. */
export async function closeUnbegun(
  outside: Outside,
  owned: Owned,
  journal: Journal,
  cancel: CancelMessage,
): Promise<ExecutionStatus> {
  const { executionId } = owned.head;
  const at = outside.clock.now();
  const inbox = new Inbox(outside.store, executionId, new Set());
  await inbox.take(owned.head, at);
  const unread = [...inbox.found].filter((id) => id !== cancel.id);
  journal.add({ ...cancelRequested(cancel).event, at });
  journal.add({
    type: "ExecutionCancelled",
    at,
    compensation: "none",
    ...(unread.length === 0 ? {} : { unread }),
  });
  if (!journal.asTail([], TAIL_ROOM_BYTES).fits) await journal.flush();
  const error = storableError(new CancelledError(cancel.reason));
  await settle(outside, owned, {
    settlement: {
      status: "cancelled",
      closedAt: at,
      error: await storeValue(outside.store, executionId, "error", error),
      compensation: "none",
    },
    slot: journal.slot,
    tail: tailOf(journal, []),
    inbox,
    waits: [],
    seen: inbox.found,
    guardInbox: false,
  });
  return "cancelled";
}

/** An error of the engine's own, which no code may catch: the execution stands still, keeps its history, and goes on after a fixed deploy. */
export async function stall(
  outside: Outside,
  owned: Owned,
  parts: {
    readonly journal: Journal;
    readonly inbox: Inbox;
    readonly seen: ReadonlySet<string>;
    /** Those that stand: it still accepts messages, so they stay. */
    readonly waits: readonly WaitKey[];
  },
  error: Error,
): Promise<ExecutionStatus> {
  const { journal, inbox, seen, waits } = parts;
  const at = outside.clock.now();
  outside.log.write("error", "The execution is stalled.", {
    executionId: owned.head.executionId,
    error: error.message,
  });
  await journal.landed();
  journal.add({ type: "ExecutionStalled", at, reason: error.message });
  if (!journal.asTail([], TAIL_ROOM_BYTES).fits) await journal.flush();
  await settle(outside, owned, {
    settlement: { status: "stalled", error: encodeThrown(error), at },
    slot: journal.slot,
    tail: tailOf(journal, []),
    inbox,
    waits,
    seen,
    guardInbox: false,
  });
  return "stalled";
}

function closingEvent({ replay, inbox }: Work, outcome: Outcome, at: EpochMs): ClosingEvent {
  const asked = replay.asked();
  const accepted = [...inbox.found].filter((id) => !replay.seen.has(id));
  const unread = [...replay.buffered.keys(), ...accepted];
  const common = {
    at,
    ...(asked === undefined ? {} : { asked }),
    ...(unread.length === 0 ? {} : { unread }),
  };
  if (outcome.kind === "completed") return { type: "ExecutionCompleted", ...common };
  const type = outcome.kind === "failed" ? "ExecutionFailed" : "ExecutionCancelled";
  return { type, compensation: outcome.compensation, ...common };
}

function tailOf(
  journal: Journal,
  more: readonly HistoryEvent[],
): { slot: number; events: readonly HistoryEvent[] } | undefined {
  const tail = journal.asTail(more, Number.POSITIVE_INFINITY);
  return tail.fits ? tail.tail : undefined;
}
