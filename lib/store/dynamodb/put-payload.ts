import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Encoded } from "../../model/value.js";
import { checkPayloadSize } from "../limits.js";
import type { Item } from "./item.js";
import { payloadKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Throws `PayloadTooLargeError`. */
export function payloadItem(executionId: string, name: string, value: Encoded): Item {
  const json = JSON.stringify(value);
  checkPayloadSize(name, json);
  return { ...payloadKey(executionId, name), value: json };
}

/** Unconditional: a payload's name belongs to one value, so a repeat writes what is there already. */
export function putPayloadParams(
  executionsTable: string,
  executionId: string,
  name: string,
  value: Encoded,
): PutCommandInput {
  return { TableName: executionsTable, Item: payloadItem(executionId, name, value) };
}

export async function putPayload(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  name: string,
  value: Encoded,
): Promise<void> {
  await documents.send(new PutCommand(putPayloadParams(executionsTable, executionId, name, value)));
}
