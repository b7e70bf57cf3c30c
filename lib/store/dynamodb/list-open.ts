import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { decodeCursor, encodeCursor } from "../cursor.js";
import { indexPartition } from "../listing.js";
import { isOpenCursor, type OpenCursor } from "../open-cursor.js";
import type { AuditStore, Page } from "../ports.js";
import { namesIn } from "./expressions.js";
import { ItemReader } from "./item.js";
import { headKey } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";

type OpenRequest = Parameters<AuditStore["listOpen"]>[0];

const FROM_THE_LAST_ON = "#st = :shard AND #createdAt >= :from";

/** One more than asked for, so that the last page has no cursor. */
export function listOpenParams(
  executionsTable: string,
  { shard, limit, cursor }: OpenRequest,
): QueryCommandInput & { readonly Limit: number } {
  const partition = indexPartition("open", shard);
  const after = cursor === undefined ? undefined : decodeCursor(cursor, isOpenCursor);
  return {
    TableName: executionsTable,
    IndexName: "byStatus",
    KeyConditionExpression: FROM_THE_LAST_ON,
    ExpressionAttributeNames: namesIn(FROM_THE_LAST_ON),
    ExpressionAttributeValues: { ":shard": partition, ":from": after?.[0] ?? 0 },
    ...(after && { ExclusiveStartKey: { ...headKey(after[1]), st: partition, createdAt: after[0] } }),
    Limit: limit + 1,
  };
}

export async function listOpen(
  { documents, executionsTable }: DynamoTables,
  request: OpenRequest,
): Promise<Page<string>> {
  const { items: entries } = await queryUpTo(documents, listOpenParams(executionsTable, request));
  const found = entries.map((item): OpenCursor => {
    const read = new ItemReader(item);
    return [read.number("createdAt"), read.text("pk")];
  });
  const page = found.slice(0, request.limit);
  const items = page.map(([, executionId]) => executionId);
  const last = page.at(-1);
  return last === undefined || found.length === page.length
    ? { items }
    : { items, cursor: encodeCursor(last) };
}
