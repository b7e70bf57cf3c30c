/** Histories that are written before their execution is created: of a fork, and of what goes on after `continueAsNew`. */
import { ExecutionConflictError } from "../../model/errors.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { jsonBytes } from "../../model/storable.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { putAway } from "../values/payloads.js";

/** Each commit holds about so much: far from an item's limit, and few enough to be read in one page. */
const COMMIT_BYTES = 100_000;

/**
 * Writes the events into the first slots of an execution that is not there yet: whoever finds its head later finds all of them. May be
 * repeated with the same token and events.
 * @param token the creation's own
 * @returns the last slot
 * @throws ExecutionConflictError when the id is another execution's: nothing of that one was touched
 */
export async function writeFirstHistory(
  outside: Outside,
  executionId: string,
  token: string,
  events: readonly HistoryEvent[],
): Promise<number> {
  const { store } = outside;
  const head = await persistently(() => store.readHead(executionId));
  if (head !== undefined && head.createToken !== token)
    throw new ExecutionConflictError(executionId, "and has a history of its own");
  let slot = 0;
  for (const batch of inGroups(await putAway(store, executionId, events), COMMIT_BYTES)) {
    slot += 1;
    const commit = { executionId, slot, epoch: 0, token, events: batch, outgoing: [] };
    const result = await persistently(() => store.appendCommit(commit));
    if (!result.appended) throw new ExecutionConflictError(executionId, "and has a history of its own");
  }
  return slot;
}

/** The items in their order, in groups of about so many bytes of JSON; an item that is larger is a group of its own. */
export function* inGroups<T>(items: readonly T[], mostBytes: number): Generator<T[]> {
  let group: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = jsonBytes(item);
    if (group.length > 0 && bytes + more > mostBytes) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(item);
    bytes += more;
  }
  if (group.length > 0) yield group;
}
