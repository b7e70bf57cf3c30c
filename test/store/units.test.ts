/**
 * The rules by which the tables in memory count, at their edges: the same calls to DynamoDB Local and to them cost the same. What DynamoDB
 * Local leaves out is put in by `twin/billed.ts`. The store's own calls are compared by `twin.test.ts`.
 */
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { answerOf, MemoryDocuments } from "../../lib/store/dynamodb/in-memory/documents.js";
import { itemBytes } from "../../lib/store/dynamodb/in-memory/item-size.js";
import { MemoryTables } from "../../lib/store/dynamodb/in-memory/tables.js";
import { type Units, unitsBetween } from "../../lib/store/dynamodb/in-memory/units.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { billed } from "./twin/billed.js";

type Work = (documents: DynamoDBDocumentClient) => Promise<unknown>;

let local: { readonly documents: DynamoDBDocumentClient; spent(): Units };
let memory: typeof local;

/** What it costs, by both alike. */
async function costOf(work: Work): Promise<Units> {
  const costs: Units[] = [];
  for (const { documents, spent } of [local, memory]) {
    const before = spent();
    await work(documents);
    costs.push(unitsBetween(before, spent()));
  }
  const [locally, inMemory] = costs;
  if (locally === undefined || inMemory === undefined) throw new Error("Nothing was measured.");
  expect(inMemory).toEqual(locally);
  return inMemory;
}

beforeAll(async () => {
  const { client, documents } = freshDynamo();
  const spent = billed(documents);
  await createTables(client);
  local = { documents, spent };
  const tables = new MemoryTables(
    { executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE },
    () => undefined,
  );
  const inMemory = new MemoryDocuments((command) => answerOf(tables, command));
  memory = { documents: inMemory, spent: () => tables.spent };
});

const TableName = EXECUTIONS_TABLE;

/** An item of exactly so many bytes. */
function itemOf(bytes: number, fields: object = {}) {
  const item = { pk: "sized", sk: "one", filler: "", ...fields };
  return { ...item, filler: "x".repeat(bytes - itemBytes(item)) };
}

const put =
  (Item: Record<string, unknown>): Work =>
  (documents) =>
    documents.send(new PutCommand({ TableName, Item }));

const remove =
  (pk: string, sk: string): Work =>
  (documents) =>
    documents.send(new DeleteCommand({ TableName, Key: { pk, sk } }));

const set =
  (pk: string, update: string, values?: Record<string, unknown>): Work =>
  (documents) =>
    documents.send(
      new UpdateCommand({
        TableName,
        Key: { pk, sk: "one" },
        UpdateExpression: update,
        ...(values && { ExpressionAttributeValues: values }),
      }),
    );

const query =
  (name: string, value: string, more: object = {}): Work =>
  (documents) =>
    documents.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "#name = :value",
        ExpressionAttributeNames: { "#name": name },
        ExpressionAttributeValues: { ":value": value },
        ...more,
      }),
    );

describe("an item's size", () => {
  test.each<[string, unknown]>([
    ["text beyond ASCII", "é漢"],
    ["zero", 0],
    ["100", 100],
    ["1,200", 1_200],
    ["12,000", 12_000],
    ["a negative number", -12],
    ["an instant", 1_767_225_600_123],
    ["a round instant", 1_767_225_600_000],
    ["a fraction", 1.25],
    ["true", true],
    ["an empty map", {}],
    ["a lease", { owner: "o", token: "t", until: 1_767_225_660_000, failed: true }],
    ["a list", ["a", 1]],
    ["bytes", new Uint8Array(10)],
  ])("with %s is what DynamoDB takes it for, to the byte", async (_, value) => {
    for (const [bytes, writes] of [
      [1_024, 1],
      [1_025, 2],
    ] as const) {
      expect((await costOf(put(itemOf(bytes, { value })))).writes).toBe(writes);
      await costOf(remove("sized", "one"));
    }
  });
});

