import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { DirectoryStore, Page, WaitRecord } from "../ports.js";
import { walkPartitions } from "../walk.js";
import { namesIn } from "./expressions.js";
import { ItemReader } from "./item.js";
import { waitPartitions } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";
import { readWaitItem } from "./wait-item.js";

const IN_PARTITION = "#pk = :pk";

export function findWaitsParams(
  directoryTable: string,
  partition: string,
  after: string | undefined,
  limit: number,
): QueryCommandInput & { readonly Limit: number } {
  return {
    TableName: directoryTable,
    KeyConditionExpression: IN_PARTITION,
    ExpressionAttributeNames: namesIn(IN_PARTITION),
    ExpressionAttributeValues: { ":pk": partition },
    ...(after === undefined ? {} : { ExclusiveStartKey: { pk: partition, sk: after } }),
    Limit: limit,
    // The other half of the race is in the recent events: each side writes its own record, then reads the other's (PROTOCOL A1).
    ConsistentRead: true,
  };
}

export function findWaits(
  { documents, directoryTable }: DynamoTables,
  request: Parameters<DirectoryStore["findWaits"]>[0],
): Promise<Page<WaitRecord>> {
  return walkPartitions({
    partitions: waitPartitions(request),
    limit: request.limit,
    cursor: request.cursor,
    async query(partition, after, limit) {
      const { items, more } = await queryUpTo(
        documents,
        findWaitsParams(directoryTable, partition, after, limit),
      );
      const found = items.map((item) => ({
        position: new ItemReader(item).text("sk"),
        item: readWaitItem(request, item),
      }));
      return { found, more };
    },
  });
}
