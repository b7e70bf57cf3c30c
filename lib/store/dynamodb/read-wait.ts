import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { WaitKey } from "../../model/head.js";
import type { WaitRecord } from "../ports.js";
import { waitKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";
import { readWaitItem } from "./wait-item.js";

export async function readWait(
  { documents, directoryTable }: DynamoTables,
  wait: WaitKey,
): Promise<WaitRecord | undefined> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: directoryTable, Key: waitKey(wait), ConsistentRead: true }),
  );
  return Item && readWaitItem(wait, Item);
}
