import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { Outbox } from "../ports.js";
import { readOutboxItem } from "./commit-item.js";
import { recordKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

export async function readOutbox(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  slot: number,
): Promise<Outbox | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: executionsTable, Key: recordKey(executionId, slot), ConsistentRead: true }),
  );
  return Item && readOutboxItem(Item);
}
