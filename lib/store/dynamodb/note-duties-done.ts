import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { ExecutionStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { all, namesIn, updateOf } from "./expressions.js";
import { statusIndexKey } from "./head-item.js";
import { headKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

type Closed = Parameters<ExecutionStore["noteDutiesDone"]>[0];

/** Still that end: one who was redriven has closed no more, and at the next end it has another epoch. */
const THAT_END = all("#status = :readStatus", "#epoch = :epoch", "attribute_exists(#duties)");

export function noteDutiesDoneParams(executionsTable: string, closed: Closed): UpdateCommandInput {
  const { update, values } = updateOf({
    st: statusIndexKey(closed.status, closed.executionId),
    duties: undefined,
  });
  return {
    TableName: executionsTable,
    Key: headKey(closed.executionId),
    ConditionExpression: THAT_END,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(THAT_END, update),
    ExpressionAttributeValues: { ...values, ":readStatus": closed.status, ":epoch": closed.epoch },
  };
}

export async function noteDutiesDone(
  { documents, executionsTable }: DynamoTables,
  closed: Closed,
): Promise<void> {
  await answerOf(documents.send(new UpdateCommand(noteDutiesDoneParams(executionsTable, closed))));
}
