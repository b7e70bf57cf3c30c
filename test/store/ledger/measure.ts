/** The ledger, measured on tables of its own. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createDynamoStore } from "../../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../../lib/store/memory/index.js";
import type { Store } from "../../../lib/store/ports.js";
import { meter, type Spent } from "../../setup/capacity.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";
import { textTable } from "../../setup/text-table.js";
import { dynamoAccounts } from "../accounts.js";
import { definitionEntries, directoryEntries, firingEntries, listingEntries } from "./entries/directory.js";
import { executionEntries } from "./entries/executions.js";
import { inboxEntries, outboxEntries, transactionEntries } from "./entries/messages.js";
import { retentionEntries } from "./entries/retention.js";
import { runEntries } from "./entries/runs.js";
import { type Entry, ID } from "./entry.js";

export const ENTRIES: readonly Entry[] = [
  ...runEntries,
  ...executionEntries,
  ...inboxEntries,
  ...transactionEntries,
  ...outboxEntries,
  ...directoryEntries,
  ...listingEntries,
  ...definitionEntries,
  ...firingEntries,
  ...retentionEntries,
];

export interface Line {
  readonly what: string;
  readonly operations: readonly string[];
  readonly spent: Spent;
  readonly budget: Spent;
}

export interface Ledger {
  readonly store: Store;
  measure(entry: Entry): Promise<Line>;
}

export async function openLedger(client: DynamoDBClient, documents: DynamoDBDocumentClient): Promise<Ledger> {
  await createTables(client);
  await dynamoAccounts(client, documents);
  const capacity = meter(documents);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  const store = createDynamoStore(tables, createMemoryPayloads());
  let lines = 0;
  return {
    store,
    async measure({ what, of, prepare, run, budget }) {
      lines += 1;
      const ground = { store, id: `${ID}/${lines}` };
      await prepare?.(ground);
      const spent = await capacity.measure(() => run(ground));
      return { what, operations: of, spent, budget: { ...NOTHING, ...budget } };
    },
  };
}

const NOTHING: Spent = { writes: 0, indexWrites: 0, reads: 0, refused: 0, roundTrips: 0 };

const KEYS = ["writes", "indexWrites", "refused", "reads", "roundTrips"] as const;

export function isWithin({ spent, budget }: Line): boolean {
  return KEYS.every((key) => spent[key] <= budget[key]);
}

export function ledgerTable(lines: readonly Line[]): string {
  const titles = ["Units of DynamoDB", "table", "index", "refused*", "read", "calls", "budget"];
  const rows = lines.map((line) => [
    line.what,
    ...KEYS.map((key) => line.spent[key]),
    isWithin(line) ? "kept" : KEYS.map((key) => line.budget[key]).join(" "),
  ]);
  return `${textTable(titles, rows)}\n\n${NOTES}`;
}

const NOTES = `* Computed, since DynamoDB Local reports nothing for a write that its condition refused: a unit for each KB that the item begins
  which stands there, or the one to be put, if that is larger; twice that for each item of a cancelled transaction.
All else is what DynamoDB Local says it consumed. Of several items that a transaction has on one table it may count one, where AWS bills
all; of a query that finds nothing it counts nothing, where AWS bills the least that there is.`;
