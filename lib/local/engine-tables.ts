/** The two tables as the storage stack deploys them, for a database that no template is deployed to. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { INDEXES } from "../store/dynamodb/indexes.js";

const keysOnlyIndex = (name: string, partition: string, sort: string) => ({
  IndexName: name,
  KeySchema: [
    { AttributeName: partition, KeyType: "HASH" as const },
    { AttributeName: sort, KeyType: "RANGE" as const },
  ],
  Projection: { ProjectionType: "KEYS_ONLY" as const },
});

const PRIMARY_KEY = [
  { AttributeName: "pk", KeyType: "HASH" as const },
  { AttributeName: "sk", KeyType: "RANGE" as const },
];

const executionsTable: Omit<CreateTableCommandInput, "TableName"> = {
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
    { AttributeName: "wf", AttributeType: "S" },
    { AttributeName: "ap", AttributeType: "S" },
    { AttributeName: "pc", AttributeType: "S" },
    { AttributeName: "st", AttributeType: "S" },
    { AttributeName: "createdAt", AttributeType: "N" },
    { AttributeName: "ob", AttributeType: "S" },
    { AttributeName: "obAt", AttributeType: "N" },
  ],
  KeySchema: PRIMARY_KEY,
  GlobalSecondaryIndexes: Object.entries(INDEXES).map(([name, { partition, sort }]) =>
    keysOnlyIndex(name, partition, sort),
  ),
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
};

const directoryTable: Omit<CreateTableCommandInput, "TableName"> = {
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
  KeySchema: PRIMARY_KEY,
};

/** Both tables, ready: DynamoDB Local answers when a table is active. */
export const createEngineTables = async (
  client: DynamoDBClient,
  names: { readonly executionsTable: string; readonly directoryTable: string },
): Promise<void> => {
  await Promise.all([
    client.send(new CreateTableCommand({ TableName: names.executionsTable, ...executionsTable })),
    client.send(new CreateTableCommand({ TableName: names.directoryTable, ...directoryTable })),
  ]);
};
