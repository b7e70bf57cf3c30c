import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { ExecutionStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { namesIn } from "./expressions.js";
import { readHeadItem } from "./head-item.js";
import { headKey } from "./keys.js";
import { answered } from "./returned.js";
import type { DynamoTables } from "./tables.js";

type MoveRequest = Parameters<ExecutionStore["movePin"]>[0];

const PINNED_AS_SEEN = "#pin = :from";
const MOVE = "SET #pin = :to";

export function movePinParams(
  executionsTable: string,
  { executionId, from, to }: MoveRequest,
): UpdateCommandInput {
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: PINNED_AS_SEEN,
    UpdateExpression: MOVE,
    ExpressionAttributeNames: namesIn(PINNED_AS_SEEN, MOVE),
    ExpressionAttributeValues: { ":from": from, ":to": to },
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function movePin(
  { documents, executionsTable }: DynamoTables,
  request: MoveRequest,
): ReturnType<ExecutionStore["movePin"]> {
  const answer = await answerOf(documents.send(new UpdateCommand(movePinParams(executionsTable, request))));
  if (!answer.refused) return { moved: true, head: readHeadItem(answered(answer.output)) };
  if (answer.found === undefined) return { moved: false, head: undefined };
  const head = readHeadItem(answer.found);
  return { moved: head.pin === request.to, head };
}
