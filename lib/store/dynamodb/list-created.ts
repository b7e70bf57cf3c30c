import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { indexPartition } from "../listing.js";
import type { RetentionStore } from "../ports.js";
import { namesIn } from "./expressions.js";
import { ItemReader } from "./item.js";
import { headKey } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";

type CreatedRequest = Parameters<RetentionStore["listCreated"]>[0];

const CREATED_BETWEEN = "#wf = :partition AND #createdAt BETWEEN :from AND :until";

export function listCreatedParams(
  executionsTable: string,
  { workflow, shard, until, after, limit }: CreatedRequest,
): QueryCommandInput & { readonly Limit: number } {
  const partition = indexPartition(workflow, shard);
  return {
    TableName: executionsTable,
    IndexName: "byWorkflow",
    KeyConditionExpression: CREATED_BETWEEN,
    ExpressionAttributeNames: namesIn(CREATED_BETWEEN),
    ExpressionAttributeValues: { ":partition": partition, ":from": after?.createdAt ?? 0, ":until": until },
    ...(after && {
      ExclusiveStartKey: { ...headKey(after.executionId), wf: partition, createdAt: after.createdAt },
    }),
    Limit: limit,
  };
}

export async function listCreated(
  { documents, executionsTable }: DynamoTables,
  request: CreatedRequest,
): ReturnType<RetentionStore["listCreated"]> {
  const { after, until } = request;
  // DynamoDB refuses a range that ends before it begins.
  if (after !== undefined && after.createdAt > until) return { items: [], more: false };
  const page = await queryUpTo(documents, listCreatedParams(executionsTable, request));
  const items = page.items.map((item) => {
    const read = new ItemReader(item);
    return { executionId: read.text("pk"), createdAt: read.number("createdAt") };
  });
  return { items, more: page.more };
}
