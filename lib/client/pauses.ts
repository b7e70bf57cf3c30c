/** When an execution was paused, and for how long in all. */
import { pausedMs, pausesOf } from "../decide/pauses.js";
import { wholeHistory } from "../runtime/history.js";
import type { Outside } from "../runtime/outside.js";
import { readHead } from "./control.js";

/** One pause of an execution. */
export interface Pause {
  readonly from: Date;
  /** Absent while it lasts. */
  readonly until?: Date;
  /** What ended it: a resume, a cancel, or the execution's own end. */
  readonly ended?: "resumed" | "cancelled" | "closed";
  /** Who asked for it, and why. */
  readonly by?: string;
  readonly reason?: string;
  readonly resumedBy?: string;
}

/** All pauses of an execution. */
export interface Pauses {
  /** Oldest first. */
  readonly pauses: readonly Pause[];
  /** All of them together, in milliseconds; one that lasts counts up to now. */
  readonly totalMs: number;
}

/** @throws ExecutionNotFoundError, ExecutionDeletedError, CorruptHistoryError */
export async function pausesOfExecution(outside: Outside, executionId: string): Promise<Pauses> {
  await readHead(outside, executionId);
  const { events } = await wholeHistory(outside.store, executionId);
  const pauses = pausesOf(events);
  return {
    pauses: pauses.map(({ from, until, ...rest }) => ({
      ...rest,
      from: new Date(from),
      ...(until === undefined ? {} : { until: new Date(until) }),
    })),
    totalMs: pausedMs(pauses, outside.clock.now()),
  };
}
