/**
 * One seed's trial: the same operations on the memory store, on the DynamoDB store over DynamoDB Local, and on the DynamoDB store over tables
 * in memory. After each, all three have answered the same, and the last two have spent the same; at the end they hold the same items.
 */

import { isDeepStrictEqual } from "node:util";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { paginateScan } from "@aws-sdk/lib-dynamodb";
import { createMeteredStore } from "../../../lib/store/dynamodb/in-memory/index.js";
import { type Units, unitsBetween } from "../../../lib/store/dynamodb/in-memory/units.js";
import { createDynamoStore } from "../../../lib/store/dynamodb/index.js";
import type { Item } from "../../../lib/store/dynamodb/item.js";
import { createMemoryPayloads, createMemoryStore } from "../../../lib/store/memory/index.js";
import type { Store } from "../../../lib/store/ports.js";
import type { FreshDynamo } from "../../setup/database.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../../setup/tables.js";
import { dynamoAccounts, memoryAccounts } from "../accounts.js";
import { billed } from "./billed.js";
import { Caller } from "./caller.js";
import { type Operation, shown } from "./operation.js";

export interface Trial {
  /** How often each operation was asked for. */
  readonly asked: ReadonlyMap<keyof Store, number>;
  readonly spent: Units;
  /** What was not the same, in words; absent when all was. */
  readonly difference?: string;
}

export const OPERATIONS_OF_A_TRIAL = 200;

export async function trial(seed: number, { client, documents }: FreshDynamo): Promise<Trial> {
  const spentLocally = billed(documents);
  await createTables(client);
  await dynamoAccounts(client, documents);
  const dynamo = createDynamoStore(
    { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    createMemoryPayloads(),
  );
  const memory = createMemoryStore({ transact: memoryAccounts().transact });
  const metered = createMeteredStore(createMemoryPayloads(), memoryAccounts().transact);

  const caller = new Caller(seed);
  const asked = new Map<keyof Store, number>();
  const ended = (difference?: string): Trial => ({
    asked,
    spent: metered.spent(),
    ...(difference === undefined ? {} : { difference }),
  });
  for (let step = 0; step < OPERATIONS_OF_A_TRIAL; step += 1) {
    const operation = caller.next();
    asked.set(operation.of, (asked.get(operation.of) ?? 0) + 1);
    const before = [spentLocally(), metered.spent()] as const;
    const expected = await outcomeOf(dynamo, operation);
    const found = {
      "the memory store": await outcomeOf(memory, operation),
      "the store on tables in memory": await outcomeOf(metered.store, operation),
    };
    const where = `seed ${seed}, step ${step}: ${operation.text}`;
    for (const [who, outcome] of Object.entries(found))
      if (!isDeepStrictEqual(outcome, expected))
        return ended(`${where}\n  DynamoDB: ${shown(expected)}\n  ${who}: ${shown(outcome)}`);
    const units = [
      unitsBetween(before[0], spentLocally()),
      unitsBetween(before[1], metered.spent()),
    ] as const;
    if (!isDeepStrictEqual(...units))
      return ended(
        `${where}\n  DynamoDB bills ${shown(units[0])}\n  the tables in memory count ${shown(units[1])}`,
      );
    if ("answer" in expected) caller.learn(expected.answer);
  }
  const items = metered.items();
  const left = {
    [EXECUTIONS_TABLE]: items.executions,
    [DIRECTORY_TABLE]: items.directory,
  };
  for (const [table, found] of Object.entries(left)) {
    const expected = await scan(documents, table);
    const difference = firstDifference(expected, found);
    if (difference !== undefined) return ended(`seed ${seed}, at the end, in ${table}: ${difference}`);
  }
  return ended();
}

type Outcome = { readonly answer: unknown } | { readonly thrown: string };

async function outcomeOf(store: Store, operation: Operation): Promise<Outcome> {
  try {
    return { answer: await operation.run(store) };
  } catch (error) {
    return { thrown: String(error) };
  }
}

async function scan(client: DynamoDBDocumentClient, TableName: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of paginateScan({ client }, { TableName })) items.push(...(page.Items ?? []));
  return items;
}

function firstDifference(expected: readonly Item[], found: readonly Item[]): string | undefined {
  const byKey = new Map(found.map((item) => [keyOf(item), comparable(item)]));
  for (const item of expected)
    if (!isDeepStrictEqual(comparable(item), byKey.get(keyOf(item))))
      return `DynamoDB has ${shown(item)}, the tables in memory ${shown(byKey.get(keyOf(item)))}`;
  return expected.length === found.length
    ? undefined
    : `DynamoDB has ${expected.length} items, the tables in memory ${found.length}`;
}

function keyOf({ pk, sk }: Item): string {
  return JSON.stringify([pk, sk]);
}

/** The tokens of messages and payloads are drawn at random. */
function comparable(item: Item): Item {
  return typeof item.sk === "string" && /^(inbox|payload)#/.test(item.sk)
    ? { ...item, token: "random" }
    : item;
}
