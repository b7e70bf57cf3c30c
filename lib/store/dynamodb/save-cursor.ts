import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { AuditStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { namesIn } from "./expressions.js";
import { cursorKey } from "./keys.js";
import { readCursorItem } from "./read-cursor.js";
import type { DynamoTables } from "./tables.js";

/** Nobody has saved one since the caller read it; version 0 is that of none, and of one that was damaged. */
const VERSION_AS_READ = "#version = :readVersion";
const NEVER_SAVED = "(attribute_not_exists(#version) OR NOT attribute_type(#version, :number))";

export function saveCursorParams(
  directoryTable: string,
  name: string,
  cursor: string,
  version: number,
): PutCommandInput {
  const condition = version === 0 ? NEVER_SAVED : VERSION_AS_READ;
  return {
    TableName: directoryTable,
    Item: { ...cursorKey(name), cursor, version: version + 1 },
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ExpressionAttributeValues: version === 0 ? { ":number": "N" } : { ":readVersion": version },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function saveCursor(
  { documents, directoryTable }: DynamoTables,
  name: string,
  cursor: string,
  version: number,
): ReturnType<AuditStore["saveCursor"]> {
  const answer = await answerOf(
    documents.send(new PutCommand(saveCursorParams(directoryTable, name, cursor, version))),
  );
  if (!answer.refused) return { saved: true };
  const found = answer.found && readCursorItem(answer.found);
  return { saved: found?.version === version + 1 && found.cursor === cursor };
}
