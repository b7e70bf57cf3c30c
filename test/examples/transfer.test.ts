import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { type TestApp, testApp } from "holdfast/testing";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import shop, { MoneyMoved, transfer } from "../../functions/workflows/index.js";

const TableName = "Accounts";

/** The kit on DynamoDB Local, with the accounts beside its tables. */
async function bank(balances: Readonly<Record<string, number>>) {
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", inject("dynamodbEndpoint"));
  const t = await testApp(shop, { store: "dynamodb-local" });
  open.push(t);
  const client = new DynamoDBClient(t.database ?? {});
  const documents = DynamoDBDocumentClient.from(client);
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  for (const [id, balance] of Object.entries(balances))
    await documents.send(new PutCommand({ TableName, Item: { id, balance } }));
  const balance = async (id: string): Promise<unknown> =>
    (await documents.send(new GetCommand({ TableName, Key: { id }, ConsistentRead: true }))).Item?.balance;
  return { t, balance };
}

const open: TestApp[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((t) => t.close()));
  vi.unstubAllEnvs();
});

describe("a transfer", { timeout: 60_000 }, () => {
  it("moves the money and says so, once, though its process dies after the write", async () => {
    const { t, balance } = await bank({ ada: 100, grace: 0 });
    await t.client.start(transfer, { from: "ada", to: "grace", amount: 30 }, { id: "t-1" });
    // The lease, the empty history, the transaction.
    t.crash({ call: 3, when: "after" });
    expect(await t.runToEnd("t-1")).toEqual({ status: "moved" });
    expect(t.calls("move")).toMatchObject([{ part: "transaction", attempt: 1 }]);
    expect([await balance("ada"), await balance("grace")]).toEqual([70, 30]);
    expect(t.published.filter(({ name }) => name === MoneyMoved.name)).toHaveLength(1);
    await t.expectHistory("t-1").toContainInOrder(["StepCompleted move", "LeaseTaken", "ExecutionCompleted"]);
  });

  it.each([
    ["not enough money", { from: "ada", to: "grace", amount: 101 }],
    ["no such account", { from: "ada", to: "nobody", amount: 1 }],
  ])("is refused: %s", async (because, asked) => {
    const { t, balance } = await bank({ ada: 100, grace: 0 });
    expect(await t.run(transfer, asked)).toEqual({ status: "refused", because });
    expect([await balance("ada"), await balance("grace"), await balance("nobody")]).toEqual([
      100,
      0,
      undefined,
    ]);
    expect(t.published).toEqual([]);
  });
});

describe("a transfer whose table is mocked", () => {
  it("answers what its conditions say", async () => {
    const t = await testApp(shop, {
      transact: () => [{ code: "None" }, { code: "ConditionalCheckFailed" }],
    });
    expect(await t.run(transfer, { from: "ada", to: "nobody", amount: 1 })).toEqual({
      status: "refused",
      because: "no such account",
    });
  });
});
