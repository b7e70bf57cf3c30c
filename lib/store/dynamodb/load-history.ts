import { paginateQuery, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { CorruptHistoryError } from "../../model/errors.js";
import { checkDense, emptySlots } from "../dense.js";
import type { Commit, ExecutionStore, RetentionStore } from "../ports.js";
import { readCommitItem, readCommitKey } from "./commit-item.js";
import { namesIn } from "./expressions.js";
import type { Item } from "./item.js";
import { commitsAfter } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";

const COMMITS_IN_RANGE = "#pk = :pk AND #sk BETWEEN :from AND :to";

export function loadHistoryParams(
  executionsTable: string,
  executionId: string,
  afterSlot: number,
): QueryCommandInput {
  const { from, to } = commitsAfter(afterSlot);
  return {
    TableName: executionsTable,
    KeyConditionExpression: COMMITS_IN_RANGE,
    ExpressionAttributeNames: namesIn(COMMITS_IN_RANGE),
    ExpressionAttributeValues: { ":pk": executionId, ":from": from, ":to": to },
    ConsistentRead: true,
  };
}

export async function loadHistory(
  tables: DynamoTables,
  executionId: string,
  afterSlot: number,
): Promise<Commit[]> {
  const items = await commitItems(tables, executionId, afterSlot);
  const commits = items.map(readCommitItem);
  checkDense(executionId, afterSlot, commits);
  return commits;
}

export async function salvageHistory(
  tables: DynamoTables,
  executionId: string,
): ReturnType<ExecutionStore["salvageHistory"]> {
  const items = await commitItems(tables, executionId, 0);
  const commits = items.flatMap(readable);
  const last = items.at(-1);
  return { commits, unread: emptySlots(commits, last === undefined ? 0 : readCommitKey(last).slot) };
}

export async function readCommits(
  { documents, executionsTable }: DynamoTables,
  { executionId, afterSlot, limit }: Parameters<RetentionStore["readCommits"]>[0],
): ReturnType<RetentionStore["readCommits"]> {
  const params = loadHistoryParams(executionsTable, executionId, afterSlot);
  const { items, more } = await queryUpTo(documents, { ...params, Limit: limit });
  const last = items.at(-1);
  const upTo = last === undefined ? afterSlot : readCommitKey(last).slot;
  return { commits: items.flatMap(readable), upTo, more };
}

function readable(item: Item): Commit[] {
  try {
    return [readCommitItem(item)];
  } catch (error) {
    if (error instanceof CorruptHistoryError) return [];
    throw error;
  }
}

async function commitItems(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  afterSlot: number,
): Promise<Item[]> {
  const items: Item[] = [];
  const params = loadHistoryParams(executionsTable, executionId, afterSlot);
  for await (const page of paginateQuery({ client: documents }, params)) items.push(...(page.Items ?? []));
  return items;
}
