/** The contract of `lib/store/ports.ts`, as tests that every store must pass. */
import { beforeAll, describe } from "vitest";
import type { Store } from "../../lib/store/ports.js";
import { commitContract } from "./contract/commits.js";
import { creationContract } from "./contract/creation.js";
import { cursorContract } from "./contract/cursors.js";
import { inboxContract } from "./contract/inbox.js";
import { leaseContract } from "./contract/lease.js";
import { listingContract } from "./contract/listing.js";
import { outboxContract } from "./contract/outbox.js";
import { objectContract, payloadContract } from "./contract/payloads.js";
import { recentEventContract } from "./contract/recent-events.js";
import { settleContract } from "./contract/settle.js";
import { waitContract } from "./contract/waits.js";

const PARTS = {
  "creating an execution": creationContract,
  "the lease": leaseContract,
  commits: commitContract,
  settling: settleContract,
  "the inbox": inboxContract,
  payloads: payloadContract,
  objects: objectContract,
  "listing executions": listingContract,
  "the outbox": outboxContract,
  waits: waitContract,
  "recent events": recentEventContract,
  "what the audit reads": cursorContract,
};

/** Each part has a store of its own; within one, tests keep apart by their execution ids. */
export function describeStoreContract(name: string, makeStore: () => Promise<Store>): void {
  describe(name, () => {
    for (const [part, contract] of Object.entries(PARTS)) {
      describe(part, () => {
        let store: Store | undefined;
        beforeAll(async () => {
          store = await makeStore();
        });
        contract(() => {
          if (store === undefined) throw new Error("The store is asked for before it is made.");
          return store;
        });
      });
    }
  });
}
