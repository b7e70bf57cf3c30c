import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import { checkPayloadSize } from "../limits.js";
import { answerOf } from "./conditional.js";
import type { Item } from "./item.js";
import { itemToken } from "./item-token.js";
import { payloadKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Throws `PayloadTooLargeError`. */
export function payloadItem(executionId: string, name: string, content: string | Uint8Array): Item {
  checkPayloadSize(name, content);
  return { ...payloadKey(executionId, name), value: content, token: itemToken() };
}

/** What is there stays: most names are made of their content, and of the others the first content is what was told. */
const NAME_IS_FREE = "attribute_not_exists(pk)";

export function putPayloadParams(
  executionsTable: string,
  executionId: string,
  name: string,
  content: string | Uint8Array,
): PutCommandInput {
  return {
    TableName: executionsTable,
    Item: payloadItem(executionId, name, content),
    ConditionExpression: NAME_IS_FREE,
  };
}

export async function putPayload(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  await answerOf(
    documents.send(new PutCommand(putPayloadParams(executionsTable, executionId, name, content))),
  );
}
