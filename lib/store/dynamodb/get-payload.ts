import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { ItemReader } from "./item.js";
import { payloadKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

export async function getPayload(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  name: string,
): Promise<string | Uint8Array | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: executionsTable, Key: payloadKey(executionId, name), ConsistentRead: true }),
  );
  return Item && new ItemReader(Item).content("value");
}
