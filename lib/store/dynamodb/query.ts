/** Queries of at most a number of items. */
import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Item } from "./item.js";

/**
 * The first `Limit` items, and whether there may be more behind them. DynamoDB may end a page sooner, even before its first item, and only
 * its last key tells that from the end.
 */
export async function queryUpTo(
  documents: DynamoDBDocumentClient,
  params: QueryCommandInput & { readonly Limit: number },
): Promise<{ readonly items: readonly Item[]; readonly more: boolean }> {
  const items: Item[] = [];
  for (let from = params.ExclusiveStartKey; ; ) {
    const { Items = [], LastEvaluatedKey } = await documents.send(
      new QueryCommand({ ...params, ExclusiveStartKey: from, Limit: params.Limit - items.length }),
    );
    items.push(...Items);
    if (LastEvaluatedKey === undefined || items.length >= params.Limit)
      return { items, more: LastEvaluatedKey !== undefined };
    from = LastEvaluatedKey;
  }
}
