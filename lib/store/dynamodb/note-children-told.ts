import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { EpochMs } from "../../model/time.js";
import { answerOf } from "./conditional.js";
import { namesIn, updateOf } from "./expressions.js";
import { headKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** It is the end whose children were told: a redriven execution has another one, or none yet. */
const THAT_END = "#closedAt = :readClosedAt";

export function noteChildrenToldParams(
  executionsTable: string,
  executionId: string,
  closedAt: EpochMs,
): UpdateCommandInput {
  const { update } = updateOf({ openChildren: undefined });
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: THAT_END,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(THAT_END, update),
    ExpressionAttributeValues: { ":readClosedAt": closedAt },
  };
}

export async function noteChildrenTold(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  closedAt: EpochMs,
): Promise<void> {
  await answerOf(
    documents.send(new UpdateCommand(noteChildrenToldParams(executionsTable, executionId, closedAt))),
  );
}
