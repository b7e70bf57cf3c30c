/**
 * How an execution that has ended, or stalled, goes on when it is redriven.
 *
 * | the execution                                    | then                                                                  |
 * |--------------------------------------------------|-----------------------------------------------------------------------|
 * | is stalled, and its termination is recorded      | can't: that stands                                                    |
 * | is stalled otherwise                             | goes on from where it stood                                           |
 * | ended, and undid some steps but not all          | tries the compensations again that gave up                            |
 * | completed, or was cancelled, otherwise           | can't: it ended as it was asked to                                    |
 * | failed, and undid all that it had done           | can't: there is nothing left to go on from                            |
 * | failed since its own timeout passed              | can't: the timeout stays passed                                       |
 * | failed, and had nothing to undo                  | tries the steps again whose failures ended it, with all their attempts |
 * |                                                  | and waits again for the children that ended it, or that it released   |
 *
 * Failures that the code caught and went on from stay what they are: voided are only those after which it asked for nothing more.
 */
import { type HistoryEvent, isClosingEvent, isNotedEvent } from "../model/history-event.js";
import type { Message } from "../model/message.js";

export type RedriveAction =
  | { readonly do: "redrive"; readonly voided: readonly number[] }
  | { readonly do: "refuse"; readonly why: string };

/** @param history all of it, up to its end */
export function decideRedrive(
  status: "completed" | "failed" | "cancelled" | "stalled",
  history: readonly HistoryEvent[],
): RedriveAction {
  if (status === "stalled") {
    const isTerminated = history.some(({ type }) => type === "ExecutionTerminated");
    if (!isTerminated) return { do: "redrive", voided: [] };
    return {
      do: "refuse",
      why: "its termination is recorded, and stands; terminate it again, which settles that",
    };
  }
  const end = history.findLastIndex(isClosingEvent);
  const last = history[end];
  if (
    last?.type !== "ExecutionCompleted" &&
    last?.type !== "ExecutionFailed" &&
    last?.type !== "ExecutionCancelled"
  )
    return { do: "refuse", why: "its history does not say that it failed" };
  if (last.compensation === "incomplete") return { do: "redrive", voided: [end] };
  if (last.type === "ExecutionCompleted") {
    return {
      do: "refuse",
      why: "it completed, and none of its compensations gave up; start it anew, or fork it from a step",
    };
  }
  if (last.type === "ExecutionCancelled")
    return {
      do: "refuse",
      why: "it was cancelled and ended as it was asked to; start it anew, or fork it from a step",
    };
  if (last.compensation === "complete") {
    return {
      do: "refuse",
      why: "its completed steps were undone, so there is nothing left to go on from; start it anew, or fork it from before the failure",
    };
  }
  const reaction = lastReaction(history, end);
  if (reaction.some((position) => history[position]?.type === "DeadlinePassed")) {
    return {
      do: "refuse",
      why: "its own timeout has passed, and would end it again at once; fork it from a step, which gives it the whole time anew",
    };
  }
  return { do: "redrive", voided: [...reaction.filter((position) => isTriedAgain(history, position)), end] };
}

/** Positions of the events after which the code asked for nothing more: those that ended it, and what ended beside them. */
function lastReaction(history: readonly HistoryEvent[], end: number): number[] {
  const positions: number[] = [];
  for (let position = end - 1; position >= 0; position--) {
    const event = history[position];
    if (event === undefined || isNotedEvent(event)) continue;
    // The end before, of one that was redriven already.
    if (isClosingEvent(event)) break;
    positions.unshift(position);
    // What the code asked for after an earlier event, it asked for because of it: there its reaction ends.
    if (event.asked !== undefined) break;
  }
  return positions;
}

/** A step that failed; a child that ended badly, or that the execution's own end released. */
function isTriedAgain(history: readonly HistoryEvent[], position: number): boolean {
  const event = history[position];
  switch (event?.type) {
    case "StepFailed":
    case "ChildAbandoned":
      return true;
    case "ChildEnded": {
      const message = event.message ?? bufferedIn(history, event.messageId);
      return message?.kind === "child" && message.error !== undefined;
    }
    default:
      return false;
  }
}

function bufferedIn(history: readonly HistoryEvent[], messageId: string): Message | undefined {
  for (const event of history) {
    if (event.type === "MessageBuffered" && event.message.id === messageId) return event.message;
  }
  return undefined;
}
