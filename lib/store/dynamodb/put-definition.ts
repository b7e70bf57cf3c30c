import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import { storedDefinition } from "../definition.js";
import type { NewDefinition } from "../ports.js";
import { answerOf } from "./conditional.js";
import { definitionItem } from "./definition-item.js";
import type { DynamoTables } from "./tables.js";

/** Nobody has recorded this code before. */
const HASH_IS_NEW = "attribute_not_exists(pk)";

export function putDefinitionParams(directoryTable: string, definition: NewDefinition): PutCommandInput {
  return {
    TableName: directoryTable,
    Item: definitionItem(storedDefinition(definition)),
    ConditionExpression: HASH_IS_NEW,
  };
}

export async function putDefinition(
  { documents, directoryTable }: DynamoTables,
  definition: NewDefinition,
): Promise<void> {
  await answerOf(documents.send(new PutCommand(putDefinitionParams(directoryTable, definition))));
}
