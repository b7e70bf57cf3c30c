import { paginateQuery, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { RetentionStore } from "../ports.js";
import { namesIn } from "./expressions.js";
import { ItemReader } from "./item.js";
import { commitsAfter, HEAD, isPendingMark, slotOf } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";

const COMMITS = "#pk = :pk AND #sk BETWEEN :from AND :to";
const ALL_ITEMS = "#pk = :pk";

/** Enough to say whether a commit has something to carry. The whole item is read, and billed, all the same. */
const MARK_AND_KEY = "#sk, #ob";

export function commitMarksParams(executionsTable: string, executionId: string): QueryCommandInput {
  const { from, to } = commitsAfter(0);
  return {
    TableName: executionsTable,
    KeyConditionExpression: COMMITS,
    ProjectionExpression: MARK_AND_KEY,
    ExpressionAttributeNames: namesIn(COMMITS, MARK_AND_KEY),
    ExpressionAttributeValues: { ":pk": executionId, ":from": from, ":to": to },
    ConsistentRead: true,
  };
}

/** Two: one of them is not the head. */
export function anyItemsParams(
  executionsTable: string,
  executionId: string,
): QueryCommandInput & { readonly Limit: number } {
  return {
    TableName: executionsTable,
    KeyConditionExpression: ALL_ITEMS,
    ProjectionExpression: "#sk",
    ExpressionAttributeNames: namesIn(ALL_ITEMS, "#sk"),
    ExpressionAttributeValues: { ":pk": executionId },
    ConsistentRead: true,
    Limit: 2,
  };
}

export async function surveyItems(
  { documents, executionsTable }: DynamoTables,
  executionId: string,
): ReturnType<RetentionStore["surveyItems"]> {
  let any = false;
  const params = commitMarksParams(executionsTable, executionId);
  for await (const page of paginateQuery({ client: documents }, params)) {
    for (const item of page.Items ?? []) {
      any = true;
      const read = new ItemReader({ pk: executionId, ...item });
      const pendingSlot = isPendingMark(read.optionalText("ob")) ? slotOf(read.text("sk")) : undefined;
      if (pendingSlot !== undefined) return { any, pendingSlot };
    }
  }
  if (any) return { any };
  const { items } = await queryUpTo(documents, anyItemsParams(executionsTable, executionId));
  return { any: items.some((item) => item.sk !== HEAD) };
}
