import { ExecutionDeletedError } from "../model/deletion-errors.js";
import { type Head, timeoutOf } from "../model/head.js";
import { encodeThrown } from "../model/value.js";
import type { Outside } from "../runtime/outside.js";
import { bringBack, unlessLost } from "../runtime/values/payloads.js";
import { loadValue } from "../runtime/values/values.js";
import type { HistoryEntry } from "./types.js";

/**
 * The whole history: the start, all commits, and the tail that still rides in the head. In place of a large value that is gone or damaged
 * stands the error that says so: what stopped an execution must be seen beside all the rest.
 */
export async function historyOf(outside: Outside, head: Head): Promise<HistoryEntry[]> {
  const { executionId, tail, deletedAt } = head;
  if (deletedAt !== undefined) throw new ExecutionDeletedError(executionId, deletedAt);
  const commits = await outside.store.loadHistory(executionId, 0);
  const last = commits.at(-1)?.slot ?? 0;
  const started: HistoryEntry = {
    slot: 0,
    event: {
      type: "ExecutionStarted",
      at: head.createdAt,
      executionId,
      startAt: head.startAt,
      workflow: head.workflow,
      ...(head.version === undefined ? {} : { version: head.version }),
      definition: head.definition,
      input: await unlessLost(() => loadValue(outside.store, executionId, head.input), encodeThrown),
      ...(head.startedBy === undefined ? {} : { startedBy: head.startedBy }),
      ...(head.seed === undefined ? {} : { seed: head.seed }),
      ...(head.deadline === undefined ? {} : { timeoutMs: timeoutOf(head) ?? 0 }),
      flags: head.flags,
    },
  };
  const recorded = [
    ...commits.flatMap(({ slot, events }) => events.map((event) => ({ slot, event }))),
    // A commit at the tail's slot has superseded it.
    ...(tail !== undefined && tail.slot > last
      ? tail.events.map((event) => ({ slot: tail.slot, event }))
      : []),
  ];
  const events = await bringBack(
    outside.store,
    executionId,
    recorded.map(({ event }) => event),
    encodeThrown,
  );
  return [started, ...recorded.map(({ slot, event }, index) => ({ slot, event: events[index] ?? event }))];
}
