/** What the audit reads, in memory. */
import { decodeCursor, encodeCursor } from "../cursor.js";
import { indexPartition } from "../listing.js";
import { isOpenCursor, type OpenCursor } from "../open-cursor.js";
import type { AuditStore } from "../ports.js";
import { headsIn } from "./listing.js";
import type { State } from "./state.js";

export function auditMethods(state: State): AuditStore {
  return {
    async listOpen({ shard, limit, cursor }) {
      const after = cursor === undefined ? undefined : decodeCursor(cursor, isOpenCursor);
      const behind = headsIn(state, { index: "byStatus", partition: indexPartition("open", shard) })
        .reverse()
        .filter((head) => after === undefined || isAfter(head.createdAt, head.executionId, after));
      const found = behind.slice(0, limit);
      const last = found.at(-1);
      const items = found.map((head) => head.executionId);
      if (last === undefined || behind.length === found.length) return { items };
      return { items, cursor: encodeCursor([last.createdAt, last.executionId] satisfies OpenCursor) };
    },

    async readCursor(name) {
      return state.cursors.get(name);
    },

    async saveCursor(name, cursor, version) {
      const found = state.cursors.get(name);
      if ((found?.version ?? 0) !== version) {
        return { saved: found?.version === version + 1 && found.cursor === cursor };
      }
      state.cursors.set(name, { cursor, version: version + 1 });
      return { saved: true };
    },
  };
}

function isAfter(createdAt: number, executionId: string, [at, id]: OpenCursor): boolean {
  return createdAt > at || (createdAt === at && executionId > id);
}
