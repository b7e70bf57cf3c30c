/**
 * Accepts a message. A small one is one write of the head. A large one, or any that finds the head's room taken, is an item of its own,
 * and then the head's numbers rise:
 *
 * | What happens | Then |
 * |---|---|
 * | a crash after the item, before the numbers | the sender repeats: the item is there, the numbers rise |
 * | a repeat after both | the numbers rise once more: the owner looks in vain, once; whether the first try came so far can't be told |
 * | the execution closes in between | the sender is told `closed`; the item lies unread until retention deletes it with the rest |
 * | a repeat meets its first copy in the head | `duplicate`; an item written in vain is dropped by the owner, who knows its id by then |
 *
 * Two writes and not one transaction: a transaction costs twice as much, and two hundred signals at once would cancel each other's.
 */
import {
  PutCommand,
  type PutCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { Head } from "../../model/head.js";
import type { Message } from "../../model/message.js";
import { acceptsMessages } from "../../model/status.js";
import { INBOX_ROOM_BYTES, isSmall, messageBytes, messageContent } from "../inbox.js";
import { checkSize, LARGEST_RECORD_BYTES } from "../limits.js";
import type { ExecutionStore } from "../ports.js";
import { ACCEPTING_STATUSES } from "../status.js";
import { answerOf } from "./conditional.js";
import { all, isOneOf, namesIn } from "./expressions.js";
import { readHeadItem } from "./head-item.js";
import { headKey } from "./keys.js";
import { messageItem } from "./message-item.js";
import { readHead } from "./read-head.js";
import { answered } from "./returned.js";
import type { DynamoTables } from "./tables.js";

type Outcome = Awaited<ReturnType<ExecutionStore["appendMessage"]>>;

/** Its status accepts messages; a missing execution has no status at all. */
const ACCEPTS = isOneOf("status", ACCEPTING_STATUSES);

const NOT_IN_THE_HEAD = "attribute_not_exists(#inbox.#id)";

/** There is room, and no message is an item of its own: see `inbox.ts` for why the latter. */
const HEAD_HAS_ROOM =
  "attribute_not_exists(#inboxItems) AND (attribute_not_exists(#inboxBytes) OR #inboxBytes <= :room)";

/** No item has this message's id. */
const MESSAGE_IS_NEW = "attribute_not_exists(pk)";

export function appendInHeadParams(
  executionsTable: string,
  executionId: string,
  message: Message,
): UpdateCommandInput {
  const condition = all(ACCEPTS.condition, NOT_IN_THE_HEAD, HEAD_HAS_ROOM);
  const update = "SET #inbox.#id = :content ADD #inboxSeq :one, #inboxBytes :bytes";
  const bytes = messageBytes(message);
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: { ...namesIn(condition, update), "#id": message.id },
    ExpressionAttributeValues: {
      ...ACCEPTS.values,
      ":content": messageContent(message),
      ":one": 1,
      ":bytes": bytes,
      ":room": INBOX_ROOM_BYTES - bytes,
    },
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export function putMessageParams(
  executionsTable: string,
  executionId: string,
  message: Message,
): PutCommandInput {
  return {
    TableName: executionsTable,
    Item: messageItem(executionId, message),
    ConditionExpression: MESSAGE_IS_NEW,
  };
}

export function countMessageParams(
  executionsTable: string,
  executionId: string,
  message: Message,
): UpdateCommandInput {
  const condition = all(ACCEPTS.condition, NOT_IN_THE_HEAD);
  const update = "ADD #inboxSeq :one, #inboxItems :one";
  return {
    TableName: executionsTable,
    Key: headKey(executionId),
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: { ...namesIn(condition, update), "#id": message.id },
    ExpressionAttributeValues: { ...ACCEPTS.values, ":one": 1 },
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function appendMessage(
  tables: DynamoTables,
  executionId: string,
  message: Message,
): Promise<Outcome> {
  checkSize(`Message "${message.id}"`, LARGEST_RECORD_BYTES, messageContent(message));
  const first = isSmall(message)
    ? await appendInHead(tables, executionId, message)
    : refusalBy(await readHead(tables, executionId), message);
  return first ?? appendAsItem(tables, executionId, message);
}

/** Undefined when the head has no room. */
async function appendInHead(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  message: Message,
): Promise<Outcome | undefined> {
  const answer = await answerOf(
    documents.send(new UpdateCommand(appendInHeadParams(executionsTable, executionId, message))),
  );
  if (!answer.refused) return { outcome: "appended", head: readHeadItem(answered(answer.output)) };
  return refusalBy(answer.found && readHeadItem(answer.found), message);
}

async function appendAsItem(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  message: Message,
): Promise<Outcome> {
  const put = await answerOf(
    documents.send(new PutCommand(putMessageParams(executionsTable, executionId, message))),
  );
  const count = await answerOf(
    documents.send(new UpdateCommand(countMessageParams(executionsTable, executionId, message))),
  );
  if (!count.refused) {
    return { outcome: put.refused ? "duplicate" : "appended", head: readHeadItem(answered(count.output)) };
  }
  const refusal = refusalBy(count.found && readHeadItem(count.found), message);
  if (refusal !== undefined) return refusal;
  throw new Error(
    `DynamoDB refused to count message "${message.id}" of execution "${executionId}", although the head that it returned meets the condition. Repeat it with the same id.`,
  );
}

/** Why this head can't take the message at all; undefined when it can. */
function refusalBy(head: Head | undefined, message: Message): Outcome | undefined {
  if (head === undefined) return { outcome: "missing" };
  if (!acceptsMessages(head.status)) return { outcome: "closed", head };
  return head.inbox.some((held) => held.id === message.id) ? { outcome: "duplicate", head } : undefined;
}
