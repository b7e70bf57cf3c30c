/** The two tables as tests create them: equal to what the storage stack deploys. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";

export const EXECUTIONS_TABLE = "Executions";
export const DIRECTORY_TABLE = "Directory";

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

export const executionsTable: CreateTableCommandInput = {
  TableName: EXECUTIONS_TABLE,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
    { AttributeName: "wf", AttributeType: "S" },
    { AttributeName: "st", AttributeType: "S" },
    { AttributeName: "createdAt", AttributeType: "N" },
    { AttributeName: "ob", AttributeType: "S" },
    { AttributeName: "obAt", AttributeType: "N" },
  ],
  KeySchema: PRIMARY_KEY,
  GlobalSecondaryIndexes: [
    keysOnlyIndex("byWorkflow", "wf", "createdAt"),
    keysOnlyIndex("byStatus", "st", "createdAt"),
    keysOnlyIndex("outboxPending", "ob", "obAt"),
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
};

export const directoryTable: CreateTableCommandInput = {
  TableName: DIRECTORY_TABLE,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
  KeySchema: PRIMARY_KEY,
};

/** Both tables, ready: DynamoDB Local answers when a table is active. */
export const createTables = async (client: DynamoDBClient): Promise<void> => {
  await Promise.all(
    [executionsTable, directoryTable].map((table) => client.send(new CreateTableCommand(table))),
  );
};
