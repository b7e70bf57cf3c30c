import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { ExecutionStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { namesIn, updateOf } from "./expressions.js";
import { readHeadItem, statusIndexKey } from "./head-item.js";
import { headKey } from "./keys.js";
import { answered } from "./returned.js";
import type { DynamoTables } from "./tables.js";

const IS_STALLED = "#status = :stalled";

export function reopenParams(executionsTable: string, executionId: string): UpdateCommandInput {
  const { update, values } = updateOf({
    status: "running",
    st: statusIndexKey("running", executionId),
    stall: undefined,
  });
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: IS_STALLED,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(IS_STALLED, update),
    ExpressionAttributeValues: { ...values, ":stalled": "stalled" },
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function reopen(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
): ReturnType<ExecutionStore["reopen"]> {
  const answer = await answerOf(
    documents.send(new UpdateCommand(reopenParams(executionsTable, executionId))),
  );
  if (!answer.refused) return { reopened: true, head: readHeadItem(answered(answer.output)) };
  return { reopened: false, head: answer.found && readHeadItem(answer.found) };
}
