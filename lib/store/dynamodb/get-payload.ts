import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { Encoded } from "../../model/value.js";
import { ItemReader } from "./item.js";
import { payloadKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

export async function getPayload(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  name: string,
): Promise<Encoded | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: executionsTable, Key: payloadKey(executionId, name), ConsistentRead: true }),
  );
  return Item && new ItemReader(Item).json<Encoded>("value");
}