describe("a write", () => {
  test("costs by the larger of what was there and what is there", async () => {
    expect((await costOf(put(itemOf(5_000)))).writes).toBe(5);
    expect((await costOf(put(itemOf(100)))).writes).toBe(5);
    expect((await costOf(set("sized", "SET filler = :f", { ":f": "x".repeat(2_500) }))).writes).toBe(3);
    expect((await costOf(set("sized", "SET filler = :f", { ":f": "x" }))).writes).toBe(3);
    expect((await costOf(put(itemOf(3_000)))).writes).toBe(3);
    expect((await costOf(remove("sized", "one"))).writes).toBe(3);
    expect((await costOf(remove("sized", "one"))).writes).toBe(1);
  });

  test("costs what it does to the indexes", async () => {
    const head = { pk: "indexed", sk: "one", wf: "w#1", st: "open#1", createdAt: 5, v: "x" };
    const indexWrites = async (work: Work) => (await costOf(work)).indexWrites;
    expect(await indexWrites(put(head))).toBe(2);
    expect(await indexWrites(set("indexed", "SET v = :v", { ":v": "y" }))).toBe(0);
    expect(await indexWrites(set("indexed", "SET st = :st", { ":st": "open#1" }))).toBe(0);
    expect(await indexWrites(set("indexed", "SET st = :st", { ":st": "failed#1" }))).toBe(2);
    expect(await indexWrites(set("indexed", "REMOVE st"))).toBe(1);
    expect(await indexWrites(set("indexed", "SET st = :st", { ":st": "open#1" }))).toBe(1);
    expect(await indexWrites(remove("indexed", "one"))).toBe(2);
  });

  test("that its condition refuses costs by what stands there, or was to be put", async () => {
    const refusedPut = async (documents: DynamoDBDocumentClient, bytes: number) => {
      const command = new PutCommand({
        TableName,
        Item: itemOf(bytes),
        ConditionExpression: "attribute_not_exists(pk)",
      });
      await expect(documents.send(command)).rejects.toThrow("conditional request failed");
    };
    await costOf(put(itemOf(2_000)));
    expect(await costOf((documents) => refusedPut(documents, 100))).toMatchObject({ refused: 2, writes: 0 });
    expect(await costOf((documents) => refusedPut(documents, 3_000))).toMatchObject({
      refused: 3,
      writes: 0,
    });
    await costOf(remove("sized", "one"));
  });

  test("in a transaction costs twice, its index entries too", async () => {
    const Item = { ...itemOf(2_500), pk: "transacted", ob: "pending#1", obAt: 1 };
    const cost = await costOf((documents) =>
      documents.send(new TransactWriteCommand({ TransactItems: [{ Put: { TableName, Item } }] })),
    );
    expect(cost).toMatchObject({ writes: 6, indexWrites: 2 });
  });
});

describe("a read", () => {
  const get =
    (pk: string, ConsistentRead: boolean): Work =>
    (documents) =>
      documents.send(new GetCommand({ TableName, Key: { pk, sk: "one" }, ConsistentRead }));

  test("costs a unit for each 4 KB that the item begins, and half of it where it may be old", async () => {
    for (const [bytes, reads] of [
      [4_096, 1],
      [4_097, 2],
    ] as const) {
      await costOf(put(itemOf(bytes)));
      expect((await costOf(get("sized", true))).reads).toBe(reads);
      expect((await costOf(get("sized", false))).reads).toBe(reads / 2);
    }
    expect((await costOf(get("nobody", true))).reads).toBe(1);
    expect((await costOf(get("nobody", false))).reads).toBe(0.5);
  });

  test("in a batch costs by itself", async () => {
    const pks = ["batch-1", "batch-2", "batch-3"];
    for (const pk of pks) await costOf(put({ ...itemOf(1_500), pk }));
    const Keys = [...pks, "nobody"].map((pk) => ({ pk, sk: "one" }));
    const batch = { RequestItems: { [TableName]: { Keys, ConsistentRead: true } } };
    expect((await costOf((documents) => documents.send(new BatchGetCommand(batch)))).reads).toBe(4);
  });

  test("by a query costs by all that a page reads, which is a megabyte at most", async () => {
    for (let index = 0; index < 6; index += 1) {
      const item = itemOf(262_144, { pk: "page", sk: `c${index}` });
      await costOf(put(item));
    }
    expect((await costOf(query("pk", "page", { ConsistentRead: true }))).reads).toBe(256);
    expect((await costOf(query("pk", "page", { ConsistentRead: true, Limit: 2 }))).reads).toBe(128);
    expect((await costOf(query("pk", "page"))).reads).toBe(128);
    expect((await costOf(query("pk", "nobody", { ConsistentRead: true }))).reads).toBe(1);
  });

  test("of an index costs by its entries", async () => {
    // So many that two units are begun.
    for (let index = 0; index < 120; index += 1)
      await costOf(
        put({ pk: `entry-${index}`, sk: "one", st: "open#7", createdAt: 1_767_225_600_000 + index, v: "x" }),
      );
    const byStatus = { IndexName: "byStatus" };
    expect((await costOf(query("st", "open#7", byStatus))).reads).toBe(1);
    expect((await costOf(query("st", "open#7", { ...byStatus, Select: "COUNT" }))).reads).toBe(1);
    expect((await costOf(query("st", "open#7", { ...byStatus, Limit: 9 }))).reads).toBe(0.5);
    expect((await costOf(query("st", "nobody#7", byStatus))).reads).toBe(0.5);
  });
});
