/** What deletes closed executions, in memory. */
import type { Head } from "../../model/head.js";
import { indexPartition } from "../listing.js";
import type { AsClosed, Created, RetentionStore } from "../ports.js";
import { headsIn } from "./listing.js";
import { copy, type ExecutionItems, type State } from "./state.js";

export function retentionMethods(state: State): RetentionStore {
  const headOf = (executionId: string): Head | undefined => state.executions.get(executionId)?.head;

  return {
    async listCreated({ workflow, shard, until, after, limit }) {
      const partition = indexPartition(workflow, shard);
      const behind = headsIn(state, { index: "byWorkflow", partition })
        .reverse()
        .map(({ executionId, createdAt }): Created => ({ executionId, createdAt }))
        .filter((one) => one.createdAt <= until && (after === undefined || isAfter(one, after)));
      return { items: behind.slice(0, limit), more: isFull(behind, limit) };
    },

    async readCommits({ executionId, afterSlot, limit }) {
      const behind = [...(state.executions.get(executionId)?.commits.values() ?? [])]
        .map(({ commit }) => commit)
        .filter(({ slot }) => slot > afterSlot)
        .sort((one, other) => one.slot - other.slot);
      const commits = behind.slice(0, limit);
      return { commits, upTo: commits.at(-1)?.slot ?? afterSlot, more: isFull(behind, limit) };
    },

    async surveyItems(executionId) {
      const items = state.executions.get(executionId);
      const pending = [...(items?.commits ?? [])]
        .filter(([, { outbox }]) => outbox?.pendingAt !== undefined)
        .map(([slot]) => slot)
        .sort((one, other) => one - other);
      const any = items !== undefined && sizeOf(items) > 0;
      return { any, ...(pending[0] === undefined ? {} : { pendingSlot: pending[0] }) };
    },

    async beginDeletion(execution, at) {
      const items = state.executions.get(execution.executionId);
      if (items?.head === undefined) return { begun: false, head: undefined };
      if (!isAsClosed(items.head, execution)) return { begun: false, head: copy(items.head) };
      items.head = { ...items.head, deletedAt: items.head.deletedAt ?? at };
      return { begun: true, head: copy(items.head) };
    },

    async deleteItems({ executionId, deletedAt, limit }) {
      const items = state.executions.get(executionId);
      if (items?.head?.deletedAt !== deletedAt) return { deleted: 0, done: false };
      const deletions = [
        ...[...items.commits]
          .sort(([one], [other]) => one - other)
          .map(([slot, { outbox }]) =>
            outbox?.pendingAt === undefined ? () => items.commits.delete(slot) : undefined,
          ),
        ...[...items.messages.keys()].sort().map((id) => () => items.messages.delete(id)),
        ...[...items.payloads.keys()].sort().map((name) => () => items.payloads.delete(name)),
      ].slice(0, limit);
      const deleted = deletions.filter((remove) => remove?.()).length;
      return { deleted, done: sizeOf(items) === 0 };
    },

    async deleteHead({ deletedAt, ...execution }) {
      const head = headOf(execution.executionId);
      if (head === undefined) return { deleted: true };
      if (!isAsClosed(head, execution) || head.deletedAt !== deletedAt) return { deleted: false };
      const items = state.executions.get(execution.executionId);
      if (items === undefined || sizeOf(items) === 0) state.executions.delete(execution.executionId);
      else Object.assign(items, { head: undefined, inboxBytes: 0 });
      return { deleted: true };
    },
  };
}

/** That a table's page ended with the partition shows only on the next one. */
function isFull(behind: readonly unknown[], limit: number): boolean {
  return behind.length >= limit;
}

function isAsClosed(head: Head, { status, closedAt }: AsClosed): boolean {
  return head.status === status && head.closedAt === closedAt;
}

function sizeOf({ commits, messages, payloads }: ExecutionItems): number {
  return commits.size + messages.size + payloads.size;
}

function isAfter(one: Created, after: Created): boolean {
  return (
    one.createdAt > after.createdAt ||
    (one.createdAt === after.createdAt && one.executionId > after.executionId)
  );
}
