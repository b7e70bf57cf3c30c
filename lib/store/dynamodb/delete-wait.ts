import { DeleteCommand, type DeleteCommandInput } from "@aws-sdk/lib-dynamodb";
import type { DirectoryStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { namesIn } from "./expressions.js";
import { waitKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";
import { NOT_OF_A_LATER_OWNER, registrantValues } from "./wait-item.js";

type Registration = Parameters<DirectoryStore["deleteWait"]>[0];

export function deleteWaitParams(directoryTable: string, wait: Registration): DeleteCommandInput {
  return {
    TableName: directoryTable,
    Key: waitKey(wait),
    ConditionExpression: NOT_OF_A_LATER_OWNER,
    ExpressionAttributeNames: namesIn(NOT_OF_A_LATER_OWNER),
    ExpressionAttributeValues: registrantValues(wait),
  };
}

/** A refusal is as good: who registered the wait since is waiting. */
export async function deleteWait(
  { documents, directoryTable }: DynamoTables,
  wait: Registration,
): Promise<void> {
  await answerOf(documents.send(new DeleteCommand(deleteWaitParams(directoryTable, wait))));
}
