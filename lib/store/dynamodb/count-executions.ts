import { QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { type CountingReads, countExecutions as countThrough } from "../counting.js";
import type { ListFilter } from "../ports.js";
import { partitionParams, readsOf } from "./list-executions.js";
import type { DynamoTables } from "./tables.js";

type CountQuery = Parameters<CountingReads["countEntries"]>[0];

/** A page is a megabyte of keys; nothing but their number is sent. */
export function countEntriesParams(executionsTable: string, query: CountQuery): QueryCommandInput {
  return { ...partitionParams(executionsTable, query), Select: "COUNT" };
}

export function countExecutions(tables: DynamoTables, filter: ListFilter): Promise<number> {
  return countThrough({ ...readsOf(tables), countEntries: (query) => countEntries(tables, query) }, filter);
}

async function countEntries(
  { documents, executionsTable }: DynamoTables,
  query: CountQuery,
): Promise<number> {
  const params = countEntriesParams(executionsTable, query);
  let count = 0;
  let from: Record<string, unknown> | undefined;
  do {
    const { Count = 0, LastEvaluatedKey } = await documents.send(
      new QueryCommand({ ...params, ...(from && { ExclusiveStartKey: from }) }),
    );
    count += Count;
    from = LastEvaluatedKey;
  } while (from !== undefined);
  return count;
}
