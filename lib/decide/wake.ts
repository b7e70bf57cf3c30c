/**
 * What a wake finds, and what follows. The branches are its rows, in this order.
 *
 * | the wake finds                                                     | then                                                          |
 * |--------------------------------------------------------------------|---------------------------------------------------------------|
 * | no execution (it overtook the write)                               | put back a few times with a short delay, then dropped          |
 * | a closed execution                                                 | its closing duties are done (again), then it is dropped        |
 * | a stalled execution that nobody is terminating                     | dropped: a person frees it, and that sends a wake               |
 * | a live lease of somebody else, and it announces a message          | put back to the lease's end, never dropped                     |
 * | a live lease of somebody else, and it is anything else             | put back with a short, growing delay: it may be the only carrier |
 * | an expired lease, or one held under its own message id             | taken over                                                     |
 * | a released lease before a delayed start, a cancel in its inbox     | a turn, which ends it: its code never begins (PROTOCOL E2)     |
 * | a released lease before a delayed start                            | dropped: the start's own wake is on its way                    |
 * | a released lease, an empty inbox, and nothing due                  | dropped                                                        |
 * | a released lease                                                   | a turn                                                         |
 *
 * A wake before its own `dueAt` is put back before any table is touched ({@link tooEarlyFor}).
 */
import type { Head } from "../model/head.js";
import { isClosed } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import { INLINE_MS } from "./timer.js";

export type WakeAction =
  | { readonly do: "drop"; readonly why: string }
  | { readonly do: "put-back"; readonly delaySeconds: number; readonly wake: Wake; readonly why: string }
  | { readonly do: "close" }
  | { readonly do: "take-over" }
  | { readonly do: "turn" };

/** A write that a wake overtook is there within milliseconds; a start that failed never comes. Seven tries are about a minute. */
const MOST_PUTS_UNFOUND = 7;

/** Between the tries behind a live lease. It grows, so that a long turn is not asked every second for its whole length. */
const LONGEST_PUT_SECONDS = 30;

export function decideWake(found: {
  readonly wake: Wake;
  readonly messageId: string;
  readonly head: Head | undefined;
  /** A request to cancel lies in its inbox. Only asked for before its start. */
  readonly cancelled: boolean;
  readonly now: EpochMs;
}): WakeAction {
  const { wake, head, now } = found;
  const puts = wake.puts ?? 0;
  if (head === undefined) {
    if (puts >= MOST_PUTS_UNFOUND) return { do: "drop", why: "no such execution" };
    // By the time that a message has gone through the queue once more, the write that it overtook is mostly there.
    return putBack(wake, puts === 0 ? 0 : growing(puts - 1), "no such execution yet");
  }
  if (isClosed(head.status)) return { do: "close" };
  // Whoever terminates it holds a lease meanwhile.
  if (head.status === "stalled" && (head.lease?.until ?? 0) <= now) return { do: "drop", why: "stalled" };
  if (head.lease !== undefined) {
    if (head.lease.until <= now || head.lease.owner === found.messageId) return { do: "take-over" };
    if (wake.reason === "message") {
      return putBack(
        wake,
        Math.min(900, Math.ceil((head.lease.until - now) / 1_000)),
        "another owner is at work",
      );
    }
    return putBack(wake, growing(puts), "another owner is at work");
  }
  if (isBeforeStart(head, now)) {
    return found.cancelled ? { do: "turn" } : { do: "drop", why: "before its start" };
  }
  if (head.status !== "running" && head.inbox.length === 0 && head.inboxItems === 0 && !isDue(head, now)) {
    return { do: "drop", why: "nothing is due" };
  }
  return { do: "turn" };
}

/** How long a wake is put back before anything else, or undefined when its time has come (or comes within a second). */
export function tooEarlyFor(wake: Wake, now: EpochMs): number | undefined {
  if (wake.dueAt === undefined || wake.dueAt - now <= INLINE_MS) return undefined;
  return wake.dueAt - now;
}

/** Whether the head itself says that something can be done now, or within the second that a turn can wait for. */
export function isDue(head: Head, now: EpochMs): boolean {
  if (head.status === "running") return true;
  return head.dueAt !== undefined && head.dueAt <= now + INLINE_MS;
}

/** Its code may not begin yet, nor within the second that a turn can wait for. */
export function isBeforeStart(head: Head, now: EpochMs): boolean {
  return untilStart(head, now) > INLINE_MS;
}

/**
 * How long its code must still wait. One that was not delayed waits for nothing: when it lies ahead, the clock of whoever created it does,
 * and the wake in hand may be its only one. Nor does one that has begun, whatever a clock that is behind says: it is no more `running`, or
 * has yielded, and is due.
 */
export function untilStart({ createdAt, startAt, status, dueAt }: Head, now: EpochMs): number {
  const hasBegun = status !== "running" || dueAt !== undefined;
  return startAt > createdAt && !hasBegun ? Math.max(0, startAt - now) : 0;
}

/** 1, 2, 4 … 30 s. */
function growing(puts: number): number {
  return Math.min(LONGEST_PUT_SECONDS, 2 ** puts);
}

function putBack(wake: Wake, delaySeconds: number, why: string): WakeAction {
  return { do: "put-back", delaySeconds, wake: { ...wake, puts: (wake.puts ?? 0) + 1 }, why };
}
