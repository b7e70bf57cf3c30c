/** Definitions, in memory. */
import { storedDefinition } from "../definition.js";
import type { DefinitionStore, Page, StoredDefinition } from "../ports.js";
import { walkPartitions } from "../walk.js";
import { copy, entryOf, type State } from "./state.js";

export function definitionMethods(state: State): DefinitionStore {
  return {
    async putDefinition(definition) {
      const known = entryOf(state.definitions, definition.workflow, () => new Map());
      entryOf(known, definition.hash, () => copy(storedDefinition(definition)));
    },

    async getDefinition(workflow, hash) {
      const found = state.definitions.get(workflow)?.get(hash);
      return found && copy(found);
    },

    listDefinitions: ({ workflow, limit, cursor }) =>
      pageOf(state.definitions.get(workflow) ?? new Map(), limit, cursor, summaryOf),

    async readCurrentDefinition(workflow) {
      const found = state.currentDefinitions.get(workflow);
      return found && copy(found);
    },

    async setCurrentDefinition(current) {
      const found = state.currentDefinitions.get(current.workflow);
      if ((found?.revision ?? 0) !== current.revision - 1)
        return { set: found?.revision === current.revision && found.hash === current.hash };
      state.currentDefinitions.set(current.workflow, copy(current));
      return { set: true };
    },

    listCurrentDefinitions: ({ limit, cursor }) => pageOf(state.currentDefinitions, limit, cursor, copy),
  };
}

function summaryOf({ source: _source, sourceBytes: _sourceBytes, ...summary }: StoredDefinition) {
  return copy(summary);
}

function pageOf<Stored, Shown>(
  stored: ReadonlyMap<string, Stored>,
  limit: number,
  cursor: string | undefined,
  show: (item: Stored) => Shown,
): Promise<Page<Shown>> {
  return walkPartitions({
    partitions: [""],
    limit,
    cursor,
    async query(_, after, atMost) {
      const behind = [...stored]
        .map(([position, item]) => ({ position, item: show(item) }))
        .filter(({ position }) => after === undefined || position > after)
        .sort((one, other) => (one.position < other.position ? -1 : 1));
      return { found: behind.slice(0, atMost), more: behind.length > atMost };
    },
  });
}
