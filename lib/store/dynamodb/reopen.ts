import { UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { RedriveMessage } from "../../model/message.js";
import { messageBytes, messageContent } from "../inbox.js";
import type { ExecutionStore } from "../ports.js";
import { REOPENABLE_STATUSES, REOPENABLE_TO_UNDO } from "../status.js";
import { answerOf } from "./conditional.js";
import { all, isOneOf, namesIn, updateOf } from "./expressions.js";
import { readHeadItem, statusIndexKey, storedValue } from "./head-item.js";
import { headKey } from "./keys.js";
import { answered } from "./returned.js";
import type { DynamoTables } from "./tables.js";

/** It failed, or it stands still. */
const MAY_GO_ON = isOneOf("status", REOPENABLE_STATUSES);

/** It ended otherwise, and a compensation of it gave up. */
const MAY_UNDO = isOneOf("status", REOPENABLE_TO_UNDO, "ended");

/** Its history is still there. */
const NOT_DELETED = "attribute_not_exists(#deletedAt)";

const MAY_REOPEN = all(
  `(${MAY_GO_ON.condition} OR (${all(MAY_UNDO.condition, "#compensation = :incomplete")}))`,
  NOT_DELETED,
  "#epoch = :epoch",
);

export function reopenParams(
  executionsTable: string,
  executionId: string,
  seen: { readonly epoch: number },
  message: RedriveMessage,
): UpdateCommandInput {
  const { update, values } = updateOf({
    status: "running",
    st: statusIndexKey("running", executionId),
    stall: undefined,
    closedAt: undefined,
    compensation: undefined,
    duties: undefined,
    ...storedValue("error", undefined),
  });
  // Whatever the head's room: this message and the status that lets it be read must be one write.
  const withMessage = `${update.replace("SET ", "SET #inbox.#id = :content, ")} ADD #inboxSeq :one, #inboxBytes :bytes`;
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: MAY_REOPEN,
    UpdateExpression: withMessage,
    ExpressionAttributeNames: { ...namesIn(MAY_REOPEN, withMessage), "#id": message.id },
    ExpressionAttributeValues: {
      ...values,
      ...MAY_GO_ON.values,
      ...MAY_UNDO.values,
      ":incomplete": "incomplete",
      ":content": messageContent(message),
      ":epoch": seen.epoch,
      ":one": 1,
      ":bytes": messageBytes(message),
    },
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function reopen(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  seen: { readonly epoch: number },
  message: RedriveMessage,
): ReturnType<ExecutionStore["reopen"]> {
  const answer = await answerOf(
    documents.send(new UpdateCommand(reopenParams(executionsTable, executionId, seen, message))),
  );
  if (!answer.refused) return { reopened: true, head: readHeadItem(answered(answer.output)) };
  if (answer.found === undefined) return { reopened: false, head: undefined };
  const head = readHeadItem(answer.found);
  return { reopened: head.inbox.some((held) => held.id === message.id), head };
}
