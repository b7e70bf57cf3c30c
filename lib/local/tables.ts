/** Makes the tables of the templates exist in DynamoDB Local, and finds their streams. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import type { Notify } from "./notices.js";
import type { TableSpec } from "./template/read/tables.js";

/** An index of a few items takes DynamoDB Local about a second, and nobody has many on a laptop. */
const INDEX_WITHIN_MS = 60_000;

/** Creates what is missing; returns the ARN of each table's stream, where it has one. */
export const ensureTables = async (
  client: DynamoDBClient,
  specs: readonly TableSpec[],
  notify: Notify,
): Promise<ReadonlyMap<string, string>> => {
  const streams = new Map<string, string>();
  for (const spec of specs) {
    const table = (await describe(client, spec.name)) ?? (await create(client, spec));
    const current = await addIndexes(client, spec, table);
    warnOfDifferences(spec, current, notify);
    if (current.LatestStreamArn !== undefined) streams.set(spec.name, current.LatestStreamArn);
  }
  return streams;
};

const describe = async (client: DynamoDBClient, name: string): Promise<TableDescription | undefined> => {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
};

const create = async (client: DynamoDBClient, spec: TableSpec): Promise<TableDescription> => {
  const { TableDescription: table } = await client.send(new CreateTableCommand(spec.create));
  if (table === undefined)
    throw new Error(`DynamoDB Local did not describe the table ${spec.name} that it created.`);
  return table;
};

/** A new index on a table with state in it is the usual change between two runs; one per call, as AWS wants it. */
const addIndexes = async (
  client: DynamoDBClient,
  spec: TableSpec,
  table: TableDescription,
): Promise<TableDescription> => {
  const existing = new Set((table.GlobalSecondaryIndexes ?? []).map((index) => index.IndexName));
  let current = table;
  for (const index of spec.create.GlobalSecondaryIndexes ?? []) {
    if (existing.has(index.IndexName)) continue;
    await client.send(
      new UpdateTableCommand({
        TableName: spec.name,
        AttributeDefinitions: spec.create.AttributeDefinitions,
        GlobalSecondaryIndexUpdates: [{ Create: index }],
      }),
    );
    current = await whenActive(client, spec.name);
  }
  return current;
};

/** An index is filled in the background, and until then a query of it fails. */
const whenActive = async (client: DynamoDBClient, name: string): Promise<TableDescription> => {
  const deadline = Date.now() + INDEX_WITHIN_MS;
  for (;;) {
    const table = await describe(client, name);
    const filling = table?.GlobalSecondaryIndexes?.find(({ IndexStatus }) => IndexStatus !== "ACTIVE");
    if (table !== undefined && filling === undefined) return table;
    if (Date.now() > deadline)
      throw new Error(
        `The index ${filling?.IndexName ?? ""} of the table ${name} was not ready within ${INDEX_WITHIN_MS / 1_000} s. Delete the state directory to create the table anew.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const warnOfDifferences = (spec: TableSpec, table: TableDescription, notify: Notify): void => {
  const differences: string[] = [];
  const keys = (list: TableDescription["KeySchema"]): string =>
    (list ?? []).map((key) => `${key.AttributeName}:${key.KeyType}`).join();
  if (keys(spec.create.KeySchema) !== keys(table.KeySchema)) differences.push("its key");
  if (spec.create.StreamSpecification?.StreamViewType !== table.StreamSpecification?.StreamViewType)
    differences.push("its stream");
  if (differences.length === 0) return;
  notify(
    "warning",
    `The table ${spec.name} was created by an earlier run, and the template now differs in ${differences.join(" and ")}. Delete the state directory to create it anew.`,
  );
};
