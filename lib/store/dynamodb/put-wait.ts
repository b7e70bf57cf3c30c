import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { WaitRecord } from "../ports.js";
import type { DynamoTables } from "./tables.js";
import { waitItem } from "./wait-item.js";

/** Unconditional: the key is the wait itself, so a repeat writes what is there already. */
export function putWaitParams(directoryTable: string, wait: WaitRecord): PutCommandInput {
  return { TableName: directoryTable, Item: waitItem(wait) };
}

export async function putWait({ documents, directoryTable }: DynamoTables, wait: WaitRecord): Promise<void> {
  await documents.send(new PutCommand(putWaitParams(directoryTable, wait)));
}
