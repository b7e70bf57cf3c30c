import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { StoredDefinition } from "../ports.js";
import { readDefinitionItem } from "./definition-item.js";
import { definitionKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

export async function getDefinition(
  { documents, directoryTable }: DynamoTables,
  workflow: string,
  hash: string,
): Promise<StoredDefinition | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: directoryTable, Key: definitionKey(workflow, hash), ConsistentRead: true }),
  );
  return Item && readDefinitionItem(Item);
}
