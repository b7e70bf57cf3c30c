/** Many open executions that wait for an event each: copies of one that the engine has written. */
import { randomUUID } from "node:crypto";
import { BatchWriteCommand, GetCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { groupOf, headKey, indexKey, waitKey } from "../../lib/store/dynamodb/keys.js";
import { DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { type Ground, Paid, start, turn } from "./ground.js";

type Item = Record<string, unknown>;

interface Template {
  readonly id: string;
  /** Its head and its commits. */
  readonly executions: readonly Item[];
  readonly wait: Item;
}

const PER_BATCH = 25;
const BATCHES_AT_ONCE = 16;

/** Items that an execution has while it waits: its head, a commit and a wait's record. */
export const ITEMS_EACH = 3;

export async function writeTemplate(ground: Ground): Promise<Template> {
  const id = randomUUID();
  await start(ground, id);
  await turn(ground, id);
  const { Items = [] } = await ground.documents.send(
    new QueryCommand({
      TableName: EXECUTIONS_TABLE,
      KeyConditionExpression: "pk = :id",
      ExpressionAttributeValues: { ":id": id },
    }),
  );
  const head = await ground.outside.store.readHead(id);
  const [wait] = head?.waits ?? [];
  if (wait === undefined) throw new Error("The template does not wait for its event.");
  const { Item } = await ground.documents.send(
    new GetCommand({ TableName: DIRECTORY_TABLE, Key: waitKey({ ...wait, name: Paid.name }) }),
  );
  if (Item === undefined || Items.length + 1 !== ITEMS_EACH)
    throw new Error(`The template has ${Items.length} items and ${Item === undefined ? "no" : "a"} wait.`);
  return { id, executions: Items, wait: Item };
}

/** How many entries each partition of an index has. */
export type Entries = ReadonlyMap<string, number>;

export interface Seeded {
  readonly seconds: number;
  /** By the index's name. An index that shows none of them has no partitions. */
  readonly indexes: Readonly<Record<string, Entries>>;
}

const INDEX_KEYS = { byWorkflow: "wf", byStatus: "st", outboxPending: "ob" };

/** Adds so many copies, a second apart. */
export async function seed(
  { documents, outside }: Ground,
  template: Template,
  count: number,
): Promise<Seeded> {
  const began = performance.now();
  const indexes = Object.entries(INDEX_KEYS).map(([name, key]): [string, string, Map<string, number>] => [
    name,
    key,
    new Map(),
  ]);
  const now = outside.clock.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += Math.floor(PER_BATCH / ITEMS_EACH);
      const copies = Array.from({ length: Math.min(count, next) - from }, (_, index) =>
        copyOf(template, randomUUID(), now - (from + index) * 1_000),
      );
      for (const item of copies.flatMap((copy) => copy.executions)) {
        for (const [, key, entries] of indexes) {
          const partition = item[key];
          if (typeof partition === "string") entries.set(partition, (entries.get(partition) ?? 0) + 1);
        }
      }
      await writeAll(documents, {
        [EXECUTIONS_TABLE]: copies.flatMap((copy) => copy.executions),
        [DIRECTORY_TABLE]: copies.map((copy) => copy.wait),
      });
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, lane));
  return {
    seconds: (performance.now() - began) / 1_000,
    indexes: Object.fromEntries(indexes.map(([name, , entries]) => [name, entries])),
  };
}

/** An execution's id stands in its items as it is, and the order's id is the execution's: both are as long as the template's. */
function copyOf(template: Template, id: string, createdAt: number): Omit<Template, "id"> {
  const renamed = (item: Item): Item => JSON.parse(JSON.stringify(item).replaceAll(template.id, id));
  const executions = template.executions.map(renamed).map((item): Item => {
    if (item.sk !== headKey(id).sk) return item;
    const { wf, st } = item;
    return {
      ...item,
      createdAt,
      wf: indexKey(groupOf(String(wf)), id),
      st: indexKey(groupOf(String(st)), id),
    };
  });
  return { executions, wait: renamed(template.wait) };
}

async function writeAll(
  documents: Ground["documents"],
  items: Readonly<Record<string, readonly Item[]>>,
): Promise<void> {
  const puts = Object.entries(items).map(([table, some]) => [
    table,
    some.map((Item) => ({ PutRequest: { Item } })),
  ]);
  const { UnprocessedItems = {} } = await documents.send(
    new BatchWriteCommand({ RequestItems: Object.fromEntries(puts) }),
  );
  if (Object.keys(UnprocessedItems).length > 0) throw new Error("DynamoDB Local left items unprocessed.");
}
