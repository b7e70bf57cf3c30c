import { PutCommand, type PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { WaitRecord } from "../ports.js";
import { answerOf } from "./conditional.js";
import { namesIn } from "./expressions.js";
import type { DynamoTables } from "./tables.js";
import { NOT_OF_A_LATER_OWNER, registrantValues, waitItem } from "./wait-item.js";

export function putWaitParams(directoryTable: string, wait: WaitRecord): PutCommandInput {
  return {
    TableName: directoryTable,
    Item: waitItem(wait),
    ConditionExpression: NOT_OF_A_LATER_OWNER,
    ExpressionAttributeNames: namesIn(NOT_OF_A_LATER_OWNER),
    ExpressionAttributeValues: registrantValues(wait),
  };
}

/** A refusal is as good: the record of a later owner stands, and this one has no say any more. */
export async function putWait({ documents, directoryTable }: DynamoTables, wait: WaitRecord): Promise<void> {
  await answerOf(documents.send(new PutCommand(putWaitParams(directoryTable, wait))));
}
