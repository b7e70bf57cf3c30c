import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { isMarkedBy } from "../outbox.js";
import type { OutboxStore } from "../ports.js";
import { pendingMark, readOutboxItem } from "./commit-item.js";
import { answerOf } from "./conditional.js";
import { all, namesIn, updateOf } from "./expressions.js";
import { commitKey } from "./keys.js";
import type { DynamoTables } from "./tables.js";

type MarkRequest = Parameters<OutboxStore["markOutbox"]>[0];

const HAS_AN_OUTBOX = "attribute_exists(#out)";

/** Nobody has marked it since the caller read it; an outbox that was never marked has no version yet. */
const VERSION_AS_READ = "#outVersion = :readVersion";
const NEVER_MARKED = "attribute_not_exists(#outVersion)";

export function markOutboxParams(executionsTable: string, request: MarkRequest): UpdateCommandInput {
  const { executionId, slot, version, states, pendingAt } = request;
  const condition = all(HAS_AN_OUTBOX, version === 0 ? NEVER_MARKED : VERSION_AS_READ);
  const { update, values } = updateOf({
    outStates: JSON.stringify(states),
    outVersion: version + 1,
    ...(pendingAt === undefined ? { ob: undefined, obAt: undefined } : pendingMark(executionId, pendingAt)),
  });
  return {
    TableName: executionsTable,
    Key: commitKey(executionId, slot),
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(condition, update),
    ExpressionAttributeValues: { ...values, ...(version === 0 ? {} : { ":readVersion": version }) },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function markOutbox(
  { documents, executionsTable }: DynamoTables,
  request: MarkRequest,
): ReturnType<OutboxStore["markOutbox"]> {
  const answer = await answerOf(
    documents.send(new UpdateCommand(markOutboxParams(executionsTable, request))),
  );
  if (!answer.refused) return { marked: true };
  const outbox = answer.found && readOutboxItem(answer.found);
  return { marked: outbox !== undefined && isMarkedBy(request, outbox) };
}
