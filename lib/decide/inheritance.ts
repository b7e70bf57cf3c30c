/** What an execution leaves to the one that goes on after it by `continueAsNew`, by its history and its last inbox alone (PROTOCOL B5). */
import type { Head } from "../model/head.js";
import type { ConsumedMessage, HistoryEvent } from "../model/history-event.js";
import { isForOneOperation, type Message } from "../model/message.js";
import { type EpochMs, LONGEST_LOOKBACK_MS } from "../model/time.js";

/** For how long a message that was consumed may come again: as long as recent events are kept, and a day of retries. */
const REPEATS_WITHIN_MS = 2 * LONGEST_LOOKBACK_MS;

export interface Inheritance {
  /** Accepted and neither consumed nor for one operation of the execution that ended; oldest first. */
  readonly carried: readonly Message[];
  /** Messages that were consumed lately. */
  readonly consumed: readonly ConsumedMessage[];
  readonly paused: boolean;
}

/**
 * @param history all of it
 * @param inbox what the settlement left in it
 * @param at the execution's end
 */
export function inheritanceOf(
  head: Pick<Head, "startedBy" | "startAt">,
  history: readonly HistoryEvent[],
  inbox: readonly Message[],
  at: EpochMs,
): Inheritance {
  const unread = new Map<string, Message>();
  const known = new Set<string>();
  const consumed = new Map<string, EpochMs>();
  let paused = false;
  if (head.startedBy !== undefined) consumed.set(head.startedBy, head.startAt);
  for (const event of history) {
    if (event.type === "MessagesInherited") {
      for (const message of event.carried) unread.set(message.id, message);
      for (const { id, at } of event.consumed) consumed.set(id, at);
      paused ||= event.paused === true;
    } else if (event.type === "MessageBuffered") {
      unread.set(event.message.id, event.message);
    } else if ("messageId" in event) {
      unread.delete(event.messageId);
      known.add(event.messageId);
      if (event.type === "ExecutionPaused") paused = true;
      if (event.type === "ExecutionResumed" || event.type === "CancelRequested") paused = false;
      if (isRepeatable(event)) consumed.set(event.messageId, event.at);
    }
  }
  for (const message of inbox) {
    if (!known.has(message.id) && !consumed.has(message.id)) unread.set(message.id, message);
  }
  return {
    carried: [...unread.values()].filter((message) => !isForOneOperation(message)),
    consumed: [...consumed]
      .map(([id, consumedAt]) => ({ id, at: consumedAt }))
      .filter((message) => at - message.at <= REPEATS_WITHIN_MS),
    paused,
  };
}

/** Those whose message may be handed to the next one again. A cancel is not: what was cancelled and went on can be cancelled again. */
function isRepeatable({ type }: HistoryEvent): boolean {
  return type === "EventReceived" || type === "SignalReceived" || type === "UpdateReceived";
}
