/** Definitions of workflows. */
import type { CurrentDefinition, NewDefinition, Store } from "../../../../lib/store/ports.js";
import { T0 } from "../../builders.js";
import { pagesOf } from "../../pages.js";
import { one } from "../case.js";

const definition = (hash: string, recordedAt = T0): NewDefinition => ({
  workflow: "order",
  hash,
  recordedAt,
  source: `async (ctx) => "${hash}"`,
});

const current = (workflow: string, hash: string, revision: number): CurrentDefinition => ({
  workflow,
  hash,
  since: T0 + revision,
  revision,
});

export const recordingDefinitions = [
  one({ what: "a new one", run: (store) => store.putDefinition(definition("a")) }),
  one({
    what: "one that was recorded at another time",
    prepare: (store) => store.putDefinition(definition("a")),
    run: (store) => store.putDefinition(definition("a", T0 + 60_000)),
  }),
];

async function prepare(store: Store): Promise<void> {
  for (let index = 0; index < 7; index += 1) {
    await store.putDefinition(definition(`hash-${index}`));
    await store.setCurrentDefinition(current(`order-${index}`, `hash-${index}`, 1));
  }
}

export const gettingDefinitions = [
  one({ what: "one that is there", prepare, run: (store) => store.getDefinition("order", "hash-1") }),
  one({ what: "none", run: (store) => store.getDefinition("order", "hash-1") }),
];

export const listingDefinitions = [
  one({
    what: "those of a workflow, page by page",
    prepare,
    run: (store) => pagesOf((from) => store.listDefinitions({ workflow: "order", limit: 3, ...from })),
  }),
];

export const readingCurrentDefinitions = [
  one({ what: "a workflow's", prepare, run: (store) => store.readCurrentDefinition("order-1") }),
];

export const settingCurrentDefinitions = [
  one({ what: "the first", run: (store) => store.setCurrentDefinition(current("order", "a", 1)) }),
  one({
    what: "the next",
    prepare: (store) => store.setCurrentDefinition(current("order", "a", 1)),
    run: (store) => store.setCurrentDefinition(current("order", "b", 2)),
  }),
  one({
    what: "one behind another's",
    async prepare(store) {
      await store.setCurrentDefinition(current("order", "a", 1));
      await store.setCurrentDefinition(current("order", "b", 2));
    },
    run: (store) => store.setCurrentDefinition(current("order", "c", 2)),
  }),
];

export const listingCurrentDefinitions = [
  one({
    what: "all workflows', page by page",
    prepare,
    run: (store) => pagesOf((from) => store.listCurrentDefinitions({ limit: 3, ...from })),
  }),
];
