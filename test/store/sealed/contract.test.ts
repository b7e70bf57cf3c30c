import { createMemoryStore } from "../../../lib/store/memory/index.js";
import { sealedStore } from "../../../lib/store/sealed/index.js";
import { memoryAccounts } from "../accounts.js";
import { describeStoreContract } from "../contract.js";
import { testCodec } from "./codec.js";

// Whoever is above a sealed store can't tell, but by the sizes of what it keeps.
const OF_SIZES = [
  "commits",
  "transactions",
  "the inbox",
  "payloads",
  "objects",
  "the size of an outbox",
  "recent events",
  "retention",
] as const;

describeStoreContract(
  "the memory store, sealed",
  async () => {
    const accounts = memoryAccounts();
    return { store: sealedStore(createMemoryStore(accounts), testCodec()), accounts };
  },
  OF_SIZES,
);
