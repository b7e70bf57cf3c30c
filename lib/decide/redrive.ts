/**
 * How an execution that failed, or stalled, goes on when it is redriven.
 *
 * | the execution                                             | then                                                                  |
 * |-----------------------------------------------------------|-----------------------------------------------------------------------|
 * | is stalled                                                | goes on from where it stood                                            |
 * | failed, and undid some steps but not all                  | tries the compensations again that gave up                             |
 * | failed, and undid all that it had done                    | can't: there is nothing left to go on from                             |
 * | failed, and had nothing to undo                           | tries the steps again whose failures ended it, with all their attempts |
 *
 * Failures that the code caught and went on from stay what they are: voided are only those after which it asked for nothing more.
 */
import { type HistoryEvent, isClosingEvent, isNotedEvent } from "../model/history-event.js";

export type RedriveAction =
  | { readonly do: "redrive"; readonly voided: readonly number[] }
  | { readonly do: "refuse"; readonly why: string };

/** @param history all of it, a stalled or failed end last */
export function decideRedrive(history: readonly HistoryEvent[]): RedriveAction {
  const end = history.findLastIndex(isClosingEvent);
  const last = history[end];
  if (last === undefined || history.slice(end + 1).some(({ type }) => type === "ExecutionRedriven"))
    return { do: "redrive", voided: [] };
  if (last.type !== "ExecutionFailed")
    return { do: "refuse", why: "only a failed or stalled execution can go on" };
  if (last.compensation === "complete") {
    return {
      do: "refuse",
      why: "its completed steps were undone, so there is nothing left to go on from; start it anew, or fork it from before the failure",
    };
  }
  if (last.compensation === "incomplete") return { do: "redrive", voided: [end] };
  return { do: "redrive", voided: [...failuresBefore(history, end), end] };
}

/** Positions of the failed steps whose failures nothing followed but each other, and what ended beside them. */
function failuresBefore(history: readonly HistoryEvent[], end: number): number[] {
  const positions: number[] = [];
  for (let position = end - 1; position >= 0; position--) {
    const event = history[position];
    if (event === undefined || isNotedEvent(event)) continue;
    if (event.type === "StepFailed") positions.unshift(position);
    // What the code asked for after an earlier event, it asked for because of it: there its reaction to failures ends.
    if ("asked" in event && event.asked !== undefined) break;
  }
  return positions;
}
