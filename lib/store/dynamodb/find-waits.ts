import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { CorruptHistoryError } from "../../model/errors.js";
import type { Damaged, DirectoryStore, Page, WaitRecord } from "../ports.js";
import { walkPartitions } from "../walk.js";
import { namesIn } from "./expressions.js";
import { type Item, ItemReader } from "./item.js";
import { type Subject, waitPartitions } from "./keys.js";
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

/** A record that can't be read is told beside the others: it must keep nobody from an event. */
export async function findWaits(
  { documents, directoryTable }: DynamoTables,
  request: Parameters<DirectoryStore["findWaits"]>[0],
): Promise<Page<WaitRecord>> {
  const { items, cursor } = await walkPartitions({
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
        item: recordOrDamage(request, item),
      }));
      return { found, more };
    },
  });
  const damaged = items.filter(isDamage);
  return {
    items: items.filter((item): item is WaitRecord => !isDamage(item)),
    ...(damaged.length === 0 ? {} : { damaged }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function isDamage(item: WaitRecord | Damaged): item is Damaged {
  return "why" in item;
}

function recordOrDamage(subject: Subject, item: Item): WaitRecord | Damaged {
  try {
    return readWaitItem(subject, item);
  } catch (error) {
    if (!(error instanceof CorruptHistoryError)) throw error;
    const { executionId } = item;
    return { executionId: typeof executionId === "string" ? executionId : "?", why: error.message };
  }
}
