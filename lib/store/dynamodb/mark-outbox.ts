import { DynamoDBServiceException } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  type DeleteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { checkStaged, endsWith, isMarkedBy } from "../outbox.js";
import { fitting, withoutErrors } from "../outbox-room.js";
import type { OutboxStore } from "../ports.js";
import { markAttributes, readOutboxItem } from "./commit-item.js";
import { answerOf } from "./conditional.js";
import { all, namesIn, updateOf } from "./expressions.js";
import { HEAD, recordKey } from "./keys.js";
import { packed } from "./packed.js";
import type { DynamoTables } from "./tables.js";

type MarkRequest = Parameters<OutboxStore["markOutbox"]>[0];
type AsRead = Parameters<OutboxStore["deleteStaged"]>[0];

const HAS_AN_OUTBOX = "attribute_exists(#out)";

/** The wake of its start was not sent yet. */
const STILL_MARKED = "attribute_exists(#ob)";

/** Nobody has marked it since the caller read it; an outbox that was never marked has no version yet. */
const VERSION_AS_READ = "#outVersion = :readVersion";
const NEVER_MARKED = "attribute_not_exists(#outVersion)";

export function markOutboxParams(executionsTable: string, request: MarkRequest): UpdateCommandInput {
  const { executionId, slot, version, states, pendingAt, givenUpAt } = request;
  const isHead = slot === 0;
  const condition = all(
    isHead ? STILL_MARKED : HAS_AN_OUTBOX,
    version === 0 ? NEVER_MARKED : VERSION_AS_READ,
  );
  // A head is written again and again: nothing of the mark stays in it.
  const done = isHead && pendingAt === undefined;
  const { update, values } = updateOf({
    outStates: done ? undefined : packed(JSON.stringify(states)),
    outVersion: done ? undefined : version + 1,
    ...(pendingAt !== undefined
      ? markAttributes("pending", executionId, pendingAt)
      : givenUpAt !== undefined
        ? markAttributes("given up", executionId, givenUpAt)
        : { ob: undefined, obAt: undefined }),
  });
  return {
    TableName: executionsTable,
    Key: recordKey(executionId, slot),
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(condition, update),
    ...(done && version === 0
      ? {}
      : {
          ExpressionAttributeValues: { ...values, ...(version === 0 ? {} : { ":readVersion": version }) },
        }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

/** For what was staged: under the conditions of a mark. */
export function endOutboxParams(executionsTable: string, request: AsRead): DeleteCommandInput {
  const { executionId, slot, version } = request;
  const condition = all(HAS_AN_OUTBOX, version === 0 ? NEVER_MARKED : VERSION_AS_READ);
  return {
    TableName: executionsTable,
    Key: recordKey(executionId, slot),
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ...(version === 0 ? {} : { ExpressionAttributeValues: { ":readVersion": version } }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

/** A commit that was written before commits counted their messages' states may have no room for errors: what becomes of it matters more. */
export async function markOutbox(
  tables: DynamoTables,
  request: MarkRequest,
): ReturnType<OutboxStore["markOutbox"]> {
  const states = fitting(request.states);
  try {
    return await tryMark(tables, { ...request, states });
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    return tryMark(tables, { ...request, states: withoutErrors(states) });
  }
}

/** By name, and by its words: the item that would become too large, or the attribute that is too large for any, has no error of its own. */
function isTooLarge(error: unknown): boolean {
  return (
    error instanceof DynamoDBServiceException &&
    error.name === "ValidationException" &&
    error.message.includes("Item size")
  );
}

async function tryMark(
  { documents, executionsTable }: DynamoTables,
  request: MarkRequest,
): ReturnType<OutboxStore["markOutbox"]> {
  const ends = endsWith(request);
  const answer = await answerOf<unknown>(
    ends
      ? documents.send(new DeleteCommand(endOutboxParams(executionsTable, request)))
      : documents.send(new UpdateCommand(markOutboxParams(executionsTable, request))),
  );
  if (!answer.refused || (ends && answer.found === undefined)) return { marked: true };
  const outbox = answer.found && readOutboxItem(answer.found);
  if (outbox === undefined) return { marked: answer.found?.sk === HEAD && request.pendingAt === undefined };
  const bare = { ...request, states: withoutErrors(request.states) };
  return { marked: isMarkedBy(request, outbox) || isMarkedBy(bare, outbox) };
}

export async function deleteStaged(
  { documents, executionsTable }: DynamoTables,
  outbox: AsRead,
): ReturnType<OutboxStore["deleteStaged"]> {
  checkStaged(outbox.executionId);
  const answer = await answerOf<unknown>(
    documents.send(new DeleteCommand(endOutboxParams(executionsTable, outbox))),
  );
  return { deleted: !answer.refused || answer.found === undefined };
}
