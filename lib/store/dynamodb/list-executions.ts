/** The DynamoDB half of listing: the index is asked for keys, the table for heads. What is merged and what a cursor holds: `../listing.ts`. */
import { BatchGetCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { CorruptHistoryError } from "../../model/errors.js";
import type { ListedHead } from "../listed-head.js";
import {
  type IndexEntry,
  type IndexQuery,
  type ListingReads,
  listExecutions as listThrough,
} from "../listing.js";
import type { Damaged, ExecutionSummary, ListRequest, Page } from "../ports.js";
import { all, namesIn } from "./expressions.js";
import { LISTED_ATTRIBUTES, readListedHead } from "./head-item.js";
import { type Item, ItemReader } from "./item.js";
import { headKey, type Key } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";

const PARTITION_ATTRIBUTE = {
  byWorkflow: "wf",
  byApplication: "ap",
  byPipelineConfig: "pc",
  byStatus: "st",
} as const;

/** DynamoDB's limit for one batch of reads. */
const KEYS_PER_BATCH = 100;

/** Keys come back unprocessed under throttling. Waits grow to 800 ms, so seven tries are about two seconds: somebody is waiting for the list. */
const MOST_TRIES = 7;
const LONGEST_WAIT_MS = 800;

export function queryNewestFirstParams(
  executionsTable: string,
  query: IndexQuery,
): QueryCommandInput & { readonly Limit: number } {
  const { index, partition, notAfter, after } = query;
  return {
    ...partitionParams(executionsTable, query),
    ...(notAfter === undefined || after === undefined
      ? {}
      : {
          ExclusiveStartKey: {
            ...headKey(after),
            [PARTITION_ATTRIBUTE[index]]: partition,
            createdAt: notAfter,
          },
        }),
    ScanIndexForward: false,
    Limit: query.limit,
  };
}

/** What an index partition holds of a time. */
export function partitionParams(
  executionsTable: string,
  query: Pick<IndexQuery, "index" | "partition" | "notBefore" | "notAfter">,
): QueryCommandInput {
  const { index, partition, notBefore, notAfter } = query;
  const condition = all(`#${PARTITION_ATTRIBUTE[index]} = :partition`, createdBetween(query));
  return {
    TableName: executionsTable,
    IndexName: index,
    KeyConditionExpression: condition,
    ExpressionAttributeNames: namesIn(condition),
    ExpressionAttributeValues: {
      ":partition": partition,
      ...(notBefore === undefined ? {} : { ":notBefore": notBefore }),
      ...(notAfter === undefined ? {} : { ":notAfter": notAfter }),
    },
  };
}

/** One condition on the sort key: the table takes no two. */
function createdBetween({
  notBefore,
  notAfter,
}: Pick<IndexQuery, "notBefore" | "notAfter">): string | undefined {
  if (notBefore === undefined) return notAfter === undefined ? undefined : "#createdAt <= :notAfter";
  return notAfter === undefined ? "#createdAt >= :notBefore" : "#createdAt BETWEEN :notBefore AND :notAfter";
}

export function listExecutions(tables: DynamoTables, request: ListRequest): Promise<Page<ExecutionSummary>> {
  return listThrough(readsOf(tables), request);
}

export function readsOf(tables: DynamoTables): ListingReads {
  return {
    async queryNewestFirst(query) {
      const { items, more } = await queryUpTo(
        tables.documents,
        queryNewestFirstParams(tables.executionsTable, query),
      );
      return { entries: items.map(readEntry), more };
    },
    async readHeads(executionIds) {
      const heads = new Map<string, ListedHead>();
      const damaged: Damaged[] = [];
      for (let from = 0; from < executionIds.length; from += KEYS_PER_BATCH) {
        const keys = executionIds.slice(from, from + KEYS_PER_BATCH).map(headKey);
        for (const item of await readBatch(tables, keys)) {
          const executionId = new ItemReader(item).text("pk");
          try {
            heads.set(executionId, readListedHead(item));
          } catch (error) {
            if (!(error instanceof CorruptHistoryError)) throw error;
            damaged.push({ executionId, why: error.message });
          }
        }
      }
      return { heads, damaged };
    },
  };
}

function readEntry(item: Item): IndexEntry {
  const read = new ItemReader(item);
  return { executionId: read.text("pk"), createdAt: read.number("createdAt") };
}

/** Strongly consistent: a head that the index shows and the read misses would be left out of the listing for good. */
async function readBatch(
  { documents, executionsTable }: DynamoTables,
  wanted: readonly Key[],
): Promise<Item[]> {
  const projection = LISTED_ATTRIBUTES.map((name) => `#${name}`).join(", ");
  const found: Item[] = [];
  let keys: readonly Record<string, unknown>[] = wanted.map((key) => ({ ...key }));
  for (let tries = 0; keys.length > 0; tries += 1) {
    if (tries === MOST_TRIES) {
      throw new Error(
        `${keys.length} heads could not be read in ${tries} tries: the table ${executionsTable} is throttled. List again later.`,
      );
    }
    if (tries > 0)
      await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_WAIT_MS, 25 * 2 ** tries)));
    const { Responses, UnprocessedKeys } = await documents.send(
      new BatchGetCommand({
        RequestItems: {
          [executionsTable]: {
            Keys: [...keys],
            ConsistentRead: true,
            ProjectionExpression: projection,
            ExpressionAttributeNames: namesIn(projection),
          },
        },
      }),
    );
    found.push(...(Responses?.[executionsTable] ?? []));
    keys = UnprocessedKeys?.[executionsTable]?.Keys ?? [];
  }
  return found;
}
