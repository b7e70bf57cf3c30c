/** The indexes of the memory store: computed from the heads when they are asked, so that they can't be stale. */
import type { Head } from "../../model/head.js";
import { shardOf } from "../../model/ids.js";
import { type CountingReads, countExecutions } from "../counting.js";
import {
  type IndexPartition,
  type IndexQuery,
  indexPartition,
  type ListingReads,
  listExecutions,
} from "../listing.js";
import { INDEX_SHARDS, type ListingStore } from "../ports.js";
import { bucketOf } from "../status.js";
import { listWaiting } from "../waiting.js";
import { directoryMethods } from "./directory.js";
import type { State } from "./state.js";

/** The heads that the index partition shows, newest first; ids decide between those of one millisecond. */
export function headsIn(state: State, { index, partition }: IndexPartition): Head[] {
  return [...state.executions.values()]
    .flatMap(({ head }) => (head === undefined || indexKey(head, index) !== partition ? [] : [head]))
    .sort((one, other) => other.createdAt - one.createdAt || (one.executionId < other.executionId ? 1 : -1));
}

const GROUPS: Record<IndexPartition["index"], (head: Head) => string | undefined> = {
  byWorkflow: ({ workflow }) => workflow,
  byApplication: ({ application }) => application,
  byPipelineConfig: ({ pipelineConfigId }) => pipelineConfigId,
  byStatus: ({ status, duties }) => bucketOf(status, duties),
};

function indexKey(head: Head, index: IndexPartition["index"]): string | undefined {
  const group = GROUPS[index](head);
  return group === undefined ? undefined : indexPartition(group, shardOf(head.executionId, INDEX_SHARDS));
}

export function listingMethods(state: State): ListingStore {
  const reads = listingReads(state);
  const countEntries: CountingReads["countEntries"] = async (query) =>
    headsIn(state, query).filter((head) => isBehind(head, query)).length;
  const { findWaits, readWait } = directoryMethods(state);
  return {
    listExecutions: async (request) => listExecutions(reads, request),
    countExecutions: async (filter) => countExecutions({ ...reads, countEntries }, filter),
    listWaiting: async (request) => listWaiting({ ...reads, findWaits, readWait }, request),
  };
}

function listingReads(state: State): ListingReads {
  return {
    async queryNewestFirst(query) {
      const behind = headsIn(state, query).filter((head) => isBehind(head, query));
      return { entries: behind.slice(0, query.limit), more: behind.length > query.limit };
    },
    async readHeads(executionIds) {
      const heads = executionIds.flatMap((id) => state.executions.get(id)?.head ?? []);
      return { heads: new Map(heads.map((head) => [head.executionId, head])), damaged: [] };
    },
  };
}

function isBehind(head: Head, { notBefore, notAfter, after }: Omit<IndexQuery, "limit">): boolean {
  if (notBefore !== undefined && head.createdAt < notBefore) return false;
  if (notAfter === undefined || head.createdAt < notAfter) return true;
  return head.createdAt === notAfter && (after === undefined || head.executionId < after);
}
