/** Tables that an earlier run has left, of a template that had fewer indexes. */
import { PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { ensureTables } from "../../lib/local/tables.js";
import type { TableSpec } from "../../lib/local/template/read/tables.js";
import { freshDynamo } from "../setup/client.js";

const index = (name: string, partition: string) => ({
  IndexName: name,
  KeySchema: [
    { AttributeName: partition, KeyType: "HASH" as const },
    { AttributeName: "at", KeyType: "RANGE" as const },
  ],
  Projection: { ProjectionType: "KEYS_ONLY" as const },
});

const text = (name: string) => ({ AttributeName: name, AttributeType: "S" as const });

const specWith = (...partitions: string[]): TableSpec => ({
  name: "Things",
  create: {
    TableName: "Things",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      text("pk"),
      ...(partitions.length === 0 ? [] : [{ AttributeName: "at", AttributeType: "N" as const }]),
      ...partitions.map(text),
    ],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    ...(partitions.length === 0
      ? {}
      : { GlobalSecondaryIndexes: partitions.map((partition) => index(`by-${partition}`, partition)) }),
  },
});

test.each([[[] as string[]], [["wf"]]])(
  "get several new indexes, that show what is there already, beside %j",
  async (before) => {
    const { client } = freshDynamo();
    const notes: string[] = [];
    const notify = (_level: string, message: string) => void notes.push(message);
    await ensureTables(client, [specWith(...before)], notify);
    const Item = { pk: { S: "x" }, at: { N: "7" }, wf: { S: "w" }, ap: { S: "a" }, pc: { S: "p" } };
    await client.send(new PutItemCommand({ TableName: "Things", Item }));
    for (const _ of ["once", "and again"]) await ensureTables(client, [specWith("wf", "ap", "pc")], notify);
    for (const [partition, value] of [
      ["wf", "w"],
      ["ap", "a"],
      ["pc", "p"],
    ] as const) {
      const { Items } = await client.send(
        new QueryCommand({
          TableName: "Things",
          IndexName: `by-${partition}`,
          KeyConditionExpression: "#partition = :value",
          ExpressionAttributeNames: { "#partition": partition },
          ExpressionAttributeValues: { ":value": { S: value } },
        }),
      );
      expect(Items).toMatchObject([{ pk: { S: "x" } }]);
    }
    expect(notes).toEqual([]);
  },
);
