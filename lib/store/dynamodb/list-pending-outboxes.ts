import { QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { indexPartition } from "../listing.js";
import type { OutboxStore } from "../ports.js";
import { readCommitKey } from "./commit-item.js";
import { namesIn } from "./expressions.js";
import { PENDING } from "./keys.js";
import type { DynamoTables } from "./tables.js";

type PendingRequest = Parameters<OutboxStore["listPendingOutboxes"]>[0];

const MARKED_AND_DUE = "#ob = :shard AND #obAt <= :dueBy";

export function listPendingOutboxesParams(
  executionsTable: string,
  { shard, dueBy, limit }: PendingRequest,
): QueryCommandInput {
  return {
    TableName: executionsTable,
    IndexName: "outboxPending",
    KeyConditionExpression: MARKED_AND_DUE,
    ExpressionAttributeNames: namesIn(MARKED_AND_DUE),
    ExpressionAttributeValues: { ":shard": indexPartition(PENDING, shard), ":dueBy": dueBy },
    Limit: limit,
  };
}

export async function listPendingOutboxes(
  { documents, executionsTable }: DynamoTables,
  request: PendingRequest,
): ReturnType<OutboxStore["listPendingOutboxes"]> {
  const { Items } = await documents.send(
    new QueryCommand(listPendingOutboxesParams(executionsTable, request)),
  );
  return (Items ?? []).map(readCommitKey);
}
