/** Deletes what lies beside a marked head: by range, in batches, and one by one where a condition must hold. */
import {
  BatchWriteCommand,
  DeleteCommand,
  type DeleteCommandInput,
  type QueryCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { RetentionStore } from "../ports.js";
import { answerOf } from "./conditional.js";
import { namesIn } from "./expressions.js";
import { type Item, ItemReader } from "./item.js";
import { HEAD, isPendingMark, type Key, PENDING_MARK } from "./keys.js";
import { queryUpTo } from "./query.js";
import { readHead } from "./read-head.js";
import type { DynamoTables } from "./tables.js";

type ItemsRequest = Parameters<RetentionStore["deleteItems"]>[0];

/** DynamoDB's limit for one batch of writes. */
const KEYS_PER_BATCH = 25;

/** Batches, or single deletes, at one time. */
const AT_ONCE = 4;

/** Keys come back unprocessed under throttling. Waits grow to 800 ms, so eight tries are about three seconds; then the next call goes on. */
const MOST_TRIES = 8;
const LONGEST_WAIT_MS = 800;

const ALL_ITEMS = "#pk = :pk";

/** What says whether it has, or had, outgoing messages. */
const MARKS_AND_KEY = "#sk, #ob, #outVersion";

/** None of its outgoing messages is to be tried, or tried again. */
const NOTHING_TO_CARRY = "attribute_not_exists(#ob) OR NOT begins_with(#ob, :pending)";

export function itemKeysParams(
  executionsTable: string,
  executionId: string,
  limit: number,
): QueryCommandInput & { readonly Limit: number } {
  return {
    TableName: executionsTable,
    KeyConditionExpression: ALL_ITEMS,
    ProjectionExpression: MARKS_AND_KEY,
    ExpressionAttributeNames: namesIn(ALL_ITEMS, MARKS_AND_KEY),
    ExpressionAttributeValues: { ":pk": executionId },
    ConsistentRead: true,
    // The head is among them.
    Limit: limit + 1,
  };
}

export function deleteOutboxParams(executionsTable: string, key: Key): DeleteCommandInput {
  return {
    TableName: executionsTable,
    Key: key,
    ConditionExpression: NOTHING_TO_CARRY,
    ExpressionAttributeNames: namesIn(NOTHING_TO_CARRY),
    ExpressionAttributeValues: { ":pending": PENDING_MARK },
  };
}

export async function deleteItems(
  tables: DynamoTables,
  { executionId, deletedAt, limit }: ItemsRequest,
): ReturnType<RetentionStore["deleteItems"]> {
  const { documents, executionsTable } = tables;
  const head = await readHead(tables, executionId);
  if (head?.deletedAt !== deletedAt) return { deleted: 0, done: false };
  const { items, more } = await queryUpTo(documents, itemKeysParams(executionsTable, executionId, limit));
  const found = items.filter((item) => item.sk !== HEAD).slice(0, limit);
  const keyOf = (item: Item): Key => ({ pk: executionId, sk: new ItemReader(item).text("sk") });
  const plain = found.filter((item) => item.ob === undefined && item.outVersion === undefined).map(keyOf);
  // One that has been carried may be asked for again: by a person, at this very moment.
  const outboxes = found.filter((item) => item.ob !== undefined || item.outVersion !== undefined);
  const carried = outboxes.filter(({ ob }) => typeof ob !== "string" || !isPendingMark(ob)).map(keyOf);
  const batches = await eachOf(inBatches(plain), (keys) => deleteBatch(tables, keys));
  const singles = await eachOf(carried, (key) => deleteOutbox(tables, key));
  const deleted = [...batches, ...singles].reduce((sum, count) => sum + count, 0);
  return { deleted, done: deleted === found.length && !more };
}

/** @returns how many of the keys it deleted: all, unless the table is throttled */
async function deleteBatch(
  { documents, executionsTable }: DynamoTables,
  keys: readonly Key[],
): Promise<number> {
  let left: readonly Key[] = keys;
  for (let tries = 0; left.length > 0 && tries < MOST_TRIES; tries += 1) {
    if (tries > 0)
      await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_WAIT_MS, 25 * 2 ** tries)));
    const { UnprocessedItems } = await documents.send(
      new BatchWriteCommand({
        RequestItems: { [executionsTable]: left.map((Key) => ({ DeleteRequest: { Key: { ...Key } } })) },
      }),
    );
    const unprocessed = new Set(
      (UnprocessedItems?.[executionsTable] ?? []).map(({ DeleteRequest }) => DeleteRequest?.Key?.sk),
    );
    left = left.filter(({ sk }) => unprocessed.has(sk));
  }
  return keys.length - left.length;
}

async function deleteOutbox({ documents, executionsTable }: DynamoTables, key: Key): Promise<number> {
  const answer = await answerOf(documents.send(new DeleteCommand(deleteOutboxParams(executionsTable, key))));
  return answer.refused ? 0 : 1;
}

function inBatches(keys: readonly Key[]): Key[][] {
  return Array.from({ length: Math.ceil(keys.length / KEYS_PER_BATCH) }, (_, batch) =>
    keys.slice(batch * KEYS_PER_BATCH, (batch + 1) * KEYS_PER_BATCH),
  );
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<number>): Promise<number[]> {
  const done: number[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    done.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  return done;
}
