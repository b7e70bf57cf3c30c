import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import { messageKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Deletes at a time: a batch costs the same units, needs a permission of its own, and returns what it left out to be sent again. */
const AT_ONCE = 20;

/** Unconditional: they are durable in history, which knows their ids for ever, so that whoever sends one again is not heard. */
export async function deleteMessages(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  messageIds: readonly string[],
): Promise<void> {
  for (let from = 0; from < messageIds.length; from += AT_ONCE) {
    await Promise.all(
      messageIds
        .slice(from, from + AT_ONCE)
        .map((id) =>
          documents.send(new DeleteCommand({ TableName: executionsTable, Key: messageKey(executionId, id) })),
        ),
    );
  }
}
