/** The demo's meter against the real DynamoDB Local: it must see every write, and change nothing. */
import {
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type Meter, startMeter } from "../../../lib/cli/demo/meter.js";
import { freshDynamo } from "../../setup/client.js";
import { createTables, EXECUTIONS_TABLE as TableName } from "../../setup/tables.js";

let meter: Meter;
let client: DynamoDBClient;

beforeAll(async () => {
  meter = await startMeter(inject("dynamodbEndpoint"));
  const { credentials, region } = freshDynamo();
  client = new DynamoDBClient({ endpoint: meter.endpoint, credentials, region });
  await createTables(client);
});

afterAll(async () => {
  client.destroy();
  await meter.stop();
});

const item = (pk: string, fields: Record<string, { S: string }> = {}) => ({
  pk: { S: pk },
  sk: { S: "head" },
  ...fields,
});

it("reads what a write consumed, its index entries included", async () => {
  const indexed = { ...item("indexed", { wf: { S: "w#1" } }), createdAt: { N: "1" } };
  const answer = await client.send(new PutItemCommand({ TableName, Item: indexed }));
  expect(meter.writesOf(["indexed"])).toEqual([
    { operation: "PutItem", keys: ["indexed", "head"], units: 2, refused: false },
  ]);
  expect(answer.$metadata.httpStatusCode).toBe(200);
});

it("counts a write by its size", async () => {
  const large = item("large", { text: { S: "x".repeat(1_500) } });
  await client.send(new PutItemCommand({ TableName, Item: large }));
  expect(meter.writesOf(["large"]).map(({ units }) => units)).toEqual([2]);
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: item("large") }));
  expect(Item).toEqual(large);
});

it("tells refused writes apart, and hands their error on", async () => {
  const put = new PutItemCommand({
    TableName,
    Item: item("once"),
    ConditionExpression: "attribute_not_exists(pk)",
  });
  await client.send(put);
  await expect(client.send(put)).rejects.toThrow("The conditional request failed");
  expect(meter.writesOf(["once"]).map(({ units, refused }) => [units, refused])).toEqual([
    [1, false],
    [0, true],
  ]);
});

it("adds up what batches and transactions consumed", async () => {
  const requests = ["b-1", "b-2"].map((pk) => ({ PutRequest: { Item: item(pk) } }));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  const puts = ["t-1", "t-2"].map((pk) => ({ Put: { TableName, Item: item(pk) } }));
  await client.send(new TransactWriteItemsCommand({ TransactItems: puts }));
  expect(meter.writesOf(["b-2"]).map(({ units }) => units)).toEqual([2]);
  expect(meter.writesOf(["t-1"]).map(({ units }) => units)).toEqual([4]);
});
