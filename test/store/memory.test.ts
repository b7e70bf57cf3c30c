import { createMemoryStore } from "../../lib/store/memory/index.js";
import { describeStoreContract } from "./contract.js";

describeStoreContract("the memory store", async () => createMemoryStore());
