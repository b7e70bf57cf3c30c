/** Outboxes, in memory. */
import { shardOf } from "../../model/ids.js";
import { checkStaged, endsWith, isMarkedBy, outboxShards, parsePosition, positionText } from "../outbox.js";
import { fitting } from "../outbox-room.js";
import { INDEX_SHARDS, type Outbox, type OutboxMark, type OutboxStore } from "../ports.js";
import { type Placed, walkPartitions } from "../walk.js";
import { copy, type State } from "./state.js";

type Place = { readonly executionId: string; readonly slot: number };

export function outboxMethods(state: State): OutboxStore {
  return {
    async readOutbox(executionId, slot) {
      const outbox = state.executions.get(executionId)?.commits.get(slot)?.outbox;
      return outbox && copy(outbox);
    },

    async markOutbox({ executionId, slot, version, states, pendingAt, givenUpAt }) {
      const { commits, head } = state.executions.get(executionId) ?? {};
      const stored = commits?.get(slot);
      const mark = {
        version,
        states: fitting(states),
        ...(pendingAt === undefined ? {} : { pendingAt }),
        ...(pendingAt !== undefined || givenUpAt === undefined ? {} : { givenUpAt }),
      };
      const ends = endsWith({ executionId, slot, ...mark });
      // A head is never marked here: whoever wants no mark in it has what he wants.
      const isUnmarkedHead = slot === 0 && head !== undefined;
      if (stored?.outbox === undefined)
        return { marked: ends || (isUnmarkedHead && pendingAt === undefined) };
      if (stored.outbox.version !== version) return { marked: isMarkedBy(mark, stored.outbox) };
      if (ends) {
        commits?.delete(slot);
        return { marked: true };
      }
      const { pendingAt: _pending, givenUpAt: _givenUp, ...outbox } = stored.outbox;
      stored.outbox = copy({ ...outbox, ...mark, version: version + 1 });
      return { marked: true };
    },

    async deleteStaged({ executionId, slot, version }) {
      checkStaged(executionId);
      const commits = state.executions.get(executionId)?.commits;
      const outbox = commits?.get(slot)?.outbox;
      if (outbox !== undefined && outbox.version !== version) return { deleted: false };
      commits?.delete(slot);
      return { deleted: true };
    },

    listOutboxes({ mark, shard, until, limit, cursor }) {
      return walkPartitions({
        partitions: outboxShards(shard),
        limit,
        cursor,
        query: async (partition, after, wanted) => {
          const marked = markedIn(state, Number(partition), mark).filter(
            ([at]) => until === undefined || at <= until,
          );
          const behind = marked.filter((one) => after === undefined || isBehind(one, parsePosition(after)));
          const found = behind.slice(0, wanted).map(
            ([at, executionId, slot]): Placed<Place> => ({
              position: positionText([at, executionId, slot]),
              item: { executionId, slot },
            }),
          );
          return { found, more: behind.length > wanted };
        },
      });
    },
  };
}

type Marked = readonly [at: number, executionId: string, slot: number];

function markedIn(state: State, shard: number, mark: OutboxMark): Marked[] {
  return [...state.executions]
    .filter(([executionId]) => shardOf(executionId, INDEX_SHARDS) === shard)
    .flatMap(([, { commits }]) => [...commits.values()].flatMap(({ outbox }) => outbox ?? []))
    .flatMap((outbox): Marked[] => {
      const at = timeOf(outbox, mark);
      return at === undefined ? [] : [[at, outbox.executionId, outbox.slot]];
    })
    .sort((one, other) => (isBehind(one, other) ? 1 : -1));
}

function timeOf(outbox: Outbox, mark: OutboxMark): number | undefined {
  return mark === "pending" ? outbox.pendingAt : outbox.givenUpAt;
}

function isBehind([at, id, slot]: Marked, [otherAt, otherId, otherSlot]: Marked): boolean {
  if (at !== otherAt) return at > otherAt;
  return id === otherId ? slot > otherSlot : id > otherId;
}
