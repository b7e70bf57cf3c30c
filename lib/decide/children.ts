/** Which children of an execution nobody has told of its end, by its history alone. */
import type { ChildRequested, HistoryEvent } from "../model/history-event.js";

/** Those that were requested and have neither ended nor been released. */
export function openChildrenOf(history: readonly HistoryEvent[]): ChildRequested[] {
  const open = new Map<string, ChildRequested>();
  for (const event of history) {
    if (event.type === "ChildRequested") open.set(event.op, event);
    else if (event.type === "ChildEnded" || event.type === "ChildAbandoned" || event.type === "ChildRefused")
      open.delete(event.op);
  }
  return [...open.values()].filter((child) => child.onParentClose !== "abandon");
}
