import { paginateQuery, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { checkDense } from "../dense.js";
import type { Commit } from "../ports.js";
import { readCommitItem } from "./commit-item.js";
import { namesIn } from "./expressions.js";
import { commitsAfter } from "./keys.js";
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
  { documents, executionsTable }: DynamoTables,
  executionId: string,
  afterSlot: number,
): Promise<Commit[]> {
  const commits: Commit[] = [];
  const params = loadHistoryParams(executionsTable, executionId, afterSlot);
  for await (const page of paginateQuery({ client: documents }, params)) {
    for (const item of page.Items ?? []) commits.push(readCommitItem(item));
  }
  checkDense(executionId, afterSlot, commits);
  return commits;
}
