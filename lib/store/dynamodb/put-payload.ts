import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import { checkPayloadSize } from "../limits.js";
import type { Item } from "./item.js";
import { payloadKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Throws `PayloadTooLargeError`. */
export function payloadItem(executionId: string, name: string, content: string | Uint8Array): Item {
  checkPayloadSize(name, content);
  return { ...payloadKey(executionId, name), value: content };
}

/** Unconditional: a payload's name belongs to one value, so a repeat writes what is there already. */
export function putPayloadParams(
  executionsTable: string,
  executionId: string,
  name: string,
  content: string | Uint8Array,
): PutCommandInput {
  return { TableName: executionsTable, Item: payloadItem(executionId, name, content) };
}

export async function putPayload(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  await documents.send(new PutCommand(putPayloadParams(executionsTable, executionId, name, content)));
}
