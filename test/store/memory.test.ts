import { expect, test } from "vitest";
import { InvalidTransactionError } from "../../lib/model/errors.js";
import { createMemoryStore } from "../../lib/store/memory/index.js";
import { memoryAccounts, open } from "./accounts.js";
import { commit } from "./builders.js";
import { describeStoreContract } from "./contract.js";

describeStoreContract("the memory store", async () => {
  const accounts = memoryAccounts();
  return { store: createMemoryStore(accounts), accounts };
});

test("a memory store without tables of the user's says what a transaction needs, and commits nothing", async () => {
  const store = createMemoryStore();
  const attempt = store.commitTransaction(commit("o-1", 1), [open("a", 1)]);
  await expect(attempt).rejects.toThrow(InvalidTransactionError);
  await expect(attempt).rejects.toThrow('Give testApp a "transact" function');
  expect(await store.loadHistory("o-1", 0)).toEqual([]);
});

test("what the user's own writes throw is thrown, and nothing is committed", async () => {
  const store = createMemoryStore({
    transact: () => {
      throw new Error("the table is on fire");
    },
  });
  await expect(store.commitTransaction(commit("o-1", 1), [open("a", 1)])).rejects.toThrow("on fire");
  expect(await store.loadHistory("o-1", 0)).toEqual([]);
});
