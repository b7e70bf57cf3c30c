/** The entries of a history for those who look at it, with the large values in their places. */

import { type Head, timeoutOf } from "../model/head.js";
import type { ExecutionStarted, HistoryEntry } from "../model/history-entry.js";
import type { HistoryEvent } from "../model/history-event.js";
import { encodeThrown } from "../model/value.js";
import type { ExecutionStore } from "../store/ports.js";
import { bringBack, unlessLost } from "./values/payloads.js";
import { loadValue } from "./values/values.js";

/** The first entry. In place of an input that is gone or damaged stands the error that says so. */
export async function startedEntry(store: ExecutionStore, head: Head): Promise<HistoryEntry> {
  const { executionId } = head;
  const event: ExecutionStarted = {
    type: "ExecutionStarted",
    at: head.createdAt,
    executionId,
    startAt: head.startAt,
    workflow: head.workflow,
    ...(head.version === undefined ? {} : { version: head.version }),
    definition: head.definition,
    input: await unlessLost(() => loadValue(store, executionId, head.input), encodeThrown),
    ...(head.startedBy === undefined ? {} : { startedBy: head.startedBy }),
    ...(head.seed === undefined ? {} : { seed: head.seed }),
    ...(head.deadline === undefined ? {} : { timeoutMs: timeoutOf(head) ?? 0 }),
    flags: head.flags,
  };
  return { slot: 0, event };
}

/** What was recorded in slots. In place of a large value that is gone or damaged stands the error that says so. */
export async function recordedEntries(
  store: ExecutionStore,
  executionId: string,
  recorded: readonly { readonly slot: number; readonly events: readonly HistoryEvent[] }[],
): Promise<HistoryEntry[]> {
  const entries = recorded.flatMap(({ slot, events }) => events.map((event) => ({ slot, event })));
  const events = await bringBack(
    store,
    executionId,
    entries.map(({ event }) => event),
    encodeThrown,
  );
  return entries.map(({ slot, event }, index) => ({ slot, event: events[index] ?? event }));
}
