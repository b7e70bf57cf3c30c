import type { ListingStore } from "../ports.js";
import { listWaiting as listThrough } from "../waiting.js";
import { findWaits } from "./find-waits.js";
import { readsOf } from "./list-executions.js";
import { readWait } from "./read-wait.js";
import type { DynamoTables } from "./tables.js";

export function listWaiting(
  tables: DynamoTables,
  request: Parameters<ListingStore["listWaiting"]>[0],
): ReturnType<ListingStore["listWaiting"]> {
  return listThrough(
    {
      ...readsOf(tables),
      findWaits: (waits) => findWaits(tables, waits),
      readWait: (wait) => readWait(tables, wait),
    },
    request,
  );
}
