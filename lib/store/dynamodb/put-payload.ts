import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Encoded } from "../../model/value.js";
import { checkPayloadSize } from "../limits.js";
import { payloadKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Unconditional: a payload's name belongs to one value, so a repeat writes what is there already. */
export function putPayloadParams(
  executionsTable: string,
  executionId: string,
  name: string,
  json: string,
): PutCommandInput {
  return { TableName: executionsTable, Item: { ...payloadKey(executionId, name), value: json } };
}

export async function putPayload(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  name: string,
  value: Encoded,
): Promise<void> {
  const json = JSON.stringify(value);
  checkPayloadSize(name, json);
  await documents.send(new PutCommand(putPayloadParams(executionsTable, executionId, name, json)));
}
