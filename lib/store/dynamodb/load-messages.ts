import { paginateQuery, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Message } from "../../model/message.js";
import { byAcceptance } from "../../model/message.js";
import { namesIn } from "./expressions.js";
import { MESSAGE_PREFIX } from "./keys.js";
import { readMessageItem } from "./message-item.js";
import type { DynamoTables } from "./tables.js";

const MESSAGES = "#pk = :pk AND begins_with(#sk, :prefix)";

export function loadMessagesParams(executionsTable: string, executionId: string): QueryCommandInput {
  return {
    TableName: executionsTable,
    KeyConditionExpression: MESSAGES,
    ExpressionAttributeNames: namesIn(MESSAGES),
    ExpressionAttributeValues: { ":pk": executionId, ":prefix": MESSAGE_PREFIX },
    ConsistentRead: true,
  };
}

/** The key is the message's id, so that a repeat meets it; their order is made here. */
export async function loadMessages(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const page of paginateQuery(
    { client: documents },
    loadMessagesParams(executionsTable, executionId),
  )) {
    for (const item of page.Items ?? []) messages.push(readMessageItem(item));
  }
  return messages.sort(byAcceptance);
}
