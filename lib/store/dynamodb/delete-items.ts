/**
 * Deletes what lies beside a marked head. Every item has a token of its own, which a delete names: one that arrives late, when the execution
 * is gone and its id is used anew, finds another token and deletes nothing. One call each: a batch takes no conditions, and costs the same units.
 */
import { DeleteCommand, type DeleteCommandInput, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { RetentionStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { all, namesIn } from "./expressions.js";
import { type Item, ItemReader } from "./item.js";
import { HEAD, isPendingMark, PENDING_MARK } from "./keys.js";
import { queryUpTo } from "./query.js";
import { readHead } from "./read-head.js";
import type { DynamoTables } from "./tables.js";

type ItemsRequest = Parameters<RetentionStore["deleteItems"]>[0];

/** Calls at one time. */
const AT_ONCE = 25;

const ALL_ITEMS = "#pk = :pk";
const MARK_AND_KEY = "#sk, #ob, #token";

const IS_THE_READ_ONE = "#token = :token";

/** None of its outgoing messages is to be tried; a person may ask for one that was given up at this very moment. */
const NOTHING_TO_CARRY = "(attribute_not_exists(#ob) OR NOT begins_with(#ob, :pending))";

export function itemKeysParams(
  executionsTable: string,
  executionId: string,
  limit: number,
): QueryCommandInput & { readonly Limit: number } {
  return {
    TableName: executionsTable,
    KeyConditionExpression: ALL_ITEMS,
    ProjectionExpression: MARK_AND_KEY,
    ExpressionAttributeNames: namesIn(ALL_ITEMS, MARK_AND_KEY),
    ExpressionAttributeValues: { ":pk": executionId },
    ConsistentRead: true,
    // The head is among them; and one more than that tells whether it was all.
    Limit: limit + 2,
  };
}

export function deleteItemParams(
  executionsTable: string,
  executionId: string,
  item: Item,
): DeleteCommandInput {
  const read = new ItemReader({ pk: executionId, ...item });
  const condition = all(IS_THE_READ_ONE, NOTHING_TO_CARRY);
  return {
    TableName: executionsTable,
    Key: { pk: executionId, sk: read.text("sk") },
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ExpressionAttributeValues: { ":token": read.text("token"), ":pending": PENDING_MARK },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}

export async function deleteItems(
  tables: DynamoTables,
  { executionId, deletedAt, limit }: ItemsRequest,
): ReturnType<RetentionStore["deleteItems"]> {
  const { documents, executionsTable } = tables;
  const head = await readHead(tables, executionId);
  if (head?.deletedAt !== deletedAt) return { deleted: 0, done: false };
  const { items } = await queryUpTo(documents, itemKeysParams(executionsTable, executionId, limit));
  const beside = items.filter((item) => item.sk !== HEAD);
  const found = beside.slice(0, limit);
  const toDelete = found.filter(({ ob }) => typeof ob !== "string" || !isPendingMark(ob));
  let deleted = 0;
  for (let from = 0; from < toDelete.length; from += AT_ONCE) {
    const some = toDelete.slice(from, from + AT_ONCE);
    const gone = await Promise.all(some.map((item) => deleteItem(tables, executionId, item)));
    deleted += gone.filter(Boolean).length;
  }
  return { deleted, done: deleted === beside.length };
}

/** @returns whether it is gone, by whomever */
async function deleteItem(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  item: Item,
): Promise<boolean> {
  const params = deleteItemParams(executionsTable, executionId, item);
  const answer = await answerOf(documents.send(new DeleteCommand(params)));
  return !answer.refused || answer.found === undefined;
}
