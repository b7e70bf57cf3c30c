import { createMeteredStore } from "../../lib/store/dynamodb/in-memory/index.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import { memoryAccounts } from "./accounts.js";
import { describeStoreContract } from "./contract.js";

describeStoreContract("the DynamoDB store on tables in memory", async () => {
  const accounts = memoryAccounts();
  return { store: createMeteredStore(createMemoryPayloads(), accounts.transact).store, accounts };
});
