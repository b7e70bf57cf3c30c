import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { EpochMs } from "../../model/time.js";
import type { AsClosed, RetentionStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { all, namesIn, updateOf } from "./expressions.js";
import { readHeadItem } from "./head-item.js";
import { headKey } from "./keys.js";
import { answered } from "./returned.js";
import type { DynamoTables } from "./tables.js";

/** Nobody has redriven it since the caller read it. */
export const CLOSED_AS_READ = "#status = :readStatus AND #closedAt = :readClosedAt";

/** Nobody has begun: the first mark stands. */
const NOT_MARKED = "attribute_not_exists(#deletedAt)";

export function beginDeletionParams(
  executionsTable: string,
  { executionId, status, closedAt }: AsClosed,
  at: EpochMs,
): UpdateCommandInput {
  const condition = all(CLOSED_AS_READ, NOT_MARKED);
  const { update, values } = updateOf({ deletedAt: at });
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(condition, update),
    ExpressionAttributeValues: { ...values, ":readStatus": status, ":readClosedAt": closedAt },
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function beginDeletion(
  { documents, executionsTable }: DynamoTables,
  execution: AsClosed,
  at: EpochMs,
): ReturnType<RetentionStore["beginDeletion"]> {
  const answer = await answerOf(
    documents.send(new UpdateCommand(beginDeletionParams(executionsTable, execution, at))),
  );
  if (!answer.refused) return { begun: true, head: readHeadItem(answered(answer.output)) };
  if (answer.found === undefined) return { begun: false, head: undefined };
  const head = readHeadItem(answer.found);
  const asRead = head.status === execution.status && head.closedAt === execution.closedAt;
  return { begun: asRead && head.deletedAt !== undefined, head };
}
