/** Whether an execution was cancelled before its delayed start: its code never began, and never begins. */
import type { Head } from "../model/head.js";
import {
  type CancelRequested,
  type ExecutionCancelled,
  type HistoryEvent,
  isClosingEvent,
} from "../model/history-event.js";

export interface UnbegunEnd {
  readonly request: CancelRequested;
  readonly end: ExecutionCancelled;
}

/** It was, or it was terminated then. */
export function endedBeforeItsStart(
  { createdAt, startAt }: Pick<Head, "createdAt" | "startAt">,
  history: readonly HistoryEvent[],
): boolean {
  return startAt > createdAt && history.some((event) => isClosingEvent(event) && event.at < startAt);
}

/**
 * That end, where an owner has recorded it and died before it settled: it stands, however late it is found. What the code itself does bears no
 * time before its start.
 */
export function unbegunEndIn(
  { createdAt, startAt }: Pick<Head, "createdAt" | "startAt">,
  history: readonly HistoryEvent[],
): UnbegunEnd | undefined {
  if (startAt <= createdAt) return undefined;
  const end = history.find((event): event is ExecutionCancelled => event.type === "ExecutionCancelled");
  const request = history.find((event): event is CancelRequested => event.type === "CancelRequested");
  return end !== undefined && request !== undefined && end.at < startAt ? { request, end } : undefined;
}
