/**
 * Why an execution is not at its end: what it waits for, when it is looked at next, and what would free it (P1). The branches are the rows,
 * in this order.
 *
 * | the execution                             | waits for                                   | is freed by                        |
 * |-------------------------------------------|---------------------------------------------|------------------------------------|
 * | is closed                                 | nothing                                     | nothing                            |
 * | is stalled, a cancel in its inbox         | a person                                    | redrive, to cancel; terminate      |
 * | is stalled, its pinned version gone       | a person                                    | a move to the latest, then redrive |
 * | is stalled                                | a person                                    | a fixed deploy, then redrive       |
 * | is held by a lease that has not ended     | its owner's turn                            | the turn's end                     |
 * | is held by a lease that has ended         | its owner's message, redelivered            | that, or the audit                 |
 * | has messages in its inbox                 | the turn that reads them                    | their wake, or the audit           |
 * | has not reached its start                 | its start                                   | time                               |
 * | is paused                                 | a person                                    | resume, or cancel                  |
 * | is due, or past it                        | the turn that its wake begins               | that, or the audit                 |
 * | has something due later                   | that instant, and the messages it awaits    | time, or a message                 |
 * | has nothing due                           | the messages that it awaits                 | a message, or cancel               |
 */
import { type Duty, type Head, NEXT_CODE } from "../model/head.js";
import { isClosed } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import { type Awaiting, awaitedBy, inWords, messagesIn, triedAgainAt } from "./awaited.js";

/** Where an execution stands: what moves it next, and what its code awaits. */
export interface Progress extends Awaiting {
  readonly moves:
    | "closed"
    | "stalled"
    | "in-turn"
    | "owner-lost"
    | "unread-messages"
    | "not-started"
    | "paused"
    | "due"
    | "timer"
    | "message";
  /** In words. */
  readonly reason: string;
  /** When it is looked at next, as far as that is known. */
  readonly next?: Date;
  /** Who holds the lease. */
  readonly owner?: string;
  /** What would move it, in words; empty for a closed one. */
  readonly freedBy: string;
}

export function progressOf(head: Head, now: EpochMs, stallReason?: string): Progress {
  const awaited = awaitedBy(head);
  return { ...movesOf(head, now, awaited, stallReason), ...awaited };
}

/** No deploy brings back a version that was deleted. */
function needsMove({ pin }: Head, stallReason = ""): boolean {
  return pin !== NEXT_CODE && stallReason.startsWith("PinnedCodeGoneError:");
}

function movesOf(
  head: Head,
  now: EpochMs,
  awaited: Awaiting,
  stallReason: string | undefined,
): Omit<Progress, keyof Awaiting> {
  const { executionId, status, lease } = head;
  if (isClosed(status)) return { moves: "closed", reason: afterItsEnd(head), freedBy: "" };
  if (status === "stalled") {
    return {
      moves: "stalled",
      reason: stallReason ?? "The engine stopped it.",
      freedBy: head.inbox.some(({ kind }) => kind === "cancel")
        ? `It was asked to cancel. Deploy a fix, and then it cancels by: holdfast redrive ${executionId}. To end it as it is: holdfast terminate ${executionId}`
        : needsMove(head, stallReason)
          ? `The latest code, if it fits the history: holdfast versions move ${executionId}, then: holdfast redrive ${executionId}`
          : `Deploy a fix, then: holdfast redrive ${executionId}`,
    };
  }
  if (lease !== undefined && lease.until > now) {
    return {
      moves: "in-turn",
      reason: `A worker is at work on it and holds it until ${instant(lease.until)}.`,
      next: new Date(lease.until),
      owner: lease.owner,
      freedBy: "The turn's end. If its process has died, the redelivery of its message.",
    };
  }
  if (lease !== undefined) {
    return {
      moves: "owner-lost",
      reason: `Its worker held it until ${instant(lease.until)} and has not come back.`,
      owner: lease.owner,
      freedBy: "The redelivery of its owner's message, or else the audit, within minutes.",
    };
  }
  // Heartbeats lie there until the next one would be overdue.
  const unread = head.inbox.filter(({ kind }) => kind !== "heartbeat").length + head.inboxItems;
  if (unread > 0) {
    return {
      moves: "unread-messages",
      reason: `${count(unread, "accepted message")} will be read by its next turn.`,
      freedBy: "The wake that was sent with the message, or else the audit, within minutes.",
    };
  }
  if (head.startAt > now) {
    return {
      moves: "not-started",
      reason: `It starts at ${instant(head.startAt)}.`,
      next: new Date(head.startAt),
      freedBy: "Time.",
    };
  }
  if (status === "paused") {
    return {
      moves: "paused",
      reason:
        "It is paused: no new step, child, transaction or compensation begins. What comes and falls due is recorded.",
      ...(head.dueAt === undefined ? {} : { next: new Date(head.dueAt) }),
      freedBy: `To let it go on: holdfast resume ${executionId}. To end it: holdfast cancel ${executionId}`,
    };
  }
  const dueAt = head.dueAt ?? (status === "running" ? head.startAt : undefined);
  const waits = messagesIn(awaited);
  if (dueAt !== undefined && dueAt <= now) {
    return {
      moves: "due",
      reason: `It has been due since ${instant(dueAt)}.`,
      next: new Date(dueAt),
      freedBy: "The wake that is on its way, or else the audit, within minutes.",
    };
  }
  if (dueAt !== undefined) {
    const again = triedAgainAt(awaited, dueAt);
    const until = `${instant(dueAt)}${again === undefined ? "" : `, to try ${inWords(again)} again`}`;
    return {
      moves: "timer",
      reason: `It waits until ${until}${waits === "" ? "" : `, or for ${waits}`}.`,
      next: new Date(dueAt),
      freedBy: waits === "" ? "Time." : `Time, or ${waits}.`,
    };
  }
  return {
    moves: "message",
    reason: waits === "" ? "It waits for a message." : `It waits for ${waits}.`,
    freedBy: `${waits === "" ? "A message" : capital(waits)}. To end it: holdfast cancel ${executionId}`,
  };
}

/** What came too late to be named in history is in the inbox still; of one that was continued, the next one gets it. */
function afterItsEnd({ status, inbox, inboxItems, duties }: Head): string {
  const late = status === "continued" ? [] : inbox.filter(({ kind }) => kind !== "heartbeat");
  const ids = late.map(({ id }) => id).join(", ");
  return [
    `It is ${status}.`,
    ...(late.length === 0
      ? []
      : [`${count(late.length, "accepted message")} came as it ended, and nobody read it: ${ids}.`]),
    ...(status === "continued" || inboxItems === 0
      ? []
      : [`Of those that are stored beside its head, ${inboxItems} at most, some may have come too late.`]),
    ...(duties === undefined
      ? []
      : [
          `It has still to ${duties.map((duty) => TO_DO[duty]).join(", ")}; a wake does that, or else the audit, within minutes.`,
        ]),
  ].join(" ");
}

const TO_DO: Record<Duty, string> = {
  waits: "remove its wait records",
  children: "tell its children",
  successor: "create the execution that goes on",
  parent: "tell its parent",
};

function instant(at: EpochMs): string {
  return new Date(at).toISOString();
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
