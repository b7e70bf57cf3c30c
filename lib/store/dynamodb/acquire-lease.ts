import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { ExecutionStore } from "../ports.js";
import { OPEN_STATUSES } from "../status.js";
import { answerOf } from "./conditional.js";
import { all, isOneOf, namesIn, updateOf } from "./expressions.js";
import { readHeadItem } from "./head-item.js";
import { headKey } from "./keys.js";
import { answered } from "./returned.js";
import type { DynamoTables } from "./tables.js";

type LeaseRequest = Parameters<ExecutionStore["acquireLease"]>[0];

/** Nobody has acquired it since the caller looked… */
const EPOCH_AS_SEEN = "#epoch = :seenEpoch";
/** … and its holder has not released it, or released it when the caller saw it held. */
const HELD_AS_SEEN = "#lease.#token = :seenToken";
const RELEASED_AS_SEEN = "attribute_not_exists(#lease)";

export function acquireLeaseParams(executionsTable: string, request: LeaseRequest): UpdateCommandInput {
  const { executionId, seen, owner, token, until, evenStalled, pin } = request;
  const open = isOneOf("status", evenStalled === true ? [...OPEN_STATUSES, "stalled"] : OPEN_STATUSES);
  const condition = all(
    open.condition,
    EPOCH_AS_SEEN,
    seen.leaseToken === undefined ? RELEASED_AS_SEEN : HELD_AS_SEEN,
  );
  const { update, values } = updateOf({
    epoch: seen.epoch + 1,
    lease: { owner, token, until },
    ...(pin === undefined ? {} : { pin }),
  });
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(condition, update),
    ExpressionAttributeValues: {
      ...values,
      ...open.values,
      ":seenEpoch": seen.epoch,
      ...(seen.leaseToken === undefined ? {} : { ":seenToken": seen.leaseToken }),
    },
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function acquireLease(
  { documents, executionsTable }: DynamoTables,
  request: LeaseRequest,
): ReturnType<ExecutionStore["acquireLease"]> {
  const answer = await answerOf(
    documents.send(new UpdateCommand(acquireLeaseParams(executionsTable, request))),
  );
  if (!answer.refused) return { acquired: true, head: readHeadItem(answered(answer.output)) };
  if (answer.found === undefined) return { acquired: false, head: undefined };
  const head = readHeadItem(answer.found);
  return { acquired: head.lease?.token === request.token, head };
}
