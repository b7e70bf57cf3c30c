import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { CurrentDefinition, DefinitionStore, DefinitionSummary, Page } from "../ports.js";
import { walkPartitions } from "../walk.js";
import {
  DEFINITION_SUMMARY_ATTRIBUTES,
  readCurrentDefinitionItem,
  readDefinitionSummary,
} from "./definition-item.js";
import { namesIn } from "./expressions.js";
import { type Item, ItemReader } from "./item.js";
import { currentDefinitionKey, definitionKey } from "./keys.js";
import { queryUpTo } from "./query.js";
import type { DynamoTables } from "./tables.js";

const IN_PARTITION = "#pk = :pk";

/** Without the sources: they are read, and billed, but not sent. */
const SUMMARY = DEFINITION_SUMMARY_ATTRIBUTES.map((name) => `#${name}`).join(", ");

export function listDefinitionsParams(
  directoryTable: string,
  partition: string,
  after: string | undefined,
  limit: number,
  projection?: string,
): QueryCommandInput & { readonly Limit: number } {
  return {
    TableName: directoryTable,
    KeyConditionExpression: IN_PARTITION,
    ExpressionAttributeNames: namesIn(IN_PARTITION, projection ?? ""),
    ExpressionAttributeValues: { ":pk": partition },
    ...(projection === undefined ? {} : { ProjectionExpression: projection }),
    ...(after === undefined ? {} : { ExclusiveStartKey: { pk: partition, sk: after } }),
    Limit: limit,
    ConsistentRead: true,
  };
}

export function listDefinitions(
  tables: DynamoTables,
  { workflow, limit, cursor }: Parameters<DefinitionStore["listDefinitions"]>[0],
): Promise<Page<DefinitionSummary>> {
  const { pk } = definitionKey(workflow, "");
  return walk(tables, { pk, limit, cursor, read: readDefinitionSummary, projection: SUMMARY });
}

export function listCurrentDefinitions(
  tables: DynamoTables,
  { limit, cursor }: Parameters<DefinitionStore["listCurrentDefinitions"]>[0],
): Promise<Page<CurrentDefinition>> {
  const { pk } = currentDefinitionKey("");
  return walk(tables, { pk, limit, cursor, read: readCurrentDefinitionItem });
}

function walk<T>(
  { documents, directoryTable }: DynamoTables,
  list: {
    readonly pk: string;
    readonly limit: number;
    readonly cursor: string | undefined;
    readonly read: (item: Item) => T;
    readonly projection?: string;
  },
): Promise<Page<T>> {
  return walkPartitions({
    partitions: [list.pk],
    limit: list.limit,
    cursor: list.cursor,
    async query(partition, after, limit) {
      const { items, more } = await queryUpTo(
        documents,
        listDefinitionsParams(directoryTable, partition, after, limit, list.projection),
      );
      const found = items.map((item) => ({
        position: new ItemReader(item).text("sk"),
        item: list.read(item),
      }));
      return { found, more };
    },
  });
}
