import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { answerOf } from "./conditional.js";
import { namesIn } from "./expressions.js";
import { headKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

/** Nobody has taken it over, and it was not released. */
const HELD_BY_ME = "#lease.#token = :token";
const MARK = "SET #lease.#failed = :failed";

export function failLeaseParams(
  executionsTable: string,
  executionId: string,
  leaseToken: string,
): UpdateCommandInput {
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: HELD_BY_ME,
    UpdateExpression: MARK,
    ExpressionAttributeNames: namesIn(HELD_BY_ME, MARK),
    ExpressionAttributeValues: { ":token": leaseToken, ":failed": true },
  };
}

export async function failLease(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  leaseToken: string,
): Promise<void> {
  await answerOf(
    documents.send(new UpdateCommand(failLeaseParams(executionsTable, executionId, leaseToken))),
  );
}
