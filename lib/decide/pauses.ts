/**
 * When an execution was paused, by its history.
 *
 * | event                              | while it is paused                 | while it is not     |
 * |------------------------------------|------------------------------------|---------------------|
 * | ExecutionPaused                    | nothing: pausing twice is once     | a pause begins      |
 * | MessagesInherited, `paused`        | nothing                            | a pause begins: it goes on from the run before |
 * | ExecutionResumed                   | the pause ends, resumed            | nothing             |
 * | CancelRequested                    | the pause ends, cancelled          | nothing             |
 * | the execution's end                | the pause ends, closed             | nothing             |
 * | ExecutionRedriven                  | nothing                            | of one that was paused when it closed, a pause begins |
 */
import { type HistoryEvent, isClosingEvent } from "../model/history-event.js";
import type { EpochMs } from "../model/time.js";

export interface Pause {
  readonly from: EpochMs;
  /** Absent while it lasts. */
  readonly until?: EpochMs;
  readonly ended?: "resumed" | "cancelled" | "closed";
  /** Who asked for it, and why; absent for one that the run before has handed on. */
  readonly by?: string;
  readonly reason?: string;
  readonly resumedBy?: string;
}

/** @param history all of it, in order */
export function pausesOf(history: readonly HistoryEvent[]): Pause[] {
  const pauses: Pause[] = [];
  let open: Pause | undefined;
  const end = (event: HistoryEvent, ended: NonNullable<Pause["ended"]>, resumedBy?: string): void => {
    if (open === undefined) return;
    pauses.push({
      ...open,
      until: event.at,
      ended,
      ...(resumedBy === undefined ? {} : { resumedBy }),
    });
    open = undefined;
  };
  for (const event of history) {
    if (event.type === "ExecutionPaused") open ??= begun(event.at, event);
    else if (event.type === "MessagesInherited" && event.paused === true) open ??= begun(event.at, {});
    else if (event.type === "ExecutionResumed") end(event, "resumed", event.by);
    else if (event.type === "CancelRequested") end(event, "cancelled");
    else if (isClosingEvent(event)) end(event, "closed");
    else if (event.type === "ExecutionRedriven") {
      const last = pauses.at(-1);
      if (last?.ended === "closed") open ??= begun(event.at, last);
    }
  }
  return open === undefined ? pauses : [...pauses, open];
}

/** How long it was paused in all; a pause that lasts counts up to `now`. */
export function pausedMs(pauses: readonly Pause[], now: EpochMs): number {
  return pauses.reduce((sum, { from, until = now }) => sum + Math.max(0, until - from), 0);
}

function begun(from: EpochMs, { by, reason }: Pick<Pause, "by" | "reason">): Pause {
  return { from, ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}
