/** How the history of a pipeline ends, and what that makes of stages that were never told. */
import type { HistoryEntry } from "../../model/history-entry.js";
import { type HistoryEvent, isClosingEvent } from "../../model/history-event.js";
import type { EpochMs } from "../../model/time.js";
import type { Graph } from "../graph.js";
import { changed, type PipelineState, stageIn, syntheticOf } from "../state.js";
import { isComplete, type Status } from "../status.js";

export interface Ended {
  readonly how: "completed" | "failed" | "cancelled" | "terminated";
  readonly at: EpochMs;
}

/** Undefined for one that has not ended, or goes on after a redrive. */
export function endIn(events: readonly HistoryEvent[]): Ended | undefined {
  const at = events.findLastIndex(isClosingEvent);
  const event = events[at];
  if (event === undefined || events.slice(at).some(({ type }) => type === "ExecutionRedriven"))
    return undefined;
  switch (event.type) {
    case "ExecutionTerminated":
      return { how: "terminated", at: event.at };
    case "ExecutionCancelled":
      return { how: "cancelled", at: event.at };
    case "ExecutionFailed":
      return { how: "failed", at: event.at };
    default:
      return { how: "completed", at: event.at };
  }
}

/** Why the engine stopped it; undefined of one that goes on. */
export function stallIn(events: readonly HistoryEvent[]): string | undefined {
  const last = events.findLast(
    (event) =>
      event.type === "ExecutionStalled" || event.type === "ExecutionRedriven" || isClosingEvent(event),
  );
  return last?.type === "ExecutionStalled" ? last.reason : undefined;
}

export function canceledIn(
  events: readonly HistoryEvent[],
): { readonly at: EpochMs; readonly by?: string; readonly reason?: string } | undefined {
  const event = events.findLast(({ type }) => type === "CancelRequested" || type === "ExecutionTerminated");
  if (event?.type !== "CancelRequested" && event?.type !== "ExecutionTerminated") return undefined;
  const { at, by, reason } = event;
  return { at, ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

/** Its code did nothing: it was ended before its start, or asked for nothing by the time that it was cancelled. */
export function neverBegan([started, ...rest]: readonly HistoryEntry[], ended: Ended | undefined): boolean {
  if (started?.event.type !== "ExecutionStarted" || ended === undefined) return false;
  const hasAsked = rest.some(({ event }) => "asked" in event || "op" in event);
  return !hasAsked && (ended.how === "cancelled" || ended.at < started.event.startAt);
}

/** Whatever has not ended was canceled with the execution: its code could not say so. */
export function settled(graph: Graph, state: PipelineState, { how, at }: Ended): PipelineState {
  const status = how === "failed" ? "TERMINAL" : "CANCELED";
  const reason = `the execution was ${how === "failed" ? "ended by its failure" : how}`;
  const ids = graph.stages.flatMap(({ refId }) => [...syntheticOf(state, refId), refId]);
  const open = ids.filter((id) => !isComplete(stageIn(state, id).status));
  const all = open.reduce(
    (now, stage) => changed(now, { type: "StageEnded", stage, status: "CANCELED", reason }, at),
    state,
  );
  return isComplete(state.status) ? all : changed(all, { type: "PipelineEnded", status }, at);
}

/** What is told of a pipeline as a whole, from what its stages came to and what was done to its execution. */
export function statusOf(state: PipelineState, isPaused: boolean): Status {
  return isPaused && !isComplete(state.status) ? "PAUSED" : state.status;
}
