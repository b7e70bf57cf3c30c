import { DeleteCommand, type DeleteCommandInput } from "@aws-sdk/lib-dynamodb";
import type { RetentionStore } from "../ports.js";
import { CLOSED_AS_READ } from "./begin-deletion.js";
import { answerOf } from "./conditional.js";
import { all, namesIn } from "./expressions.js";
import { headKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

type HeadRequest = Parameters<RetentionStore["deleteHead"]>[0];

const MARKED_AS_READ = "#deletedAt = :readDeletedAt";
const NOT_MARKED = "attribute_not_exists(#deletedAt)";

export function deleteHeadParams(executionsTable: string, request: HeadRequest): DeleteCommandInput {
  const { executionId, status, closedAt, deletedAt } = request;
  const condition = all(CLOSED_AS_READ, deletedAt === undefined ? NOT_MARKED : MARKED_AS_READ);
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ExpressionAttributeValues: {
      ":readStatus": status,
      ":readClosedAt": closedAt,
      ...(deletedAt === undefined ? {} : { ":readDeletedAt": deletedAt }),
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function deleteHead(
  { documents, executionsTable }: DynamoTables,
  request: HeadRequest,
): ReturnType<RetentionStore["deleteHead"]> {
  const answer = await answerOf(
    documents.send(new DeleteCommand(deleteHeadParams(executionsTable, request))),
  );
  return { deleted: !answer.refused || answer.found === undefined };
}
