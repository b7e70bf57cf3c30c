import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { indexPartition } from "../listing.js";
import { type OutboxPosition, outboxShards, parsePosition, positionText } from "../outbox.js";
import type { OutboxMark, OutboxStore } from "../ports.js";
import { walkPartitions } from "../walk.js";
import { readCommitKey } from "./commit-item.js";
import { all, namesIn } from "./expressions.js";
import { ItemReader } from "./item.js";
import { OUTBOX_GROUPS, recordKey } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";

const MARKED = "#ob = :partition";
const MARKED_BY_THEN = "#obAt <= :until";

export function listOutboxesParams(
  executionsTable: string,
  request: {
    readonly mark: OutboxMark;
    readonly shard: number;
    readonly until: number | undefined;
    readonly after: OutboxPosition | undefined;
    readonly limit: number;
  },
): QueryCommandInput & { readonly Limit: number } {
  const { mark, shard, until, after, limit } = request;
  const partition = indexPartition(OUTBOX_GROUPS[mark], shard);
  const condition = all(MARKED, until === undefined ? undefined : MARKED_BY_THEN);
  return {
    TableName: executionsTable,
    IndexName: "outboxPending",
    KeyConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ExpressionAttributeValues: {
      ":partition": partition,
      ...(until === undefined ? {} : { ":until": until }),
    },
    ...(after === undefined
      ? {}
      : { ExclusiveStartKey: { ...recordKey(after[1], after[2]), ob: partition, obAt: after[0] } }),
    Limit: limit,
  };
}

export function listOutboxes(
  { documents, executionsTable }: DynamoTables,
  { mark, shard, until, limit, cursor }: Parameters<OutboxStore["listOutboxes"]>[0],
): ReturnType<OutboxStore["listOutboxes"]> {
  return walkPartitions({
    partitions: outboxShards(shard),
    limit,
    cursor,
    query: async (partition, after, wanted) => {
      const { items, more } = await queryUpTo(
        documents,
        listOutboxesParams(executionsTable, {
          mark,
          shard: Number(partition),
          until,
          after: after === undefined ? undefined : parsePosition(after),
          limit: wanted,
        }),
      );
      const found = items.map((item) => {
        const outbox = readCommitKey(item);
        const at = new ItemReader(item).number("obAt");
        return { position: positionText([at, outbox.executionId, outbox.slot]), item: outbox };
      });
      return { found, more };
    },
  });
}
