/** Waits and recent events, in memory. */
import type { WaitKey } from "../../model/head.js";
import { checkSize, LARGEST_RECORD_BYTES } from "../limits.js";
import type { DirectoryStore, Registrant, WaitRecord } from "../ports.js";
import { walkPartitions } from "../walk.js";
import { copy, entryOf, type State } from "./state.js";

export function directoryMethods(state: State): DirectoryStore {
  return {
    async putWait(wait) {
      const records = entryOf(state.waits, subject(wait), () => new Map());
      if (isOfLaterOwner(records.get(waiter(wait)), wait)) return;
      records.set(waiter(wait), copy(wait));
    },

    async deleteWait(wait) {
      const records = state.waits.get(subject(wait));
      if (isOfLaterOwner(records?.get(waiter(wait)), wait)) return;
      records?.delete(waiter(wait));
    },

    async readWait(wait) {
      const found = state.waits.get(subject(wait))?.get(waiter(wait));
      return found && copy(found);
    },

    findWaits: async ({ name, key, limit, cursor }) =>
      walkPartitions({
        partitions: [subject({ name, ...(key === undefined ? {} : { key }) })],
        limit,
        cursor,
        async query(partition, after, atMost) {
          const behind = [...(state.waits.get(partition) ?? [])]
            .map(([position, item]) => ({ position, item: copy(item) }))
            .filter(({ position }) => after === undefined || position > after)
            .sort((one, other) => (one.position < other.position ? -1 : 1));
          return { found: behind.slice(0, atMost), more: behind.length > atMost };
        },
      }),

    async putRecentEvent(event) {
      checkSize(`Event "${event.id}" of type "${event.name}"`, LARGEST_RECORD_BYTES, JSON.stringify(event));
      const events = entryOf(state.recentEvents, subject(event), () => new Map());
      const first = !events.has(event.id);
      return { first, recorded: copy(entryOf(events, event.id, () => copy(event))) };
    },

    async findRecentEvents({ name, key, since }) {
      const events = state.recentEvents.get(subject({ name, ...(key === undefined ? {} : { key }) }));
      return [...(events?.values() ?? [])]
        .filter((event) => event.recordedAt >= since)
        .sort((one, other) => one.recordedAt - other.recordedAt || (one.id < other.id ? -1 : 1))
        .map(copy);
    },
  };
}

/** JSON of a list, so that no name or key can pass for another pair, and an empty key is not an absent one. */
function subject({ name, key }: { readonly name: string; readonly key?: string }): string {
  return JSON.stringify(key === undefined ? [name] : [name, key]);
}

function isOfLaterOwner(found: WaitRecord | undefined, { createdAt, epoch }: Registrant): boolean {
  if (found === undefined) return false;
  return found.createdAt === createdAt ? found.epoch > epoch : found.createdAt > createdAt;
}

function waiter({ executionId, op }: WaitKey): string {
  return JSON.stringify([executionId, op]);
}
