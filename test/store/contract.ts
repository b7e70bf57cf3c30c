/** The contract of `lib/store/ports.ts`, as tests that every store must pass. */
import { beforeAll, describe } from "vitest";
import type { Store } from "../../lib/store/ports.js";
import type { Accounts } from "./accounts.js";
import { commitContract } from "./contract/commits.js";
import { countingContract } from "./contract/counting.js";
import { creationContract } from "./contract/creation.js";
import { cursorContract } from "./contract/cursors.js";
import { definitionContract } from "./contract/definitions.js";
import { firingContract } from "./contract/firings.js";
import { inboxContract } from "./contract/inbox.js";
import { leaseContract } from "./contract/lease.js";
import { listingContract } from "./contract/listing.js";
import { listingLabelContract } from "./contract/listing-labels.js";
import { listingOpenContract } from "./contract/listing-open.js";
import { listingWindowContract } from "./contract/listing-windows.js";
import { outboxContract } from "./contract/outbox.js";
import { outboxSizeContract } from "./contract/outbox-sizes.js";
import { objectContract, payloadContract } from "./contract/payloads.js";
import { recentEventContract } from "./contract/recent-events.js";
import { reopeningContract } from "./contract/reopening.js";
import { retentionContract } from "./contract/retention.js";
import { settleContract } from "./contract/settle.js";
import { transactionContract } from "./contract/transactions.js";
import { waitingContract } from "./contract/waiting.js";
import { waitContract } from "./contract/waits.js";

const PARTS = {
  "creating an execution": creationContract,
  "the lease": leaseContract,
  commits: commitContract,
  transactions: transactionContract,
  settling: settleContract,
  reopening: reopeningContract,
  "the inbox": inboxContract,
  payloads: payloadContract,
  objects: objectContract,
  "listing executions": listingContract,
  "listing by application and pipeline configuration": listingLabelContract,
  "listing what is due, and what nobody came back to": listingOpenContract,
  "listing by time and statuses": listingWindowContract,
  "counting executions": countingContract,
  "listing who waits for an event": waitingContract,
  "the outbox": outboxContract,
  "the size of an outbox": outboxSizeContract,
  waits: waitContract,
  "recent events": recentEventContract,
  "what the audit reads": cursorContract,
  definitions: definitionContract,
  "schedules' firings": firingContract,
  retention: retentionContract,
};

/** A store, and a table of a user's own that its transactions reach. */
export interface Made {
  readonly store: Store;
  readonly accounts: Accounts;
}

export type ContractPart = keyof typeof PARTS;

/**
 * Each part has a store of its own; within one, tests keep apart by their execution ids.
 * @param without parts that do not hold of it
 */
export function describeStoreContract(
  name: string,
  make: () => Promise<Made>,
  without: readonly ContractPart[] = [],
): void {
  describe(name, () => {
    for (const [part, contract] of Object.entries(PARTS)) {
      if (without.some((other) => other === part)) continue;
      describe(part, () => {
        let made: Made | undefined;
        beforeAll(async () => {
          made = await make();
        });
        const use = (): Made => {
          if (made === undefined) throw new Error("The store is asked for before it is made.");
          return made;
        };
        contract(
          () => use().store,
          () => use().accounts,
        );
      });
    }
  });
}
