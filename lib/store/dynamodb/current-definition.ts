import { GetCommand, PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { CurrentDefinition } from "../ports.js";
import { answerOf } from "./conditional.js";
import { currentDefinitionItem, readCurrentDefinitionItem } from "./definition-item.js";
import { namesIn } from "./expressions.js";
import { currentDefinitionKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Nobody has changed it since the caller read it; before the first change there is none. */
const REVISION_AS_READ = "#revision = :readRevision";
const NEVER_SET = "attribute_not_exists(#revision)";

export async function readCurrentDefinition(
  { documents, directoryTable }: DynamoTables,
  workflow: string,
): Promise<CurrentDefinition | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: directoryTable, Key: currentDefinitionKey(workflow), ConsistentRead: true }),
  );
  return Item && readCurrentDefinitionItem(Item);
}

export function setCurrentDefinitionParams(
  directoryTable: string,
  current: CurrentDefinition,
): PutCommandInput {
  const first = current.revision === 1;
  const condition = first ? NEVER_SET : REVISION_AS_READ;
  return {
    TableName: directoryTable,
    Item: currentDefinitionItem(current),
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ...(first ? {} : { ExpressionAttributeValues: { ":readRevision": current.revision - 1 } }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function setCurrentDefinition(
  { documents, directoryTable }: DynamoTables,
  current: CurrentDefinition,
): Promise<{ set: boolean }> {
  const answer = await answerOf(
    documents.send(new PutCommand(setCurrentDefinitionParams(directoryTable, current))),
  );
  if (!answer.refused) return { set: true };
  const found = answer.found && readCurrentDefinitionItem(answer.found);
  return { set: found?.revision === current.revision && found.hash === current.hash };
}
