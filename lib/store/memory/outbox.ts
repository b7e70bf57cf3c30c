/** Outboxes, in memory. */
import { shardOf } from "../../model/ids.js";
import { endsWith, isMarkedBy } from "../outbox.js";
import { INDEX_SHARDS, type Outbox, type OutboxStore } from "../ports.js";
import { copy, type State } from "./state.js";

export function outboxMethods(state: State): OutboxStore {
  return {
    async readOutbox(executionId, slot) {
      const outbox = state.executions.get(executionId)?.commits.get(slot)?.outbox;
      return outbox && copy(outbox);
    },

    async markOutbox({ executionId, slot, version, states, pendingAt }) {
      const commits = state.executions.get(executionId)?.commits;
      const stored = commits?.get(slot);
      const mark = { version, states, ...(pendingAt === undefined ? {} : { pendingAt }) };
      const ends = endsWith({ executionId, slot, ...mark });
      if (stored?.outbox === undefined) return { marked: ends };
      if (stored.outbox.version !== version) return { marked: isMarkedBy(mark, stored.outbox) };
      if (ends) {
        commits?.delete(slot);
        return { marked: true };
      }
      const { pendingAt: _before, ...outbox } = stored.outbox;
      stored.outbox = copy({ ...outbox, ...mark, version: version + 1 });
      return { marked: true };
    },

    async listPendingOutboxes({ shard, dueBy, limit }) {
      return pendingOf(state, shard)
        .filter((outbox) => (outbox.pendingAt ?? Number.POSITIVE_INFINITY) <= dueBy)
        .sort((one, other) => (one.pendingAt ?? 0) - (other.pendingAt ?? 0))
        .slice(0, limit)
        .map(({ executionId, slot }) => ({ executionId, slot }));
    },
  };
}

function pendingOf(state: State, shard: number): Outbox[] {
  return [...state.executions]
    .filter(([executionId]) => shardOf(executionId, INDEX_SHARDS) === shard)
    .flatMap(([, { commits }]) => [...commits.values()].flatMap(({ outbox }) => outbox ?? []));
}
