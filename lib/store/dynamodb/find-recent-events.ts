import { paginateQuery, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { DirectoryStore, RecentEvent } from "../ports.js";
import { namesIn } from "./expressions.js";
import { recentPartitions, recentSince } from "./keys.js";
import { readRecentEventItem } from "./recent-event-item.js";
import type { DynamoTables } from "./tables.js";

type FindRequest = Parameters<DirectoryStore["findRecentEvents"]>[0];

/** A keyed type: all events of the key, those too old filtered out by the table. */
const OF_THE_KEY = "#pk = :pk";
const RECORDED_SINCE = "#recordedAt >= :since";

/** A type without a key: the sort key begins with the time. */
const OF_THE_SHARD_SINCE = "#pk = :pk AND #sk >= :since";

export function findRecentEventsParams(
  directoryTable: string,
  partition: string,
  { key, since }: FindRequest,
): QueryCommandInput {
  if (key === undefined) {
    return {
      TableName: directoryTable,
      KeyConditionExpression: OF_THE_SHARD_SINCE,
      ExpressionAttributeNames: namesIn(OF_THE_SHARD_SINCE),
      ExpressionAttributeValues: { ":pk": partition, ":since": recentSince(since) },
      ConsistentRead: true,
    };
  }
  return {
    TableName: directoryTable,
    KeyConditionExpression: OF_THE_KEY,
    FilterExpression: RECORDED_SINCE,
    ExpressionAttributeNames: namesIn(OF_THE_KEY, RECORDED_SINCE),
    ExpressionAttributeValues: { ":pk": partition, ":since": since },
    ConsistentRead: true,
  };
}

export async function findRecentEvents(tables: DynamoTables, request: FindRequest): Promise<RecentEvent[]> {
  const shards = await Promise.all(
    recentPartitions(request).map((partition) => queryAll(tables, partition, request)),
  );
  return shards
    .flat()
    .sort((one, other) => one.recordedAt - other.recordedAt || (one.id < other.id ? -1 : 1));
}

async function queryAll(
  { documents, directoryTable }: DynamoTables,
  partition: string,
  request: FindRequest,
): Promise<RecentEvent[]> {
  const events: RecentEvent[] = [];
  for await (const page of paginateQuery(
    { client: documents },
    findRecentEventsParams(directoryTable, partition, request),
  )) {
    for (const item of page.Items ?? []) events.push(readRecentEventItem(request, item));
  }
  return events;
}
