import { createDynamoStore } from "../../lib/store/dynamodb/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { dynamoAccounts } from "./accounts.js";
import { describeStoreContract } from "./contract.js";

describeStoreContract("the DynamoDB store", async () => {
  const { client, documents } = freshDynamo();
  await createTables(client);
  const accounts = await dynamoAccounts(client, documents);
  const tables = { documents, executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };
  return { store: createDynamoStore(tables, createMemoryPayloads()), accounts };
});
