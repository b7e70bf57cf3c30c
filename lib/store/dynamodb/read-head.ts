import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { Head } from "../../model/head.js";
import { readHeadItem } from "./head-item.js";
import { headKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

export async function readHead(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
): Promise<Head | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: executionsTable, Key: headKey(executionId), ConsistentRead: true }),
  );
  return Item && readHeadItem(Item);
}
