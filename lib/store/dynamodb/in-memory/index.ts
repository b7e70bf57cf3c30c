/**
 * The DynamoDB store on tables in memory: the very calls that it makes on AWS, answered in the same process, and counted as DynamoDB bills
 * them. For tests that want to know what something costs; slower than the memory store, and no faster way to run anything on AWS.
 */

import type { PayloadStore, Store } from "../../ports.js";
import { stagingMethods } from "../../staging.js";
import { type Transact, withoutTables } from "../../transact.js";
import { createDynamoStore } from "../index.js";
import type { Item } from "../item.js";
import { answerOf, MemoryDocuments } from "./documents.js";
import { MemoryTables } from "./tables.js";
import type { Units } from "./units.js";

export type { Units } from "./units.js";

export interface MeteredStore {
  readonly store: Store;
  /** The same tables for those who only look on: what it does is not counted. */
  readonly onlooking: Store;
  /** All that its calls would have been billed for so far, but for a transaction's writes to tables of the user's own. */
  spent(): Units;
  /** Every item of its tables, as the document client gives it. */
  items(): Readonly<Record<"executions" | "directory", readonly Item[]>>;
}

export function createMeteredStore(objects: PayloadStore, transact: Transact = withoutTables): MeteredStore {
  const names = { executionsTable: "Executions", directoryTable: "Directory" };
  const tables = new MemoryTables(names, transact);
  const storeOf = (documents: MemoryDocuments): Store => ({
    ...createDynamoStore({ documents, ...names }, objects),
    // Nobody else could send what these give.
    ...stagingMethods,
  });
  return {
    store: storeOf(new MemoryDocuments((command) => answerOf(tables, command))),
    onlooking: storeOf(new MemoryDocuments((command) => tables.uncounted(() => answerOf(tables, command)))),
    spent: () => tables.spent,
    items: () => ({
      executions: tables.items(names.executionsTable),
      directory: tables.items(names.directoryTable),
    }),
  };
}
