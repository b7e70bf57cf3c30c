import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { AuditStore } from "../ports.js";
import type { Item } from "./item.js";
import { cursorKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

export async function readCursor(
  { documents, directoryTable }: DynamoTables,
  name: string,
): ReturnType<AuditStore["readCursor"]> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: directoryTable, Key: cursorKey(name), ConsistentRead: true }),
  );
  return Item && readCursorItem(Item);
}

/** It only says where to go on: of one that is damaged the next run begins at the beginning, and writes it anew. */
export function readCursorItem({ cursor, version }: Item): { cursor: string; version: number } {
  return {
    cursor: typeof cursor === "string" ? cursor : "",
    version: typeof version === "number" ? version : 0,
  };
}
