import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { AuditStore } from "../ports.js";
import { type Item, ItemReader } from "./item.js";
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

export function readCursorItem(item: Item): { cursor: string; version: number } {
  const read = new ItemReader(item);
  return { cursor: read.text("cursor"), version: read.count("version") };
}
