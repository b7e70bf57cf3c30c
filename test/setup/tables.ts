/** The two tables as tests name them. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createEngineTables } from "../../lib/local/engine-tables.js";

export const EXECUTIONS_TABLE = "Executions";
export const DIRECTORY_TABLE = "Directory";

export const createTables = (client: DynamoDBClient): Promise<void> =>
  createEngineTables(client, { executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE });
